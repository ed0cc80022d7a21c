//! Checking a password against a stored hash.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::crypto::digest::constant_time_eq;
use crate::crypto::secret::Secret;
use crate::error::Result;
use crate::password::hash::{Kind, Memory, ParsedHash, PasswordHash, digest, is_unambiguous};
use crate::password::normalization::normalized;
use crate::password::passwords::Passwords;
use crate::password::pool::Claimant;

/// What came of checking a password, from [`Passwords::check`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum HashCheck {
    /// It is not the one.
    Wrong,
    /// It is.
    Right,
    /// It is; but today it would be hashed otherwise: by another algorithm, with other parameters
    /// or under another pepper. [`hash`](Passwords::hash) it anew, and replace the old hash if it
    /// still is what is stored.
    Outdated,
}

impl Passwords {
    /// Whether `password` is the one that `hash` was made of. Without a hash (there is no such
    /// user, or one without a password) the answer is "no" and takes as long.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub async fn verify(&self, password: &Secret, hash: Option<&PasswordHash>) -> Result<bool> {
        let check = self.check(&Claimant::default(), password, hash).await?;
        Ok(check != HashCheck::Wrong)
    }

    /// The same, for somebody, and with a word on whether the hash is still good enough.
    ///
    /// # Errors
    /// When the queue is full ([`Error::is_busy`](crate::Error::is_busy)), or the hash is
    /// malformed, asks for more than the bounds, or is under a pepper that is missing
    /// ([`Error::is_unusable_hash`](crate::Error::is_unusable_hash)): never "yes".
    pub async fn check(
        &self,
        claimant: &Claimant<'_>,
        password: &Secret,
        hash: Option<&PasswordHash>,
    ) -> Result<HashCheck> {
        let Some(normal) = normalized(password) else {
            return Ok(HashCheck::Wrong);
        };
        let is_somebody = hash.is_some();
        let stored = match hash {
            Some(hash) => self.parse(hash)?,
            None => {
                let today = self.kind();
                let kind = claimant
                    .account
                    .map(|name| self.decoys.kind_of(name, today));
                kind.unwrap_or(today).decoy()
            }
        };
        let is_todays = Kind::of(&stored) == self.kind();
        let stored = Arc::new(stored);
        // What another library may have hashed, with a turn of its own.
        let typed = password.expose();
        let typed = (typed != *normal).then(|| Zeroizing::new(typed.to_owned()));
        let is_right = self.is_right(claimant, &stored, normal).await?;
        let is_right_as_typed = match typed {
            Some(typed) if !is_right => self.is_right(claimant, &stored, typed).await?,
            _ => false,
        };
        Ok(match (is_right, is_right_as_typed) {
            _ if !is_somebody => HashCheck::Wrong,
            (true, _) if is_todays => HashCheck::Right,
            (false, false) => HashCheck::Wrong,
            _ => HashCheck::Outdated,
        })
    }

    async fn is_right(
        &self,
        claimant: &Claimant<'_>,
        stored: &Arc<ParsedHash>,
        password: Zeroizing<String>,
    ) -> Result<bool> {
        let (stored, peppers) = (stored.clone(), self.peppers.clone());
        let work = move |memory: &mut Memory| {
            let digest = digest(&stored, &password, &peppers, memory)?;
            Ok(constant_time_eq(&digest, &stored.digest)
                && is_unambiguous(stored.prehash, stored.function, &password))
        };
        self.service.run(claimant, work).await?
    }
}
