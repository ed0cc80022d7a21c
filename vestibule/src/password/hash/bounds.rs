//! Bounds on the parameters of stored hashes.

use std::ops::RangeInclusive;

use argon2::Params;

use crate::password::hash::function::{BCRYPT_DIGEST_BYTES, BCRYPT_SALT_BYTES, Function};

// Far above any sensible setting, and far below what would harm the server.
pub(crate) const MAX_MEMORY_KIB: u32 = 256 * 1024;
pub(crate) const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 16;
pub(crate) const MIN_BCRYPT_COST: u32 = 4;
pub(crate) const MAX_BCRYPT_COST: u32 = 16;
/// The maximum of bcrypt itself, which takes a day and a half.
const HIGHEST_BCRYPT_COST: u32 = 31;
const MAX_SCRYPT_PARALLELISM: u32 = 16;
/// How many 128-byte steps scrypt takes through its memory.
const MAX_SCRYPT_STEPS: u128 = 4 * 1024 * 1024;
/// Counted for each digest length of output, because PBKDF2 repeats all iterations for each.
const MAX_PBKDF2_ITERATIONS: u32 = 5_000_000;
/// A digest of a few bytes would match many passwords.
const DIGEST_BYTES: RangeInclusive<usize> = 16..=128;
const MAX_SALT_BYTES: usize = 128;

impl Function {
    /// Whether the parameters are within our bounds and those of the function itself.
    pub(crate) fn is_within_bounds(self, max_bcrypt_cost: u32) -> bool {
        match self {
            Self::Argon2 {
                memory_kib,
                passes,
                lanes,
                ..
            } => {
                memory_kib <= MAX_MEMORY_KIB
                    && passes <= MAX_PASSES
                    && lanes <= MAX_LANES
                    && Params::new(memory_kib, passes, lanes, None).is_ok()
            }
            Self::Bcrypt { cost } => {
                let most = max_bcrypt_cost.min(HIGHEST_BCRYPT_COST);
                (MIN_BCRYPT_COST..=most).contains(&cost)
            }
            Self::Scrypt {
                log_n,
                block_size,
                parallelism,
            } => {
                let (size, lanes) = (u128::from(block_size), u128::from(parallelism));
                // Checked first, so that the shift below cannot overflow. 2^20 blocks of the
                // smallest size exceed the memory bound.
                let is_bounded = (1..=20).contains(&log_n) && {
                    let blocks = 1_u128 << log_n;
                    // The large array, the working block, and one block for each lane.
                    let memory = (blocks + 1 + lanes) * size * 128;
                    memory <= u128::from(MAX_MEMORY_KIB) * 1024
                        && blocks * size * lanes <= MAX_SCRYPT_STEPS
                };
                is_bounded
                    && (1..=MAX_SCRYPT_PARALLELISM).contains(&parallelism)
                    && scrypt::Params::new(log_n, block_size, parallelism).is_ok()
            }
            Self::Pbkdf2 { iterations, .. } => (1..=MAX_PBKDF2_ITERATIONS).contains(&iterations),
        }
    }

    /// Whether the lengths of salt and digest are possible for this function.
    pub(crate) fn accepts_lengths(self, salt: &[u8], digest: &[u8]) -> bool {
        let (salt, digest) = (salt.len(), digest.len());
        let takes_salt = match self {
            Self::Argon2 { .. } => (argon2::MIN_SALT_LEN..=64).contains(&salt),
            Self::Bcrypt { .. } => salt == BCRYPT_SALT_BYTES,
            Self::Scrypt { .. } | Self::Pbkdf2 { .. } => (1..=MAX_SALT_BYTES).contains(&salt),
        };
        let takes_digest = match self {
            Self::Bcrypt { .. } => digest == BCRYPT_DIGEST_BYTES,
            Self::Argon2 { .. } | Self::Scrypt { .. } => DIGEST_BYTES.contains(&digest),
            Self::Pbkdf2 {
                digest: of,
                iterations,
            } => {
                let rounds = u32::try_from(digest.div_ceil(of.bytes())).unwrap_or(u32::MAX);
                DIGEST_BYTES.contains(&digest)
                    && iterations.saturating_mul(rounds) <= MAX_PBKDF2_ITERATIONS
            }
        };
        takes_salt && takes_digest
    }
}
