//! Flask-Bcrypt's two functions, for those who want just that: no service, no threads, no policy.
//!
//! Hashing takes a good part of a second and blocks its thread. In an async app call these by
//! `tokio::task::spawn_blocking`, or let [`Passwords`](crate::password::Passwords) do it.
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

/// Flask-Bcrypt's settings, which are `BCRYPT_…` there.
///
/// What it hashes is the UTF-8 of the password, not normalized, as Flask-Bcrypt does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bcrypt {
    /// `BCRYPT_LOG_ROUNDS`: rounds as a power of two, from 4. Default: 12.
    pub log_rounds: u32,
    /// The most rounds that a hash may have, new or old, up to 31. Default: 16, which takes
    /// seconds; each step doubles the time, and 31 takes a day and a half. Flask-Bcrypt has no
    /// bound: whoever can write a hash keeps its check busy for so long.
    pub max_log_rounds: u32,
    /// `BCRYPT_HASH_PREFIX`. Default: `2b`.
    pub hash_prefix: Prefix,
    /// `BCRYPT_HANDLE_LONG_PASSWORDS`: hash the password's SHA-256, so that it may be longer than
    /// 72 bytes. Default: no. Hashes do not say it: what was made with it needs it.
    pub handle_long_passwords: bool,
}

/// The version that a hash begins with. They differ in name alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prefix {
    /// `2a`, of old.
    TwoA,
    /// `2b`, since 2014.
    #[default]
    TwoB,
}

/// What Flask-Bcrypt raises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BcryptError {
    /// There is no password to hash. `ValueError("Password must be non-empty.")`.
    EmptyPassword,
    /// The password has more than 72 bytes. `ValueError`, since bcrypt 5; before, the rest was
    /// silently left out.
    PasswordTooLong,
    /// The password has a NUL, and bcrypt takes it for another: `a\0a` for `a`. Flask-Bcrypt
    /// hashes it.
    NulInPassword,
    /// The rounds are not 4 to [`max_log_rounds`](Bcrypt::max_log_rounds).
    /// `ValueError("Invalid rounds")` of those that are not 4 to 31.
    InvalidRounds,
    /// The prefix is neither `2a` nor `2b`. `ValueError("Supported prefixes are …")`.
    UnsupportedPrefix,
    /// The hash is none. `ValueError("Invalid salt")`.
    InvalidHash,
    /// The system has no randomness to give.
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
    /// The hash of a password: 60 characters, `$2b$12$…`. `rounds` and `prefix` go before the
    /// settings.
    ///
    /// # Errors
    /// When the password is empty, too long or one that bcrypt takes for another, or the rounds are
    /// out of range.
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
        // What could not be checked is not made.
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

    /// Whether `hash` is of this password, whichever of the prefixes `2a`, `2b`, `2x` and `2y` it
    /// has.
    ///
    /// # Errors
    /// When the hash is none or has too many rounds, or the password is too long. An empty password
    /// is wrong, and so is one that bcrypt takes for another, with a NUL.
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

/// The hash of a password, by the default settings. Flask-Bcrypt's function of this name.
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

/// Whether `hash` is of this password, by the default settings. The hash comes first, as in
/// Flask-Bcrypt.
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
                "the password has more than 72 bytes; set `handle_long_passwords` before there are \
                 any hashes, or refuse it"
            }
            Self::NulInPassword => "the password has a NUL, and bcrypt takes it for another",
            Self::InvalidRounds => "bcrypt takes 4 to 31 rounds, and no more than `max_log_rounds`",
            Self::UnsupportedPrefix => "the prefixes for new hashes are `2a` and `2b`",
            Self::InvalidHash => "this is no bcrypt hash, or one of more than `max_log_rounds`",
            Self::NoRandomness => "the system has no randomness to give",
        })
    }
}

impl std::error::Error for BcryptError {}

#[cfg(test)]
mod tests;
