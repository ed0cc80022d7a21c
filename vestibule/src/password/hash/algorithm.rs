//! [`PasswordAlgorithm`]: how new passwords are hashed.

use std::time::{Duration, Instant};

use argon2::{Algorithm, Params, Version};
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::password::hash::bounds::{MAX_BCRYPT_COST, MAX_MEMORY_KIB, MAX_PASSES, MIN_BCRYPT_COST};
use crate::password::hash::function::Function;
use crate::password::hash::memory::Memory;

/// How new passwords are hashed. Stored hashes of every supported kind are checked, whatever you
/// choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase", tag = "algorithm", deny_unknown_fields)]
#[non_exhaustive]
pub enum PasswordAlgorithm {
    /// Argon2id (RFC 9106). The default: 19 MiB, 2 passes, 1 lane, OWASP's minimum.
    Argon2id {
        /// KiB of memory for each hash. Less makes a stolen database easier to crack.
        memory_kib: u32,
        /// The number of passes over the memory.
        passes: u32,
    },
    /// bcrypt, as in Flask-Bcrypt. Passwords have at most 72 bytes, unless you set a pepper or
    /// [`Passwords::long_bcrypt`](crate::password::Passwords::long_bcrypt).
    Bcrypt {
        /// The binary logarithm of the rounds, 4 to 16. Flask-Bcrypt's default is 12; 16 takes
        /// seconds.
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
    /// OWASP's minimum for Argon2id: pairs of memory and passes, all equally expensive to crack
    /// (OWASP Password Storage Cheat Sheet).
    const OWASP_ARGON2ID: [(u32, u32); 5] = [
        (47_104, 1),
        (19_456, 2),
        (12_288, 3),
        (9_216, 4),
        (7_168, 5),
    ];
    const OWASP_BCRYPT: u32 = 10;

    /// Whether the parameters meet OWASP's minimum for a stolen database.
    pub fn meets_owasp_minimum(self) -> bool {
        match self {
            Self::Argon2id { memory_kib, passes } => Self::OWASP_ARGON2ID
                .iter()
                .any(|(memory, least)| memory_kib >= *memory && passes >= *least),
            Self::Bcrypt { cost } => cost >= Self::OWASP_BCRYPT,
        }
    }

    /// How long a hash takes on this machine: the median of up to 7 hashes, fewer if they are slow.
    /// It blocks the current thread while it measures.
    ///
    /// # Errors
    /// When the parameters are out of range ([`Error::is_config`]).
    pub fn measure(self) -> Result<Duration> {
        const TIMES: usize = 7;
        const LONG: Duration = Duration::from_secs(2);
        let function = self.function()?;
        let mut memory = Memory::default();
        let mut times = Vec::new();
        while times.len() < TIMES && times.iter().sum::<Duration>() < LONG {
            let started = Instant::now();
            function.digest(b"correct horse battery", &[0; 16], 23, &mut memory)?;
            times.push(started.elapsed());
        }
        times.sort();
        Ok(times.get(times.len() / 2).copied().unwrap_or_default())
    }

    /// The memory that each hash takes, in KiB.
    pub fn memory_kib(self) -> u32 {
        match self {
            Self::Argon2id { memory_kib, .. } => memory_kib,
            Self::Bcrypt { .. } => 4,
        }
    }

    /// The same algorithm with OWASP's minimum parameters.
    #[must_use]
    pub fn owasp_minimum(self) -> Self {
        match self {
            Self::Argon2id { .. } => Self::default(),
            Self::Bcrypt { .. } => Self::Bcrypt {
                cost: Self::OWASP_BCRYPT,
            },
        }
    }

    /// The same algorithm with the parameters whose hash takes closest to `target` on this machine,
    /// and never weaker than OWASP's minimum. For Argon2id it raises the memory, up to 256 MiB, and
    /// then the passes. It measures several hashes, and blocks the current thread meanwhile.
    ///
    /// # Errors
    /// When the system has too little memory.
    pub fn calibrated(self, target: Duration) -> Result<Self> {
        let stronger = |algorithm| match algorithm {
            Self::Argon2id { memory_kib, passes } if memory_kib * 5 / 4 <= MAX_MEMORY_KIB => {
                Some(Self::Argon2id {
                    memory_kib: memory_kib * 5 / 4,
                    passes,
                })
            }
            Self::Argon2id { memory_kib, passes } => (passes < MAX_PASSES).then_some({
                let passes = passes + 1;
                Self::Argon2id { memory_kib, passes }
            }),
            Self::Bcrypt { cost } => {
                (cost < MAX_BCRYPT_COST).then_some(Self::Bcrypt { cost: cost + 1 })
            }
        };
        let mut best = self.owasp_minimum();
        // The search ends at the first parameters past the target: stronger ones are never faster,
        // even if a busy machine measures so.
        let mut took = best.measure()?;
        while took < target
            && let Some(next) = stronger(best)
        {
            let next_took = next.measure()?;
            if next_took > target && next_took - target > target - took {
                break;
            }
            (best, took) = (next, next_took);
        }
        Ok(best)
    }

    /// # Errors
    /// When the parameters are out of range.
    pub(crate) fn function(self) -> Result<Function> {
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
        match function.is_within_bounds(MAX_BCRYPT_COST) {
            true => Ok(function),
            false => Err(Error::config(wrong)),
        }
    }
}
