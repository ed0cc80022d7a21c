//! Every setting of passwords, in one struct.

use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::error::Result;
use crate::password::{HashingLimits, PasswordAlgorithm, PasswordPolicy, Passwords, Peppers};

/// How passwords are hashed, and which may be chosen. `Default` is the secure choice.
///
/// ```
/// use vestibule::password::{PasswordAlgorithm, PasswordConfig};
///
/// let mut passwords = PasswordConfig::default();
/// passwords.algorithm = PasswordAlgorithm::Bcrypt { cost: 12 };
/// passwords.policy.min_chars = 20;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PasswordConfig {
    /// How new passwords are hashed.
    pub algorithm: PasswordAlgorithm,
    /// Secrets that are mixed into new hashes. Default: none.
    pub peppers: Peppers,
    /// Whether bcrypt's hashes are of the password's SHA-256 ([`Passwords::long_bcrypt`]).
    /// Default: no.
    pub long_bcrypt: bool,
    /// The highest bcrypt cost that a stored hash may have ([`Passwords::max_bcrypt_cost`]).
    /// Default: 16.
    pub max_bcrypt_cost: u32,
    /// How much hashing there may be at a time.
    pub hashing: HashingLimits,
    /// Which passwords may be chosen.
    pub policy: PasswordPolicy,
}

impl Default for PasswordConfig {
    fn default() -> Self {
        Self {
            algorithm: PasswordAlgorithm::default(),
            peppers: Peppers::default(),
            long_bcrypt: false,
            max_bcrypt_cost: Passwords::MAX_BCRYPT_COST,
            hashing: HashingLimits::default(),
            policy: PasswordPolicy::default(),
        }
    }
}

impl PasswordConfig {
    /// The hashing, and the policy that goes with it. `secret_key` is that of the site.
    ///
    /// # Errors
    /// When a parameter is out of range ([`Error::is_config`](crate::Error::is_config)).
    pub fn open(
        self,
        secret_key: &SecretKey,
        random: Random,
    ) -> Result<(Passwords, PasswordPolicy)> {
        let passwords = Passwords::with_random(self.algorithm, random)?
            .peppers(self.peppers)
            .long_bcrypt(self.long_bcrypt)
            .max_bcrypt_cost(self.max_bcrypt_cost)
            .limits(self.hashing)
            .secret_key(secret_key);
        let policy = self.policy.hashed_by(&passwords);
        Ok((passwords, policy))
    }
}
