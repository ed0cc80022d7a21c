//! What users type to say who they are.

use std::fmt;
use std::str::FromStr;

/// What users type at the log-in to say who they are, and what visitors enter when they register:
/// [`SiteConfig::log_in_with`](crate::flows::SiteConfig::log_in_with).
///
/// A user who has a username can always log in with it. An address logs in the user who
/// [owns](crate::credentials::EmailUsers::find_by_email) it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum LoginName {
    /// The username. An address is only for mail, and optional.
    #[default]
    Username,
    /// The mail address. Visitors register without a username.
    Email,
    /// The username or the mail address. Visitors register with both.
    Either,
}

/// The text is not the name of a [`LoginName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoLoginName;

impl LoginName {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Username, Self::Email, Self::Either];

    /// Its name in settings and templates: `username`, `email` or `either`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Email => "email",
            Self::Either => "either",
        }
    }

    /// Whether an address logs in its owner.
    pub fn takes_email(self) -> bool {
        self != Self::Username
    }
}

impl FromStr for LoginName {
    type Err = NoLoginName;

    fn from_str(text: &str) -> Result<Self, NoLoginName> {
        let found = Self::ALL.into_iter().find(|name| name.as_str() == text);
        found.ok_or(NoLoginName)
    }
}

impl fmt::Display for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for NoLoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("write username, email or either")
    }
}

impl std::error::Error for NoLoginName {}
