//! The hashes in a users table.

use crate::password::Passwords;
use crate::password::hash::{Function, Memory, ParsedHash, Prehash, ReadOptions};

/// Checks a stored hash: if it can be read, it is within the bounds, can be computed, and stays the
/// same when it is written and read again.
///
/// # Panics
/// When this does not hold.
pub fn stored_hashes(text: &[u8]) {
    let Ok(text) = str::from_utf8(text) else {
        return;
    };
    for long_bcrypt in [false, true] {
        let read = |text: &str, long_bcrypt| {
            let max_bcrypt_cost = Passwords::MAX_BCRYPT_COST;
            let options = ReadOptions {
                long_bcrypt,
                max_bcrypt_cost,
            };
            ParsedHash::parse(text, options).ok()
        };
        let Some(stored) = read(text, long_bcrypt) else {
            continue;
        };
        let function = stored.function;
        assert!(function.is_within_bounds(Passwords::MAX_BCRYPT_COST));
        if let Some(written) = stored.to_text() {
            let again = read(&written, stored.prehash == Prehash::Sha256Hex);
            assert!(again.as_ref() == Some(&stored), "{written}");
        }
        if is_cheap(function) {
            let (salt, len) = (&stored.salt, stored.digest.len());
            let digest = function.digest(b"a password", salt, len, &mut Memory::default());
            assert_eq!(digest.expect("a digest").len(), len, "{}", function.label());
        }
    }
}

/// Whether it takes less than about a millisecond.
fn is_cheap(function: Function) -> bool {
    match function {
        Function::Argon2 {
            memory_kib, passes, ..
        } => memory_kib <= 256 && passes <= 3,
        Function::Bcrypt { .. } => false,
        Function::Scrypt {
            log_n,
            block_size,
            parallelism,
        } => log_n <= 4 && block_size <= 8 && parallelism <= 4,
        Function::Pbkdf2 { iterations, .. } => iterations <= 500,
    }
}
