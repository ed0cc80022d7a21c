//! The functions that make a hash of a password, each from its crate, within bounds.

use std::ops::RangeInclusive;

use argon2::{Argon2, Block, Params, Version};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
#[cfg(feature = "libsodium")]
use crate::password::hash::libsodium;

/// A function and its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    /// RFC 9106.
    Argon2 {
        variant: argon2::Algorithm,
        version: Version,
        memory_kib: u32,
        passes: u32,
        lanes: u32,
    },
    /// Provos and Mazières 1999.
    Bcrypt { cost: u32 },
    /// RFC 7914.
    Scrypt {
        log_n: u8,
        block_size: u32,
        parallelism: u32,
    },
    /// RFC 8018, with HMAC of this digest.
    Pbkdf2 { digest: Digest, iterations: u32 },
}

/// The digests that PBKDF2 is used with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digest {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Digest {
    fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// What a stored hash may ask for: far above any sensible setting, far below harm.
pub(crate) const MAX_MEMORY_KIB: u32 = 256 * 1024;
pub(crate) const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 16;
pub(crate) const MIN_BCRYPT_COST: u32 = 4;
pub(crate) const MAX_BCRYPT_COST: u32 = 16;
/// bcrypt's own: a day and a half.
const HIGHEST_BCRYPT_COST: u32 = 31;
const MAX_SCRYPT_PARALLELISM: u32 = 16;
/// Steps of scrypt through its memory, of 128 bytes each.
const MAX_SCRYPT_STEPS: u128 = 4 * 1024 * 1024;
/// Of PBKDF2, each of which makes one digest's worth of bytes.
const MAX_ITERATIONS: u32 = 5_000_000;
/// A digest of a few bytes is everybody's.
const DIGEST_BYTES: RangeInclusive<usize> = 16..=128;
const MAX_SALT_BYTES: usize = 128;

/// bcrypt reads no more than this.
pub(crate) const BCRYPT_MAX_BYTES: usize = 72;
const BCRYPT_SALT_BYTES: usize = 16;
pub(crate) const BCRYPT_DIGEST_BYTES: usize = 23;

/// The memory of one hash after the other: to ask the system for new pages each time takes a third
/// as long as the hash.
#[derive(Debug, Default)]
pub(crate) struct Memory(Vec<Block>);

impl Memory {
    /// Gives back what is more than `function` needs.
    pub(crate) fn keep(&mut self, function: Function) {
        let blocks = function.blocks();
        if self.0.len() > blocks {
            self.0.truncate(blocks);
            self.0.shrink_to_fit();
        }
    }

    fn blocks(&mut self, count: usize) -> Result<&mut [Block]> {
        let more = count.saturating_sub(self.0.len());
        let reserved = self.0.try_reserve_exact(more);
        reserved.map_err(|_| no_memory())?;
        if more > 0 {
            self.0.resize(count, Block::new());
        }
        Ok(self.0.get_mut(..count).unwrap_or_default())
    }
}

