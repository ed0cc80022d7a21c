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

/// The result of checking a password, from [`Passwords::check`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum HashCheck {
    /// The password is wrong.
    Wrong,
    /// The password is right.
    Right,
    /// The password is right, but its hash has another algorithm, other parameters or another
    /// pepper than new hashes have. [`hash`](Passwords::hash) the password again, and replace the
    /// stored hash unless it has changed meanwhile.
    ///
    /// If the user's [`session_epoch`](crate::login::User::session_epoch) follows the hash, do so
    /// at a log-in only, and give `log_in` the user with the new hash: the sessions of the old one
    /// end.
    Outdated,
}

impl Passwords {
    /// Whether `hash` is a hash of `password`. Pass `None` for an unknown user or one without a
    /// password: the answer is then `false`, and takes as long as for a real user.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub async fn verify(&self, password: &Secret, hash: Option<&PasswordHash>) -> Result<bool> {
        let check = self.check(&Claimant::default(), password, hash).await?;
        Ok(check != HashCheck::Wrong)
    }

    /// As [`verify`](Self::verify), queued fairly for `claimant`, and also says whether the hash
    /// is outdated.
    ///
    /// # Errors
    /// When the queue is full ([`Error::is_busy`](crate::Error::is_busy)), or when the hash is
    /// malformed, exceeds the bounds, or needs a pepper that is not set
    /// ([`Error::is_unusable_hash`](crate::Error::is_unusable_hash)). It is never "yes" then.
    pub async fn check(
        &self,
        claimant: &Claimant<'_>,
        password: &Secret,
        hash: Option<&PasswordHash>,
    ) -> Result<HashCheck> {
        let Some(normal) = normalized(password) else {
            return Ok(HashCheck::Wrong);
        };
        let has_hash = hash.is_some();
        let stored = match hash {
            Some(hash) => self.parse(hash)?,
            None => {
                let current = self.kind();
                let kind = claimant
                    .account
                    .map(|name| self.decoys.kind_of(name, current));
                kind.unwrap_or(current).decoy()
            }
        };
        let is_current = Kind::of(&stored) == self.kind();
        let stored = Arc::new(stored);
        // Other libraries may have hashed the password without normalizing it. The second hash
        // queues again.
        let typed = password.expose();
        let typed = (typed != *normal).then(|| Zeroizing::new(typed.to_owned()));
        let is_right = self.is_right(claimant, &stored, normal).await?;
        let is_right_as_typed = match typed {
            Some(typed) if !is_right => self.is_right(claimant, &stored, typed).await?,
            _ => false,
        };
        Ok(match (is_right, is_right_as_typed) {
            _ if !has_hash => HashCheck::Wrong,
            (true, _) if is_current => HashCheck::Right,
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
