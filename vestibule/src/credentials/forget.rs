//! Forgetting a user.

use crate::credentials::Credentials;
use crate::error::Result;
use crate::login::{User, UserId};

impl<U: User> Credentials<U> {
    /// Deletes all data about a user outside the users table: sessions, remembered logins, pending
    /// log-ins, second factors, tokens sent by mail, the mails that they have turned off, and wrong
    /// tries at their account. Call it when you delete a user, because some tables reuse ids.
    /// [`register`](Self::register) calls it for the new user.
    ///
    /// If our table keeps the user's epoch, their id and next epoch stay. Otherwise a log-in of the
    /// old user that is still in progress could become one of the new user's.
    ///
    /// # Errors
    /// When a store failed. Call it again then.
    pub async fn forget(&self, id: &UserId) -> Result<()> {
        if let Some(epochs) = self.0.users.epochs() {
            epochs.begin_new(id).await?;
        }
        let (sessions, realm) = (&self.0.sessions, &self.0.realm);
        sessions.revoke_user_and_pending(realm, id, None).await?;
        #[cfg(feature = "sql")]
        if let Some(mail) = &self.0.mail {
            mail.tokens.forget(id).await?;
            mail.outbox.forget_turned_off(id).await?;
        }
        #[cfg(feature = "sql")]
        if let Some(factors) = &self.0.factors {
            factors.forget(id).await?;
        }
        self.0.throttle.forget_user(realm, id).await
    }
}
