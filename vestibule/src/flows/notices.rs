//! Mails that notify users of an event. Their texts are in the folders of the flows.

use crate::error::Result;
use crate::flows::Site;
use crate::login::{Event, EventRecord, PageUser, UserId};
use crate::mail::{Mail, SharedMailer};
use crate::web::PublicUrl;

/// A mail about an event: its subject and text.
pub(super) type Notice = (Event, fn(&Recipient<'_>) -> (String, String));

/// The recipient of a notice, and the site that sends it.
pub(super) struct Recipient<'a> {
    pub(super) name: &'a str,
    pub(super) site_name: &'a str,
    pub(super) public_url: &'a PublicUrl,
}

impl<U: PageUser> Site<U> {
    /// Sends the notices about an event in the background, so that response times reveal nothing.
    pub(super) fn notify(&self, record: &EventRecord) {
        let (Some(user), Some(mailer)) = (&record.user, &self.inner().mailer) else {
            return;
        };
        let flows = &self.inner().flows;
        if record.event == Event::NewDevice && !self.inner().notifies_new_device {
            return;
        }
        let about = |notice: &&Notice| notice.0 == record.event;
        for notice in flows.iter().flat_map(|flow| flow.notices).filter(about) {
            let (site, mailer, user) = (self.clone(), mailer.clone(), user.clone());
            tokio::spawn(async move {
                if let Err(error) = site.send(&mailer, user, notice).await {
                    tracing::warn!(event = ?notice.0, %error, "a notice was not sent");
                }
            });
        }
    }

    async fn send(&self, mailer: &SharedMailer, user: UserId, notice: &Notice) -> Result<()> {
        let inner = self.inner();
        let Some(user) = inner.credentials.load(user).await? else {
            return Ok(());
        };
        let Some(email) = user.email() else {
            return Ok(());
        };
        mailer.send(self.written(user.name(), email, notice)).await
    }

    /// Sends a notice in the background to a user who is gone.
    pub(super) fn notify_former(&self, user: &U, notice: &Notice) {
        let (Some(mailer), Some(email)) = (self.inner().mailer.clone(), user.email()) else {
            return;
        };
        let (mail, event) = (self.written(user.name(), email, notice), notice.0);
        tokio::spawn(async move {
            if let Err(error) = mailer.send(mail).await {
                tracing::warn!(?event, %error, "a notice was not sent");
            }
        });
    }

    fn written(&self, name: &str, email: &str, notice: &Notice) -> Mail {
        let inner = self.inner();
        let recipient = Recipient {
            name,
            site_name: &inner.site_name,
            public_url: &inner.public_url,
        };
        let (subject, text) = (notice.1)(&recipient);
        Mail::new(email, subject, text)
    }
}
