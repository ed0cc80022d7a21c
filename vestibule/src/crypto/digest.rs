//! SHA-256, HMAC-SHA-256, and comparison in constant time.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The SHA-256 digest (FIPS 180-4) of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The SHA-256 digest of `domain` followed by `secret`, so that each domain has its own digests. An
/// empty domain gives the digest of `secret` alone. All secrets must have the same length, or two
/// pairs could have the same digest.
pub(crate) fn sha256_in(domain: &str, secret: &[u8]) -> [u8; 32] {
    if domain.is_empty() {
        return sha256(secret);
    }
    Sha256::new()
        .chain_update(domain)
        .chain_update(secret)
        .finalize()
        .into()
}

/// The HMAC-SHA-256 (RFC 2104) of `message` under `key`.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// Whether `a` and `b` are equal. How long this takes depends only on their lengths.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::{constant_time_eq, hmac_sha256, sha256};

    #[test]
    fn sha256_of_abc_is_the_published_vector() {
        assert_eq!(
            HEXLOWER.encode(&sha256(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn hmac_sha256_gives_the_second_vector_of_rfc_4231() {
        assert_eq!(
            HEXLOWER.encode(&hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn comparison_sees_every_byte_and_the_length() {
        assert!(constant_time_eq(b"same", b"same"));
        assert!(!constant_time_eq(b"same", b"sama"));
        assert!(!constant_time_eq(b"same", b"sam"));
    }
}
