//! Password hashing and checking: what Flask-Bcrypt does for Flask.
//!
//! [`Passwords`] hashes with Argon2id or bcrypt on its own small thread pool. It checks hashes of
//! Argon2, bcrypt, scrypt and PBKDF2, in the formats of Flask-Bcrypt, Werkzeug, Django and passlib.
//! [`PasswordPolicy`] decides which passwords users may choose. If you only want Flask-Bcrypt's two
//! functions, use [`bcrypt`].
//!
//! # What it protects against
//! - A stolen database: hashes are slow and salted, and with [`Peppers`] they are useless alone.
//! - A flood of log-ins: threads, memory and the queue are bounded, and the queue is fair between
//!   networks, addresses and accounts. Beyond that the caller gets
//!   [`Error::is_busy`](crate::Error::is_busy).
//! - Finding out who has an account by timing: an unknown user costs a hash too, of a kind that
//!   real users have.
//! - A crafted hash that asks for gigabytes: the parameters of stored hashes are bounded.
//! - Very long passwords: they are rejected before hashing.
//!
//! # What it does not protect against
//! Guessing the password of one account: it does not slow that down.
//!
//! # What is hashed
//! The UTF-8 of the password in Unicode normalization form C (NIST SP 800-63B-4, 3.1.1.2), so
//! that an `é` is the same from every keyboard. Nothing is trimmed, case-folded or truncated.

mod check;
mod config;
pub(crate) mod hash;
mod normalization;
mod passwords;
mod policy;
mod pool;
mod stored_kinds;

pub use check::HashCheck;
pub use config::PasswordConfig;
pub use hash::{PasswordAlgorithm, PasswordHash, Peppers, bcrypt};
pub use passwords::Passwords;
pub use policy::{Blocklist, BreachedPasswords, Objection, PasswordPolicy, password_advice};
pub use pool::{Claimant, HashingLimits};

pub(crate) use hash::Kinds;
#[cfg(feature = "sql")]
pub(crate) use normalization::is_same;

#[cfg(test)]
mod tests;
