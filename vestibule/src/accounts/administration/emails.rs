//! Verifying a mail address by hand.

use sea_orm::sea_query::Expr;

use super::{Administration, ChangeOutcome, Stopped, settled};
use crate::accounts::Action;
use crate::accounts::emails::take_over;
use crate::accounts::entity::user;
use crate::database::changed;
use crate::error::Result;
use crate::login::UserId;
use crate::mail::Email;

impl Administration<'_> {
    /// Marks a user's mail address as verified, without a mail. From then on it is theirs, and no
    /// account that merely entered it can be found by it. If a visitor registered the address alone,
    /// and has not verified it, the password that they chose ends: send a
    /// [link for a new one](crate::flows::Site::send_reset_link). The outcome is
    /// [`EmailTaken`](ChangeOutcome::EmailTaken) if another user has verified it.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn verify_email(&self, id: &UserId) -> Result<ChangeOutcome> {
        settled(self.try_verify_email(id).await)
    }

    async fn try_verify_email(&self, id: &UserId) -> Stopped<ChangeOutcome> {
        let (transaction, account) = self.begin_on(id).await?;
        let email = account.email.as_deref();
        let Some(email) = email.and_then(|email| email.parse::<Email>().ok()) else {
            return Ok(ChangeOutcome::NoEmail);
        };
        if account.email_verified_at.is_some() {
            return Ok(ChangeOutcome::AlreadySo);
        }
        if !take_over(&email, Some(id), &transaction).await? {
            return Ok(ChangeOutcome::EmailTaken);
        }
        let now = self.accounts.inner.clock.now().as_millis();
        let update = self
            .accounts
            .update(id)
            .col_expr(user::Column::CanonicalEmail, Expr::value(email.canonical()))
            .col_expr(user::Column::EmailVerifiedAt, Expr::value(now));
        changed(update, &transaction).await?;
        if account.is_waiting() {
            // Nobody knows whether the owner of the address chose it.
            self.accounts.drop_password_in(id, &transaction).await?;
        }
        let (action, detail) = (Action::EmailVerified, Some(email.as_str().to_owned()));
        self.done(transaction, action, Some(&account), detail).await
    }
}
