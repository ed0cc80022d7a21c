//! The security log: log-ins, and changes to accounts and roles, with time and actor.
//!
//! Lines of log-ins come from events (`login_events`). Only an admin can write more than a few lines
//! an hour (`own_lines`). Old lines are removed (`retention`).

mod login_events;
mod own_lines;
mod retention;
mod search;

use sea_orm::{ActiveModelTrait, ActiveValue};
use serde::Serialize;

pub use search::{LogFilter, LogPage};

use crate::accounts::entity::security_log;
use crate::accounts::{Account, Accounts, Actor};
use crate::clock::Timestamp;
use crate::crypto::ids::new_id;
use crate::database::Transaction;
use crate::error::{Error, Result};
use crate::login::UserId;
use crate::session::Invalidation;

/// The change that was made, or the log-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// An account was created: by registration, or by the operator.
    AccountAdded,
    /// An account was disabled, and its sessions were ended.
    AccountDisabled,
    /// An account was enabled again.
    AccountEnabled,
    /// An account was deleted, with its data.
    AccountDeleted,
    /// A user closed their account, which is erased at the time in the detail. Their sessions were
    /// ended.
    AccountClosed,
    /// A user logged in to the account that they had closed, and it is open again.
    AccountReopened,
    /// A user's name was changed to the detail.
    UsernameChanged,
    /// A password was set for a user, and their sessions were ended.
    PasswordSet,
    /// A user was required to choose a new password.
    PasswordChangeDemanded,
    /// A user changed their password, and their other sessions were ended.
    PasswordChanged,
    /// An account that waited for approval was approved.
    AccountApproved,
    /// An account that waited for approval was rejected, and deleted.
    AccountRejected,
    /// Somebody was invited to create an account, or invited again: the role and the address.
    Invited,
    /// An invitation was revoked: its role and its address.
    InvitationRevoked,
    /// A user was sent a link to choose a new password, by an admin or the operator.
    ResetLinkSent,
    /// A user's email address was changed to the detail, or removed.
    EmailChanged,
    /// A user showed that they read mail at their address: the detail.
    EmailVerified,
    /// Somebody asked for a link to choose a new password.
    ResetRequested,
    /// A user added a second factor: the detail.
    FactorAdded,
    /// A user removed a second factor: the detail.
    FactorRemoved,
    /// All second factors of a user were removed, by an admin or the operator, or because the time of a
    /// planned reset had come.
    FactorsReset,
    /// An admin or the operator planned a reset of a user's second factors, for the time in the detail.
    FactorsResetPlanned,
    /// A planned reset does not take place: the user has shown a factor, or an admin or the operator has
    /// cancelled it, or the user could not have shown one.
    FactorsResetCancelled,
    /// A user has a new set of recovery codes.
    RecoveryCodesRenewed,
    /// A recovery code of a user was used.
    RecoveryCodeUsed,
    /// A user was granted a role: the detail.
    RoleGranted,
    /// A role was removed from a user: the detail.
    RoleRevoked,
    /// One session of a user was ended: the detail.
    SessionEnded,
    /// All sessions of a user were ended.
    SessionsEnded,
    /// Expired sessions were removed manually. The detail is their number.
    SessionsSwept,
    /// A role was added: the detail.
    RoleAdded,
    /// A role was removed: the detail.
    RoleRemoved,
    /// A permission was granted to a role. The detail has both.
    PermissionAllowed,
    /// A permission was removed from a role. The detail has both.
    PermissionForbidden,
    /// Somebody tried a wrong credential of a user: at a log-in, or while logged in as them. One
    /// line for each network and hour, with the number of tries.
    LoginFailed,
    /// A user logged in, by the methods in the detail.
    LoggedIn,
    /// A remembered browser began a new session, without a credential.
    LoginResumed,
    /// The methods in the detail were right, and a second factor was asked for.
    LoginPending,
    /// The credential was right, and the log-in was rejected, for the reason in the detail.
    LoginRejected,
    /// A user logged out.
    LoggedOut,
    /// A copy of a remember cookie was used. The log-in it stands for has ended.
    RememberCookieReused,
    /// A passkey was rejected because its counter did not grow, so somebody may have a copy of it.
    PasskeyCloneSuspected,
    /// A session was used from another browser or network than it began in.
    SessionProtected,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 43] = [
        Self::AccountAdded,
        Self::AccountDisabled,
        Self::AccountEnabled,
        Self::AccountDeleted,
        Self::AccountClosed,
        Self::AccountReopened,
        Self::UsernameChanged,
        Self::PasswordSet,
        Self::PasswordChangeDemanded,
        Self::PasswordChanged,
        Self::AccountApproved,
        Self::AccountRejected,
        Self::Invited,
        Self::InvitationRevoked,
        Self::ResetLinkSent,
        Self::EmailChanged,
        Self::EmailVerified,
        Self::ResetRequested,
        Self::FactorAdded,
        Self::FactorRemoved,
        Self::FactorsReset,
        Self::FactorsResetPlanned,
        Self::FactorsResetCancelled,
        Self::RecoveryCodesRenewed,
        Self::RecoveryCodeUsed,
        Self::RoleGranted,
        Self::RoleRevoked,
        Self::SessionEnded,
        Self::SessionsEnded,
        Self::SessionsSwept,
        Self::RoleAdded,
        Self::RoleRemoved,
        Self::PermissionAllowed,
        Self::PermissionForbidden,
        Self::LoginFailed,
        Self::LoggedIn,
        Self::LoginResumed,
        Self::LoginPending,
        Self::LoginRejected,
        Self::LoggedOut,
        Self::RememberCookieReused,
        Self::PasskeyCloneSuspected,
        Self::SessionProtected,
    ];

    /// Its text in the database and on pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccountAdded => "account added",
            Self::AccountDisabled => "account disabled",
            Self::AccountEnabled => "account enabled",
            Self::AccountDeleted => "account deleted",
            Self::AccountClosed => "account closed",
            Self::AccountReopened => "account reopened",
            Self::UsernameChanged => "username changed",
            Self::PasswordSet => "password set",
            Self::PasswordChangeDemanded => "password change demanded",
            Self::PasswordChanged => "password changed",
            Self::AccountApproved => "account approved",
            Self::AccountRejected => "account rejected",
            Self::Invited => "invited",
            Self::InvitationRevoked => "invitation revoked",
            Self::ResetLinkSent => "password reset link sent",
            Self::EmailChanged => "email changed",
            Self::EmailVerified => "email verified",
            Self::ResetRequested => "password reset requested",
            Self::FactorAdded => "factor added",
            Self::FactorRemoved => "factor removed",
            Self::FactorsReset => "factors reset",
            Self::FactorsResetPlanned => "factors reset planned",
            Self::FactorsResetCancelled => "factors reset cancelled",
            Self::RecoveryCodesRenewed => "recovery codes renewed",
            Self::RecoveryCodeUsed => "recovery code used",
            Self::RoleGranted => "role granted",
            Self::RoleRevoked => "role revoked",
            Self::SessionEnded => "session ended",
            Self::SessionsEnded => "sessions ended",
            Self::SessionsSwept => "sessions swept",
            Self::RoleAdded => "role added",
            Self::RoleRemoved => "role removed",
            Self::PermissionAllowed => "permission allowed",
            Self::PermissionForbidden => "permission forbidden",
            Self::LoginFailed => "log-in failed",
            Self::LoggedIn => "logged in",
            Self::LoginResumed => "log-in resumed",
            Self::LoginPending => "log-in pending",
            Self::LoginRejected => "log-in rejected",
            Self::LoggedOut => "logged out",
            Self::RememberCookieReused => "remember cookie reused",
            Self::PasskeyCloneSuspected => "passkey clone suspected",
            Self::SessionProtected => "session protected",
        }
    }
}

