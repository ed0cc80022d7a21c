//! Advice on choosing a stronger password.

use crate::crypto::secret::Secret;

/// The longest password that gets advice. The estimate takes longer with each character, and a
/// longer password seldom needs any.
const MAX_CHARS: usize = 32;

/// The most different characters that may stand for letters, such as `4` for `a`. The estimate tries
/// all readings of them. The ten digits are among them.
const MAX_SUBSTITUTES: usize = 12;

/// Advice, in English, on how to make an accepted password stronger. `None` if the password is hard
/// to guess (a zxcvbn score of at least 3; Wheeler 2016), has more than 32 characters, or has more
/// than 12 different characters that can stand for letters.
///
/// `words` are words that belong to the account, such as its username. A call takes some
/// milliseconds, less than a hash, so call it outside the async threads.
pub fn password_advice(password: &Secret, words: &[&str]) -> Option<String> {
    let text = password.expose();
    let substitutes = "4@8({[<3690!1|$5+7%2".chars();
    let substitutes = substitutes.filter(|substitute| text.contains(*substitute));
    if text.chars().count() > MAX_CHARS || substitutes.count() > MAX_SUBSTITUTES {
        return None;
    }
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

#[cfg(test)]
mod tests {
    use super::password_advice;

    #[test]
    fn a_password_whose_estimate_would_take_long_gets_none() {
        let advice = |password: &str| password_advice(&password.into(), &[]);

        assert!(advice("chair1234567890").is_some());
        assert!(advice(&"chair1234567890".repeat(3)).is_none());
        assert!(advice("4@8({[<3690!1|$5+7%2").is_none());
    }
}
