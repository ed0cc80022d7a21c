//! The security log: what was changed about accounts and roles, when and by whom.

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

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// A user got an account: by registering, or from the operator.
    AccountAdded,
    /// An account was disabled, and its sessions were ended.
    AccountDisabled,
    /// An account was enabled again.
    AccountEnabled,
    /// An account was deleted, with all that belongs to it.
    AccountDeleted,
    /// A user got a new password, and their sessions were ended.
    PasswordSet,
    /// A user must choose another password before anything else.
    PasswordChangeDemanded,
    /// A user chose another password, and their other sessions were ended.
    PasswordChanged,
    /// A user got another email address, the detail, or has none any more.
    EmailChanged,
    /// A user got a role: the detail.
    RoleGranted,
    /// A role, the detail, was taken from a user.
    RoleRevoked,
    /// One session of a user, the detail, was ended.
    SessionEnded,
    /// All sessions of a user were ended.
    SessionsEnded,
    /// The expired sessions were removed by hand: the detail is how many.
    SessionsSwept,
    /// There is a new role: the detail.
    RoleAdded,
    /// A role, the detail, is no more.
    RoleRemoved,
    /// A role got a permission. The detail has both.
    PermissionAllowed,
    /// A permission was taken from a role. The detail has both.
    PermissionForbidden,
}

impl Action {
    /// How it is kept and shown.
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
    /// Its id. Later ones are greater, to within a millisecond.
    pub id: String,
    /// When.
    #[serde(skip)]
    pub at: Timestamp,
    /// What was done, as [`Action::as_str`] says it.
    pub action: String,
    /// The id of the user who did it; none for the operator.
    #[serde(skip)]
    pub actor_id: Option<UserId>,
    /// The name that they had.
    pub actor: String,
    /// The address they came from, where it is known.
    pub address: Option<String>,
    /// The id of the user whom it was done to.
    #[serde(skip)]
    pub user_id: Option<UserId>,
    /// The name that they had.
    pub username: Option<String>,
    /// The role, the permission, the session.
    pub detail: Option<String>,
}

/// What is to be written.
pub(super) struct Entry<'a> {
    pub(super) action: Action,
    pub(super) user: Option<&'a Account>,
    pub(super) detail: Option<String>,
}

impl Accounts {
    /// Up to `limit` lines of the security log, the newest first, of one user or of all, from the
    /// first that is older than the line `before`.
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

    /// Writes the line of a change and ends its transaction: both are there, or neither.
    pub(super) async fn commit(
        &self,
        transaction: DatabaseTransaction,
        actor: &Actor,
        entry: Entry<'_>,
    ) -> Result<()> {
        // A change of a role is one of everybody who has it.
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
