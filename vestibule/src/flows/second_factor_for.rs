//! Who must have a second factor.

use std::fmt;
use std::str::FromStr;

use crate::accounts::ADMIN;
use crate::clock::{Clock, Timestamp};
use crate::error::{Error, Result};
use crate::flows::SiteConfig;
use crate::login::{CurrentUser, User};
use crate::session::Methods;

/// Who must have a second factor, for
/// [`SiteConfig::require_second_factor`](crate::flows::SiteConfig::require_second_factor).
///
/// ```
/// use vestibule::flows::SecondFactorFor;
///
/// let who: SecondFactorFor = "admins".parse()?;
/// assert_eq!(who, SecondFactorFor::Admins);
/// # Ok::<(), vestibule::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecondFactorFor {
    /// Nobody: users choose.
    #[default]
    None,
    /// Users with the role `admin`.
    Admins,
    /// All users.
    All,
}

impl SecondFactorFor {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Admins, Self::All];

    /// Its name in settings: `none`, `admins` or `all`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Admins => "admins",
            Self::All => "all",
        }
    }

    fn includes(self, user: &impl User) -> bool {
        match self {
            Self::None => false,
            Self::Admins => user.has_role(ADMIN),
            Self::All => true,
        }
    }
}

/// Who must have a second factor, and from when on.
#[derive(Debug, Clone)]
pub(super) struct FactorRequirement {
    who: SecondFactorFor,
    from: Option<Timestamp>,
    clock: Clock,
}

impl FactorRequirement {
    pub(super) fn of<U>(config: &SiteConfig<U>) -> Self {
        Self {
            who: config.require_second_factor,
            from: config.require_second_factor_from,
            clock: config.clock.clone(),
        }
    }

    /// Whether this user must have one now.
    pub(super) fn includes(&self, user: &impl User) -> bool {
        self.who.includes(user) && self.later().is_none()
    }

    /// Whether this user must add one before anything else, in a session with these methods.
    pub(super) fn demands_one_of(&self, user: &impl User, methods: Methods) -> bool {
        !has_one(methods) && self.includes(user)
    }

    /// When this user, who has shown none in this session, must have one, if that is later.
    pub(super) fn reminder<U: User>(&self, user: &CurrentUser<U>) -> Option<Timestamp> {
        let is_due = !has_one(user.methods()) && self.who.includes(&**user);
        self.later().filter(|_| is_due)
    }

    fn later(&self) -> Option<Timestamp> {
        self.from.filter(|from| self.clock.now() < *from)
    }
}

/// Whether the user of a session with these methods has a second factor.
fn has_one(methods: Methods) -> bool {
    methods.has_second_factor() || methods.contains(Methods::TRUSTED_BROWSER)
}

impl FromStr for SecondFactorFor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let who = Self::ALL.into_iter().find(|who| who.as_str() == text);
        who.ok_or_else(|| Error::config("write none, admins or all"))
    }
}

impl fmt::Display for SecondFactorFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
