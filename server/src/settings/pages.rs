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

    /// Folder of files such as de.ftl, whose texts replace the built-in ones of the same name
    #[arg(long, env = "VESTIBULE_TEXTS", value_name = "FOLDER", global = true)]
    pub(crate) texts: Option<PathBuf>,

    /// Languages of the pages, the default first, like en,de [default: all, English first]
    #[arg(
        long,
        env = "VESTIBULE_LANGUAGES",
        value_name = "LANGUAGES",
        value_delimiter = ',',
        global = true
    )]
    pub(crate) languages: Vec<String>,
}

impl PageSettings {
    /// Sets them in the site's settings.
    pub(crate) fn configure(&self, config: &mut SiteConfig) {
        config.site_name.clone_from(&self.site_name);
        config.path_prefix.clone_from(&self.path_prefix);
        config.templates.clone_from(&self.templates);
        config.texts.clone_from(&self.texts);
        config.languages.clone_from(&self.languages);
    }
}
