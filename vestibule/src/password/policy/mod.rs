//! [`PasswordPolicy`]: which passwords users may choose.

mod advice;
mod blocklist;
mod breached;
mod common_passwords;
mod objection;

pub use advice::password_advice;
pub use blocklist::Blocklist;
pub use breached::BreachedPasswords;
pub use objection::Objection;

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::crypto::secret::Secret;
use crate::password::normalization::normalized;
use crate::password::passwords::Passwords;
use crate::password::policy::common_passwords::is_common;

/// Which passwords users may choose: long ones that attackers do not try first (NIST SP 800-63B-4,
/// 3.1.1.2). It does not require digits or signs.
///
/// It always rejects the millions of passwords that consist of two common words or names with
/// numbers, keyboard sequences and signs, such as `Sunshine-Princess 1987!`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PasswordPolicy {
    /// The minimum length in characters. Default: 15, NIST's minimum for accounts without a second
    /// factor. A lower value makes guessing easier. Values below
    /// [`MIN_CHARS_WITH_SECOND_FACTOR`] count as that many.
    ///
    /// [`MIN_CHARS_WITH_SECOND_FACTOR`]: Self::MIN_CHARS_WITH_SECOND_FACTOR
    pub min_chars: usize,
    /// Further passwords to reject. Default: a short list of common passwords with 15 or more
    /// characters.
    #[serde(skip)]
    pub blocklist: Blocklist,
    /// Words that belong to the site, and so are guessed first (NIST SP 800-63B-4, 3.1.1.2): its
    /// products, its company, its place. A password may not consist of them, just as it may not
    /// consist of the account's own words. Words of fewer than 3 letters are ignored. Default:
    /// `vestibule`. A [`Site`](crate::flows::Site) adds its name and its host.
    pub context_words: Vec<String>,
    /// Where [`review`](Self::review) looks up whether a password was exposed in a breach of
    /// another site. Default: nowhere. If you use a service, it learns that someone is choosing a
    /// password, and the first digits of its hash.
    #[serde(skip)]
    pub breached: Option<BreachedPasswords>,
    /// The maximum length in bytes, if the algorithm has one.
    #[serde(skip)]
    max_bytes: Option<usize>,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            min_chars: 15,
            blocklist: Blocklist::default(),
            context_words: vec!["vestibule".to_owned()],
            breached: None,
            max_bytes: None,
        }
    }
}

impl PasswordPolicy {
    /// The minimum length for accounts that always need a second factor: 8 characters.
    pub const MIN_CHARS_WITH_SECOND_FACTOR: usize = 8;

    /// The policy for accounts that always need a second factor: the default with a minimum of
    /// [`MIN_CHARS_WITH_SECOND_FACTOR`](Self::MIN_CHARS_WITH_SECOND_FACTOR).
    ///
    /// ```
    /// use vestibule::crypto::secret::Secret;
    /// use vestibule::password::{Objection, PasswordPolicy};
    ///
    /// let policy = PasswordPolicy::with_second_factor();
    /// assert_eq!(policy.objection(&Secret::from("kettle sing"), &[]), None);
    /// let short = policy.objection(&Secret::from("kettles"), &[]);
    /// assert_eq!(short, Some(Objection::TooShort { min_chars: 8 }));
    /// ```
    pub fn with_second_factor() -> Self {
        Self {
            min_chars: Self::MIN_CHARS_WITH_SECOND_FACTOR,
            ..Self::default()
        }
    }

    /// Adapts the policy to `passwords`, whose algorithm may limit the length in bytes.
    pub fn hashed_by(mut self, passwords: &Passwords) -> Self {
        self.min_chars = self.effective_min_chars();
        self.max_bytes = passwords.max_bytes();
        self
    }

