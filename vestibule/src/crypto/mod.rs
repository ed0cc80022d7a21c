//! Randomness, secrets and digests: thin wrappers around well-maintained crates.
//!
//! Nothing here is our own cryptography. [`random`] asks the operating system, [`secret`] keeps
//! secret text out of logs, [`digest`] is SHA-256, [`key`] is HKDF, [`signer`] is HMAC-SHA-256,
//! `cipher` is XChaCha20-Poly1305, and `ids` makes the UUIDs of rows.

pub(crate) mod cipher;
mod dated;
pub mod digest;
#[cfg(feature = "sql")]
pub(crate) mod ids;
pub mod key;
pub mod random;
pub mod secret;
pub mod signer;
