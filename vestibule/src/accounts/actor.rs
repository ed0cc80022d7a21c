//! Who changes an account or a role.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::access::RoleName;
use crate::accounts::Account;
use crate::login::UserId;

/// Who changes an account or a role. The security log names the actor, and each change checks the
/// actor's rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user; `None` for the operator.
    id: Option<UserId>,
    /// The checks to repeat for the user.
    requirement: Option<Requirement>,
    name: String,
    address: Option<String>,
}

/// The checks for a user who makes a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Requirement {
    pub(super) id: UserId,
    /// The role they need; `None` if they change only their own account.
    pub(super) role: Option<RoleName>,
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
    /// [`session_epoch`](Account::session_epoch) of `account`. This may have changed since the
    /// guard accepted the request.
    pub fn user(account: &Account, role: RoleName) -> Self {
        Self::account(account, Some(role))
    }

    /// A user who changes their own account, which needs no role: their email address, their
    /// password, their sessions, or deleting the account. Every other change, and any change to
    /// another user, has the outcome
    /// [`ActorLacksRole`](crate::accounts::ChangeOutcome::ActorLacksRole). Each change makes the
    /// same checks in its transaction as for [`user`](Self::user), except the role.
    ///
    /// Ask for the user's credential first, because somebody else may have the session.
    ///
    /// ```no_run
    /// use vestibule::accounts::{Account, Actor, ChangeOutcome, Email};
    /// use vestibule::flows::Site;
    /// use vestibule::{FreshUser, Login};
    ///
    /// # async fn sample(site: Site, user: FreshUser<Account>, login: Login<Account>, email: Email) -> vestibule::Result<()> {
    /// let themself = Actor::themself(&user).at(login.address());
    /// let change = site.accounts().by(themself).set_email(&user.id, Some(&email)).await?;
    /// assert_eq!(change, ChangeOutcome::Done);
    /// # Ok(()) }
    /// ```
    pub fn themself(account: &Account) -> Self {
        Self::account(account, None)
    }

    fn account(account: &Account, role: Option<RoleName>) -> Self {
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

    /// Somebody in this network who is not logged in.
    pub(super) fn stranger(network: Option<IpNet>) -> Self {
        Self {
            id: None,
            requirement: None,
            name: "not logged in".to_owned(),
            address: network.map(|network| network.to_string()),
        }
    }

    /// The address that the request came from.
    pub fn at(mut self, address: Option<IpAddr>) -> Self {
        self.address = address.map(|address| address.to_string());
        self
    }

    /// The same actor, from several addresses.
    pub(super) fn nowhere(mut self) -> Self {
        self.address = None;
        self
    }

    pub(super) fn requirement(&self) -> Option<&Requirement> {
        self.requirement.as_ref()
    }

    /// Whether the actor may change only their own account.
    pub(super) fn is_themself(&self) -> bool {
        let requirement = self.requirement.as_ref();
        requirement.is_some_and(|requirement| requirement.role.is_none())
    }

    pub(super) fn id(&self) -> Option<&UserId> {
        self.id.as_ref()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The address; for somebody who is not logged in, the network.
    pub(super) fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }
}
