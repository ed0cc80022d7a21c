//! [`PasswordHash`], a hash as text.

use std::fmt;

use crate::error::{Error, Result};

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

    /// As [`from_stored`](Self::from_stored), for a column of bytes, such as `BYTEA` or
    /// SQLAlchemy's `LargeBinary`.
    ///
    /// ```
    /// use vestibule::password::PasswordHash;
    ///
    /// let hash = PasswordHash::from_stored_bytes(b"$2b$12$abcdefghijklmnopqrstuv".to_vec())?;
    /// assert_eq!(hash.as_str(), "$2b$12$abcdefghijklmnopqrstuv");
    /// assert!(PasswordHash::from_stored_bytes(vec![0xff]).is_err());
    /// # Ok::<(), vestibule::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the bytes are not UTF-8 ([`Error::is_unusable_hash`]): every hash is text, so the column
    /// holds something else, such as a bare digest or an encrypted value.
    pub fn from_stored_bytes(bytes: impl Into<Vec<u8>>) -> Result<Self> {
        // Drop the conversion's error, because it contains the bytes.
        let text = String::from_utf8(bytes.into()).map_err(|_| {
            Error::unusable_hash(
                "a stored password hash is not text (UTF-8): the column holds a bare digest or \
                 encrypted bytes, which cannot be checked",
            )
        })?;
        Ok(Self(text))
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
