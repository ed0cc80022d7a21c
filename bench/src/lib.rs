//! What the programs of the benchmark share.

use std::cmp::Ordering;

use libsodium_rs::crypto_pwhash::argon2id;

/// What is hashed, with which salt.
pub const PASSWORD: &[u8] = b"correct horse battery staple";
/// As long as libsodium takes it.
pub const SALT: &[u8] = b"sixteen bytes of";
/// The library's parameters.
pub const MEMORY_KIB: u32 = 19 * 1024;
/// The same.
pub const PASSES: u32 = 2;

/// Argon2id by libsodium.
///
/// # Errors
/// When the system has not the memory.
pub fn hash_by_libsodium() -> anyhow::Result<()> {
    libsodium_rs::ensure_init()?;
    let memory = usize::try_from(MEMORY_KIB)? * 1024;
    let digest = argon2id::pwhash(32, PASSWORD, SALT, PASSES.into(), memory)?;
    std::hint::black_box(digest);
    Ok(())
}

/// The one in the middle; the default of none.
pub fn median<T: PartialOrd + Copy + Default>(mut values: Vec<T>) -> T {
    values.sort_by(|one, other| one.partial_cmp(other).unwrap_or(Ordering::Equal));
    values.get(values.len() / 2).copied().unwrap_or_default()
}
