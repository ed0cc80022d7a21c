//! Who changes an account or a role.

use std::net::IpAddr;

use crate::access::RoleName;
use crate::accounts::Account;
use crate::login::UserId;

/// Who changes an account or a role. It is named in the security log, and its rights are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user; `None` for the operator.
    id: Option<UserId>,
    /// What is checked about the user again.
    requirement: Option<Requirement>,
    name: String,
    address: Option<IpAddr>,
}

/// What is checked about a user who changes something that is not their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Requirement {
    pub(super) id: UserId,
    pub(super) role: RoleName,
    pub(super) session_epoch: i64,
}

impl Actor {
    /// The operator at the command line, who may do anything.
    pub fn operator() -> Self {
        Self {
            id: None,
            requirement: None,
            name: "command line".to_owned(),
            address: None,
        }
    }

    /// A user with this role. Each change checks in its transaction that the user still has the
    /// role, is not disabled, need not change their password, and is in the
    /// [`session_epoch`](Account::session_epoch) of `account`, because this may have changed since
    /// the guard accepted the request.
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

    /// A user who changes their own data, which needs no role.
    pub(crate) fn themself(account: &Account, address: Option<IpAddr>) -> Self {
        Self {
            id: Some(account.id.clone()),
            requirement: None,
            name: account.username.clone(),
            address,
        }
    }

    /// The address that the request came from.
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
