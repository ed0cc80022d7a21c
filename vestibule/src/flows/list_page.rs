//! The page of a long list that a query asks for, and its links to the pages beside it.

use serde::{Deserialize, Serialize};

use crate::accounts::{Cursor, ListPage, LogPage};

/// `?after=KEY` for the entries that follow this one in the list, or `?before=KEY` for those that
/// end before it. An empty key counts as none.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PageQuery {
    after: String,
    before: String,
}

impl PageQuery {
    /// Where the page begins. `after` goes first.
    pub(super) fn cursor(&self) -> Cursor<'_> {
        match (self.after.as_str(), self.before.as_str()) {
            ("", "") => Cursor::Start,
            ("", before) => Cursor::Before(before),
            (after, _) => Cursor::After(after),
        }
    }
}

/// The links to the pages beside the shown one.
#[derive(Debug, Serialize)]
pub(super) struct PageLinks {
    /// Whether this is not the first page.
    goes_on: bool,
    /// The `before` of the previous page.
    previous: Option<String>,
    /// The `after` of the next page.
    next: Option<String>,
}

impl PageLinks {
    fn new(previous: Option<String>, next: Option<String>) -> Self {
        Self {
            goes_on: previous.is_some(),
            previous,
            next,
        }
    }

    pub(super) fn of<T>(page: &ListPage<T>) -> Self {
        Self::new(page.previous.clone(), page.next.clone())
    }

    pub(super) fn of_log(page: &LogPage) -> Self {
        Self::new(page.newer.clone(), page.older.clone())
    }
}
