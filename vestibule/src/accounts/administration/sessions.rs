//! A user's sessions.

use super::{Administration, ChangeOutcome, Stopped, settled};
use crate::accounts::Action;
use crate::database::changed;
use crate::error::Result;
use crate::login::UserId;

impl Administration<'_> {
    /// Ends one session of a user, by its [`public_id`](crate::Session::public_id), and its
    /// remembered login.
    ///
    /// # Errors
    /// When the database or the session store failed. If the store failed, the security log already
    /// has the line, but the session may still exist: call it again.
    pub async fn end_session(&self, id: &UserId, public_id: &str) -> Result<ChangeOutcome> {
        settled(self.try_end_session(id, public_id).await)
    }

    async fn try_end_session(&self, id: &UserId, public_id: &str) -> Stopped<ChangeOutcome> {
        let accounts = self.accounts;
        // Before the transaction, because a store in the same database would wait for it.
        let session = accounts
            .inner
            .sessions
            .load_by_public_id(&accounts.inner.realm, id, public_id)
            .await?;
        let (transaction, account) = self.begin_on_own(id).await?;
        let Some(session) = session else {
            return Ok(ChangeOutcome::NoSuchSession);
        };
        let detail = Some(public_id.to_owned());
        let action = Action::SessionEnded;
        let change = self
            .done(transaction, action, Some(&account), detail)
            .await?;
        accounts.inner.sessions.revoke(session.id).await?;
        Ok(change)
    }

    /// Ends all sessions and remembered logins of a user, including log-ins in progress.
    ///
    /// # Errors
    /// When the database or the session store failed.
    pub async fn end_sessions(&self, id: &UserId) -> Result<ChangeOutcome> {
        self.revoked(self.try_end_sessions(id).await, id).await
    }

    async fn try_end_sessions(&self, id: &UserId) -> Stopped<ChangeOutcome> {
        let (transaction, account) = self.begin_on_own(id).await?;
        changed(self.accounts.new_epoch(id), &transaction).await?;
        let action = Action::SessionsEnded;
        self.done(transaction, action, Some(&account), None).await
    }

    /// Removes what has expired, as
    /// [`Accounts::sweep_sessions`](crate::accounts::Accounts::sweep_sessions) does, and writes a
    /// line to the security log. Returns the number removed.
    ///
    /// # Errors
    /// When the database or the session store failed.
    pub async fn sweep_sessions(&self) -> Result<u64> {
        let swept = self.accounts.sweep_sessions().await?;
        settled(self.note_sweep(swept).await).map(|_noted| swept)
    }

    async fn note_sweep(&self, swept: u64) -> Stopped<ChangeOutcome> {
        let transaction = self.begin().await?;
        let detail = Some(swept.to_string());
        self.done(transaction, Action::SessionsSwept, None, detail)
            .await
    }
}
