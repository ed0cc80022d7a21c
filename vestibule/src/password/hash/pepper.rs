//! A secret that is mixed into every password, and lies outside the database.

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

/// Keys by which passwords are hashed before they are hashed slowly (HMAC-SHA-256; NIST SP
/// 800-63B-4, 3.1.1.2), each under a version. Whoever has the database alone cannot try passwords
/// against it.
///
/// The highest version makes new hashes; the others check old ones, which are made anew when
/// their users log in. To rotate, add a key with a higher version. A key may go when no hash has
/// its version any more; until then an app that lacks it does not start. A lost key makes every
/// password under it unknowable.
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
    /// Adds a key.
    pub fn with(mut self, version: u32, key: SecretKey) -> Self {
        self.0.insert(version, key);
        self
    }

    /// Reads the keys from a file, in the form that [`str::parse`] takes.
    ///
    /// # Errors
    /// When it cannot be read, or a line is no version and key; the message names the file.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let make = "echo \"1 $(openssl rand -base64 32)\"";
        let text = read_secret_file(path, "pepper", make)?;
        let path = path.display();
        text.parse()
            .map_err(|error| Error::config(format!("{path}: {error}")))
    }

    /// The versions, the newest last.
    pub fn versions(&self) -> impl Iterator<Item = u32> {
        self.0.keys().copied()
    }

    pub(crate) fn has(&self, version: u32) -> bool {
        self.0.contains_key(&version)
    }

    /// The version that makes new hashes.
    pub(crate) fn newest(&self) -> Option<u32> {
        self.versions().last()
    }

    /// The password as it is hashed slowly: 64 hexadecimal digits; none without that version.
    pub(crate) fn apply(&self, version: u32, password: &[u8]) -> Option<Zeroizing<String>> {
        let key = self
            .0
            .get(&version)?
            .derived("vestibule password pepper v1");
        let digest = Zeroizing::new(hmac_sha256(&*key, password));
        Some(Zeroizing::new(HEXLOWER.encode(&*digest)))
    }
}

/// Reads lines of a version and a key, `1 KEY`, the key as a [`SecretKey`]'s file has it. Empty
/// lines, and those that begin with `#`, are left out.
impl FromStr for Peppers {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut peppers = Self::default();
        let lines = text.lines().map(str::trim).enumerate();
        for (at, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            // The line itself is a secret.
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

/// Shows the versions.
impl fmt::Debug for Peppers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
