//! Reading the security log.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Action, LogEntry};
use crate::accounts::Accounts;
use crate::accounts::entity::security_log;
use crate::error::{Error, Result};
use crate::login::UserId;

/// Which lines of the security log to read. `Default` is all of them.
///
/// ```
/// use vestibule::accounts::{Action, LogFilter};
///
/// let mut filter = LogFilter::default();
/// filter.actor = Some("carol".to_owned());
/// filter.action = Some(Action::RoleGranted);
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct LogFilter {
    /// Lines about the user with this id.
    pub user_id: Option<UserId>,
    /// Lines about the user who had this name at the time. Finds deleted users too.
    pub username: Option<String>,
    /// Lines of the actor who had this name at the time: a username, or `command line`.
    pub actor: Option<String>,
    /// Lines of this action.
    pub action: Option<Action>,
}

impl Accounts {
    /// Up to `limit` lines of the security log, of one user or of all, newest first, older than the
    /// line `before`.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn security_log(
        &self,
        of: Option<&UserId>,
        before: Option<&str>,
        limit: u64,
    ) -> Result<Vec<LogEntry>> {
        let filter = LogFilter {
            user_id: of.cloned(),
            ..LogFilter::default()
        };
        self.search_security_log(&filter, before, limit).await
    }

    /// As [`security_log`](Self::security_log), for the lines that match `filter`. Each field of
    /// the filter has an index, so it is fast however long the log is.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn search_security_log(
        &self,
        filter: &LogFilter,
        before: Option<&str>,
        limit: u64,
    ) -> Result<Vec<LogEntry>> {
        use security_log::Column;

        let user_id = filter.user_id.as_ref().map(UserId::as_str);
        let action = filter.action.map(Action::as_str);
        let fields = [
            (Column::UserId, user_id),
            (Column::Username, filter.username.as_deref()),
            (Column::ActorName, filter.actor.as_deref()),
            (Column::Action, action),
        ];
        let mut find = security_log::Entity::find();
        for (column, value) in fields {
            if let Some(value) = value {
                find = find.filter(column.eq(value));
            }
        }
        if let Some(before) = before {
            find = find.filter(Column::Id.lt(before));
        }
        let found = find
            .order_by_desc(Column::Id)
            .limit(limit)
            .all(self.inner.database.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(found.into_iter().map(LogEntry::from).collect())
    }
}
