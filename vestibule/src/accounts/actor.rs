//! Who changes an account or a role.

use std::net::IpAddr;

use crate::access::RoleName;
use crate::accounts::Account;
use crate::login::UserId;

/// Who changes an account or a role: what the security log says, and on whose right it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub(super) id: Option<UserId>,
    pub(super) name: String,
    pub(super) address: Option<IpAddr>,
    pub(super) role: Option<RoleName>,
}

impl Actor {
    /// The operator at the command line, who may do everything.
    pub fn operator() -> Self {
        Self {
            id: None,
            name: "command line".to_owned(),
            address: None,
            role: None,
        }
    }

    /// A user.
    pub fn user(account: &Account) -> Self {
        Self {
            id: Some(account.id.clone()),
            name: account.username.clone(),
            address: None,
            role: None,
        }
    }

    /// Changes something only while they have this role: also when it is taken from them between
    /// the guard and the change.
    pub fn with_role(mut self, role: RoleName) -> Self {
        self.role = Some(role);
        self
    }

    /// The address that they came from.
    pub fn at(mut self, address: Option<IpAddr>) -> Self {
        self.address = address;
        self
    }
}
