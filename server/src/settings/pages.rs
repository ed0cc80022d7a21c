//! What the pages look like.

use std::path::PathBuf;

use clap::Args;
use vestibule::flows::SiteConfig;

/// What the pages look like.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Pages")]
pub(crate) struct PageSettings {
    /// Name of the site on its pages
    #[arg(
        long,
        env = "VESTIBULE_SITE_NAME",
        value_name = "NAME",
        default_value = "Vestibule",
        global = true
    )]
    pub(crate) site_name: String,

    /// Path below which all pages are, like /auth; for a path that a proxy removes, see --public-url
    /// [default: none]
    #[arg(
        long,
        env = "VESTIBULE_PATH_PREFIX",
        value_name = "PATH",
        global = true
    )]
    pub(crate) path_prefix: Option<String>,

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
        config.path_prefix.clone_from(&self.path_prefix);
        config.templates.clone_from(&self.templates);
    }
}
