//! Logging out.
//!
//! # Steps
//! 1. `GET /logout` shows a button.
//! 2. `POST /logout` ends the session on the server, removes the cookie and redirects to `/login`;
//!    as JSON it answers 204. Visitors who are not logged in get the same response.
//!
//! # What it protects against
//! Use of a copied cookie after the log-out, log-outs by other sites' links or forms, private pages
//! behind the Back button.
//!
//! # What it does not do
//! It does not end the user's other sessions.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;

use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::flow::Flow;
use crate::flows::page::Page;
use crate::login::{Login, PageUser};
use crate::web::text::Text;

#[cfg(test)]
mod tests;

pub(super) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[("logout", "/logout")],
        public: &["logout"],
        routes: |paths| Router::new().route(paths.own("logout"), get(show::<U>).post(log_out::<U>)),
        templates: &[(TEMPLATE, include_str!("logout.html"))],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        ..Flow::new("logout")
    }
}

const TEMPLATE: &str = "logout.html";

/// The page to redirect to after a log-out.
fn after<U: PageUser>(page: &Page<U>) -> &str {
    &page.site.inner().destinations.after_logout
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
    let answer = Answer::done(after(&page)).message("info", Text::named("logout-done"));
    page.answer(answer.forgotten_by_browser())
}
