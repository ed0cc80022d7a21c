//! The app's secret key. Each purpose has a signer or a cipher derived from it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::crypto::cipher::Cipher;
use crate::crypto::random::Random;
use crate::crypto::secret::read_secret_file;
use crate::crypto::signer::Signer;
use crate::error::{Error, Result};

/// The app's secret key: at least 32 bytes that nobody can guess.
///
/// Kept outside the database. Everything that is signed uses a key derived from it for one
/// purpose (HKDF-SHA-256, RFC 5869), so that a value signed for one use is worth nothing in
/// another.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<Vec<u8>>);

impl SecretKey {
    /// The least number of bytes.
    pub const MIN_BYTES: usize = 32;

    /// The least number of different bytes: fewer means a pattern, not a key.
    const MIN_DISTINCT_BYTES: usize = 10;

    /// Takes the key's bytes.
    ///
    /// # Errors
    /// When they are fewer than [`MIN_BYTES`](Self::MIN_BYTES) or an obvious pattern
    /// ([`Error::is_config`]); the message says how to make a good one.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self> {
        let bytes = Zeroizing::new(bytes.into());
        if bytes.len() < Self::MIN_BYTES {
            return Err(weak(&format!(
                "it has {} bytes, and needs at least {}",
                bytes.len(),
                Self::MIN_BYTES
            )));
        }
        let mut seen = [false; 256];
        for byte in bytes.iter() {
            seen[usize::from(*byte)] = true;
        }
        if seen.iter().filter(|seen| **seen).count() < Self::MIN_DISTINCT_BYTES {
            return Err(weak("it repeats a few characters"));
        }
        Ok(Self(bytes))
    }

    /// Reads the key from a file, in the form that [`str::parse`] takes.
    ///
    /// # Errors
    /// When it cannot be read or is too weak; the message names the file and says how to make
    /// a good one.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = read_secret_file(path, "secret key", "openssl rand -base64 32")?;
        let path = path.display();
        text.parse()
            .map_err(|error| Error::config(format!("the secret key in {path}: {error}")))
    }

    /// A new key of 32 random bytes.
    ///
    /// # Errors
    /// When the operating system's generator fails.
    pub fn generate(random: &Random) -> Result<Self> {
        Ok(Self(Zeroizing::new(random.bytes::<32>()?.to_vec())))
    }

    /// The key as text for a key file: base64url, without padding. [`str::parse`] reads it back.
    pub fn to_text(&self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }

    /// The signer for one purpose. Name the app and the use: `"shop invitation v1"`.
    pub fn signer(&self, purpose: &str) -> Signer {
        Signer::new(self.derived(purpose))
    }

    /// The cipher for one purpose.
    pub(crate) fn cipher(&self, purpose: &str) -> Cipher {
        Cipher::new(&self.derived(purpose))
    }

    /// The key for one purpose.
    pub(crate) fn derived(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, &self.0)
            .expand(purpose.as_bytes(), key.as_mut())
            .expect("32 bytes are within HKDF's limit of 8,160");
        key
    }
}

/// Reads a key file's text: base64url as [`SecretKey::to_text`] writes it, or any other text
/// of at least 32 bytes, taken as it stands.
impl FromStr for SecretKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        match BASE64URL_NOPAD.decode(text.as_bytes()) {
            Ok(bytes) if bytes.len() >= Self::MIN_BYTES => Self::new(bytes),
            _ => Self::new(text),
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

fn weak(why: &str) -> Error {
    Error::config(format!(
        "the secret key is too weak: {why}; make one with `openssl rand -base64 32`"
    ))
}

#[cfg(test)]
mod tests {
    use super::SecretKey;
    use crate::crypto::random::Random;

    fn key(seed: u64) -> SecretKey {
        SecretKey::generate(&Random::insecure_seeded(seed)).unwrap()
    }

    /// A key that is there and cannot be read must not be written over.
    #[test]
    fn only_where_there_is_no_key_file_is_it_said_how_to_make_one() {
        let folder = std::env::temp_dir();
        let missing = SecretKey::from_file(folder.join("no such key")).unwrap_err();
        let unreadable = SecretKey::from_file(&folder).unwrap_err();

        assert!(missing.to_string().contains("openssl rand"), "{missing}");
        assert!(!unreadable.to_string().contains("openssl"), "{unreadable}");
    }

    #[test]
    fn a_weak_key_is_refused_with_the_command_that_makes_a_good_one() {
        for weak in ["", "dev", "secret", &"a".repeat(64), &"changeme".repeat(8)] {
            let error = weak.parse::<SecretKey>().unwrap_err();
            assert!(error.is_config());
            assert!(error.to_string().contains("openssl rand -base64 32"));
        }
    }

    #[test]
    fn a_key_file_reads_back_as_it_was_written() {
        let text = key(3).to_text();

        let read: SecretKey = format!("{text}\n").parse().unwrap();

        assert_eq!(read.to_text(), text);
    }
}
