//! The mail of a site: its outbox, and the task that sends.

use crate::error::Result;
use crate::flows::Site;
use crate::login::PageUser;
use crate::mail::outbox::{Delivery, Outbox};
use crate::mail::{MailState, QueuedMail};

/// The mail of a site. Sending ends when the site is dropped.
#[derive(Debug)]
pub(super) struct Mailing {
    pub(super) outbox: Outbox,
    pub(super) delivery: Delivery,
}

impl Drop for Mailing {
    fn drop(&mut self) {
        self.delivery.stop_soon();
    }
}

impl<U: PageUser> Site<U> {
    /// Whether the site sends mail: it has a [`mailer`](crate::flows::SiteConfig::mailer).
    pub fn has_mail(&self) -> bool {
        self.inner().mailing.is_some()
    }

    /// Sends the mails that are due now, and returns how many were sent. A site does this by itself:
    /// at once when a mail is written, and every few seconds.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn deliver_mail(&self) -> Result<usize> {
        match &self.inner().mailing {
            Some(mailing) => mailing.delivery.send_due().await,
            None => Ok(0),
        }
    }

    /// At most `limit` mails of the outbox in this state, or in any, the newest first. With `after`,
    /// a mail's id, those that are older.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn queued_mails(
        &self,
        state: Option<MailState>,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<QueuedMail>> {
        match &self.inner().mailing {
            Some(mailing) => mailing.outbox.list(state, after, limit).await,
            None => Ok(Vec::new()),
        }
    }

    /// How many mails of the outbox are in this state.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn count_mails(&self, state: MailState) -> Result<u64> {
        match &self.inner().mailing {
            Some(mailing) => mailing.outbox.count(state).await,
            None => Ok(0),
        }
    }

    /// Lets all mails be sent at once that wait, or have failed and are still of use. Returns how
    /// many there are.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn retry_mails(&self) -> Result<u64> {
        match &self.inner().mailing {
            Some(mailing) => mailing.outbox.retry_all().await,
            None => Ok(0),
        }
    }
}
