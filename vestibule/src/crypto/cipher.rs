//! Encryption of short values that a browser or the database keeps for us: XChaCha20-Poly1305
//! (draft-irtf-cfrg-xchacha), whose nonces are long enough to be random.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::BASE64URL_NOPAD;
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::crypto::dated::{dated, unexpired};
use crate::crypto::key::DerivedKey;
use crate::crypto::random::Random;
use crate::error::{Error, Result};

/// Encrypts values for one purpose, and decrypts them until they expire. Made by
/// [`SecretKey::cipher`](crate::crypto::key::SecretKey).
pub(crate) struct Cipher {
    current: XChaCha20Poly1305,
    fallbacks: Vec<XChaCha20Poly1305>,
}

const NONCE_BYTES: usize = 24;

impl Cipher {
    /// Encrypts with `key`; decrypts with `key` and each fallback.
    pub(super) fn new(key: &DerivedKey, fallbacks: &[DerivedKey]) -> Self {
        let cipher = |key: &DerivedKey| XChaCha20Poly1305::new((&**key).into());
        Self {
            current: cipher(key),
            fallbacks: fallbacks.iter().map(cipher).collect(),
        }
    }

    /// Encrypts `payload` together with its expiry, and returns base64url. The text decrypts only
    /// under the same `name`.
    ///
    /// # Errors
    /// When the operating system's generator fails.
    pub(crate) fn encrypt(
        &self,
        name: &str,
        payload: &[u8],
        expires_at: Timestamp,
        random: &Random,
    ) -> Result<String> {
        let nonce = random.bytes::<NONCE_BYTES>()?;
        let message = dated(payload, expires_at);
        let payload = Payload {
            msg: &message,
            aad: name.as_bytes(),
        };
        let encrypted = self.current.encrypt(&XNonce::from(nonce), payload);
        let encrypted = encrypted.map_err(|_| Error::internal("a value was not encrypted"))?;
        Ok(BASE64URL_NOPAD.encode(&[&nonce[..], &encrypted].concat()))
    }

    /// Decrypts a text that was encrypted under this `name`. `None` if it was changed, was not
    /// encrypted with our keys, or has expired.
    pub(crate) fn decrypt(&self, name: &str, text: &str, now: Timestamp) -> Option<Vec<u8>> {
        let mut ciphers = std::iter::once(&self.current).chain(&self.fallbacks);
        let message = ciphers.find_map(|cipher| message(cipher, name, text))?;
        unexpired(&message, now).map(<[u8]>::to_vec)
    }

    /// Whether the first key encrypted a text under this `name`.
    #[cfg(feature = "sql")]
    pub(crate) fn is_by_first_key(&self, name: &str, text: &str) -> bool {
        message(&self.current, name, text).is_some()
    }
}

fn message(cipher: &XChaCha20Poly1305, name: &str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
    let (nonce, encrypted) = bytes.split_first_chunk::<NONCE_BYTES>()?;
    let payload = Payload {
        msg: encrypted,
        aad: name.as_bytes(),
    };
    let message = cipher.decrypt(&XNonce::from(*nonce), payload).ok()?;
    Some(Zeroizing::new(message))
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cipher(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use data_encoding::BASE64URL_NOPAD;

    use super::{NONCE_BYTES, Timestamp};
    use crate::crypto::key::SecretKey;
    use crate::crypto::random::Random;

    const NOW: Timestamp = Timestamp::from_millis(1_000);
    const LATER: Timestamp = Timestamp::from_millis(2_000);

    #[test]
    fn an_encrypted_value_is_read_under_its_name_until_it_expires_and_says_nothing_else() {
        let random = Random::insecure_seeded(1);
        let key = SecretKey::generate(&random).unwrap();
        let cipher = key.cipher("data");

        let text = cipher.encrypt("cart", b"apples", LATER, &random).unwrap();
        let again = cipher.encrypt("cart", b"apples", LATER, &random).unwrap();

        assert_eq!(cipher.decrypt("cart", &text, NOW), Some(b"apples".to_vec()));
        assert_eq!(cipher.decrypt("cart", &text, LATER), None, "too late");
        assert_eq!(cipher.decrypt("price", &text, NOW), None, "another name");
        let other = key.cipher("other");
        assert_eq!(other.decrypt("cart", &text, NOW), None, "another purpose");
        assert_ne!(text, again, "equal values do not look equal");
    }

    #[test]
    fn a_new_key_encrypts_and_its_fallback_decrypts() {
        let random = Random::insecure_seeded(1);
        let key = || SecretKey::generate(&random).unwrap();
        let (old, new) = (key(), key());
        let rotated = new.clone().fallback(old.clone()).cipher("data");
        let encrypt = |key: &SecretKey| {
            let cipher = key.cipher("data");
            cipher.encrypt("cart", b"apples", LATER, &random).unwrap()
        };

        let text = rotated.encrypt("cart", b"pears", LATER, &random).unwrap();

        let opened = rotated.decrypt("cart", &encrypt(&old), NOW);
        assert_eq!(opened, Some(b"apples".to_vec()));
        let by = |key: &SecretKey| key.cipher("data").decrypt("cart", &text, NOW);
        assert_eq!((by(&new), by(&old)), (Some(b"pears".to_vec()), None));
        assert_eq!(rotated.decrypt("cart", &encrypt(&key()), NOW), None);
        assert!(rotated.is_by_first_key("cart", &text));
        assert!(!rotated.is_by_first_key("cart", &encrypt(&old)));
    }

    /// ASVS 11.3.4.
    #[test]
    fn no_nonce_comes_twice() {
        let random = Random::system();
        let cipher = SecretKey::generate(&random).unwrap().cipher("data");
        let nonce = || {
            let text = cipher.encrypt("cart", b"apples", LATER, &random).unwrap();
            let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
            *bytes.first_chunk::<NONCE_BYTES>().unwrap()
        };

        let nonces: HashSet<_> = (0..10_000).map(|_| nonce()).collect();

        assert_eq!(nonces.len(), 10_000);
    }

    #[test]
    fn every_changed_or_shortened_value_is_refused() {
        let random = Random::insecure_seeded(1);
        let cipher = SecretKey::generate(&random).unwrap().cipher("data");
        let text = cipher.encrypt("cart", b"apples", LATER, &random).unwrap();

        for i in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[i] = if changed[i] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(cipher.decrypt("cart", &changed, NOW), None, "{changed}");
            assert_eq!(cipher.decrypt("cart", &text[..i], NOW), None);
        }
    }
}
