//! Mails that notify users of an event. Their texts are in the folders of the flows.

use crate::error::Result;
use crate::flows::Site;
use crate::login::{Event, EventRecord, PageUser, UserId};
use crate::mail::{Mail, SharedMailer};
use crate::pages::Language;
use crate::web::text::Text;

/// A mail about an event, by the names of its texts. They get `name`, the recipient's, `site`, its
/// name, and `url`, its address.
pub(super) struct Notice {
    pub(super) event: Event,
    pub(super) subject: &'static str,
    pub(super) text: &'static str,
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
        let about = |notice: &&Notice| notice.event == record.event;
        for notice in flows.iter().flat_map(|flow| flow.notices).filter(about) {
            let (site, mailer, user) = (self.clone(), mailer.clone(), user.clone());
            tokio::spawn(async move {
                if let Err(error) = site.send(&mailer, user, notice).await {
                    tracing::warn!(event = ?notice.event, %error, "a notice was not sent");
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
        let (mail, event) = (self.written(user.name(), email, notice), notice.event);
        tokio::spawn(async move {
            if let Err(error) = mailer.send(mail).await {
                tracing::warn!(?event, %error, "a notice was not sent");
            }
        });
    }

    /// Written in the site's default language: the visitor who caused the event may be somebody
    /// else.
    fn written(&self, name: &str, email: &str, notice: &Notice) -> Mail {
        let inner = self.inner();
        let say = |text| {
            let text = Text::named(text)
                .with("name", name)
                .with("site", inner.site_name.as_str())
                .with("url", inner.public_url.to_string());
            inner.pages.texts().say(Language::default(), &text)
        };
        Mail::new(
            email,
            say(notice.subject),
            format!("{}\n", say(notice.text)),
        )
    }
}
