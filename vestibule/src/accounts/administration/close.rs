//! Closing an account.

use std::time::Duration;

use sea_orm::sea_query::Expr;

use super::{Administration, ChangeOutcome, Stopped};
use crate::accounts::Action;
use crate::accounts::entity::user;
use crate::database::changed;
use crate::error::Result;
use crate::login::UserId;
use crate::mail::outbox::when;

impl Administration<'_> {
    /// Closes an account for its user, and ends all their sessions. Nobody can use it, but a log-in
    /// within `grace` opens it again. After that it is erased
    /// ([`Site::erase_closed_accounts`](crate::flows::Site::erase_closed_accounts)).
    ///
    /// # Errors
    /// When the database or the session store failed. If only the store failed, the account is
    /// closed, and the next request is rejected.
    pub async fn close(&self, id: &UserId, grace: Duration) -> Result<ChangeOutcome> {
        self.revoked(self.try_close(id, grace).await, id).await
    }

    async fn try_close(&self, id: &UserId, grace: Duration) -> Stopped<ChangeOutcome> {
        let (transaction, account) = self.begin_on_own(id).await?;
        if account.closes_at.is_some() {
            return Ok(ChangeOutcome::AlreadySo);
        }
        self.check_not_last(&account, &transaction).await?;
        let closes_at = self.accounts.inner.clock.now() + grace;
        let update = self
            .accounts
            .new_epoch(id)
            .col_expr(user::Column::ClosesAt, Expr::value(closes_at.as_millis()))
            .col_expr(user::Column::ErasingUntil, Expr::value(None::<i64>));
        changed(update, &transaction).await?;
        let detail = (!grace.is_zero()).then(|| when(closes_at));
        let action = Action::AccountClosed;
        self.done(transaction, action, Some(&account), detail).await
    }
}
