//! Mails about changes to an account, written in the transaction of the change.

use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::accounts::entity::security_log;
use crate::accounts::security_log::Entry;
use crate::accounts::{Account, Accounts, Action, Actor};
use crate::crypto::ids::first_id;
use crate::database::Transaction;
use crate::error::{Error, Result};
use crate::mail::outbox::{Letter, Notice, Outbox};

/// The kind of the mail about many failed log-ins, which users can turn off.
pub(crate) const FAILED_LOGINS: &str = "failed_logins";

/// So many failed log-ins in a day are worth a mail.
const MANY_FAILED: i64 = 10;

const DAY: Duration = Duration::from_hours(24);

/// The mail about an action, which the user has done or somebody else. It goes to the address from
/// before the change.
fn kind_of(action: Action, is_own: bool) -> Option<&'static str> {
    Some(match action {
        Action::PasswordChanged => "password_changed",
        Action::PasswordSet if is_own => "password_changed",
        Action::PasswordSet => "password_set",
        // Users change it with a link, and the former address gets another mail, which undoes it.
        Action::EmailChanged if !is_own => "email_changed",
        Action::FactorAdded => "factor_added",
        Action::FactorRemoved => "factor_removed",
        Action::FactorsReset => "factors_reset",
        Action::FactorsResetPlanned => "factors_reset_planned",
        Action::FactorsResetCancelled => "factors_reset_cancelled",
        Action::RecoveryCodesRenewed => "recovery_codes_renewed",
        Action::RecoveryCodeUsed => "recovery_code_used",
        Action::RoleGranted => "role_granted",
        Action::RoleRevoked => "role_revoked",
        Action::AccountDisabled => "account_disabled",
        Action::AccountEnabled => "account_enabled",
        Action::UsernameChanged => "username_changed",
        Action::AccountClosed => "account_closed",
        Action::AccountDeleted => "account_deleted",
        Action::AccountApproved => "account_approved",
        _ => return None,
    })
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
        let Some(email) = &user.email else {
            return Ok(());
        };
        let is_own = actor.id() == Some(&user.id);
        // A user does not learn where an admin is.
        let (browser, address) = match is_own {
            true => (actor.browser(), actor.address()),
            false => (None, None),
        };
        let notice = |kind| Notice {
            kind,
            name: user.name(),
            at: self.inner.clock.now(),
            browser,
            address,
            detail: entry.detail.as_deref(),
        };
        let letter = match kind_of(entry.action, is_own) {
            Some(kind) => notice(kind).letter(email),
            None if entry.action == Action::LoginFailed => {
                let digest = notice(FAILED_LOGINS).letter(email);
                self.of_many_failed(digest, user, transaction).await?
            }
            None => None,
        };
        let letter = match entry.action {
            // Erased at once: there is a mail about that.
            Action::AccountClosed if entry.detail.is_none() => None,
            // Nothing is left to secure; or the text says what to do.
            Action::AccountDeleted | Action::FactorsResetPlanned => {
                letter.map(|letter| letter.with("not_me", ""))
            }
            _ => letter,
        };
        if let Some(letter) = letter {
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

    /// This letter with the number of failed log-ins of the last 24 hours, if they are many. At most
    /// one a day is sent.
    async fn of_many_failed(
        &self,
        letter: Option<Letter>,
        user: &Account,
        transaction: &Transaction,
    ) -> Result<Option<Letter>> {
        use security_log::Column;

        let Some(letter) = letter else {
            return Ok(None);
        };
        let since = first_id(self.inner.clock.now() - DAY);
        // At most a dozen lines for each hour.
        let times: Vec<Option<i64>> = security_log::Entity::find()
            .filter(Column::UserId.eq(user.id.as_str()))
            .filter(Column::Id.gte(since))
            .filter(Column::Action.eq(Action::LoginFailed.as_str()))
            .select_only()
            .column(Column::Times)
            .into_tuple()
            .all(transaction)
            .await
            .map_err(Error::from_db)?;
        let count: i64 = times.into_iter().map(|times| times.unwrap_or(1)).sum();
        Ok((count >= MANY_FAILED).then(|| {
            letter
                .with("count", count.to_string())
                .once_in(DAY)
                .optional_for(&user.id)
        }))
    }

    /// Tells the task that sends, after the commit.
    pub(super) fn wake_outbox(&self) {
        if let Some(outbox) = &self.inner.outbox {
            outbox.wake();
        }
    }
}
