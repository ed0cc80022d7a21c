//! What users are told by mail, without having asked.

use crate::accounts::Accounts;
use crate::error::Result;
use crate::login::{Event, EventRecord, UserId, UserLoader};
use crate::mail::{Mail, SharedMailer};
use crate::web::PublicUrl;

/// Tells users by mail what they should know of.
#[derive(Clone)]
pub(super) struct Notices {
    pub(super) accounts: Accounts,
    pub(super) mailer: SharedMailer,
    pub(super) site_name: String,
    pub(super) public_url: PublicUrl,
}

impl Notices {
    /// Hears of an event, and sends mail beside the request: how long that takes must not show.
    pub(super) fn hear(&self, record: &EventRecord) {
        let write = match record.event {
            Event::RememberCookieReused => Self::remember_cookie_reused,
            Event::PasswordChanged => Self::password_changed,
            _ => return,
        };
        let Some(user) = record.user.clone() else {
            return;
        };
        let (notices, event) = (self.clone(), record.event);
        tokio::spawn(async move {
            if let Err(error) = notices.send(user, write).await {
                tracing::warn!(?event, %error, "a user was not told");
            }
        });
    }

    async fn send(&self, user: UserId, write: fn(&Self, &str) -> (String, String)) -> Result<()> {
        let Some(account) = self.accounts.load(user).await? else {
            return Ok(());
        };
        let Some(email) = account.email else {
            return Ok(());
        };
        let (subject, text) = write(self, &account.username);
        self.mailer.send(Mail::new(email, subject, text)).await
    }

    fn password_changed(&self, name: &str) -> (String, String) {
        let (site, url) = (&self.site_name, &self.public_url);
        let subject = format!("Your password at {site} was changed");
        let text = format!(
            "Hello {name},\n\n\
             your password at {site} was changed a moment ago, and every browser but the one that \
             did it is logged out.\n\n\
             If that was you, there is nothing to do. If not, somebody knew your old password and \
             has your account: write to those who run {url} at once.\n"
        );
        (subject, text)
    }

    fn remember_cookie_reused(&self, name: &str) -> (String, String) {
        let (site, url) = (&self.site_name, &self.public_url);
        let subject = format!("Somebody may have a copy of your login at {site}");
        let text = format!(
            "Hello {name},\n\n\
             a browser that stays logged in to {site} as you was used in two places, as if \
             somebody had a copy of what it remembers. It is logged out now, in both.\n\n\
             If you copied or restored that browser yourself, there is nothing to do but to log \
             in again. If not, look for what is wrong with that device, then log in at {url} and \
             choose another password.\n"
        );
        (subject, text)
    }
}
