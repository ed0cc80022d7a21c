//! Approving and rejecting accounts that wait for it.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{Administration, ChangeOutcome, Stopped, settled};
use crate::accounts::Action;
use crate::accounts::entity::user;
use crate::database::changed;
use crate::error::{Error, Result};
use crate::login::UserId;

impl Administration<'_> {
    /// Approves an account that waits for it: its user can log in, and is told by mail.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn approve(&self, id: &UserId) -> Result<ChangeOutcome> {
        settled(self.try_approve(id).await)
    }

    async fn try_approve(&self, id: &UserId) -> Stopped<ChangeOutcome> {
        let (transaction, account) = self.begin_on(id).await?;
        let update = self
            .accounts
            .update(id)
            .col_expr(user::Column::AwaitsApproval, Expr::value(false))
            .filter(user::Column::AwaitsApproval.eq(true));
        if !changed(update, &transaction).await? {
            return Ok(ChangeOutcome::AlreadySo);
        }
        let action = Action::AccountApproved;
        self.done(transaction, action, Some(&account), None).await
    }

    /// Rejects an account that waits for approval, and deletes it. An account that does not wait
    /// stays, and the outcome is [`AlreadySo`](ChangeOutcome::AlreadySo).
    ///
    /// # Errors
    /// When the database or the session store failed. If only the store failed, the account is
    /// deleted.
    pub async fn reject(&self, id: &UserId) -> Result<ChangeOutcome> {
        self.revoked(self.try_reject(id).await, id).await
    }

    async fn try_reject(&self, id: &UserId) -> Stopped<ChangeOutcome> {
        let (transaction, account) = self.begin_on(id).await?;
        let deleted = user::Entity::delete_many()
            .filter(user::Column::Id.eq(id.as_str()))
            .filter(user::Column::AwaitsApproval.eq(true))
            .exec(&transaction)
            .await
            .map_err(Error::from_db)?;
        if deleted.rows_affected == 0 {
            return Ok(ChangeOutcome::AlreadySo);
        }
        let action = Action::AccountRejected;
        self.done(transaction, action, Some(&account), None).await
    }
}
