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
        let (Event::RememberCookieReused, Some(user)) = (record.event, record.user.clone()) else {
            return;
        };
        let notices = self.clone();
        tokio::spawn(async move {
            if let Err(error) = notices.remember_cookie_reused(user).await {
                tracing::warn!(%error, "a user was not told that their login was copied");
            }
        });
    }

    async fn remember_cookie_reused(&self, user: UserId) -> Result<()> {
        let Some(account) = self.accounts.load(user).await? else {
            return Ok(());
        };
        let Some(email) = account.email else {
            return Ok(());
        };
        let (name, site, url) = (&account.username, &self.site_name, &self.public_url);
        let subject = format!("Somebody may have a copy of your login at {site}");
        let text = format!(
            "Hello {name},\n\n\
             a browser that stays logged in to {site} as you was used in two places, as if \
             somebody had a copy of what it remembers. It is logged out now, in both.\n\n\
             If you copied or restored that browser yourself, there is nothing to do but to log \
             in again. If not, look for what is wrong with that device, then log in at {url} and \
             choose another password.\n"
        );
        self.mailer.send(Mail::new(email, subject, text)).await
    }
}
