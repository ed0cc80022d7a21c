//! Randomness, secrets and digests: thin, named uses of well-kept crates.
//!
//! Nothing here invents cryptography. [`random`] asks the operating system, [`secret`]
//! keeps what must not be shown, [`digest`] is SHA-256, [`key`] is HKDF, [`signer`] is
//! HMAC-SHA-256, and `cipher` is XChaCha20-Poly1305.

pub(crate) mod cipher;
mod dated;
pub mod digest;
pub mod key;
pub mod random;
pub mod secret;
pub mod signer;
