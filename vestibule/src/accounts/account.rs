//! One stored user.

use serde::Serialize;

use crate::access::Rights;
use crate::clock::Timestamp;
use crate::login::{PageUser, User, UserId};

/// A user of the account store, without its credentials.
///
/// Serialized, as templates and JSON answers see it, it has the username and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Account {
    /// The id: random, never changed, never given to another.
    #[serde(skip)]
    pub id: UserId,
    /// The name as it was chosen.
    pub username: String,
    /// The form of the name by which it is looked up and listed, and which is unique.
    #[serde(skip)]
    pub canonical_username: String,
    /// The email address, if there is one.
    #[serde(skip)]
    pub email: Option<String>,
    /// Whether the operator or an admin has disabled the account.
    #[serde(skip)]
    pub is_disabled: bool,
    /// Whether the user must choose another password before anything else, as the operator or
    /// an admin said.
    #[serde(skip)]
    pub must_change_password: bool,
    /// The roles, and the permissions that they give.
    #[serde(skip)]
    pub rights: Rights,
    /// What [`User::session_epoch`] gives: changed by a new password and by disabling.
    #[serde(skip)]
    pub session_epoch: i64,
    /// When the account was made.
    #[serde(skip)]
    pub created_at: Timestamp,
    /// When anything of it last changed.
    #[serde(skip)]
    pub updated_at: Timestamp,
}

impl User for Account {
    fn id(&self) -> UserId {
        self.id.clone()
    }

    fn is_active(&self) -> bool {
        !self.is_disabled
    }

    fn session_epoch(&self) -> i64 {
        self.session_epoch
    }

    fn has_role(&self, role: &str) -> bool {
        self.rights.has_role(role)
    }

    fn can(&self, permission: &str) -> bool {
        self.rights.can(permission)
    }
}

impl PageUser for Account {
    fn name(&self) -> &str {
        &self.username
    }

    fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    fn must_change_password(&self) -> bool {
        self.must_change_password
    }
}
