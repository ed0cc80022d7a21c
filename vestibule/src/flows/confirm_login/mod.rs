//! Confirming a log-in: the password once more, for what needs a fresh one.
//!
//! # Steps
//! 1. A page that takes a [`FreshUser`](crate::FreshUser) sends whoever logged in too long ago,
//!    or is only remembered, to `GET /confirm-login` with `next`; it shows the form.
//! 2. `POST /confirm-login` with `password`, and if wanted `next`, checks it, makes the session
//!    fresh under a new token and goes to `next` or `/welcome`; as JSON it answers 200.
//!
//! # What it protects against
//! Whoever finds a browser unlocked, or has a copy of its cookies: what matters needs the
//! password. Fixation: the token changes with the privilege. Another site's form, and open
//! redirects by `next`.
//!
//! # What it does not
//! Slow down guessing, but by the hashing queue. What was posted to a page that then asked for
//! this is not kept: the visitor is told, and led back to the form.
//!
//! # Settings
//! [`SiteConfig::fresh_for`](crate::flows::SiteConfig::fresh_for).

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
use crate::flows::{CONFIRM_LOGIN_PATH, Flow, WELCOME_PATH};
use crate::login::{ConfirmOutcome, CurrentUser, Login};
use crate::web::Client;

#[cfg(test)]
mod tests;

pub(super) const FLOW: Flow = Flow {
    pages: &[("confirm_login", CONFIRM_LOGIN_PATH)],
    public: &[],
    routes: || Router::new().route(CONFIRM_LOGIN_PATH, get(show).post(confirm)),
    templates: &[(TEMPLATE, include_str!("confirm_login.html"))],
};

const TEMPLATE: &str = "confirm_login.html";

async fn show(
    user: CurrentUser<Account>,
    page: Page,
    Destination(next): Destination,
) -> Result<Response> {
    if user.is_fresh() {
        return Ok(Redirect::to(next.or(WELCOME_PATH)).into_response());
    }
    page.render(TEMPLATE, context! { next => next.path() })
}

async fn confirm(
    user: CurrentUser<Account>,
    page: Page,
    login: Login<Account>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["username", "password", "next"])?;
    let client = submitted.client;
    let password = Secret::from(submitted.take("password"));
    let Destination(next) = submitted.take("next").into();
    let mut errors = FormErrors::default();

    let status = if password.expose().is_empty() {
        errors.add("password", "Enter your password.");
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        let accounts = page.site.inner().accounts.asked_from(login.address());
        let check = accounts.check_password(&user.username, &password).await?;
        if matches!(&check, PasswordCheck::Right(account) if account.id == user.id) {
            // Not so where the session went on or ended meanwhile, as by a double click: the
            // next page finds out.
            let outcome = login.confirm().await?;
            if outcome == ConfirmOutcome::NoSession && client == Client::Json {
                return Ok(login.unauthorized().await.into_response());
            }
            return Ok(confirmed(client, next.or(WELCOME_PATH)));
        }
        login.report_failed(Some(&user.id)).await;
        let wrong = "This is not your password. Check whether Caps Lock is on.";
        errors.add("password", wrong);
        StatusCode::UNAUTHORIZED
    };
    let form = context! { next => next.path() };
    Ok(page.reject(client, status, &errors, TEMPLATE, form)?)
}

fn confirmed(client: Client, next: &str) -> Response {
    if client == Client::Json {
        return axum::Json(serde_json::json!({ "next": next })).into_response();
    }
    Redirect::to(next).into_response()
}
