//! Mails that tell users of an event. Their texts are in the folders of the flows.
//!
//! Changes to our own accounts are told by [`Accounts`](crate::accounts::Accounts), in their
//! transaction.

use crate::error::Result;
use crate::flows::Site;
use crate::flows::notices::OPTIONAL;
use crate::login::{Event, EventRecord, PageUser};
use crate::mail::outbox::{Notice, Outbox};
use crate::web::browser_and_system;

/// Which mail an event causes.
pub(in crate::flows) struct EventNotice {
    pub(in crate::flows) event: Event,
    pub(in crate::flows) kind: &'static str,
    /// Whether our own accounts put it into the outbox themselves.
    pub(in crate::flows) is_of_accounts: bool,
}

impl<U: PageUser> Site<U> {
    /// Puts the mails about an event into the outbox, in the background, so that response times
    /// reveal nothing.
    pub(in crate::flows) fn notify(&self, record: &EventRecord) {
        let inner = self.inner();
        let Some(mailing) = &inner.mailing else {
            return;
        };
        if record.event == Event::NewDevice && !inner.notifies_new_device {
            return;
        }
        let is_about = |notice: &&EventNotice| {
            notice.event == record.event && !(notice.is_of_accounts && inner.accounts.is_some())
        };
        for notice in inner.flows.iter().flat_map(|flow| flow.notices) {
            if !is_about(&notice) {
                continue;
            }
            let (site, outbox, record) = (self.clone(), mailing.outbox.clone(), record.clone());
            inner.credentials.after_response(async move {
                if let Err(error) = site.put_notice(&outbox, &record, notice.kind).await {
                    tracing::warn!(event = ?record.event, %error, "a notice was not written");
                }
            });
        }
    }

    async fn put_notice(
        &self,
        outbox: &Outbox,
        record: &EventRecord,
        kind: &'static str,
    ) -> Result<()> {
        let Some(id) = record.user.clone() else {
            return Ok(());
        };
        let Some(user) = self.inner().credentials.load(id).await? else {
            return Ok(());
        };
        let browser = record.user_agent.as_deref().and_then(browser_and_system);
        let address = record.address.map(|address| address.to_string());
        let notice = Notice {
            kind,
            name: user.name(),
            at: record.at,
            browser: browser.as_deref(),
            address: address.as_deref(),
            detail: None,
        };
        if let Some(letter) = user.email().and_then(|email| notice.letter(email)) {
            let letter = match OPTIONAL.contains(&kind) {
                true => letter.optional_for(&user.id()),
                false => letter,
            };
            outbox.put(&letter).await?;
        }
        Ok(())
    }
}
