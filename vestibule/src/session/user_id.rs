//! The user's id, as stored in a session.

use std::fmt;
use std::sync::Arc;

/// A user's id as text, whatever type the app's ids have: a number, a UUID, `佐藤`.
///
/// A store keeps at most [`MAX_CHARS`](Self::MAX_CHARS) characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(Arc<str>);

impl UserId {
    /// The maximum number of characters in an id.
    pub const MAX_CHARS: usize = 64;

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for UserId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

impl From<String> for UserId {
    fn from(id: String) -> Self {
        Self(id.into())
    }
}

impl From<i64> for UserId {
    fn from(id: i64) -> Self {
        id.to_string().into()
    }
}

impl From<i32> for UserId {
    fn from(id: i32) -> Self {
        id.to_string().into()
    }
}

impl From<u64> for UserId {
    fn from(id: u64) -> Self {
        id.to_string().into()
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserId({:?})", &self.0)
    }
}
