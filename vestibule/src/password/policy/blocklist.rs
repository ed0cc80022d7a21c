//! [`Blocklist`]: passwords that attackers try first.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use unicode_normalization::UnicodeNormalization;

use crate::crypto::digest::sha256;
use crate::error::{Error, Result};

/// A list of passwords that users may not choose (NIST SP 800-63B-4, 3.1.1.2). It compares the
/// whole password, in lower case. Clones share the list.
///
/// A short built-in list is always included. [`from_file`](Self::from_file) adds your own, such as
/// passwords from breaches. Each password takes 8 bytes of memory, and a look-up takes a few
/// hundred nanoseconds.
#[derive(Clone, PartialEq, Eq)]
pub struct Blocklist(Arc<[u64]>);

/// The built-in list: lower case, at least 15 characters each.
const BUILT_IN: &str = include_str!("blocklist.txt");

impl Blocklist {
    /// Reads a UTF-8 file with one password per line, and adds the built-in list.
    ///
    /// # Errors
    /// When the file cannot be read. The message names it.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let text = std::fs::read_to_string(path.as_ref());
        let path = path.as_ref().display();
        let text = text.map_err(|error| {
            Error::config(format!(
                "cannot read the blocklist {path}: {error}; it must be UTF-8 text with one \
                 password on each line"
            ))
        })?;
        Ok(text.lines().collect())
    }

    /// The number of passwords in the list.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Always `false`, because the built-in list is not empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the list has this normalized password in lower case.
    pub(super) fn contains(&self, lower: &str) -> bool {
        self.0.binary_search(&digest(lower)).is_ok()
    }
}

/// The first 8 bytes of the SHA-256. An unlisted password has the digest of a listed one, and is
/// rejected, with a probability of the list's length over 2^64.
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

/// The built-in list.
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
