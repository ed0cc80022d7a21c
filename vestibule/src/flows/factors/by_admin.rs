//! Factors of other users, for admins and the operator.

use crate::accounts::{Account, Actor, ChangeOutcome};
use crate::credentials::Factor;
use crate::error::Result;
use crate::flows::Site;
use crate::login::{Event, PageUser, UserId};

impl<U: PageUser> Site<U> {
    /// The second factors of a user, the oldest first, without their secrets. Recovery codes are
    /// none.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn factors(&self, user: &UserId) -> Result<Vec<Factor>> {
        self.credentials().factors()?.list(user).await
    }

    /// The number of secrets of authenticator apps that an old line of the secret key has encrypted.
    /// The first line encrypts each again when its app is used. Reads all of them.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn secrets_under_old_keys(&self) -> Result<u64> {
        let factors = self.credentials().factors()?;
        factors.totp.count_under_old_keys().await
    }
}

impl Site<Account> {
    /// Removes all second factors and recovery codes of a user who has lost them, and logs them out
    /// everywhere. Their password alone logs them in then. They are told by mail.
    ///
    /// The outcome is [`AlreadySo`](ChangeOutcome::AlreadySo) if they have none, and
    /// [`NotOneself`](ChangeOutcome::NotOneself) if `actor` is the user.
    ///
    /// # Errors
    /// When the database or the session store failed.
    pub async fn reset_factors(&self, actor: Actor, id: &UserId) -> Result<ChangeOutcome> {
        let change = self.accounts().by(actor).reset_factors(id).await?;
        if change == ChangeOutcome::Done {
            self.credentials().clear_factor_tries(id).await;
            let handle = self.login_handle();
            handle.emit(Event::FactorsReset, id, None).await;
        }
        Ok(change)
    }
}
