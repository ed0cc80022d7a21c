//! The secret key.

use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;

/// `TestSecretKey.test_bytes`, `test_native`, `test_default`
#[test]
fn a_secret_key_is_bytes_or_text_or_made() {
    let text = "0123456789abcdefghijklmnopqrstuvwxyz";

    assert!(SecretKey::new(text.as_bytes().to_vec()).is_ok());
    assert!(text.parse::<SecretKey>().is_ok());
    assert!(SecretKey::generate(&Random::system()).is_ok());
    assert!("short".parse::<SecretKey>().is_err());
}
