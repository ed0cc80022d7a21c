//! Changing one's password.

use tracing::Instrument;

use crate::credentials::{Credentials, Proof};
use crate::crypto::secret::Secret;
use crate::error::{Error, Result};
use crate::login::{Event, Login, Sender, User};
use crate::password::{Claimant, PasswordHash};

/// What came of a change of password.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum PasswordChange<U> {
    /// It is changed, and all sessions of the user have ended. The proof logs them in again, and
    /// the session they had here continues.
    Changed(Proof<U>),
    /// The user is gone or has changed since the old password was checked, or their session here
    /// has ended meanwhile, and the password is the old one.
    Conflict,
}

impl<U: User> Credentials<U> {
    /// Gives a user who has shown the password they have another one, and ends all their sessions
    /// and what remembers their browsers. Whether it may be chosen, the
    /// [`PasswordPolicy`](crate::password::PasswordPolicy) says.
    ///
    /// Once it is written, [`Event::PasswordChanged`] is emitted even if the request is given up.
    /// Where the session store fails, the sessions are rejected all the same, being of an earlier
    /// epoch.
    ///
    /// # Errors
    /// When the users table failed or the hashing queue is full.
    pub async fn change_password(
        &self,
        login: &Login<U>,
        proof: Proof<U>,
        password: &Secret,
    ) -> Result<PasswordChange<U>> {
        self.check_realm(login)?;
        let id = proof.user.id();
        let continued = login.continued_session().await?;
        let continued = Some(continued).filter(|continued| continued.is_of(&id));
        let claimant = Claimant {
            account: Some(id.as_str()),
            address: login.address(),
        };
        let hash = self.0.passwords.hash_for(&claimant, password).await?;
        // A session that ended while the body arrived or the password was hashed changes nothing.
        if continued.is_some() && !login.is_still_logged_in().await? {
            return Ok(PasswordChange::Conflict);
        }
        let (credentials, from, visit) = (self.clone(), login.sender(), login.visit().clone());
        let write = async move {
            let written = credentials.write_password(proof, &hash, &from).await;
            if let Ok(Some(_)) = &written {
                visit.emit(Event::PasswordChanged).await;
            }
            written
        };
        // A task of its own: a closed connection must not stop the mail to the user.
        let written = tokio::spawn(write.in_current_span()).await;
        Ok(match (written.map_err(Error::internal)??, continued) {
            (Some(proof), Some(continued)) => PasswordChange::Changed(proof.continuing(continued)),
            // Without a session of their own they begin one, by all that it takes.
            (Some(proof), None) => PasswordChange::Changed(proof),
            (None, _) => PasswordChange::Conflict,
        })
    }

    /// Writes the hash, begins a new epoch and ends the sessions of the one before. Returns the
    /// proof of the user as they are now.
    pub(super) async fn write_password(
        &self,
        proof: Proof<U>,
        hash: &PasswordHash,
        from: &Sender,
    ) -> Result<Option<Proof<U>>> {
        let Proof {
            user,
            epoch: before,
            methods,
            tried,
            ..
        } = proof;
        // Before the hash is written: of two changes at once the second must find that it is late.
        if let Some(epochs) = self.0.users.epochs()
            && !epochs.begin_after(&user, before).await?
        {
            return Ok(None);
        }
        let Some(user) = self.0.users.table().set_hash(&user, hash, from).await? else {
            return Ok(None);
        };
        let id = user.id();
        // Again, as a log-in may have read the epoch after that and the old hash before this.
        if let Some(epochs) = self.0.users.epochs() {
            epochs.begin_new(&id).await?;
        }
        let epoch = self.epoch_of(&user).await?;
        let (sessions, realm) = (&self.0.sessions, &self.0.realm);
        if let Err(error) = sessions.revoke_user_and_pending(realm, &id, None).await {
            if epoch == before {
                return Err(error);
            }
            tracing::error!(
                user = id.as_str(),
                %error,
                "sessions from before the new password are rejected, but were not removed"
            );
        }
        // Wrong tries at the old password do not count for the new one.
        self.clear_tries_of(&id).await;
        let mut proof = Proof::new(user, epoch, methods);
        proof.tried = tried;
        Ok(Some(proof))
    }
}
