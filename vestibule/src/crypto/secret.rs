//! Text that must not be shown: a password, a token in transit.

use std::fmt;
use std::io::ErrorKind;
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Reads a file with a secret, for people `what`, that the command `make` prints a new one of.
///
/// # Errors
/// When it cannot be read. How to make it is said only where there is none: what is there must
/// not be written over.
pub(crate) fn read_secret_file(path: &Path, what: &str, make: &str) -> Result<Zeroizing<String>> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| {
        let path = path.display();
        let advice = match error.kind() {
            ErrorKind::NotFound => format!("make it with `(umask 077; {make} > {path})`"),
            _ => "it has to be a file of text that this user may read".to_owned(),
        };
        Error::config(format!(
            "cannot read the {what} file {path}: {error}; {advice}"
        ))
    })?;
    Ok(Zeroizing::new(text))
}

/// A secret text. `Debug` does not show it, and its memory is overwritten when it is dropped.
///
/// There is no `Display`: to use the text one must say [`expose`](Self::expose).
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
