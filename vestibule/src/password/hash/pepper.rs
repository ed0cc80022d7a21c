//! [`Peppers`]: secrets that are mixed into passwords and kept outside the database.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use crate::crypto::digest::hmac_sha256;
use crate::crypto::key::SecretKey;
use crate::crypto::secret::read_secret_file;
use crate::error::{Error, Result};

/// Versioned keys for HMAC-SHA-256, which is applied to each password before the slow hash (NIST
/// SP 800-63B-4, 3.1.1.2). An attacker who has only the database cannot try passwords against it.
///
/// New hashes use the highest version. The other keys check old hashes, which are replaced when
/// their users log in. To rotate, add a key with a higher version. You may remove a key when no
/// stored hash uses its version any more; until then the app does not start without it. If you
/// lose a key, every user whose hash uses it needs a new password.
///
/// ```
/// use vestibule::password::Peppers;
///
/// let peppers: Peppers = "1 iKbDzAQFMZIRbBtTNNq0pnRTO6hcFw_IgLVHAyi9fPc".parse()?;
/// # Ok::<(), vestibule::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Peppers(BTreeMap<u32, SecretKey>);

impl Peppers {
    /// Adds a key. Its [fallbacks](SecretKey::fallback) are not used: each version has one key.
    pub fn with(mut self, version: u32, key: SecretKey) -> Self {
        self.0.insert(version, key);
        self
    }

    /// Reads the keys from a file, in the format that [`str::parse`] reads.
    ///
    /// # Errors
    /// When the file cannot be read, or when a line is not a version and a key. The message names
    /// the file.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let make = "echo \"1 $(openssl rand -base64 32)\"";
        let text = read_secret_file(path, "pepper", make)?;
        let path = path.display();
        text.parse()
            .map_err(|error| Error::config(format!("{path}: {error}")))
    }

    /// The versions in ascending order.
    pub fn versions(&self) -> impl Iterator<Item = u32> {
        self.0.keys().copied()
    }

    pub(crate) fn has(&self, version: u32) -> bool {
        self.0.contains_key(&version)
    }

    /// The version for new hashes.
    pub(crate) fn newest(&self) -> Option<u32> {
        self.versions().last()
    }

    /// The HMAC of the password as 64 hexadecimal digits, or `None` without a key of that version.
    pub(crate) fn apply(&self, version: u32, password: &[u8]) -> Option<Zeroizing<String>> {
        let key = self
            .0
            .get(&version)?
            .derived("vestibule password pepper v1");
        let digest = Zeroizing::new(hmac_sha256(&*key, password));
        Some(Zeroizing::new(HEXLOWER.encode(&*digest)))
    }
}

/// Reads lines with a version and a key, `1 KEY`, the key in the format of a [`SecretKey`] file.
/// Empty lines and lines that start with `#` are ignored.
impl FromStr for Peppers {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut peppers = Self::default();
        let lines = text.lines().map(str::trim).enumerate();
        for (at, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            // The message names the line by number, because its text is a secret.
            let wrong = |why: &str| Error::config(format!("line {} of the peppers: {why}", at + 1));
            let (version, key) = line
                .split_once(char::is_whitespace)
                .ok_or_else(|| wrong("write a version and a key, `1 KEY`"))?;
            let version = version
                .parse()
                .map_err(|_| wrong("the version is not a number such as 1"))?;
            let key = key.parse().map_err(|error| wrong(&format!("{error}")))?;
            if peppers.0.insert(version, key).is_some() {
                return Err(wrong("there is another key of this version"));
            }
        }
        if peppers.0.is_empty() {
            return Err(Error::config("there is no pepper; write one as `1 KEY`"));
        }
        Ok(peppers)
    }
}

/// Shows the versions, not the keys.
impl fmt::Debug for Peppers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
