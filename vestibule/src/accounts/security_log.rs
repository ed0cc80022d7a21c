//! The security log: changes to accounts and roles, with time and actor.

use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde::Serialize;

use crate::accounts::entity::security_log;
use crate::accounts::{Account, Accounts, Actor};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::login::UserId;
use crate::session::Invalidation;

/// The change that was made.
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
    /// A password was set for a user, and their sessions were ended.
    PasswordSet,
    /// A user was required to choose a new password.
    PasswordChangeDemanded,
    /// A user changed their password, and their other sessions were ended.
    PasswordChanged,
    /// A user's email address was changed to the detail, or removed.
    EmailChanged,
    /// A user was granted a role: the detail.
    RoleGranted,
    /// A role, the detail, was removed from a user.
    RoleRevoked,
    /// One session of a user, the detail, was ended.
    SessionEnded,
    /// All sessions of a user were ended.
    SessionsEnded,
    /// Expired sessions were removed manually. The detail is their number.
    SessionsSwept,
    /// A role, the detail, was added.
    RoleAdded,
    /// A role, the detail, was removed.
    RoleRemoved,
    /// A permission was granted to a role. The detail has both.
    PermissionAllowed,
    /// A permission was removed from a role. The detail has both.
    PermissionForbidden,
}

impl Action {
    /// Its text in the database and on pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccountAdded => "account added",
            Self::AccountDisabled => "account disabled",
            Self::AccountEnabled => "account enabled",
            Self::AccountDeleted => "account deleted",
            Self::PasswordSet => "password set",
            Self::PasswordChangeDemanded => "password change demanded",
            Self::PasswordChanged => "password changed",
            Self::EmailChanged => "email changed",
            Self::RoleGranted => "role granted",
            Self::RoleRevoked => "role revoked",
            Self::SessionEnded => "session ended",
            Self::SessionsEnded => "sessions ended",
            Self::SessionsSwept => "sessions swept",
            Self::RoleAdded => "role added",
            Self::RoleRemoved => "role removed",
            Self::PermissionAllowed => "permission allowed",
            Self::PermissionForbidden => "permission forbidden",
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
    /// The id of the user who made the change; `None` for the operator.
    #[serde(skip)]
    pub actor_id: Option<UserId>,
    /// The actor's username at that time.
    pub actor: String,
    /// The address that the actor's request came from, if known.
    pub address: Option<String>,
    /// The id of the changed user.
    #[serde(skip)]
    pub user_id: Option<UserId>,
    /// The changed user's username at that time.
    pub username: Option<String>,
    /// The role, the permission, the session.
    pub detail: Option<String>,
}

/// A line to be written.
pub(super) struct Entry<'a> {
    pub(super) action: Action,
    pub(super) user: Option<&'a Account>,
    pub(super) detail: Option<String>,
}

impl Accounts {
    /// Up to `limit` lines of the security log, newest first, of one user or of all, that are older
    /// than the line `before`.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn security_log(
        &self,
        of: Option<&UserId>,
        before: Option<&str>,
        limit: u64,
    ) -> Result<Vec<LogEntry>> {
        let mut find = security_log::Entity::find();
        if let Some(user_id) = of {
            find = find.filter(security_log::Column::UserId.eq(user_id.as_str()));
        }
        if let Some(before) = before {
            find = find.filter(security_log::Column::Id.lt(before));
        }
        let found = find
            .order_by_desc(security_log::Column::Id)
            .limit(limit)
            .all(self.inner.database.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(found.into_iter().map(LogEntry::from).collect())
    }

    /// Writes the line of a change and commits its transaction.
    pub(super) async fn commit(
        &self,
        transaction: DatabaseTransaction,
        actor: &Actor,
        entry: Entry<'_>,
    ) -> Result<()> {
        // A changed role affects all users who have it.
        let changed = entry.user.map(|user| Invalidation::User(&user.id));
        let feed = self.inner.database.feed();
        let _invalidated = feed.invalidate_on_drop(changed.unwrap_or(Invalidation::Everything));
        let now = self.inner.clock.now();
        let row = security_log::ActiveModel {
            id: ActiveValue::Set(self.new_id(now)?),
            at: ActiveValue::Set(now.as_millis()),
            action: ActiveValue::Set(entry.action.as_str().to_owned()),
            actor_id: ActiveValue::Set(actor.id().map(UserId::to_string)),
            actor_name: ActiveValue::Set(actor.name().to_owned()),
            address: ActiveValue::Set(actor.address().map(|address| address.to_string())),
            user_id: ActiveValue::Set(entry.user.map(|user| user.id.to_string())),
            username: ActiveValue::Set(entry.user.map(|user| user.username.clone())),
            detail: ActiveValue::Set(entry.detail.clone()),
        };
        row.insert(&transaction).await.map_err(Error::from_db)?;
        transaction.commit().await.map_err(Error::from_db)?;
        tracing::info!(
            target: "vestibule::security",
            action = entry.action.as_str(),
            actor = actor.name(),
            actor_id = actor.id().map(UserId::as_str),
            address = actor.address().map(tracing::field::display),
            user = entry.user.map(|user| user.username.as_str()),
            user_id = entry.user.map(|user| user.id.as_str()),
            detail = entry.detail,
            "security log"
        );
        Ok(())
    }
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
            user_id: row.user_id.map(UserId::from),
            username: row.username,
            detail: row.detail,
        }
    }
}