/// One line of the security log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LogEntry {
    /// The id of the line. Later ids are greater, to within a millisecond.
    pub id: String,
    /// When the change was made.
    #[serde(skip)]
    pub at: Timestamp,
    /// The change, as in [`Action::as_str`].
    pub action: String,
    /// The id of the user who made the change; `None` for the operator, and for somebody who is
    /// not logged in.
    #[serde(skip)]
    pub actor_id: Option<UserId>,
    /// The actor's [name](Account::name) at that time.
    pub actor: String,
    /// The address of the actor's request, if known; for failed log-ins the network.
    pub address: Option<String>,
    /// The browser that the actor's request came from, if known: its name and system, such as
    /// `Firefox on Linux`, or the beginning of an unknown `User-Agent`. The client can send any
    /// text here.
    pub browser: Option<String>,
    /// The id of the changed user.
    #[serde(skip)]
    pub user_id: Option<UserId>,
    /// The changed user's [name](Account::name) at that time.
    pub username: Option<String>,
    /// The role, the permission, the session, the methods of a log-in.
    pub detail: Option<String>,
    /// How often it happened in this hour. More than 1 for failed log-ins, and for lines that
    /// count the rest of what a user did.
    pub times: u64,
}

impl LogEntry {
    /// Whether the operator made the change, at the command line.
    pub fn is_by_operator(&self) -> bool {
        self.actor_id.is_none() && self.actor == Actor::OPERATOR
    }

    /// Whether the site made the change, because its time had come.
    pub fn is_by_site(&self) -> bool {
        let names = [Actor::ERASURE, Actor::PLANNED_RESET];
        self.actor_id.is_none() && names.contains(&&*self.actor)
    }
}

