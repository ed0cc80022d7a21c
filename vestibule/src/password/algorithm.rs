//! How new passwords are hashed.

use argon2::{Algorithm, Params, Version};
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::password::function::{
    Function, MAX_BCRYPT_COST, MAX_MEMORY_KIB, MAX_PASSES, MIN_BCRYPT_COST,
};

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
    /// bcrypt, as Flask-Bcrypt. Passwords may have 72 bytes, unless there is a pepper or
    /// [`Passwords::long_bcrypt`](crate::password::Passwords::long_bcrypt).
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

impl PasswordAlgorithm {
    /// # Errors
    /// When the parameters are out of range.
    pub(super) fn function(self) -> Result<Function> {
        let (function, wrong) = match self {
            Self::Argon2id { memory_kib, passes } => (
                Function::Argon2 {
                    variant: Algorithm::Argon2id,
                    version: Version::V0x13,
                    memory_kib,
                    passes,
                    lanes: 1,
                },
                format!(
                    "Argon2id takes {} to {MAX_MEMORY_KIB} KiB of memory and 1 to {MAX_PASSES} \
                     passes, not {memory_kib} KiB and {passes} passes",
                    Params::MIN_M_COST
                ),
            ),
            Self::Bcrypt { cost } => (
                Function::Bcrypt { cost },
                format!("bcrypt's cost is {MIN_BCRYPT_COST} to {MAX_BCRYPT_COST}, not {cost}"),
            ),
        };
        match function.is_within_bounds() {
            true => Ok(function),
            false => Err(Error::config(wrong)),
        }
    }
}
