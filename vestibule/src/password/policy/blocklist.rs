//! Passwords that are tried first, and so may not be chosen.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use unicode_normalization::UnicodeNormalization;

use crate::crypto::digest::sha256;
use crate::error::{Error, Result};

/// Passwords that may not be chosen (NIST SP 800-63B-4, 3.1.1.2). The whole password is compared,
/// in lower case. Clones share it.
///
/// Some that everybody tries are always among them. [`from_file`](Self::from_file) adds a list of
/// your own, such as those that breaches have brought to light. It takes 8 bytes of memory for
/// each, and a look at it some hundred nanoseconds.
#[derive(Clone, PartialEq, Eq)]
pub struct Blocklist(Arc<[u64]>);

/// In lower case; 15 characters and more.
const BUILT_IN: &str = include_str!("blocklist.txt");

impl Blocklist {
    /// The passwords in a file, one a line, in UTF-8, beside those that are always among them.
    ///
    /// # Errors
    /// When the file cannot be read; the message names it.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let text = std::fs::read_to_string(path.as_ref());
        let path = path.as_ref().display();
        let text = text.map_err(|error| {
            Error::config(format!(
                "cannot read the blocklist {path}: {error}; it is a text in UTF-8 with a password \
                 a line"
            ))
        })?;
        Ok(text.lines().collect())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none, which is never so.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this normalized password in lower case is among them.
    pub(super) fn contains(&self, lower: &str) -> bool {
        self.0.binary_search(&digest(lower)).is_ok()
    }
}

/// The first bytes of the SHA-256. That of another password is the same once in 2^64 over the
/// number of those in the list, and then it is refused.
fn digest(lower: &str) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = sha256(lower.as_bytes());
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

impl<'a> FromIterator<&'a str> for Blocklist {
    fn from_iter<I: IntoIterator<Item = &'a str>>(passwords: I) -> Self {
        let lower = |password: &str| digest(&password.nfc().collect::<String>().to_lowercase());
        let passwords = passwords
            .into_iter()
            .map(|line| line.trim_end_matches('\r'));
        let mut digests: Vec<_> = passwords.chain(BUILT_IN.lines()).map(lower).collect();
        digests.sort_unstable();
        digests.dedup();
        Self(digests.into())
    }
}

/// Those that are always among them.
impl Default for Blocklist {
    fn default() -> Self {
        static DEFAULT: LazyLock<Blocklist> = LazyLock::new(|| [].into_iter().collect());
        DEFAULT.clone()
    }
}

impl fmt::Debug for Blocklist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blocklist({})", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::BUILT_IN;
    use crate::password::policy::common_passwords::is_common;

    #[test]
    fn what_is_common_anyway_is_not_listed() {
        for listed in BUILT_IN.lines() {
            assert!(!is_common(listed, &[]), "{listed}");
        }
    }
}
