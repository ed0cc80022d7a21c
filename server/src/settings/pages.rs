//! What the pages look like.

use std::path::PathBuf;

use clap::Args;
use vestibule::flows::SiteConfig;

/// What the pages look like.
#[derive(Debug, Clone, Args)]
pub(crate) struct PageSettings {
    /// Name of the site, on its pages
    #[arg(
        long,
        env = "VESTIBULE_SITE_NAME",
        value_name = "NAME",
        default_value = "Vestibule",
        global = true
    )]
    pub(crate) site_name: String,

    /// Send visitors to the log-in at an address that does not exist too, so that they cannot find
    /// out which addresses exist; without it they get 404
    #[arg(
        long,
        env = "VESTIBULE_UNKNOWN_ADDRESSES_NEED_LOGIN",
        value_name = "BOOL",
        default_value_t = false,
        action = clap::ArgAction::Set,
        global = true
    )]
    pub(crate) unknown_addresses_need_login: bool,

    /// Folder of templates that replace the built-in ones of the same name
    #[arg(
        long,
        env = "VESTIBULE_TEMPLATES",
        value_name = "FOLDER",
        global = true
    )]
    pub(crate) templates: Option<PathBuf>,
}

impl PageSettings {
    /// Sets them in the site's settings.
    pub(crate) fn configure(&self, config: &mut SiteConfig) {
        config.site_name.clone_from(&self.site_name);
        config.unknown_addresses_need_login = self.unknown_addresses_need_login;
        config.templates.clone_from(&self.templates);
    }
}
