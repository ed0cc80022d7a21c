//! The home of the account: what a user can see and do about it.
//!
//! # Steps
//! `GET /account` links to the pages about the user's own account, as far as they are enabled; as JSON
//! it answers with the username, the mail address and whether it is verified.
//!
//! # What it protects against
//! As [`welcome`](super::welcome): anonymous visitors, and copies in caches.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;

use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::flow::Flow;
use crate::flows::page::Page;
use crate::login::{CurrentUser, PageUser};

#[cfg(test)]
mod tests;

pub(super) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[("account", "/account")],
        routes: |paths| Router::new().route(paths.own("account"), get(show::<U>)),
        templates: &[(TEMPLATE, include_str!("account.html"))],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        ..Flow::new("account")
    }
}

const TEMPLATE: &str = "account.html";

async fn show<U: PageUser>(user: CurrentUser<U>, page: Page<U>) -> Result<Response> {
    let reset_at = page.site.factors_reset_at(&user.id()).await?;
    let view = json!({
        "factors_reset_at": reset_at.map(|at| at.to_string()),
        "username": user.name(),
        "email": user.email(),
        "is_verified": user.has_verified_email(),
    });
    let view = page.with_reminder(view, &user);
    page.answer(Answer::page(TEMPLATE, view))
}
