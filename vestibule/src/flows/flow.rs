//! The parts of a flow, and the paths of all flows.

use std::collections::BTreeMap;

use axum::Router;

use crate::database::Migrations;
use crate::flows::Site;
use crate::flows::notices::Notice;
use crate::login::PageUser;
use crate::pages::{StaticFile, Template};

/// One flow, with everything it adds. It has one folder and one line in the list of flows.
pub(super) struct Flow<U> {
    /// Its name, the same as its folder's.
    pub(super) name: &'static str,
    /// The names and paths of its routes, for [`Paths`] and `url_for`. No path is written anywhere
    /// else.
    pub(super) paths: &'static [(&'static str, &'static str)],
    /// The names of its public routes.
    pub(super) public: &'static [&'static str],
    /// What it requires of the users table.
    pub(super) needs: Option<Capability>,
    pub(super) routes: fn(&Paths) -> Router<Site<U>>,
    pub(super) templates: &'static [Template],
    pub(super) static_files: &'static [StaticFile],
    pub(super) migrations: &'static [Migrations],
    /// The mails that it sends to notify users.
    pub(super) notices: &'static [Notice],
}

impl<U: PageUser> Flow<U> {
    /// A flow with only a name.
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            paths: &[],
            public: &[],
            needs: None,
            routes: |_| Router::new(),
            templates: &[],
            static_files: &[],
            migrations: &[],
            notices: &[],
        }
    }
}

/// What a users table supports, by the trait it implements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Capability {
    Registrar,
}

impl Capability {
    pub(super) fn trait_name(self) -> &'static str {
        match self {
            Self::Registrar => "Registrar",
        }
    }
}

/// The paths of a site's routes by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Paths(BTreeMap<&'static str, String>);

impl Paths {
    pub(super) fn of<U>(flows: &[Flow<U>]) -> Self {
        let all = flows.iter().flat_map(|flow| flow.paths);
        Self(
            all.map(|(name, path)| (*name, (*path).to_owned()))
                .collect(),
        )
    }

    /// The path of this route; `None` if its flow is not enabled.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The path of a flow's own route.
    ///
    /// # Panics
    /// When the flow does not list the route among its paths. Every test of the flow shows this.
    pub(super) fn own(&self, name: &str) -> &str {
        self.get(name).expect("a flow lists its own paths")
    }

    /// The names and paths.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, path)| (*name, path.as_str()))
    }
}
