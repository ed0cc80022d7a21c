//! Reading the security log.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Action, LogEntry};
use crate::accounts::entity::security_log;
use crate::accounts::{Accounts, Cursor};
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
    /// Lines about the user with this name, as the log has it. Finds deleted users too.
    pub username: Option<String>,
    /// Lines of the actor with this name, as the log has it: a username, or `command line`.
    pub actor: Option<String>,
    /// Lines of this action.
    pub action: Option<Action>,
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
        let filter = LogFilter {
            user_id: of.cloned(),
            ..LogFilter::default()
        };
        self.search_security_log(&filter, before, limit).await
    }

    /// As [`security_log`](Self::security_log), the lines that match `filter`. The cursor is the id
    /// of a line; the lines after it are older. Each field of the filter has an index, so it is fast
    /// however long the log is.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn search_security_log<'k>(
        &self,
        filter: &LogFilter,
        cursor: impl Into<Cursor<'k>>,
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
        let cursor = cursor.into();
        let find = match cursor {
            Cursor::Start => find.order_by_desc(Column::Id),
            Cursor::After(id) => find.filter(Column::Id.lt(id)).order_by_desc(Column::Id),
            Cursor::Before(id) => find.filter(Column::Id.gt(id)).order_by_asc(Column::Id),
        };
        let connection = self.inner.database.connection();
        let found = find.limit(limit).all(connection).await;
        let mut found = found.map_err(Error::from_db)?;
        if let Cursor::Before(_) = cursor {
            found.reverse();
        }
        Ok(found.into_iter().map(LogEntry::from).collect())
    }
}
