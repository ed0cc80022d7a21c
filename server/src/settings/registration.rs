//! Which names visitors may register, and whether they may leave.

use clap::Args;
use vestibule::flows::SiteConfig;

/// Which names visitors may register, and whether they may leave.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Accounts")]
pub(crate) struct RegistrationSettings {
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
        config.users_can_delete_account = self.users_can_delete_account;
        config.reserved_names.extend(&self.reserved_names);
    }
}
