//! Advice on choosing a stronger password.

use crate::crypto::secret::Secret;

/// Advice, in English, on how to make an accepted password stronger. `None` if the password is
/// hard to guess (a zxcvbn score of at least 3; Wheeler 2016).
///
/// `words` are words that belong to the account, such as its username. A call takes some
/// milliseconds, so make it off the async threads.
pub fn password_advice(password: &Secret, words: &[&str]) -> Option<String> {
    let estimate = zxcvbn::zxcvbn(password.expose(), words);
    let feedback = estimate.feedback()?;
    let mut advice = "Your password is easier to guess than most.".to_owned();
    let warning = feedback.warning().map(|warning| warning.to_string());
    let suggestions = feedback.suggestions().iter().map(ToString::to_string);
    for sentence in warning.into_iter().chain(suggestions) {
        advice.push(' ');
        advice.push_str(&sentence);
        if !sentence.ends_with('.') {
            advice.push('.');
        }
    }
    Some(advice)
}
