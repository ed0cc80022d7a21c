//! Flask-Bcrypt's two functions and nothing else: no thread pool, no policy.
//!
//! Hashing takes a large part of a second and blocks its thread. In an async app, call these
//! functions with `tokio::task::spawn_blocking`, or use [`Passwords`](crate::password::Passwords).
//!
//! ```
//! use vestibule::password::bcrypt::{check_password_hash, generate_password_hash};
//!
//! let hash = generate_password_hash("hunter2", Some(4), None)?;
//! assert!(check_password_hash(&hash, "hunter2")?);
//! assert!(!check_password_hash(&hash, "hunter3")?);
//! # Ok::<(), vestibule::password::bcrypt::BcryptError>(())
//! ```

use std::fmt;
use std::str::FromStr;

use crate::crypto::digest::constant_time_eq;
use crate::crypto::random::Random;
use crate::password::hash::bounds::MAX_BCRYPT_COST;
use crate::password::hash::digest::{digest, is_unambiguous, new_hash};
use crate::password::hash::format::{ParsedHash, Prehash, ReadOptions};
use crate::password::hash::function::{BCRYPT_MAX_BYTES, Function};
use crate::password::hash::kind::Kind;
use crate::password::hash::memory::Memory;
use crate::password::hash::pepper::Peppers;

/// Flask-Bcrypt's settings, named `BCRYPT_…` there.
///
/// Like Flask-Bcrypt, it hashes the UTF-8 of the password without normalizing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bcrypt {
    /// `BCRYPT_LOG_ROUNDS`: the binary logarithm of the rounds, at least 4. Default: 12.
    pub log_rounds: u32,
    /// The maximum for new and stored hashes, up to 31. Default: 16, which takes seconds; each step
    /// doubles the time, and 31 takes a day and a half. Flask-Bcrypt has no maximum: an attacker
    /// who can write a hash can keep its check busy that long.
    pub max_log_rounds: u32,
    /// `BCRYPT_HASH_PREFIX`. Default: `2b`.
    pub hash_prefix: Prefix,
    /// `BCRYPT_HANDLE_LONG_PASSWORDS`: hash the password's SHA-256, so that it may be longer than
    /// 72 bytes. Default: no. A hash does not record this setting: check it with the same value.
    pub handle_long_passwords: bool,
}

/// The version that a hash starts with. The two versions differ in name only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prefix {
    /// `2a`, the older version.
    TwoA,
    /// `2b`, the version since 2014.
    #[default]
    TwoB,
}

/// The errors that Flask-Bcrypt raises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BcryptError {
    /// The password to hash is empty. In Flask-Bcrypt: `ValueError("Password must be non-empty.")`.
    EmptyPassword,
    /// The password has more than 72 bytes. In Flask-Bcrypt: `ValueError` since bcrypt 5; earlier
    /// versions silently ignored the rest.
    PasswordTooLong,
    /// The password has a NUL, and bcrypt cannot tell it from another: `a\0a` from `a`.
    /// Flask-Bcrypt hashes it anyway.
    NulInPassword,
    /// The rounds are not between 4 and [`max_log_rounds`](Bcrypt::max_log_rounds). In
    /// Flask-Bcrypt: `ValueError("Invalid rounds")` if they are not between 4 and 31.
    InvalidRounds,
    /// The prefix is neither `2a` nor `2b`. In Flask-Bcrypt:
    /// `ValueError("Supported prefixes are …")`.
    UnsupportedPrefix,
    /// The text is not a bcrypt hash. In Flask-Bcrypt: `ValueError("Invalid salt")`.
    InvalidHash,
    /// The system cannot provide randomness.
    NoRandomness,
}

impl Default for Bcrypt {
    fn default() -> Self {
        Self {
            log_rounds: 12,
            max_log_rounds: MAX_BCRYPT_COST,
            hash_prefix: Prefix::default(),
            handle_long_passwords: false,
        }
    }
}

