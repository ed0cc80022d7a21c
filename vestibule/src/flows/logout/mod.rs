//! Logging out.
//!
//! # Steps
//! 1. `GET /logout` shows a button.
//! 2. `POST /logout` ends the session on the server, makes the browser forget the cookie and
//!    goes to `/login`; as JSON it answers 204. Whoever is not logged in gets the same.
//!
//! # What it protects against
//! A copy of the cookie used after the log-out, a log-out by another site's link or form,
//! private pages under the Back button.
//!
//! # What it does not
//! It ends this session and no other of the same user.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderName, HeaderValue};
use serde_json::json;

use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::flow::Flow;
use crate::flows::page::Page;
use crate::login::{Login, PageUser};

#[cfg(test)]
mod tests;

pub(super) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[("logout", "/logout")],
        public: &["logout"],
        routes: |paths| Router::new().route(paths.own("logout"), get(show::<U>).post(log_out::<U>)),
        templates: &[(TEMPLATE, include_str!("logout.html"))],
        ..Flow::new("logout")
    }
}

const TEMPLATE: &str = "logout.html";

/// Pages that a browser keeps in spite of `no-store` go too (W3C Clear Site Data).
const CLEAR_SITE_DATA: (HeaderName, HeaderValue) = (
    HeaderName::from_static("clear-site-data"),
    HeaderValue::from_static("\"cache\""),
);

/// The page that a log-out leads to.
fn after<U: PageUser>(page: &Page<U>) -> &str {
    page.site.path("login").unwrap_or("/")
}

async fn show<U: PageUser>(page: Page<U>) -> Result<Response> {
    match &page.user {
        None => page.answer(Answer::see(after(&page))),
        Some(user) => {
            let view = json!({ "username": user.name() });
            page.answer(Answer::page(TEMPLATE, view))
        }
    }
}

async fn log_out<U: PageUser>(page: Page<U>, login: Login<U>) -> Result<Response> {
    login.log_out().await?;
    let (name, value) = CLEAR_SITE_DATA;
    let answer = Answer::done(after(&page)).message("info", "You are logged out.");
    page.answer(answer.header(name, value))
}
