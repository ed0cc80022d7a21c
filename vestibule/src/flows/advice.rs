//! Advice to a user about a password that was accepted, but could be better.

use crate::crypto::secret::Secret;
use crate::password::password_advice;

/// Advice on a password, if any. `words` are related to the account.
pub(super) async fn advice(password: Secret, words: Vec<String>) -> Option<String> {
    let advise = move || {
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        password_advice(&password, &words)
    };
    tokio::task::spawn_blocking(advise).await.ok().flatten()
}

/// A message, followed by the advice.
pub(super) fn with_advice(message: &str, advice: Option<String>) -> String {
    match advice {
        Some(advice) => format!("{message} {advice}"),
        None => message.to_owned(),
    }
}

/// A JSON object for scripts, with the advice in the field `advice`.
pub(super) fn json_with_advice(
    mut view: serde_json::Value,
    advice: Option<&str>,
) -> serde_json::Value {
    if let (Some(view), Some(advice)) = (view.as_object_mut(), advice) {
        view.insert("advice".to_owned(), advice.into());
    }
    view
}
