//! Which names visitors may register.

use clap::Args;
use vestibule::flows::SiteConfig;

/// Which names visitors may register.
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
}

impl RegistrationSettings {
    /// Sets them in the site's settings.
    pub(crate) fn configure(&self, config: &mut SiteConfig) {
        config.reserved_names.extend(&self.reserved_names);
    }
}
