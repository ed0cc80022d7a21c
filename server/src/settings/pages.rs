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

    /// Redirect visitors to the log-in even at addresses that do not exist, so that they cannot
    /// find out which addresses exist; without this they get 404
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

    /// Folder of files that are served below /static/: pictures, styles, fonts; every page links its
    /// theme.css
    #[arg(
        long = "static",
        env = "VESTIBULE_STATIC",
        value_name = "FOLDER",
        global = true
    )]
    pub(crate) static_folder: Option<PathBuf>,

    /// File of --static with the logo beside the site's name
    #[arg(long, env = "VESTIBULE_LOGO", value_name = "FILE", global = true)]
    pub(crate) logo: Option<String>,

    /// Color of links and buttons, like #7a1fa2; dark enough to be read on white
    #[arg(
        long,
        env = "VESTIBULE_ACCENT_COLOR",
        value_name = "COLOR",
        global = true
    )]
    pub(crate) accent_color: Option<String>,

    /// Links at the foot of each page, like Privacy=/privacy,Imprint=https://example.com/imprint
    #[arg(
        long,
        env = "VESTIBULE_FOOTER_LINKS",
        value_name = "LINKS",
        value_delimiter = ',',
        value_parser = footer_link,
        global = true
    )]
    pub(crate) footer_links: Vec<(String, String)>,

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
        config.unknown_addresses_need_login = self.unknown_addresses_need_login;
        config.templates.clone_from(&self.templates);
        let looks = &mut config.looks;
        looks.static_folder.clone_from(&self.static_folder);
        looks.logo.clone_from(&self.logo);
        looks.accent_color.clone_from(&self.accent_color);
        looks.footer_links.clone_from(&self.footer_links);
        config.texts.clone_from(&self.texts);
        config.languages.clone_from(&self.languages);
    }
}

/// Reads `TEXT=ADDRESS`.
fn footer_link(link: &str) -> Result<(String, String), String> {
    link.split_once('=')
        .map(|(text, address)| (text.to_owned(), address.to_owned()))
        .ok_or_else(|| "write it like Privacy=/privacy".to_owned())
}
