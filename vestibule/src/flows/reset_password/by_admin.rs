//! A link for a new password that an admin or the operator has sent.

use crate::accounts::{Account, Actor, ChangeOutcome};
use crate::credentials::tokens::Issued;
use crate::error::Result;
use crate::flows::Site;
use crate::login::UserId;
use crate::mail::Email;

impl Site<Account> {
    /// Sends a user a link to choose a new password, to the mail address that they own. `actor` sees
    /// neither the link nor the password. The present password works until the user chooses one.
    ///
    /// The outcome is [`NoEmail`](ChangeOutcome::NoEmail) without an address,
    /// [`EmailTaken`](ChangeOutcome::EmailTaken) if another account owns it,
    /// [`NotActive`](ChangeOutcome::NotActive) if the user could not log in, and
    /// [`TooManyMails`](ChangeOutcome::TooManyMails) after five in an hour.
    ///
    /// # Errors
    /// When the database failed, or the site has no mail
    /// ([`Error::is_config`](crate::Error::is_config)).
    pub async fn send_reset_link(&self, actor: Actor, id: &UserId) -> Result<ChangeOutcome> {
        let tokens = &self.credentials().mail_tokens()?.tokens;
        let write = |account: &Account, email: &Email, issued: &Issued| {
            self.reset_letter(account.name(), email, "", issued)
        };
        let administration = self.accounts().by(actor);
        administration.send_reset_link(id, tokens, &write).await
    }
}
