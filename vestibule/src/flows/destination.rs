//! The pages that visitors are redirected to after they logged in or out.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::error::Result;
use crate::flows::paths::{Paths, destination};
use crate::flows::{Site, SiteConfig};
use crate::login::{Next, PageUser};

/// Pages that a log-in never redirects to.
const NEVER: [&str; 4] = ["login", "second_factor", "logout", "confirm_login"];

/// Where visitors go who asked for no page.
#[derive(Debug, Clone)]
pub(super) struct Destinations {
    pub(super) after_login: String,
    pub(super) after_register: String,
    pub(super) after_logout: String,
}

impl Destinations {
    /// The settings, or the ready-made pages.
    ///
    /// # Errors
    /// When a setting is not a path of this site, or leads in a circle.
    pub(super) fn of<U>(config: &SiteConfig<U>, routes: &Paths, links: &Paths) -> Result<Self> {
        // Each of these redirects users who are logged in to the page after the log-in.
        let loops = [
            "login",
            "second_factor",
            "register",
            "logout",
            "confirm_login",
            "index",
        ];
        let loops = loops.into_iter().filter(|name| routes.get(name).is_some());
        let loops: Vec<_> = loops.filter_map(|name| links.get(name)).collect();
        let log_out: Vec<_> = links.get("logout").into_iter().collect();
        let chosen = |setting, path: &Option<String>, loops: &[&str]| {
            let path = path.as_deref();
            path.map(|path| destination(setting, path, loops))
                .transpose()
        };
        let home = chosen("home", &config.home, &loops)?;
        let after_login = chosen("after_login", &config.after_login, &loops)?;
        let after_register = chosen("after_register", &config.after_register, &loops)?;
        let after_logout = chosen("after_logout", &config.after_logout, &log_out)?;
        let page = |name: &str| links.get(name).unwrap_or(links.own("index")).to_owned();
        let after_login = after_login.or(home).unwrap_or_else(|| page("welcome"));
        Ok(Self {
            after_register: after_register.unwrap_or_else(|| after_login.clone()),
            after_logout: after_logout.unwrap_or_else(|| page("login")),
            after_login,
        })
    }
}

impl<U: PageUser> Site<U> {
    /// The `next` of a visitor: any page of the app, except those for logging in or out.
    pub(super) fn destination(&self, next: impl Into<Next>) -> Next {
        let never: Vec<_> = NEVER.iter().filter_map(|name| self.path(name)).collect();
        next.into().below(self.public_url()).unless(&never)
    }

    /// The page after a log-in without a `next`.
    pub(super) fn after_login(&self) -> &str {
        &self.inner().destinations.after_login
    }
}

/// The `next` of the query, if it has exactly one.
#[derive(Debug)]
pub(super) struct NextOfQuery(pub(super) Next);

impl<S: Send + Sync> FromRequestParts<S> for NextOfQuery {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Next::of_query(&parts.uri)))
    }
}
