//! Logging in by username and password.
//!
//! # Steps
//! 1. `GET /login` shows the form; with `next`, it says that a page asked for it.
//! 2. `POST /login` with `username`, `password`, and if wanted `remember` and `next`, checks
//!    them, begins a session under a new token and goes to `next` or `/welcome`; as JSON it
//!    answers 200. With `remember` the browser is remembered past the end of the session.
//!
//! # What it protects against
//! Telling who has an account (unknown, disabled and wrong get the same answer, headers and
//! cost), session fixation, log-in by another site's form, open redirects by `next`.
//!
//! # What it does not
//! Slow down the guessing of one account's password; the hashing queue bounds all guessing
//! together.
//!
//! # Settings
//! [`SiteConfig::session_expiry`](crate::flows::SiteConfig::session_expiry),
//! [`SiteConfig::remember`](crate::flows::SiteConfig::remember),
//! [`SiteConfig::session_limit`](crate::flows::SiteConfig::session_limit),
//! [`SiteConfig::password_algorithm`](crate::flows::SiteConfig::password_algorithm).

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::StatusCode;
use minijinja::context;

use crate::accounts::{Account, PasswordCheck};
use crate::crypto::secret::Secret;
use crate::error::Result;
use crate::flows::destination::Destination;
use crate::flows::form::FormErrors;
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::flows::{Flow, LOGIN_PATH, WELCOME_PATH};
use crate::login::{Login, LoginOutcome};
use crate::web::Client;

#[cfg(test)]
mod tests;

pub(super) const FLOW: Flow = Flow {
    pages: &[("login", LOGIN_PATH)],
    public: &[LOGIN_PATH],
    routes: || Router::new().route(LOGIN_PATH, get(show).post(log_in)),
    templates: &[(TEMPLATE, include_str!("login.html"))],
};

const TEMPLATE: &str = "login.html";

/// One answer for every reason, so that it tells nobody who has an account.
const REFUSED: &str = "The username and the password do not belong together. Check both, and \
     whether Caps Lock is on.";

const TOO_MANY_SESSIONS: &str = "You are logged in in as many places as you may. Log out in one of \
     them, then try again.";

async fn show(page: Page, Destination(next): Destination) -> Result<Response> {
    if page.user.is_some() {
        return Ok(Redirect::to(next.or(WELCOME_PATH)).into_response());
    }
    let asked_for = next.path().is_some();
    page.render(TEMPLATE, context! { next => next.path(), asked_for })
}

async fn log_in(
    page: Page,
    login: Login<Account>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["username", "password", "remember", "next"])?;
    let client = submitted.client;
    let username = submitted.take("username");
    let password = Secret::from(submitted.take("password"));
    let remember = !submitted.take("remember").is_empty();
    let Destination(next) = submitted.take("next").into();
    let reject = |status, errors| {
        let form = context! { username => &username, remember, next => next.path() };
        page.reject(client, status, &errors, TEMPLATE, form)
    };

    let mut errors = FormErrors::default();
    if username.is_empty() {
        errors.add("username", "Enter your username.");
    }
    if password.expose().is_empty() {
        errors.add("password", "Enter your password.");
    }
    if !errors.is_empty() {
        return Ok(reject(StatusCode::UNPROCESSABLE_ENTITY, errors)?);
    }
    let accounts = page.site.inner().accounts.asked_from(login.address());
    let tried = match accounts.check_password(&username, &password).await? {
        PasswordCheck::Right(account) => {
            let mut log_in = login.log_in(&account);
            if remember {
                log_in = log_in.remember();
            }
            match log_in.await? {
                LoginOutcome::LoggedIn => {
                    return Ok(logged_in(client, &account, next.or(WELCOME_PATH)));
                }
                // The password was right: whom it belongs to may know.
                LoginOutcome::TooManySessions => {
                    let errors = FormErrors::of_form(TOO_MANY_SESSIONS);
                    return Ok(reject(StatusCode::CONFLICT, errors)?);
                }
                LoginOutcome::Inactive => Some(account.id),
            }
        }
        PasswordCheck::Wrong(tried) => tried,
    };
    login.report_failed(tried.as_ref()).await;
    Ok(reject(
        StatusCode::UNAUTHORIZED,
        FormErrors::of_form(REFUSED),
    )?)
}

fn logged_in(client: Client, account: &Account, next: &str) -> Response {
    if client == Client::Json {
        let body = serde_json::json!({ "username": account.username, "next": next });
        return axum::Json(body).into_response();
    }
    Redirect::to(next).into_response()
}
