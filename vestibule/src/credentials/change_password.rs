//! Changing the current user's password.

use tracing::Instrument;

use crate::credentials::{Credentials, Proof};
use crate::crypto::secret::Secret;
use crate::error::{Error, Result};
#[cfg(feature = "sql")]
use crate::login::{CurrentUser, UserId};
use crate::login::{Event, Login, Sender, User};
use crate::password::{Claimant, PasswordHash};

/// The outcome of a password change.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum PasswordChange<U> {
    /// The password is changed, and all sessions of the user have ended. The proof logs the user in
    /// again, and their session here continues.
    Changed(Proof<U>),
    /// The password is still the old one. The user was deleted or has changed since the old
    /// password was checked, or their session here has ended meanwhile.
    Conflict,
}

impl<U: User> Credentials<U> {
    /// Changes the password of a user who has shown their current one, and ends all their sessions
    /// and remembered logins. Does not check the new password: the
    /// [`PasswordPolicy`](crate::password::PasswordPolicy) does.
    ///
    /// Once the password is written, [`Event::PasswordChanged`] is emitted even if the client hangs
    /// up. If the session store fails, the old sessions are still rejected, because they have an
    /// earlier epoch.
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
        // The session may have ended while the body arrived or the password was hashed. Then change
        // nothing.
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
        // Runs in its own task, because a closed connection must not stop the mail to the user.
        let written = tokio::spawn(write.in_current_span()).await;
        Ok(match (written.map_err(Error::internal)??, continued) {
            (Some(proof), Some(continued)) => PasswordChange::Changed(proof.continuing(continued)),
            // A user without a session begins one, with every check of a log-in.
            (Some(proof), None) => PasswordChange::Changed(proof),
            (None, _) => PasswordChange::Conflict,
        })
    }

    /// Whether this user has a password. Those of an app's own table count as if they had: without a
    /// hash, they may log in by a way of the app's own.
    ///
    /// # Errors
    /// When the users table failed.
    #[cfg(feature = "sql")]
    pub(crate) async fn has_password(&self, id: &UserId) -> Result<bool> {
        Ok(!self.0.may_lack_passwords || self.0.users.table().hash_of(id).await?.is_some())
    }

    /// Proves a user without a password by their fresh log-in, so that they can set the first one.
    /// `None` if the log-in is not fresh, or if they have a password.
    ///
    /// # Errors
    /// When the users table failed.
    #[cfg(feature = "sql")]
    pub(crate) async fn prove_without_password(
        &self,
        user: &CurrentUser<U>,
    ) -> Result<Option<Proof<U>>> {
        let confirmed_by = user.session().map(|session| session.confirmed_by);
        let Some(methods) = confirmed_by.filter(|_| user.is_fresh()) else {
            return Ok(None);
        };
        // Read before the password, so that one that is written meanwhile ends this proof.
        let epoch = self.epoch_of(user).await?;
        if self.has_password(&user.id()).await? {
            return Ok(None);
        }
        Ok(Some(Proof::new(U::clone(user), epoch, methods)))
    }

    /// Writes the hash, begins a new epoch and ends the sessions of the previous one. Returns a
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
        // Begin the epoch before writing the hash, so that the second of two concurrent changes is
        // rejected.
        if let Some(epochs) = self.0.users.epochs()
            && !epochs.begin_after(&user, before).await?
        {
            return Ok(None);
        }
        let Some(user) = self.0.users.table().set_hash(&user, hash, from).await? else {
            return Ok(None);
        };
        let id = user.id();
        // Begin another epoch, because a log-in may have read the one above and then the old hash.
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
        // Clear the wrong tries: they were for the old password.
        self.clear_tries_of(&id).await;
        let mut proof = Proof::new(user, epoch, methods);
        proof.tried = tried;
        Ok(Some(proof))
    }
}
