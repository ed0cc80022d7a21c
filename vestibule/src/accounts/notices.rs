//! Mails about changes to an account, written in the transaction of the change.

use crate::accounts::security_log::Entry;
use crate::accounts::{Accounts, Action, Actor};
use crate::database::Transaction;
use crate::error::{Error, Result};
use crate::mail::outbox::{Notice, Outbox};

/// The mail about an action. It goes to the address from before the change.
fn kind_of(action: Action) -> Option<&'static str> {
    match action {
        Action::PasswordChanged | Action::PasswordSet => Some("password_changed"),
        Action::EmailChanged => Some("email_changed"),
        Action::AccountDeleted => Some("account_deleted"),
        Action::AccountApproved => Some("account_approved"),
        _ => None,
    }
}

impl Accounts {
    /// Puts mails about changes to accounts into this outbox.
    pub(crate) fn outbox(mut self, outbox: Outbox) -> Self {
        std::sync::Arc::make_mut(&mut self.inner).outbox = Some(outbox);
        self
    }

    /// Puts the mail about a change into the outbox.
    pub(super) async fn put_notice(
        &self,
        transaction: &Transaction,
        actor: &Actor,
        entry: &Entry<'_>,
    ) -> Result<()> {
        let (Some(outbox), Some(user)) = (&self.inner.outbox, entry.user) else {
            return Ok(());
        };
        let (Some(kind), Some(email)) = (kind_of(entry.action), &user.email) else {
            return Ok(());
        };
        // Users change it with a link, and the former address gets another one, which undoes it.
        if entry.action == Action::EmailChanged && actor.id() == Some(&user.id) {
            return Ok(());
        }
        let notice = Notice {
            kind,
            name: user.name(),
            at: self.inner.clock.now(),
            browser: actor.browser(),
            address: actor.address(),
        };
        if let Some(letter) = notice.letter(email) {
            outbox.put_in(&letter, transaction).await?;
        }
        Ok(())
    }

    /// The outbox.
    ///
    /// # Errors
    /// When the site has none ([`Error::is_config`]).
    pub(super) fn mail_out(&self) -> Result<&Outbox> {
        let outbox = self.inner.outbox.as_ref();
        outbox.ok_or_else(|| Error::config("this site has no mail: set `SiteConfig::mailer`"))
    }

    /// Tells the task that sends, after the commit.
    pub(super) fn wake_outbox(&self) {
        if let Some(outbox) = &self.inner.outbox {
            outbox.wake();
        }
    }
}
