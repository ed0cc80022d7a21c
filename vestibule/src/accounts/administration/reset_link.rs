//! Sending a user a link to choose a new password.

use super::{Administration, ChangeOutcome, Stopped, settled};
use crate::accounts::emails::owner_of;
use crate::accounts::{Account, Action};
use crate::credentials::tokens::{Issued, Purpose, Tokens};
use crate::error::Result;
use crate::login::{User, UserId};
use crate::mail::Email;
use crate::mail::outbox::Letter;

/// Writes the mail with a token.
type Write<'w> = dyn Fn(&Account, &Email, &Issued) -> Letter + Send + Sync + 'w;

impl Administration<'_> {
    /// Sends the user of an account a link to choose a new password, to the address that they own.
    /// The actor sees neither the link nor the password.
    pub(crate) async fn send_reset_link(
        &self,
        id: &UserId,
        tokens: &Tokens,
        write: &Write<'_>,
    ) -> Result<ChangeOutcome> {
        settled(self.try_send_reset_link(id, tokens, write).await)
    }

    async fn try_send_reset_link(
        &self,
        id: &UserId,
        tokens: &Tokens,
        write: &Write<'_>,
    ) -> Stopped<ChangeOutcome> {
        let (transaction, account) = self.begin_on(id).await?;
        if !account.is_active() {
            return Ok(ChangeOutcome::NotActive);
        }
        let email = account.email.as_deref();
        let Some(email) = email.and_then(|email| email.parse::<Email>().ok()) else {
            return Ok(ChangeOutcome::NoEmail);
        };
        let owner = owner_of(&email, &transaction).await?;
        if owner.is_none_or(|owner| owner.id != account.id) {
            return Ok(ChangeOutcome::EmailTaken);
        }
        let (purpose, of_user) = (Purpose::ResetPassword, (id, account.session_epoch));
        let issued = tokens.issue(purpose, of_user, &email, &transaction).await?;
        let letter = write(&account, &email, &issued).lasting(purpose.lasts());
        if !self
            .accounts
            .mail_out()?
            .put_in(&letter, &transaction)
            .await?
        {
            return Ok(ChangeOutcome::TooManyMails);
        }
        let action = Action::ResetLinkSent;
        self.done(transaction, action, Some(&account), None).await
    }
}
