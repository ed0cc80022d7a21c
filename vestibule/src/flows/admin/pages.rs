//! The pages of a long list.

use serde::Serialize;

use crate::accounts::Cursor;

/// Which pages of a list are beside the shown one.
#[derive(Debug, Serialize)]
pub(super) struct Pages {
    /// Whether this is not the first page.
    goes_on: bool,
    /// The key of the entry before which the previous page ends.
    previous: Option<String>,
    /// The key of the entry after which the next page starts.
    next: Option<String>,
}

impl Pages {
    /// Cuts `found` to `size` entries. One more than that shows that the list goes on in the
    /// direction of `cursor`; in the other direction there is the entry of the cursor.
    pub(super) fn cut<T>(
        found: &mut Vec<T>,
        size: usize,
        cursor: Cursor<'_>,
        key: impl Fn(&T) -> &str,
    ) -> Self {
        let is_more = found.len() > size;
        let (is_before, is_after) = match cursor {
            Cursor::Before(_) => {
                found.drain(..found.len().saturating_sub(size));
                (is_more, true)
            }
            Cursor::Start | Cursor::After(_) => {
                found.truncate(size);
                (cursor != Cursor::Start, is_more)
            }
        };
        let key_of = |entry: Option<&T>| entry.map(|entry| key(entry).to_owned());
        Self {
            goes_on: is_before,
            previous: key_of(found.first()).filter(|_| is_before),
            next: key_of(found.last()).filter(|_| is_after),
        }
    }
}

/// The cursor of a query, in which an empty field is a missing one. `after` goes first.
pub(super) fn cursor<'k>(after: &'k str, before: &'k str) -> Cursor<'k> {
    match (after, before) {
        ("", "") => Cursor::Start,
        ("", before) => Cursor::Before(before),
        (after, _) => Cursor::After(after),
    }
}
