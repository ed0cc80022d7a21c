//! Who changes an account or a role.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::access::RoleName;
use crate::accounts::Account;
use crate::login::{Sender, UserId};
use crate::web::browser_and_system;

/// The length of the column for browsers.
pub(super) const MAX_BROWSER_CHARS: usize = 64;

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
    browser: Option<String>,
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
    pub(super) const OPERATOR: &str = "command line";
    pub(super) const ERASURE: &str = "erasure";
    pub(super) const PLANNED_RESET: &str = "planned reset";

    /// The operator at the command line, who may do anything.
    pub fn operator() -> Self {
        Self {
            id: None,
            requirement: None,
            name: Self::OPERATOR.to_owned(),
            address: None,
            browser: None,
        }
    }

    /// A user with this role. Each change checks in its transaction that the user still has the
    /// role, is not disabled, need not change their password, and is in the
    /// [`session_epoch`](Account::session_epoch) of `account`. This may have changed since the
    /// guard accepted the request.
    pub fn user(account: &Account, role: RoleName) -> Self {
        Self::account(account, Some(role))
    }

    /// A user who changes their own account, which needs no role: their name, their email
    /// address, their password, their sessions, or closing or deleting the account. Every other change, and any change to
    /// another user, has the outcome
    /// [`ActorLacksRole`](crate::accounts::ChangeOutcome::ActorLacksRole). Each change makes the
    /// same checks in its transaction as for [`user`](Self::user), except the role.
    ///
    /// Ask for the user's credential first, because somebody else may have the session.
    ///
    /// ```no_run
    /// use vestibule::accounts::{Account, Actor, ChangeOutcome};
    /// use vestibule::flows::Site;
    /// use vestibule::mail::Email;
    /// use vestibule::{FreshUser, Login};
    ///
    /// # async fn sample(site: Site, user: FreshUser<Account>, login: Login<Account>, email: Email) -> vestibule::Result<()> {
    /// let themself = Actor::themself(&user).sent_by(&login.sender());
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
            name: account.name().to_owned(),
            address: None,
            browser: None,
        }
    }

    /// Somebody who is not logged in.
    pub(super) fn stranger() -> Self {
        Self {
            id: None,
            requirement: None,
            name: "not logged in".to_owned(),
            address: None,
            browser: None,
        }
    }

    /// Nobody: the time is over in which a closed account could be opened again.
    pub(super) fn erasure() -> Self {
        Self {
            name: Self::ERASURE.to_owned(),
            ..Self::stranger()
        }
    }

    /// Nobody: the time of a planned reset has come.
    pub(super) fn planned_reset() -> Self {
        Self {
            name: Self::PLANNED_RESET.to_owned(),
            ..Self::stranger()
        }
    }

    /// The network that the requests came from.
    pub(super) fn within(mut self, network: Option<IpNet>) -> Self {
        self.address = network.map(|network| network.to_string());
        self
    }

    /// The address that the request came from.
    pub fn at(mut self, address: Option<IpAddr>) -> Self {
        self.address = address.map(|address| address.to_string());
        self
    }

    /// The browser and the address that the request came from.
    pub fn sent_by(self, sender: &Sender) -> Self {
        let user_agent = sender.user_agent();
        self.at(sender.address()).in_browser(user_agent.as_deref())
    }

    /// The browser, by its `User-Agent`.
    pub(super) fn in_browser(mut self, user_agent: Option<&str>) -> Self {
        let user_agent = user_agent.filter(|text| !text.is_empty());
        self.browser =
            user_agent.map(|text| browser_and_system(text).unwrap_or_else(|| beginning(text)));
        self
    }

    /// The same actor, from several places.
    pub(super) fn nowhere(mut self) -> Self {
        self.address = None;
        self.browser = None;
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

    pub(super) fn browser(&self) -> Option<&str> {
        self.browser.as_deref()
    }
}

/// What the column for browsers keeps of a `User-Agent`. A terminal would obey control characters.
fn beginning(user_agent: &str) -> String {
    let plain = user_agent.chars().map(|c| match c.is_control() {
        true => ' ',
        false => c,
    });
    plain.take(MAX_BROWSER_CHARS).collect()
}
