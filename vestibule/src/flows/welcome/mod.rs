//! The first page after the log-in, and the redirect to it.
//!
//! # Steps
//! 1. `GET /` redirects to `/welcome`, or anonymous visitors to `/login`. An app with a
//!    [`SiteConfig::home`](crate::flows::SiteConfig::home) has its own `/`.
//! 2. `GET /welcome` greets the user by name; as JSON it answers with the account.
//!
//! # What it protects against
//! Anonymous visitors (redirected to the login page, or 401), copies in caches and in the browser's
//! history after log-out (`no-store`), markup in a username (escaped, and isolated from the text
//! around it).
//!
//! # What it does not do
//! It requires nothing of the user except a log-in.

use axum::Router;
use axum::extract::State;
use axum::response::{Redirect, Response};
use axum::routing::get;
use serde_json::json;

use crate::error::Result;
use crate::flows::Site;
use crate::flows::answer::Answer;
use crate::flows::flow::Flow;
use crate::flows::page::Page;
use crate::login::{CurrentUser, PageUser};

#[cfg(test)]
mod tests;

pub(super) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[("index", "/"), ("welcome", "/welcome")],
        public: &["index"],
        routes: |paths| {
            let router = Router::new().route(paths.own("welcome"), get(show::<U>));
            let index_paths = paths.get("index").into_iter().chain(paths.bare_index());
            index_paths.fold(router, |router, path| router.route(path, get(index::<U>)))
        },
        templates: &[(TEMPLATE, include_str!("welcome.html"))],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        ..Flow::new("welcome")
    }
}

const TEMPLATE: &str = "welcome.html";

async fn index<U: PageUser>(State(site): State<Site<U>>, user: Option<CurrentUser<U>>) -> Redirect {
    let login = site.path("login").filter(|_| user.is_none());
    Redirect::to(login.unwrap_or(site.after_login()))
}

async fn show<U: PageUser>(user: CurrentUser<U>, page: Page<U>) -> Result<Response> {
    let view = page.with_reminder(json!({ "username": user.name() }), &user);
    page.answer(Answer::page(TEMPLATE, view))
}
