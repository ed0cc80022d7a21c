//! Which names visitors may register, and whether they may leave.

use clap::Args;
use vestibule::flows::SiteConfig;

/// Which names visitors may register, and whether they may leave.
#[derive(Debug, Clone, Args)]
pub(crate) struct RegistrationSettings {
    /// Usernames that visitors cannot register, with commas between, besides the site's name, its
    /// host, and names such as admin and support. `vestibule user add` can add them
    #[arg(
        long,
        env = "VESTIBULE_RESERVED_NAMES",
        value_name = "NAMES",
        value_delimiter = ',',
        global = true
    )]
    pub(crate) reserved_names: Vec<String>,

    /// Let users delete their own account, with their password, at /account/delete
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
