//! The algorithms, each from its crate, with bounds on what a stored hash may ask for.

use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash as PhcHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use data_encoding::{BASE64_NOPAD, BitOrder, Encoding, Specification};
use serde::Deserialize;

use crate::crypto::random::Random;
use crate::error::{Error, Result};
use crate::password::PasswordHash;

/// How a new password is hashed. The hashes of every kind are checked, whichever is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase", tag = "algorithm", deny_unknown_fields)]
#[non_exhaustive]
pub enum PasswordAlgorithm {
    /// Argon2id (RFC 9106). The default: 19 MiB, 2 passes, 1 lane, OWASP's minimum.
    Argon2id {
        /// KiB of memory a hash takes. Less makes a stolen database easier to crack.
        memory_kib: u32,
        /// How often the memory is passed over.
        passes: u32,
    },
    /// bcrypt, as Flask-Bcrypt. Passwords may have 72 bytes.
    Bcrypt {
        /// Rounds as a power of two; 12 is Flask-Bcrypt's default.
        cost: u32,
    },
}

impl Default for PasswordAlgorithm {
    fn default() -> Self {
        Self::Argon2id {
            memory_kib: 19 * 1024,
            passes: 2,
        }
    }
}

/// What a stored hash may ask for: far above any sensible setting, far below harm.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 16;
const MAX_BCRYPT_COST: u32 = 16;
const MIN_BCRYPT_COST: u32 = 4;
/// bcrypt reads no more than this.
pub(super) const BCRYPT_MAX_BYTES: usize = 72;

impl PasswordAlgorithm {
    /// The most bytes a password may have, where that is less than for the others.
    pub(super) fn max_bytes(self) -> Option<usize> {
        match self {
            Self::Argon2id { .. } => None,
            Self::Bcrypt { .. } => Some(BCRYPT_MAX_BYTES),
        }
    }

    pub(super) fn hash(self, password: &[u8], salt: [u8; 16]) -> Result<PasswordHash> {
        match self {
            Self::Argon2id { memory_kib, passes } => argon2id(memory_kib, passes)?
                .hash_password_with_salt(password, &salt)
                .map(|hash| PasswordHash(hash.to_string()))
                .map_err(Error::internal),
            Self::Bcrypt { cost } => match password.len() {
                0..=BCRYPT_MAX_BYTES => bcrypt::hash_with_salt(password, cost, salt)
                    .map(|hash| PasswordHash(hash.to_string()))
                    .map_err(Error::internal),
                _ => Err(too_long()),
            },
        }
    }

    /// A hash that no password has, and that costs what a real one costs: its digest is
    /// random instead of computed, so that making it costs nothing.
    pub(super) fn hash_of_nobody(self, random: &Random) -> Result<PasswordHash> {
        let salt = random.bytes::<16>()?;
        let digest = random.bytes::<32>()?;
        let text = match self {
            Self::Argon2id { memory_kib, passes } => {
                let memory_and_passes_are_valid = argon2id(memory_kib, passes)?;
                let params = memory_and_passes_are_valid.params();
                format!(
                    "$argon2id$v=19$m={},t={},p={}${}${}",
                    params.m_cost(),
                    params.t_cost(),
                    params.p_cost(),
                    BASE64_NOPAD.encode(&salt),
                    BASE64_NOPAD.encode(&digest),
                )
            }
            Self::Bcrypt { cost } => {
                if !(MIN_BCRYPT_COST..=MAX_BCRYPT_COST).contains(&cost) {
                    return Err(Error::config(format!(
                        "bcrypt's cost is {MIN_BCRYPT_COST} to {MAX_BCRYPT_COST}, not {cost}"
                    )));
                }
                let alphabet = bcrypt_alphabet()?;
                format!(
                    "$2b${cost:02}${}{}",
                    alphabet.encode(&salt),
                    alphabet.encode(&digest[..23])
                )
            }
        };
        Ok(PasswordHash(text))
    }
}

fn argon2id(memory_kib: u32, passes: u32) -> Result<Argon2<'static>> {
    let wrong = || {
        Error::config(format!(
            "Argon2id takes {} to {MAX_MEMORY_KIB} KiB of memory and 1 to {MAX_PASSES} passes, \
             not {memory_kib} KiB and {passes} passes",
            Params::MIN_M_COST
        ))
    };
    if memory_kib > MAX_MEMORY_KIB || passes > MAX_PASSES {
        return Err(wrong());
    }
    Params::new(memory_kib, passes, 1, None)
        .map(|params| Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
        .map_err(|_| wrong())
}

/// bcrypt's own base64.
fn bcrypt_alphabet() -> Result<Encoding> {
    let mut specification = Specification::new();
    specification
        .symbols
        .push_str("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    specification.bit_order = BitOrder::MostSignificantFirst;
    specification.encoding().map_err(Error::internal)
}

/// Whether `password` has this hash, whichever algorithm made it.
pub(super) fn verify(password: &[u8], hash: &PasswordHash) -> Result<bool> {
    let text = hash.as_str();
    if text.starts_with("$argon2id$") {
        verify_argon2id(password, text)
    } else if text.starts_with("$2") {
        verify_bcrypt(password, text)
    } else {
        Err(malformed())
    }
}

fn verify_argon2id(password: &[u8], text: &str) -> Result<bool> {
    let hash = PhcHash::new(text).map_err(|_| malformed())?;
    let params = Params::try_from(&hash).map_err(|_| malformed())?;
    if params.m_cost() > MAX_MEMORY_KIB
        || params.t_cost() > MAX_PASSES
        || params.p_cost() > MAX_LANES
    {
        return Err(malformed());
    }
    match Argon2::default().verify_password(password, &hash) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(_) => Err(malformed()),
    }
}

fn verify_bcrypt(password: &[u8], text: &str) -> Result<bool> {
    let parts: bcrypt::HashParts = text.parse().map_err(|_| malformed())?;
    if parts.get_cost() > MAX_BCRYPT_COST {
        return Err(malformed());
    }
    // A longer password was never hashed whole, so it is nobody's; it costs the same.
    let is_whole = password.len() <= BCRYPT_MAX_BYTES;
    let password = &password[..password.len().min(BCRYPT_MAX_BYTES)];
    bcrypt::verify(password, text)
        .map(|is_right| is_right && is_whole)
        .map_err(|_| malformed())
}

fn malformed() -> Error {
    Error::internal(
        "a stored password hash is malformed, of an unknown kind, or asks for too much; set \
         that user's password anew",
    )
}

pub(super) fn too_long() -> Error {
    Error::internal("a password longer than the policy allows reached the hashing")
}
