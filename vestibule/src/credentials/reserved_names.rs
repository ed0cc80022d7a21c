//! [`ReservedNames`]: usernames that visitors cannot register.

use std::collections::HashSet;

use crate::credentials::Username;

/// Usernames that visitors cannot register, because other visitors would mistake their owners for
/// the site or its staff. Names that [look like](Username::skeleton_of) one of them are reserved
/// too, with or without `.`, `_` and `-`.
///
/// ```
/// use vestibule::credentials::ReservedNames;
///
/// let mut reserved = ReservedNames::default();
/// reserved.extend(["board"]);
///
/// assert!(reserved.contains("B0ARD"));
/// assert!(reserved.contains("ad-min"));
/// assert!(!reserved.contains("alice"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservedNames(HashSet<String>);

/// Names that look like staff; the mailboxes that RFC 2142 requires; names that programs use as
/// placeholders; and the first parts of a site's addresses.
const DEFAULT: &str = "\
    admin administrator moderator operator owner root staff sysadmin system superuser team \
    abuse billing contact ftp help hostmaster info marketing news noc postmaster sales \
    security support usenet webmaster www \
    anonymous everyone guest none null nobody undefined unknown \
    account accounts api auth change-password confirm-login healthz login logout metrics password \
    readyz register settings signin signup static user users welcome";

impl ReservedNames {
    /// Whether a typed name is reserved, or looks like a reserved one.
    pub fn contains(&self, typed: &str) -> bool {
        // Check both forms: the typed name can look like a reserved one, or its canonical form can.
        let forms = [form(typed), form(&Username::canonical_form(typed))];
        forms.iter().any(|form| self.0.contains(form))
    }
}

/// The letters and digits of the skeleton, which are compared.
fn form(name: &str) -> String {
    let skeleton = Username::skeleton_of(name);
    skeleton.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Some fifty names, such as `admin`, `postmaster` and `login`; the book lists them.
impl Default for ReservedNames {
    fn default() -> Self {
        DEFAULT.split_whitespace().collect()
    }
}

/// Only these names, without the default ones.
impl<S: AsRef<str>> FromIterator<S> for ReservedNames {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let mut reserved = Self(HashSet::new());
        reserved.extend(names);
        reserved
    }
}

impl<S: AsRef<str>> Extend<S> for ReservedNames {
    fn extend<I: IntoIterator<Item = S>>(&mut self, names: I) {
        let forms = names.into_iter().map(|name| form(name.as_ref()));
        self.0.extend(forms.filter(|form| !form.is_empty()));
    }
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT, ReservedNames};

    #[test]
    fn a_name_is_reserved_with_all_that_look_like_it() {
        let mut reserved = ReservedNames::default();
        reserved.extend(["Acme & Co.", ""]);

        for name in [
            "admin",
            "Admin",
            "ADMİN",
            "adm1n",
            "adrnin",
            "ad-min",
            "а\u{200b}ԁmіn",
            "r00t",
            "acme-co",
            "ACMECO",
        ] {
            assert!(reserved.contains(name), "{name}");
        }
        for name in ["alice", "admiral", "acme", "", "-"] {
            assert!(!reserved.contains(name), "{name}");
        }
    }

    #[test]
    fn the_book_lists_the_default_names() {
        let book = include_str!("../../../docs/src/usernames.md");

        for name in DEFAULT.split_whitespace() {
            assert!(book.contains(&format!("`{name}`")), "{name}");
        }
    }
}
