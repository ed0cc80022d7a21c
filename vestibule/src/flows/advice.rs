//! Advice to a user about a password that was accepted, but could be better.

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
