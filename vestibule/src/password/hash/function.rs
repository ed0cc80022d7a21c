//! The password hashing functions, each from its own crate.

use argon2::{Argon2, Params, Version};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
#[cfg(feature = "libsodium")]
use crate::password::hash::libsodium;
use crate::password::hash::memory::Memory;

/// A password hashing function with its parameters.
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
    /// RFC 8018, with HMAC of `digest`.
    Pbkdf2 { digest: Digest, iterations: u32 },
}

/// The digests that PBKDF2 is used with in stored hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digest {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Digest {
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// bcrypt ignores all bytes of a password after these.
pub(crate) const BCRYPT_MAX_BYTES: usize = 72;
pub(crate) const BCRYPT_SALT_BYTES: usize = 16;
pub(crate) const BCRYPT_DIGEST_BYTES: usize = 23;

impl Function {
    /// Its name and parameters as text, which must never change: decoys are chosen by it.
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

    /// How many bytes of a password it reads, or `None` if it reads all.
    pub(crate) fn max_password_bytes(self) -> Option<usize> {
        matches!(self, Self::Bcrypt { .. }).then_some(BCRYPT_MAX_BYTES)
    }

    /// Whether no shorter password has the same digest. bcrypt ends the password with a NUL and
    /// repeats it until it has 72 bytes, so `a\0a` equals `a`. HMAC, in PBKDF2 and scrypt, pads
    /// the password with NULs, so `a\0` equals `a`.
    pub(crate) fn is_unambiguous(self, password: &[u8]) -> bool {
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

    /// The digest of a password. bcrypt ignores all bytes after the first 72.
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
                // bcrypt hashes the NUL that ends a C string too, if there is room for it.
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

    /// How many blocks of [`Memory`] it needs.
    pub(crate) fn blocks(self) -> usize {
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