impl Function {
    /// Whether the parameters are within the bounds, and those of the function itself.
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
                // 2^20 blocks of the smallest size are a gibibyte already.
                let is_bounded = (1..=20).contains(&log_n) && {
                    let blocks = 1_u128 << log_n;
                    // The big array, the block that goes through it, and one for each lane.
                    let memory = (blocks + 1 + lanes) * size * 128;
                    memory <= u128::from(MAX_MEMORY_KIB) * 1024
                        && blocks * size * lanes <= MAX_SCRYPT_STEPS
                };
                is_bounded
                    && (1..=MAX_SCRYPT_PARALLELISM).contains(&parallelism)
                    && scrypt::Params::new(log_n, block_size, parallelism).is_ok()
            }
            Self::Pbkdf2 { iterations, .. } => (1..=MAX_ITERATIONS).contains(&iterations),
        }
    }

    /// Its name and its parameters.
    pub(crate) fn label(self) -> String {
        match self {
            Self::Argon2 {
                variant,
                version,
                memory_kib,
                passes,
                lanes,
            } => {
                let (name, version) = (variant.as_str(), u32::from(version));
                format!("{name} {version} {memory_kib} {passes} {lanes}")
            }
            Self::Bcrypt { cost } => format!("bcrypt {cost}"),
            Self::Scrypt {
                log_n,
                block_size,
                parallelism,
            } => format!("scrypt {log_n} {block_size} {parallelism}"),
            Self::Pbkdf2 { digest, iterations } => {
                format!("pbkdf2 {} {iterations}", digest.bytes())
            }
        }
    }

    /// Whether a salt and a digest of these lengths can be this function's.
    pub(crate) fn takes(self, salt: &[u8], digest: &[u8]) -> bool {
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
                    && iterations.saturating_mul(rounds) <= MAX_ITERATIONS
            }
        };
        takes_salt && takes_digest
    }

    /// How many bytes of a password it reads, if not all.
    pub(crate) fn max_bytes(self) -> Option<usize> {
        matches!(self, Self::Bcrypt { .. }).then_some(BCRYPT_MAX_BYTES)
    }

    /// Whether no shorter password has the same digest: bcrypt reads so many bytes, of a password
    /// with a NUL again and again; HMAC, in PBKDF2 and scrypt, fills it up with NULs.
    pub(crate) fn tells_apart(self, password: &[u8]) -> bool {
        match self {
            Self::Argon2 { .. } => true,
            Self::Bcrypt { .. } => {
                let read = |len: usize| {
                    let ended = password.iter().take(len).chain(&[0]);
                    ended.cycle().take(BCRYPT_MAX_BYTES)
                };
                let bytes = password.iter().enumerate();
                let mut nuls = bytes.filter_map(|(at, byte)| (*byte == 0).then_some(at));
                password.len() <= BCRYPT_MAX_BYTES
                    && !nuls.any(|at| read(at).eq(read(password.len())))
            }
            Self::Scrypt { .. } | Self::Pbkdf2 { .. } => password.last() != Some(&0),
        }
    }

    /// The digest of a password. bcrypt reads its first 72 bytes.
    pub(crate) fn digest(
        self,
        password: &[u8],
        salt: &[u8],
        len: usize,
        memory: &mut Memory,
    ) -> Result<Vec<u8>> {
        let mut digest = vec![0; len];
        match self {
            Self::Argon2 {
                variant,
                version,
                memory_kib,
                passes,
                lanes,
            } => {
                #[cfg(feature = "libsodium")]
                if (variant, version, lanes) == (argon2::Algorithm::Argon2id, Version::V0x13, 1)
                    && let Ok(salt) = salt.try_into()
                {
                    return libsodium::hash(password, salt, len, memory_kib, passes);
                }
                let params = Params::new(memory_kib, passes, lanes, Some(len));
                let params = params.map_err(Error::internal)?;
                let blocks = memory.blocks(params.block_count())?;
                Argon2::new(variant, version, params)
                    .hash_password_into_with_memory(password, salt, &mut digest, blocks)
                    .map_err(Error::internal)?;
            }
            Self::Bcrypt { cost } => {
                let salt = salt.try_into().map_err(Error::internal)?;
                // With the NUL at the end that C's text has, unless there is no room for it.
                let key: Zeroizing<Vec<u8>> = Zeroizing::new(
                    (password.iter().copied().chain([0]).take(BCRYPT_MAX_BYTES)).collect(),
                );
                let full = bcrypt::bcrypt(cost, salt, &key);
                digest.copy_from_slice(full.get(..len).ok_or_else(|| Error::internal("len"))?);
            }
            Self::Scrypt {
                log_n,
                block_size,
                parallelism,
            } => {
                let params = scrypt::Params::new(log_n, block_size, parallelism);
                let params = params.map_err(Error::internal)?;
                scrypt::scrypt(password, salt, &params, &mut digest).map_err(Error::internal)?;
            }
            Self::Pbkdf2 {
                digest: of,
                iterations,
            } => {
                let derive = match of {
                    Digest::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>,
                    Digest::Sha224 => pbkdf2::pbkdf2_hmac::<Sha224>,
                    Digest::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>,
                    Digest::Sha384 => pbkdf2::pbkdf2_hmac::<Sha384>,
                    Digest::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>,
                };
                derive(password, salt, iterations, &mut digest);
            }
        }
        Ok(digest)
    }

    fn blocks(self) -> usize {
        let Self::Argon2 {
            memory_kib,
            passes,
            lanes,
            ..
        } = self
        else {
            return 0;
        };
        Params::new(memory_kib, passes, lanes, None).map_or(0, |params| params.block_count())
    }
}

pub(crate) fn no_memory() -> Error {
    Error::busy("the system has no memory for another hash")
}

#[cfg(test)]
mod tests {
    use argon2::{Algorithm, Version};

    use super::{Function, Memory};

    #[test]
    fn one_hash_after_the_other_has_the_same_memory_and_what_is_more_is_given_back() {
        let of = |memory_kib| Function::Argon2 {
            variant: Algorithm::Argon2id,
            version: Version::V0x13,
            memory_kib,
            passes: 1,
            // libsodium has one alone.
            lanes: 2,
        };
        let mut memory = Memory::default();
        let mut hash = |function: Function| {
            let digest = function.digest(b"password", &[7; 16], 32, &mut memory);
            digest.unwrap();
            memory.keep(of(64));
            (memory.0.as_ptr(), memory.0.capacity())
        };

        let first = hash(of(64));
        assert_eq!(first.1, 64);
        assert_eq!(hash(of(64)), first);
        assert_eq!(hash(of(16)), first);
        assert_eq!(hash(of(256)).1, 64);
    }
}