    /// Why the policy rejects `password`, or `None` if it accepts it. `words` are words that belong
    /// to the account: its username, its mail address. Those of the site are the
    /// [`context_words`](Self::context_words). It does not look up breaches;
    /// [`review`](Self::review) does.
    ///
    /// Characters are Unicode code points of the normalized password.
    pub fn objection(&self, password: &Secret, words: &[&str]) -> Option<Objection> {
        if password.expose().is_empty() {
            return Some(Objection::Empty);
        }
        if password.expose().contains('\0') {
            return Some(Objection::Nul);
        }
        let Some(password) = normalized(password) else {
            return Some(Objection::TooLong {
                max_chars: Passwords::MAX_CHARS,
            });
        };
        let chars = password.chars().count();
        let min_chars = self.effective_min_chars();
        if chars < min_chars {
            return Some(Objection::TooShort { min_chars });
        }
        if let Some(max_bytes) = self.max_bytes.filter(|max| password.len() > *max) {
            return Some(Objection::TooManyBytes { max_bytes });
        }
        let lower = Zeroizing::new(password.to_lowercase());
        let words = self.with_context(words);
        let words: Vec<_> = words.iter().map(|word| word.to_lowercase()).collect();
        let names = words.iter().filter_map(|word| word.split_once('@'));
        let words: Vec<_> = (words.iter().map(String::as_str))
            .chain(names.map(|(name, _)| name))
            .collect();
        let is_common_anyway = is_common(&lower, &[]);
        let is_personal = words.iter().any(|word| is_repetition_of(&lower, word));
        if is_personal || (!is_common_anyway && is_common(&lower, &words)) {
            return Some(Objection::Personal);
        }
        let is_repetitive = (1..=4).any(|len| {
            let unit: String = lower.chars().take(len).collect();
            is_repetition_of(&lower, &unit)
        });
        if is_repetitive {
            return Some(Objection::Repetitive);
        }
        // Checked last, because the other objections are more helpful to the user.
        let is_tried_first = is_common_anyway || self.blocklist.contains(&lower);
        is_tried_first.then_some(Objection::Common)
    }

    /// These words of an account, and those of the site.
    pub(crate) fn with_context(&self, words: &[&str]) -> Vec<String> {
        let words = words.iter().copied();
        let context = self.context_words.iter().map(String::as_str);
        words.chain(context).map(str::to_owned).collect()
    }

    fn effective_min_chars(&self) -> usize {
        self.min_chars.max(Self::MIN_CHARS_WITH_SECOND_FACTOR)
    }

    /// As [`objection`](Self::objection), and then looks the password up in
    /// [`breached`](Self::breached), which takes at most [`BreachedPasswords::timeout`].
    ///
    /// If the look-up fails, the password is accepted and a warning is logged. With
    /// [`BreachedPasswords::fail_closed`] it is rejected as [`Unchecked`](Objection::Unchecked).
    ///
    /// ```
    /// use vestibule::crypto::secret::Secret;
    /// use vestibule::password::{Objection, PasswordPolicy};
    ///
    /// # #[tokio::main] async fn main() {
    /// let policy = PasswordPolicy::default();
    /// let review = policy.review(&Secret::from("alicealicealice"), &["alice"]).await;
    /// assert_eq!(review, Some(Objection::Personal));
    /// # }
    /// ```
    pub async fn review(&self, password: &Secret, words: &[&str]) -> Option<Objection> {
        if let Some(objection) = self.objection(password, words) {
            return Some(objection);
        }
        self.look_up(password).await
    }

    /// Only the look-up in [`breached`](Self::breached), the second half of
    /// [`review`](Self::review). Use it if you make checks of your own before an anonymous visitor
    /// may cause a request to a service.
    pub async fn look_up(&self, password: &Secret) -> Option<Objection> {
        let breached = self.breached.as_ref()?;
        breached.objection(&normalized(password)?).await
    }
}

/// Whether `text` repeats `unit`. The last repetition may be cut short.
fn is_repetition_of(text: &str, unit: &str) -> bool {
    !unit.is_empty()
        && text
            .chars()
            .eq(unit.chars().cycle().take(text.chars().count()))
}
