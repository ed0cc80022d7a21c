//! The app's secret key, its fallbacks, and the signers and ciphers derived from them.

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

/// The app's secret key: at least 32 bytes that nobody can guess, kept outside the database.
///
/// Each purpose uses its own key, derived by HKDF-SHA-256 (RFC 5869), so a value signed for one
/// purpose is invalid for every other.
///
/// # Rotation
///
/// Put a new key in front and keep the old ones as [fallbacks](Self::fallback), or as further lines
/// of the key file. Nobody is logged out, and signed and encrypted cookies stay valid:
///
/// - The first key signs and encrypts.
/// - Every key verifies and decrypts.
/// - The last key makes the digests that are looked up later, such as those of unknown usernames in
///   the throttle. A new first key does not change them.
///
/// Sessions and remember cookies do not depend on the key.
///
/// ```
/// use vestibule::crypto::{key::SecretKey, random::Random};
///
/// let old = SecretKey::generate(&Random::system())?;
/// let new = SecretKey::generate(&Random::system())?;
/// let key = new.fallback(old);
/// # let _ = key;
/// # Ok::<(), vestibule::Error>(())
/// ```
#[derive(Clone)]
pub struct SecretKey {
    current: KeyBytes,
    fallbacks: Vec<KeyBytes>,
    /// The whole text as one key, because earlier versions read a text of several lines as one key.
    whole: Option<KeyBytes>,
}

type KeyBytes = Zeroizing<Vec<u8>>;

impl SecretKey {
    /// The minimum number of bytes.
    pub const MIN_BYTES: usize = 32;

    /// The minimum number of different bytes. With fewer it is a pattern, not a key.
    const MIN_DISTINCT_BYTES: usize = 10;

    /// The minimum length of a line that is a key of its own: 32 bytes in base64. Shorter lines are
    /// never keys, because a line of prose or of a PEM file's frame can be guessed.
    const MIN_LINE_CHARS: usize = 43;

    /// A key of these bytes.
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
        Ok(Self::of(bytes))
    }

    fn of(bytes: KeyBytes) -> Self {
        Self {
            current: bytes,
            fallbacks: Vec::new(),
            whole: None,
        }
    }

    /// Adds a former key and its fallbacks. It still verifies and decrypts. Flask's
    /// `SECRET_KEY_FALLBACKS`.
    ///
    /// Remove it once everything that it signed has expired: after `SessionExpiry::absolute`, by
    /// default 30 days, if you keep values of anonymous visitors in cookies; otherwise after half
    /// an hour. If somebody else knows the key, remove it at once.
    pub fn fallback(mut self, old: Self) -> Self {
        self.fallbacks.push(old.current);
        self.fallbacks.extend(old.fallbacks);
        self.whole = self.whole.or(old.whole);
        self
    }

    /// Reads the key from a file, in the format that [`str::parse`] reads.
    ///
    /// # Errors
    /// When the file cannot be read or the key is too weak. The message names the file and says how
    /// to make a good key.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = read_secret_file(path, "secret key", "openssl rand -base64 32")?;
        let path = path.display();
        let key: Self = text
            .parse()
            .map_err(|error| Error::config(format!("the secret key in {path}: {error}")))?;
        if key.fallbacks.is_empty() && lines(&text).count() > 1 {
            tracing::warn!(
                file = %path,
                "not every line of the secret key file is a key (at least 43 letters, digits and \
                 -_+/=), so the whole file is used as one key"
            );
        }
        Ok(key)
    }

    /// A new key of 32 random bytes.
    ///
    /// # Errors
    /// When the operating system's generator fails.
    pub fn generate(random: &Random) -> Result<Self> {
        Ok(Self::of(Zeroizing::new(random.bytes::<32>()?.to_vec())))
    }

    /// The text for a key file: base64url without padding, and each fallback on a line of its own.
    /// [`str::parse`] reads it back.
    pub fn to_text(&self) -> String {
        let keys = std::iter::once(&self.current).chain(&self.fallbacks);
        let lines: Vec<_> = keys.map(|key| BASE64URL_NOPAD.encode(key)).collect();
        lines.join("\n")
    }

    /// The signer for one purpose. Name the app and the use: `"shop invitation v1"`.
    pub fn signer(&self, purpose: &str) -> Signer {
        Signer::new(self.derived(purpose), self.derived_fallbacks(purpose))
    }

    /// The cipher for one purpose.
    pub(crate) fn cipher(&self, purpose: &str) -> Cipher {
        Cipher::new(&self.derived(purpose), &self.derived_fallbacks(purpose))
    }

    /// The first key for one purpose.
    pub(crate) fn derived(&self, purpose: &str) -> DerivedKey {
        derived(&self.current, purpose)
    }

    /// The last key for one purpose, for digests that are looked up later: a new first key does not
    /// change it.
    pub(crate) fn derived_for_digests(&self, purpose: &str) -> DerivedKey {
        derived(self.fallbacks.last().unwrap_or(&self.current), purpose)
    }

    fn derived_fallbacks(&self, purpose: &str) -> Vec<DerivedKey> {
        let keys = self.fallbacks.iter().chain(&self.whole);
        keys.map(|key| derived(key, purpose)).collect()
    }
}

