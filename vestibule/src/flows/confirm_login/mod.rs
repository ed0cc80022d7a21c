//! Confirming a log-in: entering the password again, for pages that need a fresh log-in.
//!
//! # Steps
//! 1. A page that takes a [`FreshUser`](crate::FreshUser) redirects users whose log-in is too old,
//!    or only remembered, to `GET /confirm-login` with `next`, which shows the form.
//! 2. `POST /confirm-login` with `password`, or with the `code` of a second factor, and optionally
//!    `next` checks it, makes the session
//!    fresh under a new token and redirects to `next` or `/welcome`; as JSON it answers 200.
//!
//! # What it protects against
//! Unlocked browsers and copied cookies: critical pages need the password, a code or a passkey. Session fixation: the
//! token changes with the privilege. Forms on other sites, and open redirects by `next`. Guessing:
//! a session has few tries at its own password ([`throttle`](crate::credentials::throttle)).
//!
//! # What it does not protect against
//! A form sent to a page that needs a fresh
//! log-in is not saved: the visitor gets a message, and is led back to the form.
//!
//! # Settings
//! [`SessionConfig::fresh_for`](crate::flows::SessionConfig::fresh_for).

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use serde_json::json;

use crate::credentials::Check;
use crate::credentials::factors::FactorCode;
use crate::crypto::secret::Secret;
use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::destination::NextOfQuery;
use crate::flows::flow::Flow;
use crate::flows::form::FormErrors;
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::flows::throttled::{Tried, throttled};
use crate::login::{ConfirmOutcome, CurrentUser, Login, Next, PageUser};
use crate::session::Methods;
use crate::web::Client;
use crate::web::text::Text;

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
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
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
        return page.answer(Answer::see(next.or(page.site.after_login())));
    }
    let view = form(&page, &user, &next).await?;
    page.answer(Answer::page(TEMPLATE, view))
}

async fn form<U: PageUser>(
    page: &Page<U>,
    user: &CurrentUser<U>,
    next: &Next,
) -> Result<serde_json::Value> {
    let credentials = page.site.credentials();
    let methods = credentials.factor_methods(&user.id()).await?;
    Ok(json!({
        "next": next.path(),
        "has_password": credentials.has_password(&user.id()).await?,
        "has_factor": !methods.is_empty(),
        "has_passkey": methods.contains(&Methods::PASSKEY),
    }))
}

async fn confirm<U: PageUser>(
    user: CurrentUser<U>,
    page: Page<U>,
    login: Login<U>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["username", "password", "code", "next"])?;
    let password = Secret::from(submitted.take("password"));
    let typed_code = Secret::from(submitted.take("code"));
    let next = page.site.destination(submitted.take("next"));
    let mut errors = FormErrors::default();

    let credentials = page.site.credentials();
    let form = form(&page, &user, &next).await?;
    let is_code = password.expose().is_empty() && !typed_code.expose().is_empty();
    let factor_code = match is_code {
        true => FactorCode::parse_own(typed_code.expose()),
        false => None,
    };
    let (status, code) = if is_code && factor_code.is_none() {
        errors.add("code", Text::named("second-factor-code-malformed"));
        (StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields")
    } else if factor_code.is_none() && password.expose().is_empty() {
        errors.add("password", Text::named("password-missing"));
        (StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields")
    } else {
        let (check, tried) = match &factor_code {
            Some(code) => {
                let check = credentials.check_own_factor(&login, &user, code);
                (check.await?, Tried::Factor)
            }
            None => {
                let check = credentials.check_own_password(&login, &user, &password);
                (check.await?, Tried::OwnPassword)
            }
        };
        if let Check::Throttled(wait) = check {
            let answer = throttled(tried, wait, TEMPLATE, form);
            return Ok(page.answer(answer)?);
        }
        if let Check::Proved(proof) = check {
            // The session may have been confirmed or ended meanwhile, for example by a double
            // click. Browsers find out on the next page.
            let outcome = credentials.confirm(&login, proof).await?;
            if outcome == ConfirmOutcome::NoSession && page.client == Client::Json {
                return Ok(login.unauthorized().await.into_response());
            }
            let next = next.or(page.site.after_login());
            let answer = Answer::done(next).json(StatusCode::OK, json!({ "next": next }));
            return Ok(page.answer(answer)?);
        }
        let id = user.id();
        match factor_code {
            Some(code) => {
                login.report_failed_by(code.method(), Some(&id)).await;
                errors.add("code", Text::named("second-factor-code-wrong"));
                (StatusCode::UNAUTHORIZED, "wrong_code")
            }
            None => {
                login.report_failed_by(Methods::PASSWORD, Some(&id)).await;
                errors.add("password", Text::named("password-wrong"));
                (StatusCode::UNAUTHORIZED, "wrong_credentials")
            }
        }
    };
    Ok(page.answer(Answer::rejected(status, code, errors, TEMPLATE, form))?)
}
