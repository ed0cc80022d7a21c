//! The parts of a flow.

use axum::Router;

use crate::database::Migrations;
use crate::flows::mails::MailTexts;
use crate::flows::notices::EventNotice;
use crate::flows::paths::Paths;
use crate::flows::{Site, SiteConfig};
use crate::login::PageUser;
use crate::pages::{PartTexts, StaticFile, Template};

/// One flow, with everything it adds. It has one folder and one line in the list of flows.
pub(super) struct Flow<U> {
    /// Its name, the same as its folder's.
    pub(super) name: &'static str,
    /// The names and paths of its routes, for [`Paths`] and `url_for`. No path is written anywhere
    /// else.
    pub(super) paths: &'static [(&'static str, &'static str)],
    /// The names of its public routes.
    pub(super) public: &'static [&'static str],
    /// What it needs.
    pub(super) needs: Option<Capability>,
    /// The setting that turns it on, if it is off by default.
    pub(super) is_on: Option<fn(&SiteConfig<U>) -> bool>,
    /// Its routes, at the paths as the app's router sees them.
    pub(super) routes: fn(&Paths) -> Router<Site<U>>,
    pub(super) templates: &'static [Template],
    /// Its texts in each language.
    pub(super) texts: Option<PartTexts>,
    pub(super) static_files: &'static [StaticFile],
    pub(super) migrations: &'static [Migrations],
    /// The mails that it sends.
    pub(super) mails: &'static [MailTexts],
    /// The events that it tells users of, by mail.
    pub(super) notices: &'static [EventNotice],
}

impl<U: PageUser> Flow<U> {
    /// A flow with only a name.
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            paths: &[],
            public: &[],
            needs: None,
            is_on: None,
            routes: |_| Router::new(),
            templates: &[],
            texts: None,
            static_files: &[],
            migrations: &[],
            mails: &[],
            notices: &[],
        }
    }
}

/// What a flow needs to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Capability {
    /// Visitors who can register.
    Registrar,
    /// A mailer.
    Mailer,
    /// Mail addresses, and a mailer to send to them.
    Mail,
}

impl Capability {
    /// What to do so that there is this.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::Registrar => {
                "needs a users table that implements `Registrar`: implement it, and give it to `Users`; \
                 and it needs a `SiteConfig::registration` other than `Closed`"
            }
            Self::Mailer => "sends mail: set `SiteConfig::mailer`",
            Self::Mail => {
                "sends mail: set `SiteConfig::mailer`, and over a table of your own implement \
                 `EmailUsers` and give it to `Users`"
            }
        }
    }
}
