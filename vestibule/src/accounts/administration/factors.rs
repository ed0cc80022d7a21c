//! A user's second factors.

use super::{Administration, ChangeOutcome, Stopped};
use crate::accounts::Action;
use crate::database::changed;
use crate::error::{Error, Result};
use crate::login::UserId;

impl Administration<'_> {
    /// Removes all second factors and recovery codes of a user who has lost them, and ends all their
    /// sessions and remembered logins. Users cannot do this for themselves:
    /// [`NotOneself`](ChangeOutcome::NotOneself).
    ///
    /// # Errors
    /// When the database or the session store failed.
    pub(crate) async fn reset_factors(&self, id: &UserId) -> Result<ChangeOutcome> {
        self.revoked(self.try_reset_factors(id).await, id).await
    }

    async fn try_reset_factors(&self, id: &UserId) -> Stopped<ChangeOutcome> {
        let accounts = self.accounts;
        let (transaction, account) = self.begin_on(id).await?;
        if self.actor.id() == Some(id) {
            return Ok(ChangeOutcome::NotOneself);
        }
        let factors = accounts.inner.factors.as_ref();
        let factors = factors.ok_or_else(|| Error::internal("these accounts keep no factors"))?;
        if factors.forget_in(id, &transaction).await? == 0 {
            return Ok(ChangeOutcome::AlreadySo);
        }
        changed(accounts.new_epoch(id), &transaction).await?;
        let action = Action::FactorsReset;
        self.done(transaction, action, Some(&account), None).await
    }
}
