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
//! [`SessionConfig::fresh_for`](crate::flows::SessionConfig::fresh_for).

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use serde_json::json;

use crate::credentials::Check;
use crate::crypto::secret::Secret;
use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::destination::NextOfQuery;
use crate::flows::flow::Flow;
use crate::flows::form::FormErrors;
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::login::{ConfirmOutcome, CurrentUser, Login, Next, PageUser};
use crate::web::Client;

#[cfg(test)]
mod tests;

pub(super) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[("confirm_login", "/confirm-login")],
        routes: |paths| {
            let path = paths.own("confirm_login");
            Router::new().route(path, get(show::<U>).post(confirm::<U>))
        },
        templates: &[(TEMPLATE, include_str!("confirm_login.html"))],
        ..Flow::new("confirm_login")
    }
}

const TEMPLATE: &str = "confirm_login.html";

async fn show<U: PageUser>(
    user: CurrentUser<U>,
    page: Page<U>,
    NextOfQuery(next): NextOfQuery,
) -> Result<Response> {
    let next = page.site.destination(next);
    if user.is_fresh() {
        return page.answer(Answer::see(next.or(page.site.home())));
    }
    page.answer(Answer::page(TEMPLATE, form(&next)))
}

async fn confirm<U: PageUser>(
    user: CurrentUser<U>,
    page: Page<U>,
    login: Login<U>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["username", "password", "next"])?;
    let password = Secret::from(submitted.take("password"));
    let next = page.site.destination(submitted.take("next"));
    let mut errors = FormErrors::default();

    let (status, code) = if password.expose().is_empty() {
        errors.add("password", "Enter your password.");
        (StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields")
    } else {
        let credentials = page.site.credentials();
        let check = credentials
            .check_own_password(&login, &user, &password)
            .await?;
        if let Check::Proved(proof) = check {
            // The session may have been confirmed or ended meanwhile, as by a double click. Then
            // the next page finds out.
            let outcome = credentials.confirm(&login, proof).await?;
            if outcome == ConfirmOutcome::NoSession && page.client == Client::Json {
                return Ok(login.unauthorized().await.into_response());
            }
            let next = next.or(page.site.home());
            let answer = Answer::done(next).json(StatusCode::OK, json!({ "next": next }));
            return Ok(page.answer(answer)?);
        }
        login.report_failed(Some(&user.id())).await;
        let wrong = "This is not your password. Check whether Caps Lock is on.";
        errors.add("password", wrong);
        (StatusCode::UNAUTHORIZED, "wrong_credentials")
    };
    Ok(page.answer(Answer::rejected(
        status,
        code,
        errors,
        TEMPLATE,
        form(&next),
    ))?)
}

fn form(next: &Next) -> serde_json::Value {
    json!({ "next": next.path() })
}
