//! Who may register, what users register and log in with, and whether they may leave.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use vestibule::credentials::LoginName;
use vestibule::flows::{RegistrationMode, SiteConfig};

/// Who may register, what users register and log in with, and whether they may leave.
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

    /// Whether users can delete their own account, with their password, at /account/delete
    #[arg(
        long,
        env = "VESTIBULE_USERS_CAN_DELETE_ACCOUNT",
        value_name = "BOOL",
        default_value_t = false,
        action = clap::ArgAction::Set,
        global = true
    )]
    pub(crate) users_can_delete_account: bool,
}

impl RegistrationSettings {
    /// Sets them in the site's settings.
    pub(crate) fn configure(&self, config: &mut SiteConfig) {
        config.registration = self.registration;
        config.log_in_with = self.log_in_with;
        config.require_verified_email = self.require_verified_email;
        config.users_can_delete_account = self.users_can_delete_account;
        config.reserved_names.extend(&self.reserved_names);
    }
}

/// Reads the name of a mode.
fn modes() -> impl TypedValueParser<Value = RegistrationMode> {
    let names = RegistrationMode::ALL.map(RegistrationMode::as_str);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<RegistrationMode>())
}
