//! Forgetting a user.

use crate::credentials::Credentials;
use crate::error::Result;
use crate::login::{User, UserId};

impl<U: User> Credentials<U> {
    /// Deletes everything that is kept about a user besides the users table: their sessions,
    /// remembered logins, pending log-ins, and the wrong tries counted at their account. Call it when a user is deleted: some tables give
    /// their ids to others later. [`register`](Self::register) calls it for the new user.
    ///
    /// Of a user whose epoch is kept in a table of ours, only the id and the next epoch stay: a
    /// log-in of the old user that is under way must not become one of the new user's.
    ///
    /// # Errors
    /// When a store failed; then call it again.
    pub async fn forget(&self, id: &UserId) -> Result<()> {
        if let Some(epochs) = self.0.users.epochs() {
            epochs.begin_new(id).await?;
        }
        let (sessions, realm) = (&self.0.sessions, &self.0.realm);
        sessions.revoke_user_and_pending(realm, id, None).await?;
        self.0.throttle.forget_user(realm, id).await
    }
}
