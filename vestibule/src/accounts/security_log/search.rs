//! Reading the security log.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Action, LogEntry};
use crate::accounts::entity::security_log;
use crate::accounts::{Accounts, Cursor, ListPage};
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

/// One page of the security log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogPage {
    /// The lines, newest first.
    pub lines: Vec<LogEntry>,
    /// The page of newer lines ends [before](Cursor::Before) this id; `None` on the newest page.
    pub newer: Option<String>,
    /// The page of older lines starts [after](Cursor::After) this id; `None` on the oldest page.
    pub older: Option<String>,
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
        self.lines(&filter, Cursor::from(before), limit).await
    }

    /// A page of up to `most` lines of the security log that match `filter`. A cursor that is no id
    /// of a line counts as the start. Each field of the filter has an index, so it is fast however
    /// long the log is.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn search_security_log(
        &self,
        filter: &LogFilter,
        start: Cursor<'_>,
        most: usize,
    ) -> Result<LogPage> {
        // Any other text would be compared with the ids too.
        let start = match start {
            Cursor::After(id) | Cursor::Before(id) if !is_id(id) => Cursor::Start,
            start => start,
        };
        let page = ListPage::read(
            start,
            most,
            |line: &LogEntry| &line.id,
            |start, limit| self.lines(filter, start, limit),
        );
        let page = page.await?;
        Ok(LogPage {
            lines: page.entries,
            newer: page.previous,
            older: page.next,
        })
    }

    /// Up to `limit` lines that match, from this start, newest first.
    async fn lines(
        &self,
        filter: &LogFilter,
        start: Cursor<'_>,
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
        let find = match start {
            Cursor::Start => find.order_by_desc(Column::Id),
            Cursor::After(id) => find.filter(Column::Id.lt(id)).order_by_desc(Column::Id),
            Cursor::Before(id) => find.filter(Column::Id.gt(id)).order_by_asc(Column::Id),
        };
        let found = find.limit(limit);
        let found = found.all(self.inner.database.connection()).await;
        let mut lines: Vec<_> = found
            .map_err(Error::from_db)?
            .into_iter()
            .map(LogEntry::from)
            .collect();
        if matches!(start, Cursor::Before(_)) {
            lines.reverse();
        }
        Ok(lines)
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|c| c.is_ascii_hexdigit() || c == b'-')
}
