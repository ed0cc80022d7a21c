//! [`PasswordHash`], a hash as text.

use std::fmt;

/// A password hash as it is stored: a text with algorithm, cost and salt, preceded by the version
/// of the pepper if there is one, such as `{pepper:1}$argon2id$…`.
///
/// `Debug` does not show the text.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash as it is stored. Checking ignores ASCII white space around it, such as the newline
    /// that an export added.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text exactly as it is stored, so that an update can require that it has not changed.
    /// Keep it out of logs and errors.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The bytes of the text, for [`Epoch::of`](crate::login::Epoch::of).
impl AsRef<[u8]> for PasswordHash {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}
