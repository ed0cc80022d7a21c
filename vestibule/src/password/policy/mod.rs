//! Which passwords may be chosen.

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

/// Which passwords may be chosen: long ones that nobody would guess first
/// (NIST SP 800-63B-4, 3.1.1.2). No rules about digits and signs.
///
/// Never chosen are the millions that are made of two common words or names, with numbers, keys in
/// a row and signs (`Sunshine-Princess 1987!`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PasswordPolicy {
    /// The fewest characters. Default: 15, NIST's minimum where the password alone logs in.
    /// Fewer make guessing easier, and fewer than [`MIN_CHARS_WITH_SECOND_FACTOR`] count as that
    /// many.
    ///
    /// [`MIN_CHARS_WITH_SECOND_FACTOR`]: Self::MIN_CHARS_WITH_SECOND_FACTOR
    pub min_chars: usize,
    /// What else may not be chosen. Default: the passwords of 15 characters and more that are tried
    /// first, which are few.
    #[serde(skip)]
    pub blocklist: Blocklist,
    /// Where to look up whether a password was found in a breach of another site, which
    /// [`review`](Self::review) does. Default: nowhere. A service learns that somebody chose a
    /// password just now, and the first digits of its hash.
    #[serde(skip)]
    pub breached: Option<BreachedPasswords>,
    /// The most bytes, where the hashing takes fewer than [`Passwords::MAX_CHARS`] characters.
    #[serde(skip)]
    max_bytes: Option<usize>,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            min_chars: 15,
            blocklist: Blocklist::default(),
            breached: None,
            max_bytes: None,
        }
    }
}

impl PasswordPolicy {
    /// The fewest characters of a password that never logs in alone: 8.
    pub const MIN_CHARS_WITH_SECOND_FACTOR: usize = 8;

    /// The policy for accounts that never log in by the password alone, but with a second factor
    /// too: [`MIN_CHARS_WITH_SECOND_FACTOR`](Self::MIN_CHARS_WITH_SECOND_FACTOR), all else as by
    /// default.
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

    /// The policy for passwords hashed by `passwords`.
    pub fn hashed_by(mut self, passwords: &Passwords) -> Self {
        self.min_chars = self.effective_min_chars();
        self.max_bytes = passwords.max_bytes();
        self
    }

    /// Why `password` may not be chosen, if it may not. `words` belong to the account: its
    /// username, its address, the name of the site. It does not look into breaches: that is
    /// [`review`](Self::review).
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
        // Last, as the others say more of what to do.
        let is_tried_first = is_common_anyway || self.blocklist.contains(&lower);
        is_tried_first.then_some(Objection::Common)
    }

    fn effective_min_chars(&self) -> usize {
        self.min_chars.max(Self::MIN_CHARS_WITH_SECOND_FACTOR)
    }

    /// As [`objection`](Self::objection), and if that has none, whether the password was found in
    /// a breach, where [`breached`](Self::breached) says where to look. It takes no longer than
    /// [`BreachedPasswords::timeout`].
    ///
    /// When that fails, the password is accepted with a warning in the log, or refused as
    /// [`Unchecked`](Objection::Unchecked) ([`BreachedPasswords::fail_closed`]).
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

    /// What [`review`](Self::review) does after [`objection`](Self::objection): for a page that has
    /// more to check before it makes a service work for somebody who may be anybody.
    pub async fn look_up(&self, password: &Secret) -> Option<Objection> {
        let breached = self.breached.as_ref()?;
        breached.objection(&normalized(password)?).await
    }
}

/// Whether `text` is `unit` over and over, the last time perhaps cut short.
fn is_repetition_of(text: &str, unit: &str) -> bool {
    !unit.is_empty()
        && text
            .chars()
            .eq(unit.chars().cycle().take(text.chars().count()))
}
