//! The pages of a long list.

use crate::error::Result;

/// Where a page of a list begins, by the key of an entry beside it. The entry need not exist any
/// more.
///
/// ```
/// use vestibule::accounts::Cursor;
///
/// assert_eq!(Cursor::from(None), Cursor::Start);
/// assert_eq!(Cursor::from(Some("alice")), Cursor::After("alice"));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Cursor<'k> {
    /// The first entries.
    #[default]
    Start,
    /// The entries that follow this one.
    After(&'k str),
    /// The entries that end just before this one.
    Before(&'k str),
}

impl<'k> From<Option<&'k str>> for Cursor<'k> {
    fn from(after: Option<&'k str>) -> Self {
        after.map_or(Self::Start, Self::After)
    }
}

/// One page of a list.
pub(crate) struct ListPage<T> {
    /// In the order of the list.
    pub(crate) entries: Vec<T>,
    /// The previous page ends [before](Cursor::Before) this key; `None` on the first page.
    pub(crate) previous: Option<String>,
    /// The next page starts [after](Cursor::After) this key; `None` on the last page.
    pub(crate) next: Option<String>,
}

impl<T> ListPage<T> {
    /// A page of up to `most` entries at `cursor`. `read` gets a cursor and a limit, and returns
    /// entries in the order of the list.
    pub(crate) async fn read<'k, F>(
        mut cursor: Cursor<'k>,
        most: usize,
        key: impl Fn(&T) -> &str,
        read: impl Fn(Cursor<'k>, u64) -> F,
    ) -> Result<Self>
    where
        F: Future<Output = Result<Vec<T>>>,
    {
        // One entry more than a page shows whether the list goes on.
        let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        let mut entries = read(cursor, limit).await?;
        if matches!(cursor, Cursor::Before(_)) && entries.len() <= most {
            // A whole first page, in place of the few entries before the cursor.
            cursor = Cursor::Start;
            entries = read(cursor, limit).await?;
        }
        let is_more = entries.len() > most;
        match cursor {
            Cursor::Before(_) => drop(entries.remove(0)),
            Cursor::Start | Cursor::After(_) => entries.truncate(most),
        }
        let key_of = |entry: Option<&T>| entry.map(|entry| key(entry).to_owned());
        let (first, last) = (key_of(entries.first()), key_of(entries.last()));
        let (previous, next) = match cursor {
            Cursor::Start => (None, last.filter(|_| is_more)),
            Cursor::After(key) => {
                let previous = first.unwrap_or_else(|| key.to_owned());
                (Some(previous), last.filter(|_| is_more))
            }
            Cursor::Before(_) => (first, last),
        };
        Ok(Self {
            entries,
            previous,
            next,
        })
    }

    /// The only page of an empty list.
    pub(crate) fn empty() -> Self {
        Self {
            entries: Vec::new(),
            previous: None,
            next: None,
        }
    }
}
