//! Secret text: a password, a token in transit.

use std::fmt;
use std::io::ErrorKind;
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Reads a file with a secret. Errors call it `what`, and `make` is a command that prints a new
/// one.
///
/// # Errors
/// When the file cannot be read. Only for a missing file does the message say how to make one, so
/// that nobody overwrites an existing secret.
pub(crate) fn read_secret_file(path: &Path, what: &str, make: &str) -> Result<Zeroizing<String>> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| {
        let path = path.display();
        let advice = match error.kind() {
            ErrorKind::NotFound => format!("make it with `(umask 077; {make} > {path})`"),
            _ => "it must be a text file that this user may read".to_owned(),
        };
        Error::config(format!(
            "cannot read the {what} file {path}: {error}; {advice}"
        ))
    })?;
    Ok(Zeroizing::new(text))
}

/// A secret text. `Debug` does not show it, and its memory is overwritten when it is dropped.
///
/// There is no `Display`. Call [`expose`](Self::expose) to get the text.
///
/// ```
/// use vestibule::crypto::secret::Secret;
///
/// let password = Secret::from("correct horse battery staple");
/// assert_eq!(format!("{password:?}"), "Secret(…)");
/// assert_eq!(password.expose(), "correct horse battery staple");
/// ```
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text itself. Keep it out of logs, errors and stores.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