impl Bcrypt {
    /// Hashes a password. The result has 60 characters, `$2b$12$…`. `rounds` and `prefix` override
    /// the settings.
    ///
    /// # Errors
    /// When the password is empty, too long or indistinguishable from another one in bcrypt, or
    /// when the rounds are out of range.
    pub fn generate_password_hash(
        &self,
        password: &str,
        rounds: Option<u32>,
        prefix: Option<Prefix>,
    ) -> Result<String, BcryptError> {
        if password.is_empty() {
            return Err(BcryptError::EmptyPassword);
        }
        let cost = rounds.unwrap_or(self.log_rounds);
        // Do not make a hash that could not be checked later.
        let function = Function::Bcrypt { cost };
        if !function.is_within_bounds(self.max_log_rounds) {
            return Err(BcryptError::InvalidRounds);
        }
        let salt = Random::system().bytes::<16>();
        let salt = salt.map_err(|_| BcryptError::NoRandomness)?;
        let prehash = match self.handle_long_passwords {
            true => Prehash::Sha256Hex,
            false => Prehash::None,
        };
        let kind = Kind::new(prehash, function);
        self.check_length(password)?;
        if !is_unambiguous(prehash, function, password) {
            return Err(BcryptError::NulInPassword);
        }
        let (peppers, mut memory) = (Peppers::default(), Memory::default());
        let text = new_hash(kind, salt, password, &peppers, &mut memory);
        let text = text.map_err(|_| BcryptError::InvalidHash)?;
        Ok(match prefix.unwrap_or(self.hash_prefix) {
            Prefix::TwoA => text.replacen("$2b$", "$2a$", 1),
            Prefix::TwoB => text,
        })
    }

    /// Whether `hash` is a hash of this password. The prefix may be `2a`, `2b`, `2x` or `2y`, and
    /// ASCII white space around the hash is ignored.
    ///
    /// An empty password is always wrong, and so is one with a NUL that bcrypt cannot tell from
    /// another.
    ///
    /// # Errors
    /// When the text is not a bcrypt hash or has too many rounds, or when the password is too long.
    pub fn check_password_hash(&self, hash: &str, password: &str) -> Result<bool, BcryptError> {
        // The parser also reads other kinds of hashes.
        if !hash.trim_ascii_start().starts_with("$2") {
            return Err(BcryptError::InvalidHash);
        }
        let options = ReadOptions {
            long_bcrypt: self.handle_long_passwords,
            max_bcrypt_cost: self.max_log_rounds,
        };
        let stored = ParsedHash::parse(hash, options);
        let stored = stored.map_err(|_| BcryptError::InvalidHash)?;
        self.check_length(password)?;
        let (peppers, mut memory) = (Peppers::default(), Memory::default());
        let digest = digest(&stored, password, &peppers, &mut memory);
        let digest = digest.map_err(|_| BcryptError::InvalidHash)?;
        Ok(constant_time_eq(&digest, &stored.digest)
            && !password.is_empty()
            && is_unambiguous(stored.prehash, stored.function, password))
    }

    fn check_length(&self, password: &str) -> Result<(), BcryptError> {
        match password.len() > BCRYPT_MAX_BYTES && !self.handle_long_passwords {
            true => Err(BcryptError::PasswordTooLong),
            false => Ok(()),
        }
    }
}

/// Hashes a password with the default settings, as Flask-Bcrypt's function of this name does.
///
/// # Errors
/// As [`Bcrypt::generate_password_hash`].
pub fn generate_password_hash(
    password: &str,
    rounds: Option<u32>,
    prefix: Option<Prefix>,
) -> Result<String, BcryptError> {
    Bcrypt::default().generate_password_hash(password, rounds, prefix)
}

/// Whether `hash` is a hash of this password, with the default settings. The hash comes first, as
/// in Flask-Bcrypt.
///
/// # Errors
/// As [`Bcrypt::check_password_hash`].
pub fn check_password_hash(hash: &str, password: &str) -> Result<bool, BcryptError> {
    Bcrypt::default().check_password_hash(hash, password)
}

impl FromStr for Prefix {
    type Err = BcryptError;

    fn from_str(text: &str) -> Result<Self, BcryptError> {
        match text {
            "2a" => Ok(Self::TwoA),
            "2b" => Ok(Self::TwoB),
            _ => Err(BcryptError::UnsupportedPrefix),
        }
    }
}

impl fmt::Display for BcryptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyPassword => "the password is empty",
            Self::PasswordTooLong => {
                "the password has more than 72 bytes; set `handle_long_passwords` before you \
                 store any hashes, or reject the password"
            }
            Self::NulInPassword => "the password has a NUL, so bcrypt confuses it with another",
            Self::InvalidRounds => "bcrypt takes 4 to 31 rounds, and no more than `max_log_rounds`",
            Self::UnsupportedPrefix => "the prefixes for new hashes are `2a` and `2b`",
            Self::InvalidHash => "this is not a bcrypt hash, or has more than `max_log_rounds`",
            Self::NoRandomness => "the system cannot provide randomness",
        })
    }
}

impl std::error::Error for BcryptError {}

#[cfg(test)]
mod tests;
