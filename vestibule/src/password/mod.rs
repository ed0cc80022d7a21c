//! Flask-Bcrypt's part: hashing passwords and checking them.
//!
//! [`Passwords`] hashes by Argon2id or bcrypt, on a few threads of its own, and checks the hashes
//! of both, of scrypt and of PBKDF2, in the forms of Flask-Bcrypt, Werkzeug, Django and passlib.
//! [`PasswordPolicy`] says which passwords may be chosen. Whoever wants Flask-Bcrypt's two
//! functions and nothing else finds them in [`bcrypt`].
//!
//! # What it protects against
//! A stolen database (slow, salted hashes; with [`Peppers`] it is worth nothing alone), a flood of
//! log-ins (bounded threads, memory and queue, in which each address and each account waits behind
//! itself; past that the caller gets [`Error::is_busy`](crate::Error::is_busy)), guessing who
//! has an account by the time an answer takes (an unknown user costs a hash too, of the kinds that
//! users have), a crafted hash that asks for gigabytes (bounded parameters), very long passwords
//! (refused before hashing).
//!
//! # What it does not
//! Slow down the guessing of one account's password.
//!
//! # What is hashed
//! The UTF-8 of the password in Unicode normalization form C (NIST SP 800-63B-4, 3.1.1.2), so
//! that an `é` is the same from every keyboard. Nothing is trimmed, folded or cut.

mod check;
mod hash;
mod normalization;
mod passwords;
mod policy;
mod pool;
mod stored_kinds;

pub use check::HashCheck;
pub use hash::{PasswordAlgorithm, PasswordHash, Peppers, bcrypt};
pub use passwords::Passwords;
pub use policy::{Blocklist, BreachedPasswords, Objection, PasswordPolicy, password_advice};
pub use pool::{Claimant, HashingLimits};

#[cfg(feature = "sql")]
pub(crate) use hash::Kinds;
#[cfg(feature = "sql")]
pub(crate) use normalization::is_same;

#[cfg(test)]
mod tests;
