//! The app's secret key, and the signers and ciphers derived from it, one for each purpose.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use crate::clock::Timestamp;
use crate::crypto::cipher::Cipher;
use crate::crypto::dated::{dated, unexpired};
use crate::crypto::random::Random;
use crate::crypto::secret::read_secret_file;
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
        Signer(self.derived(purpose))
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

/// Signs short values for one purpose and reads them back, until they expire.
///
/// ```
/// use std::time::Duration;
/// use vestibule::clock::Clock;
/// use vestibule::crypto::{key::SecretKey, random::Random};
///
/// let now = Clock::system().now();
/// let signer = SecretKey::generate(&Random::system())?.signer("shop invitation v1");
/// let sealed = signer.seal(b"table 7", now + Duration::from_secs(60));
///
/// assert_eq!(signer.open(&sealed, now), Some(b"table 7".to_vec()));
/// assert_eq!(signer.open(&sealed, now + Duration::from_secs(60)), None);
/// # Ok::<(), vestibule::Error>(())
/// ```
pub struct Signer(Zeroizing<[u8; 32]>);

const MAC_BYTES: usize = 32;

impl Signer {
    /// `payload` with its expiry and its HMAC-SHA-256, as base64url.
    pub fn seal(&self, payload: &[u8], expires_at: Timestamp) -> String {
        let mut message = dated(payload, expires_at);
        let tag = self.mac(&message).finalize().into_bytes();
        message.extend_from_slice(&tag);
        let sealed = BASE64URL_NOPAD.encode(&message);
        message.zeroize();
        sealed
    }

    /// The payload of `sealed`, if its signature is ours and `now` is before its expiry.
    ///
    /// A wrong signature and an expired value get the same answer, the signature first.
    pub fn open(&self, sealed: &str, now: Timestamp) -> Option<Vec<u8>> {
        let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        let (message, tag) = bytes.split_at_checked(bytes.len().checked_sub(MAC_BYTES)?)?;
        self.mac(message).verify_slice(tag).ok()?;
        unexpired(message, now).map(<[u8]>::to_vec)
    }

    fn mac(&self, message: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&*self.0).expect("HMAC takes a key of any length");
        mac.update(message);
        mac
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::{SecretKey, Timestamp};
    use crate::crypto::random::Random;

    const NOW: Timestamp = Timestamp::from_millis(1_000);
    const LATER: Timestamp = Timestamp::from_millis(2_000);

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
    fn a_sealed_value_opens_until_it_expires() {
        let signer = key(1).signer("flash");
        let sealed = signer.seal(b"hello", LATER);

        assert_eq!(signer.open(&sealed, NOW), Some(b"hello".to_vec()));
        assert_eq!(signer.open(&sealed, LATER), None);
    }

    #[test]
    fn a_value_sealed_for_another_purpose_or_key_does_not_open() {
        let sealed = key(1).signer("flash").seal(b"hello", LATER);

        assert_eq!(key(1).signer("next").open(&sealed, NOW), None);
        assert_eq!(key(2).signer("flash").open(&sealed, NOW), None);
    }

    #[test]
    fn every_changed_shortened_or_lengthened_value_is_refused() {
        let signer = key(1).signer("flash");
        let sealed = signer.seal(b"hello", LATER);

        for i in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[i] = if changed[i] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(signer.open(&changed, NOW), None, "{changed}");
            assert_eq!(signer.open(&sealed[..i], NOW), None);
        }
        assert_eq!(signer.open(&format!("{sealed}A"), NOW), None);
        assert_eq!(signer.open("", NOW), None);
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
