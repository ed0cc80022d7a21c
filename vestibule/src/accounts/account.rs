//! One stored user.

use serde::Serialize;

use crate::access::Rights;
use crate::clock::Timestamp;
use crate::credentials::Username;
#[cfg(feature = "passkeys")]
use crate::credentials::passkeys::CheckedPasskey;
use crate::login::{Epoch, PageUser, User, UserId};
use crate::mail::Email;
use crate::password::PasswordHash;

/// A user of the account store, without its credentials.
///
/// It serializes to the username only, as templates and JSON responses see it.
///
/// It has a username, a mail address, or both: see
/// [`LoginName`](crate::credentials::LoginName). [`name`](Self::name) is what to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Account {
    /// The id: random, never changed, never reused.
    #[serde(skip)]
    pub id: UserId,
    /// The username as the user entered it; `None` if the user has only a mail address.
    pub username: Option<String>,
    /// The unique form of the username, for look-ups and lists. Without a username, `#` and the id,
    /// which cannot be a name.
    #[serde(skip)]
    pub canonical_username: String,
    /// The email address, if the user has one.
    #[serde(skip)]
    pub email: Option<String>,
    /// When the user last showed that they read mail at this address; `None` if they have not.
    #[serde(skip)]
    pub email_verified_at: Option<Timestamp>,
    /// Whether the operator or an admin has disabled the account.
    #[serde(skip)]
    pub is_disabled: bool,
    /// Whether an administrator must approve the account before its user can log in
    /// ([`RegistrationMode::Approval`](crate::flows::RegistrationMode::Approval)).
    #[serde(skip)]
    pub awaits_approval: bool,
    /// Whether the user must choose a new password before anything else, because the operator or an
    /// admin requires it.
    #[serde(skip)]
    pub must_change_password: bool,
    /// The roles, and the permissions they grant.
    #[serde(skip)]
    pub rights: Rights,
    /// The value of [`User::session_epoch`]. A new password and disabling change it.
    #[serde(skip)]
    pub session_epoch: i64,
    /// When the account is erased; `None` unless its user has closed it.
    #[serde(skip)]
    pub closes_at: Option<Timestamp>,
    /// When the account was created.
    #[serde(skip)]
    pub created_at: Timestamp,
    /// When the account last changed.
    #[serde(skip)]
    pub updated_at: Timestamp,
}

/// An account to be inserted.
#[derive(Clone, Copy)]
pub(super) struct NewAccount<'a> {
    /// `None` if it has only the address.
    pub(super) username: Option<&'a Username>,
    pub(super) email: Option<&'a Email>,
    /// Whether the user has shown that they read mail at the address.
    pub(super) has_verified_email: bool,
    /// Whether the password is a temporary one, which expires.
    pub(super) must_change_password: bool,
    pub(super) awaits_approval: bool,
}

/// What the user of a new account logs in with.
#[derive(Clone, Copy)]
pub(crate) enum NewCredential<'a> {
    Password(&'a PasswordHash),
    /// A passkey, and no password.
    #[cfg(feature = "passkeys")]
    Passkey(&'a CheckedPasskey),
}

impl<'a> NewAccount<'a> {
    /// One with this name, and nothing else.
    pub(super) fn of(username: &'a Username) -> Self {
        Self {
            username: Some(username),
            email: None,
            has_verified_email: false,
            must_change_password: false,
            awaits_approval: false,
        }
    }
}

impl User for Account {
    fn id(&self) -> UserId {
        self.id.clone()
    }

    fn is_active(&self) -> bool {
        !self.is_disabled && !self.awaits_approval && self.closes_at.is_none()
    }

    fn is_closed(&self) -> bool {
        !self.is_disabled && !self.awaits_approval && self.closes_at.is_some()
    }

    fn session_epoch(&self) -> Epoch {
        self.session_epoch.into()
    }

    fn has_verified_email(&self) -> bool {
        self.email.is_some() && self.email_verified_at.is_some()
    }

    fn has_role(&self, role: &str) -> bool {
        self.rights.has_role(role)
    }

    fn can(&self, permission: &str) -> bool {
        self.rights.can(permission)
    }
}

impl Account {
    /// What to show for the user, and what the user can log in with: the username; without one, the
    /// mail address. Others who see it then learn the address.
    pub fn name(&self) -> &str {
        let name = self.username.as_deref().or(self.email.as_deref());
        // SQL can leave an account without both.
        name.unwrap_or(&self.canonical_username)
    }

    /// Whether this is a registration by mail address alone that waits for its user to verify the
    /// address. Nobody can log in before.
    pub(crate) fn is_waiting(&self) -> bool {
        self.username.is_none() && self.email_verified_at.is_none()
    }
}

impl PageUser for Account {
    fn name(&self) -> &str {
        self.name()
    }

    fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    fn must_change_password(&self) -> bool {
        self.must_change_password
    }
}
