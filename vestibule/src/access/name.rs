//! The names of roles and permissions.

use std::fmt;
use std::str::FromStr;

/// The maximum number of characters in a name.
const MAX_CHARS: usize = 64;

/// The name of a role: `admin`, `editor`, `team-7:owner`.
///
/// 1 to 64 ASCII lowercase letters, digits and `.`, `_`, `-`, `:`, with a letter at the start and a
/// letter or digit at the end. So names never differ only in case or in Unicode look-alikes, and
/// need no escaping anywhere.
///
/// ```
/// use vestibule::access::RoleName;
///
/// assert!("editor".parse::<RoleName>().is_ok());
/// assert!("Editor".parse::<RoleName>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(String);

/// The name of a permission: `posts.edit`. It allows the same characters as a [`RoleName`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PermissionName(String);

/// Why a text is not a valid name. Its `Display` says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameObjection {
    /// The name is empty.
    Empty,
    /// More than 64 characters.
    Length,
    /// A character other than lowercase letters, digits and `.`, `_`, `-`, `:`, or one of those at
    /// an end where it is not allowed.
    Characters,
}

impl NameObjection {
    /// The maximum number of characters in a name.
    #[cfg(feature = "sql")]
    pub(crate) const MAX_CHARS: usize = MAX_CHARS;
}

impl RoleName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PermissionName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoleName {
    type Err = NameObjection;

    fn from_str(text: &str) -> Result<Self, NameObjection> {
        checked(text).map(Self)
    }
}

impl FromStr for PermissionName {
    type Err = NameObjection;

    fn from_str(text: &str) -> Result<Self, NameObjection> {
        checked(text).map(Self)
    }
}

fn checked(text: &str) -> Result<String, NameObjection> {
    let is_inside = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"._-:".contains(&c);
    let (Some(first), Some(last)) = (text.bytes().next(), text.bytes().next_back()) else {
        return Err(NameObjection::Empty);
    };
    if text.len() > MAX_CHARS {
        return Err(NameObjection::Length);
    }
    let is_name = text.bytes().all(is_inside)
        && first.is_ascii_lowercase()
        && (last.is_ascii_lowercase() || last.is_ascii_digit());
    if !is_name {
        return Err(NameObjection::Characters);
    }
    Ok(text.to_owned())
}

/// The name in `there_are` that the user probably meant: the one with the fewest typos
/// (Damerau-Levenshtein distance), if there are few.
///
/// ```
/// use vestibule::access::nearest;
///
/// let roles = ["admin", "editor"];
/// assert_eq!(nearest("edtior", roles), Some("editor"));
/// assert_eq!(nearest("auditor-in-chief", roles), None);
/// ```
pub fn nearest<'a>(name: &str, there_are: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A longer text is not a mistyped name.
    if name.len() > 4 * MAX_CHARS {
        return None;
    }
    let allowed = name.chars().count().div_ceil(3);
    there_are
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .min()
        .filter(|(distance, _)| *distance <= allowed)
        .map(|(_, candidate)| candidate)
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for PermissionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for NameObjection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Enter a name."),
            Self::Length => write!(f, "Use at most {MAX_CHARS} characters."),
            Self::Characters => f.write_str(
                "Use lowercase letters a to z, digits, and . _ - : between them. Begin with a letter.",
            ),
        }
    }
}

impl std::error::Error for NameObjection {}

#[cfg(test)]
mod tests {
    use super::{NameObjection, PermissionName, RoleName, nearest};

    #[test]
    fn names_are_of_the_declared_characters_and_length() {
        for name in [
            "a",
            "admin",
            "posts.edit",
            "team-7:owner",
            "a_1",
            &"a".repeat(64),
        ] {
            assert_eq!(name.parse::<RoleName>().unwrap().as_str(), name);
            assert_eq!(name.parse::<PermissionName>().unwrap().as_str(), name);
        }
        for (name, objection) in [
            ("", NameObjection::Empty),
            (&*"a".repeat(65), NameObjection::Length),
            (&*"a".repeat(1_000_000), NameObjection::Length),
            ("Admin", NameObjection::Characters),
            ("1st", NameObjection::Characters),
            ("posts.", NameObjection::Characters),
            (".posts", NameObjection::Characters),
            ("a b", NameObjection::Characters),
            ("a/b", NameObjection::Characters),
            ("a,b", NameObjection::Characters),
            ("a*", NameObjection::Characters),
            ("a\n", NameObjection::Characters),
            ("a\0", NameObjection::Characters),
            ("\u{430}dmin", NameObjection::Characters),
            ("admin\u{200b}", NameObjection::Characters),
            ("<script>", NameObjection::Characters),
        ] {
            assert_eq!(name.parse::<RoleName>(), Err(objection), "{name:?}");
            assert!(name.parse::<PermissionName>().is_err(), "{name:?}");
        }
    }

    #[test]
    fn the_nearest_name_is_one_that_could_have_been_meant() {
        let names = ["admin", "editor", "author"];

        assert_eq!(nearest("admni", names), Some("admin"));
        assert_eq!(nearest("Editor", names), Some("editor"));
        assert_eq!(nearest("zzz", names), None);
        assert_eq!(nearest("admin", []), None);
        assert_eq!(nearest(&"a".repeat(1_000_000), names), None);
    }
}
