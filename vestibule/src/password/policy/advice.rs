//! How a password could be better.

use crate::crypto::secret::Secret;

/// How a password that was chosen could be better, in English: advice, and no objection. None for
/// one that is hard to guess (zxcvbn; Wheeler 2016: a score of 3 and more).
///
/// `words` belong to the account. It takes some milliseconds: call it off the async threads.
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