/// A line to be written.
pub(super) struct Entry<'a> {
    pub(super) action: Action,
    pub(super) user: Option<&'a Account>,
    pub(super) detail: Option<String>,
}

impl Accounts {
    /// Writes the line of a change and commits its transaction.
    pub(super) async fn commit(
        &self,
        transaction: Transaction,
        actor: &Actor,
        entry: Entry<'_>,
    ) -> Result<()> {
        // A changed role affects all users who have it.
        let changed = entry.user.map(|user| Invalidation::User(&user.id));
        let feed = self.inner.database.feed();
        let _invalidated = feed.invalidate_on_drop(changed.unwrap_or(Invalidation::Everything));
        self.write(&transaction, actor, &entry).await?;
        transaction.commit().await.map_err(Error::from_db)?;
        self.wake_outbox();
        log_line(actor, &entry);
        self.sweep_security_log_if_due();
        Ok(())
    }

    /// Writes the line of a change, and the mail about it, as a part of a transaction.
    pub(super) async fn write(
        &self,
        transaction: &Transaction,
        actor: &Actor,
        entry: &Entry<'_>,
    ) -> Result<()> {
        self.add_line(transaction, actor, entry, None).await?;
        self.put_notice(transaction, actor, entry).await
    }

    /// As [`commit`](Self::commit), of the erasure of an account: the line does not have its name.
    pub(super) async fn commit_erased(
        &self,
        transaction: Transaction,
        actor: &Actor,
        erased: &Account,
    ) -> Result<()> {
        let feed = self.inner.database.feed();
        let _invalidated = feed.invalidate_on_drop(Invalidation::User(&erased.id));
        let action = Action::AccountDeleted;
        let told = Entry {
            action,
            user: Some(erased),
            detail: None,
        };
        self.put_notice(&transaction, actor, &told).await?;
        let nameless = Account {
            username: None,
            canonical_username: String::new(),
            email: None,
            ..erased.clone()
        };
        let entry = Entry {
            action,
            user: Some(&nameless),
            detail: None,
        };
        self.add_line(&transaction, actor, &entry, None).await?;
        transaction.commit().await.map_err(Error::from_db)?;
        self.wake_outbox();
        log_line(actor, &entry);
        Ok(())
    }

    /// Adds a line. `times` is the number of times it stands for, if lines of its kind are limited.
    pub(in crate::accounts) async fn add_line(
        &self,
        transaction: &Transaction,
        actor: &Actor,
        entry: &Entry<'_>,
        times: Option<i64>,
    ) -> Result<()> {
        let now = self.inner.clock.now();
        let named = entry.user.map(Account::name);
        let named = named.filter(|name| !name.is_empty());
        let row = security_log::ActiveModel {
            id: ActiveValue::Set(new_id(now, &self.inner.random)?),
            at: ActiveValue::Set(now.as_millis()),
            action: ActiveValue::Set(entry.action.as_str().to_owned()),
            actor_id: ActiveValue::Set(actor.id().map(UserId::to_string)),
            actor_name: ActiveValue::Set(actor.name().to_owned()),
            address: ActiveValue::Set(actor.address().map(str::to_owned)),
            browser: ActiveValue::Set(actor.browser().map(str::to_owned)),
            user_id: ActiveValue::Set(entry.user.map(|user| user.id.to_string())),
            username: ActiveValue::Set(named.map(str::to_owned)),
            detail: ActiveValue::Set(entry.detail.clone()),
            times: ActiveValue::Set(times),
        };
        row.insert(transaction).await.map_err(Error::from_db)?;
        Ok(())
    }
}

/// Writes a line to the program's log too.
fn log_line(actor: &Actor, entry: &Entry<'_>) {
    tracing::info!(
        target: "vestibule::security",
        action = entry.action.as_str(),
        actor = actor.name(),
        actor_id = actor.id().map(UserId::as_str),
        address = actor.address(),
        browser = actor.browser(),
        user = entry.user.map(Account::name),
        user_id = entry.user.map(|user| user.id.as_str()),
        detail = entry.detail,
        "security log"
    );
}

impl From<security_log::Model> for LogEntry {
    fn from(row: security_log::Model) -> Self {
        Self {
            id: row.id,
            at: Timestamp::from_millis(row.at),
            action: row.action,
            actor_id: row.actor_id.map(UserId::from),
            actor: row.actor_name,
            address: row.address,
            browser: row.browser,
            user_id: row.user_id.map(UserId::from),
            username: row.username,
            detail: row.detail,
            times: row
                .times
                .map_or(1, |times| u64::try_from(times).unwrap_or(1)),
        }
    }
}
