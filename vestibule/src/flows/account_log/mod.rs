//! The user's own lines of the security log.
//!
//! # Steps
//! `GET /account/log` lists what happened to the user's account, newest first: log-ins, log-outs,
//! failed log-ins, changes. Each line has the time, the browser and the address, and says if somebody
//! else did it. It shows 50 lines at a time; `after` or `before` with the id of a line shows older or
//! newer ones. It responds in JSON too.
//!
//! # What it protects against
//! A log-in or a change that its user does not notice. Other users' lines: only those about the user
//! of the session are read.
//!
//! # What it does not do
//! It does not say which admin made a change, or from where: users see `an administrator`. It has no
//! lines from before [`SiteConfig::security_log_retention`](crate::flows::SiteConfig::security_log_retention).
//!
//! # Needs
//! Our own accounts ([`Site::open`](crate::flows::Site::open)).

use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use crate::accounts::{Account, LogFilter};
use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::flow::Flow;
use crate::flows::list_page::{PageLinks, PageQuery};
use crate::flows::own_line::OwnLine;
use crate::flows::page::Page;
use crate::login::CurrentUser;

#[cfg(test)]
mod tests;

pub(super) fn flow() -> Flow<Account> {
    Flow {
        paths: &[("account_log", "/account/log")],
        routes: |paths| Router::new().route(paths.own("account_log"), get(show)),
        templates: &[(TEMPLATE, include_str!("account_log.html"))],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        ..Flow::new("account_log")
    }
}

const TEMPLATE: &str = "account_log.html";

/// The number of lines on one page.
const PAGE: usize = 50;

#[derive(Serialize)]
struct View {
    log: Vec<OwnLine>,
    #[serde(flatten)]
    links: PageLinks,
}

async fn show(
    user: CurrentUser<Account>,
    page: Page,
    Query(query): Query<PageQuery>,
) -> Result<Response> {
    let filter = LogFilter {
        user_id: Some(user.id.clone()),
        ..LogFilter::default()
    };
    let accounts = page.site.accounts();
    let found = accounts.search_security_log(&filter, query.cursor(), PAGE);
    let found = found.await?;
    let view = View {
        links: PageLinks::of_log(&found),
        log: found
            .lines
            .into_iter()
            .map(|line| OwnLine::new(&user.id, line))
            .collect(),
    };
    page.answer(Answer::page(TEMPLATE, view))
}
