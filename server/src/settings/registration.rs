//! Who may register, what users register and log in with, whether they may change their name, and
//! whether they may leave.

use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use vestibule::clock::Timestamp;
use vestibule::credentials::LoginName;
use vestibule::flows::{RegistrationMode, SecondFactorFor, SiteConfig};

use super::{parse_date, parse_duration_or_none};

/// Who may register, what users register and log in with, whether they may change their name, and
/// whether they may leave.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Accounts")]
pub(crate) struct RegistrationSettings {
    /// Who can create an account: every visitor (open), only those who were invited by mail (invite),
    /// every visitor, but an admin must approve the account (approval), or nobody (closed)
    #[arg(
        long,
        env = "VESTIBULE_REGISTRATION",
        value_name = "MODE",
        default_value = "open",
        value_parser = modes(),
        global = true
    )]
    pub(crate) registration: RegistrationMode,

    /// What users log in with, and visitors register with: `username`, `email` or `either`. With an
    /// address, registering sends mail
    #[arg(
        long,
        env = "VESTIBULE_LOG_IN_WITH",
        value_name = "NAME",
        default_value = "username",
        global = true
    )]
    pub(crate) log_in_with: LoginName,

    /// Who must have a second factor: nobody (none), users with the role admin (admins), or all users
    /// (all). Until they have added one, they can do nothing else
    #[arg(
        long,
        env = "VESTIBULE_REQUIRE_SECOND_FACTOR",
        value_name = "WHO",
        default_value = "none",
        value_parser = who(),
        global = true
    )]
    pub(crate) require_second_factor: SecondFactorFor,

    /// The day (UTC) from which on they must have one, such as 2027-03-31. Until then users are
    /// reminded. Without it they must at once
    #[arg(
        long,
        env = "VESTIBULE_REQUIRE_SECOND_FACTOR_FROM",
        value_name = "DATE",
        value_parser = parse_date,
        global = true
    )]
    pub(crate) require_second_factor_from: Option<Timestamp>,

    /// How long a reset of a user's second factors waits before it takes effect. The user gets a mail,
    /// and cancels it by using or adding a factor. 0: at once
    #[arg(
        long,
        env = "VESTIBULE_FACTORS_RESET_WAIT",
        value_name = "TIME",
        default_value = "0",
        value_parser = parse_duration_or_none,
        global = true
    )]
    pub(crate) factors_reset_wait: Duration,

    /// Whether users who have no second factor, and have verified their address, get a code by mail
    /// at each log-in in a browser that they do not trust
    #[arg(
        long,
        env = "VESTIBULE_MAIL_CODES",
        value_name = "BOOL",
        default_value_t = false,
        action = clap::ArgAction::Set,
        global = true
    )]
    pub(crate) mail_codes: bool,

    /// Whether users must verify a mail address before they can do anything else
    #[arg(
        long,
        env = "VESTIBULE_REQUIRE_VERIFIED_EMAIL",
        value_name = "BOOL",
        default_value_t = false,
        action = clap::ArgAction::Set,
        global = true
    )]
    pub(crate) require_verified_email: bool,

    /// More usernames that visitors cannot register, separated by commas. The site's name, its host
    /// and names such as admin are reserved anyway. `vestibule user add` accepts them all
    #[arg(
        long,
        env = "VESTIBULE_RESERVED_NAMES",
        value_name = "NAMES",
        value_delimiter = ',',
        global = true
    )]
    pub(crate) reserved_names: Vec<String>,

    /// Whether users can change their username, at /account/username. The old one is reserved for
    /// them for 90 days
    #[arg(
        long,
        env = "VESTIBULE_CHANGE_USERNAME",
        value_name = "BOOL",
        default_value_t = false,
        action = clap::ArgAction::Set,
        global = true
    )]
    pub(crate) change_username: bool,

    /// Whether users can close their own account, with their password, at /account/close
    #[arg(
        long,
        env = "VESTIBULE_CLOSE_ACCOUNT",
        value_name = "BOOL",
        default_value_t = false,
        action = clap::ArgAction::Set,
        global = true
    )]
    pub(crate) close_account: bool,

    /// How long users can open a closed account again, by logging in. Then it is erased. 0 erases it
    /// at once
    #[arg(
        long,
        env = "VESTIBULE_CLOSE_GRACE",
        value_name = "TIME",
        default_value = "14days",
        value_parser = parse_duration_or_none,
        global = true
    )]
    pub(crate) close_grace: Duration,
}

impl RegistrationSettings {
    /// Sets them in the site's settings.
    pub(crate) fn configure(&self, config: &mut SiteConfig) {
        config.registration = self.registration;
        config.log_in_with = self.log_in_with;
        config.require_second_factor = self.require_second_factor;
        config.require_second_factor_from = self.require_second_factor_from;
        config.factors_reset_wait = self.factors_reset_wait;
        config.mail_codes = self.mail_codes;
        config.require_verified_email = self.require_verified_email;
        config.users_can_change_username = self.change_username;
        config.users_can_close_account = self.close_account;
        config.close_grace = self.close_grace;
        config.reserved_names.extend(&self.reserved_names);
    }
}

/// Reads the name of a mode.
fn modes() -> impl TypedValueParser<Value = RegistrationMode> {
    let names = RegistrationMode::ALL.map(RegistrationMode::as_str);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<RegistrationMode>())
}

/// Reads who must have a second factor.
fn who() -> impl TypedValueParser<Value = SecondFactorFor> {
    let names = SecondFactorFor::ALL.map(SecondFactorFor::as_str);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<SecondFactorFor>())
}
