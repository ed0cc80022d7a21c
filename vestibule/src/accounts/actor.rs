//! Who changes an account or a role.

use std::net::IpAddr;

use crate::access::RoleName;
use crate::accounts::Account;
use crate::login::UserId;

/// Who changes an account or a role: what the security log says, and on whose right it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user; none for the operator.
    id: Option<UserId>,
    /// What must still be so of the user.
    requirement: Option<Requirement>,
    name: String,
    address: Option<IpAddr>,
}

/// What must still be so of a user who changes what is not their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Requirement {
    pub(super) id: UserId,
    pub(super) role: RoleName,
    pub(super) session_epoch: i64,
}

impl Actor {
    /// The operator at the command line, who may do everything.
    pub fn operator() -> Self {
        Self {
            id: None,
            requirement: None,
            name: "command line".to_owned(),
            address: None,
        }
    }

    /// A user, by the right of this role: they change something only while they have it, are not
    /// disabled, have not to choose another password first, and are in the
    /// [`session_epoch`](Account::session_epoch) of `account`. It is asked again in the
    /// transaction of each change, in case it has changed since the guard let them pass.
    pub fn user(account: &Account, role: RoleName) -> Self {
        let requirement = Requirement {
            id: account.id.clone(),
            role,
            session_epoch: account.session_epoch,
        };
        Self {
            id: Some(account.id.clone()),
            requirement: Some(requirement),
            name: account.username.clone(),
            address: None,
        }
    }

    /// A user who changes what is their own, which needs no role.
    pub(crate) fn themself(account: &Account, address: Option<IpAddr>) -> Self {
        Self {
            id: Some(account.id.clone()),
            requirement: None,
            name: account.username.clone(),
            address,
        }
    }

    /// The address that they came from.
    pub fn at(mut self, address: Option<IpAddr>) -> Self {
        self.address = address;
        self
    }

    pub(super) fn requirement(&self) -> Option<&Requirement> {
        self.requirement.as_ref()
    }

    pub(super) fn id(&self) -> Option<&UserId> {
        self.id.as_ref()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn address(&self) -> Option<IpAddr> {
        self.address
    }
}
