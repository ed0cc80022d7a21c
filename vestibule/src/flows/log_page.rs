//! Where a page of the security log starts, as its links say.

use serde::Deserialize;

use crate::accounts::Cursor;

/// `?before=ID` or `?after=ID`, with the id of a line.
#[derive(Debug, Default, Deserialize)]
pub(super) struct LogQuery {
    before: Option<String>,
    after: Option<String>,
}

impl LogQuery {
    /// The start that the query asks for: older lines follow newer ones. An invalid id would still be compared with the others, so
    /// it counts as none.
    pub(super) fn start(&self) -> Cursor<'_> {
        let valid = |id: &&str| is_id(id);
        let before = self.before.as_deref().filter(valid);
        let after = self.after.as_deref().filter(valid);
        match (before, after) {
            (Some(before), _) => Cursor::After(before),
            (None, Some(after)) => Cursor::Before(after),
            (None, None) => Cursor::Start,
        }
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|c| c.is_ascii_hexdigit() || c == b'-')
}
