//! One's own sessions: where one is logged in, and ending that.
//!
//! # Steps
//! 1. `GET /account/sessions` lists the sessions of the user: browser, address, first and last
//!    seen, and which one this is; as JSON too. Of a browser that is remembered, and comes back
//!    from the same address, it is the last.
//! 2. `POST /account/sessions/end` with `session` ends one of them, and what remembers its
//!    browser. `POST /account/sessions/end-others` ends all but this one, and forgets all other
//!    browsers.
//!
//! # What it protects against
//! A session somewhere that one has forgotten, or that is somebody else's. Whoever finds a browser
//! unlocked cannot log its owner out elsewhere: ending needs a fresh log-in (OWASP ASVS 5.0,
//! 7.5.2). The sessions of other users are nobody's business: their ids are 404.
//!
//! # What it does not
//! A browser that is remembered and has no session just now is not listed; `end-others` forgets it
//! too. A log-in under way may come after it.
//!
//! # Settings
//! [`SiteConfig::session_expiry`](crate::flows::SiteConfig::session_expiry),
//! [`SiteConfig::trusted_proxies`](crate::flows::SiteConfig::trusted_proxies) for the addresses.

use std::collections::HashSet;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use serde::Serialize;

use crate::accounts::{Account, Actor, ChangeOutcome};
use crate::error::Result;
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::flows::{Flow, SESSIONS_PATH};
use crate::login::{CurrentUser, Event, FreshUser, Login};
use crate::session::Session;
use crate::web::{Client, Flash, Problem, browser_and_system};

#[cfg(test)]
mod tests;

pub(super) const FLOW: Flow = Flow {
    pages: &[("sessions", SESSIONS_PATH)],
    public: &[],
    routes: || {
        Router::new()
            .route(SESSIONS_PATH, get(show))
            .route("/account/sessions/end", post(end))
            .route("/account/sessions/end-others", post(end_others))
    },
    templates: &[(TEMPLATE, include_str!("sessions.html"))],
};

const TEMPLATE: &str = "sessions.html";

#[derive(Serialize)]
struct View {
    sessions: Vec<SessionView>,
}

/// A session as its user and the admins see it.
#[derive(Serialize)]
pub(super) struct SessionView {
    id: String,
    is_this: bool,
    /// Whether it came of the same remembered login as this one, and ends with it.
    is_same_login: bool,
    is_remembered: bool,
    browser: Option<String>,
    user_agent: Option<String>,
    address: Option<String>,
    created_at: String,
    last_seen_at: String,
}

impl SessionView {
    /// `this` is the session of whoever looks. Of a browser that is remembered, and comes back
    /// where it was, only the last is shown; but whoever copied its cookie comes from elsewhere.
    pub(super) fn list(sessions: &[Session], this: Option<&Session>) -> Vec<Self> {
        let shown_as = |session: &Session| {
            let login = session.remembered?;
            Some((login, session.user_agent.clone(), session.address))
        };
        let mut shown: HashSet<_> = this.and_then(shown_as).into_iter().collect();
        let sessions = sessions.iter().filter(|session| {
            this.is_some_and(|this| this.id == session.id)
                || shown_as(session).is_none_or(|shown_as| shown.insert(shown_as))
        });
        sessions.map(|session| Self::new(session, this)).collect()
    }

    fn new(session: &Session, this: Option<&Session>) -> Self {
        let user_agent = session.user_agent.clone().filter(|text| !text.is_empty());
        Self {
            id: session.public_id.clone(),
            is_this: this.is_some_and(|this| this.id == session.id),
            is_same_login: session.remembered.is_some()
                && this.is_some_and(|this| {
                    this.id != session.id && this.remembered == session.remembered
                }),
            is_remembered: session.remembered.is_some(),
            browser: user_agent.as_deref().and_then(browser_and_system),
            user_agent,
            address: session.address.map(|address| address.to_string()),
            created_at: session.created_at.to_string(),
            last_seen_at: session.last_seen_at.to_string(),
        }
    }
}

async fn show(
    user: CurrentUser<Account>,
    page: Page,
    login: Login<Account>,
    client: Client,
) -> Result<Response> {
    let sessions = login.sessions().await?;
    let view = View {
        sessions: SessionView::list(&sessions, user.session()),
    };
    page.answer(client, TEMPLATE, view)
}

async fn end(
    user: FreshUser<Account>,
    page: Page,
    login: Login<Account>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["session"])?;
    let session = submitted.take("session");
    let actor = Actor::themself(&user, login.address());
    let accounts = &page.site.inner().accounts;
    let change = accounts.by(actor).end_session(&user.id, &session).await?;
    if change != ChangeOutcome::Done {
        return Ok(Problem::new(StatusCode::NOT_FOUND)
            .detail("You have no such session, or no more. Go back and reload the page.")
            .into_response());
    }
    login.emit(Event::SessionEnded).await;
    Ok(ended(&page, submitted.client, "The session is ended."))
}

async fn end_others(
    user: FreshUser<Account>,
    page: Page,
    login: Login<Account>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let submitted = submitted.only(&[])?;
    let actor = Actor::themself(&user, login.address());
    let keep = user.session().map(|session| session.id);
    let accounts = &page.site.inner().accounts;
    // The account is there, or the guard would not have found it.
    let _ = accounts
        .by(actor)
        .end_other_sessions(&user.id, keep)
        .await?;
    login.emit(Event::LoggedOutElsewhere).await;
    let message = "You are logged out everywhere else, and all other browsers are forgotten.";
    Ok(ended(&page, submitted.client, message))
}

fn ended(page: &Page, client: Client, message: &str) -> Response {
    match client {
        Client::Json => StatusCode::NO_CONTENT.into_response(),
        _ => page.redirect(SESSIONS_PATH, Flash::new("success", message)),
    }
}
