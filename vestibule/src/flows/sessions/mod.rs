//! The user's own sessions: viewing and ending them.
//!
//! # Steps
//! 1. `GET /account/sessions` lists the user's sessions, with browser, address, first and last use,
//!    and marks this one; as JSON too. It shows 50 at a time, and `after` with a session's id shows
//!    those that follow it. Of several sessions of one remembered browser at the same address, it
//!    shows only the last.
//! 2. `POST /account/sessions/end` with `session` ends one of them, and its remembered login.
//!    `POST /account/sessions/end-others` ends all others, and all other remembered logins.
//!
//! # What it protects against
//! Forgotten sessions, and those of a thief. At an unlocked browser, nobody can log its user out
//! elsewhere, because that needs a fresh log-in (OWASP ASVS 5.0, 7.5.2). Ids of other users'
//! sessions get 404.
//!
//! # What it does not do
//! It does not list a remembered browser that has no session at the moment; `end-others` forgets it
//! too. It does not end a log-in that is just in progress.
//!
//! # Settings
//! [`SiteConfig::sessions`](crate::flows::SiteConfig::sessions),
//! [`SiteConfig::trusted_proxies`](crate::flows::SiteConfig::trusted_proxies) for the addresses.

use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use serde::Serialize;

use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::flow::Flow;
use crate::flows::page::Page;
use crate::flows::session_view::{Following, SessionsView};
use crate::flows::submitted::Submitted;
use crate::login::{CurrentUser, FreshUser, Login, PageUser};
use crate::web::Problem;
use crate::web::text::Text;

#[cfg(test)]
mod tests;

pub(super) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[
            ("sessions", "/account/sessions"),
            ("end_session", "/account/sessions/end"),
            ("end_other_sessions", "/account/sessions/end-others"),
        ],
        routes: |paths| {
            Router::new()
                .route(paths.own("sessions"), get(show::<U>))
                .route(paths.own("end_session"), post(end::<U>))
                .route(paths.own("end_other_sessions"), post(end_others::<U>))
        },
        templates: &[(TEMPLATE, include_str!("sessions.html"))],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        ..Flow::new("sessions")
    }
}

const TEMPLATE: &str = "sessions.html";

/// The number of sessions on one page.
const PAGE: usize = 50;

#[derive(Serialize)]
struct View {
    #[serde(flatten)]
    page: SessionsView,
    /// Whether this is a page after the first.
    goes_on: bool,
}

async fn show<U: PageUser>(
    user: CurrentUser<U>,
    page: Page<U>,
    login: Login<U>,
    Query(following): Query<Following>,
) -> Result<Response> {
    let after = following.after.as_deref();
    let sessions = login.sessions(after, PAGE + 1).await?;
    let view = View {
        page: SessionsView::new(sessions, PAGE, user.session()),
        goes_on: after.is_some(),
    };
    page.answer(Answer::page(TEMPLATE, view))
}

async fn end<U: PageUser>(
    _: FreshUser<U>,
    page: Page<U>,
    login: Login<U>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["session"])?;
    let session = submitted.take("session");
    if !page
        .site
        .credentials()
        .end_session(&login, &session)
        .await?
    {
        let problem =
            Problem::new(StatusCode::NOT_FOUND).text(Text::named("sessions-ended-already"));
        return Ok(page.answer(Answer::problem(problem))?);
    }
    Ok(page.answer(ended(&page, Text::named("sessions-ended-one")))?)
}

async fn end_others<U: PageUser>(
    _: FreshUser<U>,
    page: Page<U>,
    login: Login<U>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    submitted.only(&[])?;
    if !page.site.credentials().end_other_sessions(&login).await? {
        return Err(login.unauthorized().await.into());
    }
    let message = Text::named("sessions-ended-others");
    Ok(page.answer(ended(&page, message))?)
}

fn ended<U: PageUser>(page: &Page<U>, message: Text) -> Answer {
    Answer::done(page.site.inner().paths.own("sessions")).message("success", message)
}
