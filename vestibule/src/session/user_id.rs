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

impl From<u32> for UserId {
    fn from(id: u32) -> Self {
        id.to_string().into()
    }
}

/// Hyphenated, in lower case: `0193a5b0-7a3c-7def-8123-456789abcdef`.
#[cfg(feature = "uuid")]
impl From<uuid::Uuid> for UserId {
    fn from(id: uuid::Uuid) -> Self {
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

#[cfg(test)]
mod tests {
    use super::UserId;

    #[test]
    fn an_id_of_any_type_is_the_text_that_its_column_has() {
        for (id, text) in [
            (UserId::from(-7_i32), "-7"),
            (u32::MAX.into(), "4294967295"),
            (i64::MIN.into(), "-9223372036854775808"),
            (u64::MAX.into(), "18446744073709551615"),
            ("佐藤".into(), "佐藤"),
        ] {
            assert_eq!(id.as_str(), text);
        }
    }

    #[cfg(feature = "uuid")]
    #[test]
    fn a_uuid_is_written_in_lower_case_with_hyphens() {
        let id = uuid::Uuid::from_u128(0x0193_A5B0_7A3C_7DEF_8123_4567_89AB_CDEF);

        assert_eq!(
            UserId::from(id).as_str(),
            "0193a5b0-7a3c-7def-8123-456789abcdef"
        );
    }
}
