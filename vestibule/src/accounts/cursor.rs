//! Where a page of a long list begins.

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
