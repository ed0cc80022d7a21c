//! Flask-Bcrypt's part: hashing passwords and checking them.
//!
//! [`Passwords`] hashes by Argon2id or bcrypt, on threads of its own kind and number, and
//! checks the hashes of both. [`PasswordPolicy`] says which passwords may be chosen.
//!
//! # What it protects against
//! A stolen database (slow, salted hashes), a flood of log-ins (bounded threads, memory and
//! queue; past that the caller gets [`Error::is_busy`](crate::Error::is_busy)), guessing who
//! has an account by the time an answer takes (an unknown user costs one hash too), a crafted
//! hash that asks for gigabytes (bounded parameters), very long passwords (refused before
//! hashing).
//!
//! # What it does not
//! Slow down the guessing of one account's password.
//!
//! # What is hashed
//! The UTF-8 of the password in Unicode normalization form C (NIST SP 800-63B-4, 3.1.1.2), so
//! that an `é` is the same from every keyboard. Nothing is trimmed, folded or cut.

mod algorithm;
mod policy;
mod workers;

pub use algorithm::PasswordAlgorithm;
pub use policy::{Objection, PasswordPolicy};

use std::fmt;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::crypto::random::Random;
use crate::crypto::secret::Secret;
use crate::error::Result;
use crate::password::workers::Workers;

/// A password's hash as it is stored: PHC or modular crypt form, with algorithm, cost and salt.
///
/// `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash as a store kept it.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text to store. Keep it out of logs and errors.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Hashes passwords and checks them. Clones share the threads and the queue.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), vestibule::Error> {
/// use vestibule::crypto::secret::Secret;
/// use vestibule::password::Passwords;
///
/// let passwords = Passwords::new(Default::default())?;
/// let hash = passwords.hash(&Secret::from("correct horse battery staple")).await?;
///
/// assert!(passwords.verify(&Secret::from("correct horse battery staple"), Some(&hash)).await?);
/// assert!(!passwords.verify(&Secret::from("Tr0ub4dor&3"), Some(&hash)).await?);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Passwords {
    algorithm: PasswordAlgorithm,
    /// What an unknown user's password is checked against.
    nobody: Arc<PasswordHash>,
    random: Random,
    workers: Workers,
}

impl Passwords {
    /// The most characters of a password; longer ones are refused before hashing.
    pub const MAX_CHARS: usize = 256;

    /// Hashes by `algorithm`; checks the hashes of every [`PasswordAlgorithm`].
    ///
    /// # Errors
    /// When the parameters are out of range ([`Error::is_config`](crate::Error::is_config)).
    pub fn new(algorithm: PasswordAlgorithm) -> Result<Self> {
        Self::with_random(algorithm, Random::system())
    }

    /// As [`new`](Self::new), with the salts from `random`; a test sets it.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_random(algorithm: PasswordAlgorithm, random: Random) -> Result<Self> {
        Ok(Self {
            algorithm,
            nobody: Arc::new(algorithm.hash_of_nobody(&random)?),
            random,
            workers: Workers::new(),
        })
    }

    /// The hash to store for `password`.
    ///
    /// # Errors
    /// When the queue is full ([`Error::is_busy`](crate::Error::is_busy)), or the password is
    /// one that [`PasswordPolicy::objection`] would have named: longer than
    /// [`MAX_CHARS`](Self::MAX_CHARS), or than bcrypt can take.
    pub async fn hash(&self, password: &Secret) -> Result<PasswordHash> {
        let algorithm = self.algorithm;
        let salt = self.random.bytes::<16>()?;
        let Some(password) = hashed_text(password) else {
            return Err(algorithm::too_long());
        };
        self.workers
            .run(move || algorithm.hash(password.as_bytes(), salt))
            .await?
    }

    /// Whether `password` is the one that `hash` was made of. Without a hash (there is no such
    /// user, or one without a password) the answer is "no" and takes as long.
    ///
    /// # Errors
    /// When the queue is full ([`Error::is_busy`](crate::Error::is_busy)), or the hash is
    /// malformed or asks for more than the bounds: an answer to the operator, never "yes".
    pub async fn verify(&self, password: &Secret, hash: Option<&PasswordHash>) -> Result<bool> {
        let Some(password) = hashed_text(password) else {
            return Ok(false);
        };
        let is_somebody = hash.is_some();
        let hash = hash.unwrap_or(&self.nobody).clone();
        let is_right = self
            .workers
            .run(move || algorithm::verify(password.as_bytes(), &hash))
            .await??;
        Ok(is_right && is_somebody)
    }

    /// How many hashes have been computed.
    #[cfg(test)]
    pub(crate) fn runs(&self) -> usize {
        self.workers.runs.load(std::sync::atomic::Ordering::SeqCst)
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// What of a password is hashed, unless it is too long.
fn hashed_text(password: &Secret) -> Option<Zeroizing<String>> {
    let password = password.expose();
    // Bytes first, so that counting a huge one costs nothing.
    let fits = password.len() <= Passwords::MAX_CHARS * 4
        && password.chars().count() <= Passwords::MAX_CHARS;
    fits.then(|| Zeroizing::new(password.nfc().collect()))
}

#[cfg(test)]
mod tests;
