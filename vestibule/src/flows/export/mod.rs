//! Exporting all that is kept about a user.
//!
//! # Steps
//! `GET /account/export` shows what the site keeps about the user: the account and its roles, their
//! sessions, the lines of the security log about them and about what they did, the mails to them, the
//! links that they got by mail, the browsers in which they are known, and what the app adds
//! ([`SiteConfig::on_export`](crate::flows::SiteConfig::on_export)). As JSON it has everything, and
//! `/account/export?download` is that as a file. The page has the newest 50 of each list.
//!
//! # What it protects against
//! Unlocked browsers and stolen sessions (a fresh log-in is required), caches (`no-store`), and exports
//! that let their finder in: there is no password hash, no token, and no digest of one. A user does
//! not learn where an admin is, and mails are listed only if the user has verified that the address is
//! theirs. Large logs: they are read and sent in pages.
//!
//! # What it does not do
//! It does not have the program's own log, backups, or what a proxy keeps. Of another user, on whom an
//! admin acted, it has the id only.
//!
//! # Settings
//! [`SiteConfig::on_export`](crate::flows::SiteConfig::on_export).

mod contents;
mod stream;

use axum::Router;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Deserialize;

use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::flow::Flow;
use crate::flows::page::Page;
use crate::login::{FreshUser, PageUser};
use crate::web::Client;
use contents::Contents;

#[cfg(test)]
mod tests;

pub(super) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[("export", "/account/export")],
        routes: |paths| Router::new().route(paths.own("export"), get(show::<U>)),
        templates: &[(TEMPLATE, include_str!("export.html"))],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        ..Flow::new("export")
    }
}

const TEMPLATE: &str = "export.html";

#[derive(Deserialize)]
struct Wanted {
    /// Present, with any value, for a file.
    download: Option<String>,
}

async fn show<U: PageUser>(
    user: FreshUser<U>,
    page: Page<U>,
    Query(wanted): Query<Wanted>,
) -> Result<Response> {
    let this = user.session().cloned();
    let contents = Contents::new(page.site.clone(), U::clone(&user), this).await?;
    let is_file = wanted.download.is_some();
    if !is_file && page.client != Client::Json {
        let view = contents.beginning().await?;
        return page.answer(Answer::page(TEMPLATE, view));
    }
    // Before the response begins, because the app's own part may fail.
    let facts = contents.facts().await?;
    let mut response = stream::body(contents, &facts)?.into_response();
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(CONTENT_TYPE, json);
    if is_file {
        let file = HeaderValue::from_static("attachment; filename=\"account.json\"");
        headers.insert(CONTENT_DISPOSITION, file);
    }
    Ok(response)
}
