//! What a user may do.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// A user's roles and permissions, as sets, so each check is one look-up. Clones share them; an
/// empty value allocates nothing.
///
/// [`Account`](crate::accounts::Account) has the rights stored in the database. Your own user type
/// can have `Rights` too, or implement [`User::has_role`](crate::login::User::has_role) and
/// [`User::can`](crate::login::User::can) in another way.
///
/// ```
/// use vestibule::access::Rights;
/// use vestibule::login::{User, UserId};
///
/// #[derive(Clone)]
/// struct Member { number: i64, rights: Rights }
///
/// impl User for Member {
///     fn id(&self) -> UserId {
///         self.number.into()
///     }
///
///     fn has_role(&self, role: &str) -> bool {
///         self.rights.has_role(role)
///     }
///
///     fn can(&self, permission: &str) -> bool {
///         self.rights.can(permission)
///     }
/// }
///
/// let rights = Rights::new(["editor"], ["posts.edit", "posts.delete"]);
/// let member = Member { number: 1, rights };
/// assert!(member.has_role("editor") && member.can("posts.edit"));
/// assert!(!member.can("users.delete"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Rights(Option<Arc<Sets>>);

#[derive(Default, PartialEq, Eq)]
struct Sets {
    roles: HashSet<Box<str>>,
    permissions: HashSet<Box<str>>,
}

impl Rights {
    /// These roles and permissions, without duplicates.
    pub fn new<R: Into<Box<str>>, P: Into<Box<str>>>(
        roles: impl IntoIterator<Item = R>,
        permissions: impl IntoIterator<Item = P>,
    ) -> Self {
        let sets = Sets {
            roles: roles.into_iter().map(Into::into).collect(),
            permissions: permissions.into_iter().map(Into::into).collect(),
        };
        let is_empty = sets.roles.is_empty() && sets.permissions.is_empty();
        Self((!is_empty).then(|| Arc::new(sets)))
    }

    /// No role and no permission.
    pub const fn none() -> Self {
        Self(None)
    }

    /// Whether the set contains this role.
    pub fn has_role(&self, role: &str) -> bool {
        self.0
            .as_ref()
            .is_some_and(|sets| sets.roles.contains(role))
    }

    /// Whether the set contains this permission.
    pub fn can(&self, permission: &str) -> bool {
        let sets = self.0.as_ref();
        sets.is_some_and(|sets| sets.permissions.contains(permission))
    }

    /// The roles, in alphabetical order.
    pub fn roles(&self) -> Vec<&str> {
        self.0
            .as_ref()
            .map(|sets| sorted(&sets.roles))
            .unwrap_or_default()
    }

    /// The permissions, in alphabetical order.
    pub fn permissions(&self) -> Vec<&str> {
        let sets = self.0.as_ref();
        sets.map(|sets| sorted(&sets.permissions))
            .unwrap_or_default()
    }
}

fn sorted(names: &HashSet<Box<str>>) -> Vec<&str> {
    let mut names: Vec<_> = names.iter().map(AsRef::as_ref).collect();
    names.sort_unstable();
    names
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rights")
            .field("roles", &self.roles())
            .field("permissions", &self.permissions())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Rights;

    #[test]
    fn rights_are_sets() {
        let rights = Rights::new(["b", "a", "b"], ["x"]);

        assert_eq!(rights.roles(), ["a", "b"]);
        assert_eq!(rights.permissions(), ["x"]);
        assert!(rights.has_role("a") && !rights.has_role("x"));
        assert!(rights.can("x") && !rights.can("a") && !rights.can(""));
        assert_eq!(rights, Rights::new(["a", "b"], ["x"]));
    }

    #[test]
    fn without_any_everything_is_denied() {
        let none = Rights::new::<&str, &str>([], []);

        assert_eq!(none, Rights::none());
        assert!(!none.has_role("") && !none.can(""));
        assert!(none.roles().is_empty() && none.permissions().is_empty());
    }
}