/// A key for one purpose.
pub(crate) type DerivedKey = Zeroizing<[u8; 32]>;

fn derived(key: &KeyBytes, purpose: &str) -> DerivedKey {
    let mut derived = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(None, key)
        .expand(purpose.as_bytes(), derived.as_mut())
        .expect("32 bytes are within HKDF's limit of 8,160");
    derived
}

/// Reads a key file's text: base64url as [`SecretKey::to_text`] writes it, or any other text of at
/// least 32 bytes, used as it is.
///
/// If the text has several lines, and each has at least 43 letters, digits and `-_+/=` and nothing
/// else, the first line is the key and the others are fallbacks. The whole text, which earlier
/// versions read as one key, verifies too.
impl FromStr for SecretKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let whole = one_key(text.trim())?;
        let mut keys = lines(text).map(line_key);
        let (Some(Some(first)), Some(second)) = (keys.next(), keys.next()) else {
            return Ok(whole);
        };
        let fallbacks: Option<Vec<_>> = std::iter::once(second).chain(keys).collect();
        let Some(fallbacks) = fallbacks else {
            return Ok(whole);
        };
        let mut key = fallbacks.into_iter().fold(first, Self::fallback);
        key.whole = Some(whole.current);
        Ok(key)
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn one_key(text: &str) -> Result<SecretKey> {
    match BASE64URL_NOPAD.decode(text.as_bytes()) {
        Ok(bytes) if bytes.len() >= SecretKey::MIN_BYTES => SecretKey::new(bytes),
        _ => SecretKey::new(text),
    }
}

/// One of several lines, if it is a key of its own.
fn line_key(line: &str) -> Option<SecretKey> {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+/=".contains(&byte);
    let is_key = line.len() >= SecretKey::MIN_LINE_CHARS && line.bytes().all(is_base64);
    is_key.then(|| one_key(line).ok()).flatten()
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
    use crate::clock::Timestamp;
    use crate::crypto::random::Random;

    fn key(seed: u64) -> SecretKey {
        SecretKey::generate(&Random::insecure_seeded(seed)).unwrap()
    }

    /// An existing key that cannot be read must not be overwritten.
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

    /// Whether the key in `text` verifies a value that the key in `by` signed.
    fn verifies(text: &str, by: &str) -> bool {
        let now = Timestamp::from_millis(0);
        let by: SecretKey = by.parse().unwrap();
        let sealed = by.signer("test").seal(b"", Timestamp::from_millis(1));
        let key: SecretKey = text.parse().unwrap();
        key.signer("test").open(&sealed, now).is_some()
    }

    fn signs_with(text: &str, by: &str) -> bool {
        let (key, by): (SecretKey, SecretKey) = (text.parse().unwrap(), by.parse().unwrap());
        *key.derived("test") == *by.derived("test")
    }

    const OPENSSL: [&str; 2] = [
        "O2pV2kJ4ZJ6l+0W3nA7Zt0g1b3n1Qb9k6eY4m0xP8aU=",
        "z8Y1Q2m7c5XoKp3dR6fT9vB0nL4sG8hJ2wE5uI7yA1k=",
    ];

    #[test]
    fn the_first_line_of_a_key_file_signs_and_each_line_and_the_whole_verify() {
        let ours = key(1).to_text();
        let [first, second] = OPENSSL;
        let text = format!("{first}\r\n\n {second}\n{ours}\n");

        assert!(signs_with(&text, first));
        for one in [first, second, &ours, text.trim()] {
            assert!(verifies(&text, one), "{one}");
        }
        assert!(!verifies(&text, &key(2).to_text()));
        let read: SecretKey = text.parse().unwrap();
        let again: SecretKey = read.to_text().parse().unwrap();
        assert!(signs_with(&again.to_text(), first));
        assert!(verifies(&again.to_text(), second));
    }

    /// Others know the frame of a PEM file, and can guess a comment. Half a key is too short.
    #[test]
    fn a_line_that_others_can_guess_is_no_key_of_its_own() {
        let key = OPENSSL[0];
        for line in [
            "-----BEGIN OPENSSH PRIVATE KEY FOR THE SITE-----",
            "# this is the secret key of our production site 2026",
            &"changeme".repeat(6),
            "VGhpcyBpcyBoYWxmIGEga2V5",
        ] {
            for text in [format!("{line}\n{key}\n"), format!("{key}\n{line}\n")] {
                assert!(signs_with(&text, &text), "{text}");
                assert!(!verifies(&text, key), "{text}");
                let read: SecretKey = text.parse().unwrap();
                assert!(read.fallbacks.is_empty());
            }
        }
    }

    /// What is looked up must be found again after the key was rotated.
    #[test]
    fn a_new_first_key_changes_no_digest() {
        let digest_key = |key: &SecretKey| key.derived_for_digests("names");
        let rotated = key(2).fallback(key(1));
        let prepared = key(1).fallback(key(2)).fallback(key(1));

        assert_eq!(*digest_key(&rotated), *digest_key(&key(1)));
        assert_eq!(*digest_key(&prepared), *digest_key(&key(1)));
        assert_ne!(*digest_key(&key(2)), *digest_key(&key(1)));
    }
}
