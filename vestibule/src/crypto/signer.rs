//! Signatures of short values that a browser keeps for us: HMAC-SHA-256.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroize;

use crate::clock::Timestamp;
use crate::crypto::dated::{dated, unexpired};
use crate::crypto::key::DerivedKey;

/// Signs short values for one purpose, and reads them back until they expire.
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
pub struct Signer {
    key: DerivedKey,
    fallbacks: Vec<DerivedKey>,
}

const MAC_BYTES: usize = 32;

impl Signer {
    /// Signs with `key`; verifies with `key` and each fallback.
    pub(super) fn new(key: DerivedKey, fallbacks: Vec<DerivedKey>) -> Self {
        Self { key, fallbacks }
    }

    /// `payload` with its expiry and its HMAC-SHA-256, as base64url.
    pub fn seal(&self, payload: &[u8], expires_at: Timestamp) -> String {
        let mut message = dated(payload, expires_at);
        let tag = mac(&self.key, &message).finalize().into_bytes();
        message.extend_from_slice(&tag);
        let sealed = BASE64URL_NOPAD.encode(&message);
        message.zeroize();
        sealed
    }

    /// The payload of `sealed`, or `None` if we did not sign it or it has expired. The signature is
    /// checked first.
    pub fn open(&self, sealed: &str, now: Timestamp) -> Option<Vec<u8>> {
        let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        let (message, tag) = bytes.split_at_checked(bytes.len().checked_sub(MAC_BYTES)?)?;
        let is_ours = |key| mac(key, message).verify_slice(tag).is_ok();
        if !(is_ours(&self.key) || self.fallbacks.iter().any(is_ours)) {
            return None;
        }
        unexpired(message, now).map(<[u8]>::to_vec)
    }
}

fn mac(key: &DerivedKey, message: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&**key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(…)")
    }
}

#[cfg(test)]
mod tests {
    use crate::clock::Timestamp;
    use crate::crypto::key::SecretKey;
    use crate::crypto::random::Random;

    const NOW: Timestamp = Timestamp::from_millis(1_000);
    const LATER: Timestamp = Timestamp::from_millis(2_000);

    fn key(seed: u64) -> SecretKey {
        SecretKey::generate(&Random::insecure_seeded(seed)).unwrap()
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
    fn a_new_key_signs_and_its_fallbacks_verify() {
        let old = key(1).signer("flash").seal(b"old", LATER);
        let oldest = key(2).signer("flash").seal(b"oldest", LATER);
        let rotated = key(3).fallback(key(1)).fallback(key(2)).signer("flash");

        let new = rotated.seal(b"new", LATER);

        assert_eq!(rotated.open(&old, NOW), Some(b"old".to_vec()));
        assert_eq!(rotated.open(&oldest, NOW), Some(b"oldest".to_vec()));
        assert_eq!(rotated.open(&old, LATER), None, "expired");
        let by_new = key(3).signer("flash").open(&new, NOW);
        assert_eq!(by_new, Some(b"new".to_vec()));
        assert_eq!(key(1).signer("flash").open(&new, NOW), None);
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
}
