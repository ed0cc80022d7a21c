//! Logging in with username and password.
//!
//! # Steps
//! 1. `GET /login` shows the form; with `next`, it says that a page required the log-in, or that the
//!    browser keeps no cookies.
//! 2. `POST /login` with `username`, which may be a mail address
//!    ([`log_in_with`](crate::flows::SiteConfig::log_in_with)), `password` and optionally `remember` and `next` checks them,
//!    begins a session under a new token and redirects to `next` or `/welcome`; as JSON it answers
//!    200. With `remember`, the browser stays remembered after the session ends.
//!
//! # What it protects against
//! Revealing who has an account (unknown, disabled and wrong password have the same response,
//! headers and cost), session fixation, log-in by another site's form, open redirects by `next`,
//! guessing ([`throttle`](crate::credentials::throttle)).
//!
//! # Settings
//! [`SiteConfig::sessions`](crate::flows::SiteConfig::sessions),
//! [`SiteConfig::passwords`](crate::flows::SiteConfig::passwords),
//! [`SiteConfig::throttle`](crate::flows::SiteConfig::throttle).

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use http::header::{COOKIE, REFERER};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use url::Url;

use crate::credentials::{Check, LoginName, Step};
use crate::crypto::secret::Secret;
use crate::error::Result;
use crate::flows::Site;
use crate::flows::answer::Answer;
use crate::flows::destination::NextOfQuery;
use crate::flows::flow::Flow;
use crate::flows::form::FormErrors;
use crate::flows::login_step::second_factor;
use crate::flows::mails::MailTexts;
use crate::flows::notices::EventNotice;
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::flows::throttled::{Tried, throttled};
use crate::login::{Event, Login, PageUser};
use crate::session::Methods;
use crate::web::text::Text;

#[cfg(test)]
mod tests;

pub(super) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[("login", "/login")],
        public: &["login"],
        routes: |paths| Router::new().route(paths.own("login"), get(show::<U>).post(log_in::<U>)),
        templates: &[(TEMPLATE, include_str!("login.html"))],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        mails: &MAILS,
        notices: &NOTICES,
        ..Flow::new("password_login")
    }
}

const MAILS: [MailTexts; 3] = [
    MailTexts::new("new_device", "mail-new-device-subject", "mail-new-device"),
    MailTexts::new(
        "remember_cookie_reused",
        "mail-remember-cookie-reused-subject",
        "mail-remember-cookie-reused",
    ),
    MailTexts::new("guessing", "mail-guessing-subject", "mail-guessing"),
];

const NOTICES: [EventNotice; 3] = [
    notice(Event::NewDevice, "new_device"),
    notice(Event::RememberCookieReused, "remember_cookie_reused"),
    notice(Event::GuessingSuspected, "guessing"),
];

const fn notice(event: Event, kind: &'static str) -> EventNotice {
    EventNotice {
        event,
        kind,
        is_of_accounts: false,
    }
}

const TEMPLATE: &str = "login.html";

async fn show<U: PageUser>(
    page: Page<U>,
    NextOfQuery(next): NextOfQuery,
    headers: HeaderMap,
) -> Result<Response> {
    let next = page.site.destination(next);
    if page.user.is_some() {
        return page.answer(Answer::see(next.or(page.site.after_login())));
    }
    let asked_for = next.path().is_some();
    let keeps_no_cookies = asked_for && keeps_no_cookies(&page.site, &headers);
    let view = json!({
        "next": next.path(),
        "asked_for": asked_for,
        "keeps_no_cookies": keeps_no_cookies,
        "log_in_with": page.site.inner().log_in_with.as_str(),
    });
    page.answer(Answer::page(TEMPLATE, view))
}

/// Whether a log-in seems to be lost, because the browser keeps no cookies: it has none, and comes
/// from the form that sets them. A link on that page leads here as well.
fn keeps_no_cookies<U: PageUser>(site: &Site<U>, headers: &HeaderMap) -> bool {
    let referer = headers.get(REFERER).and_then(|from| from.to_str().ok());
    let Some(from) = referer.and_then(|from| Url::parse(from).ok()) else {
        return false;
    };
    let mut forms = ["login", "register"].into_iter();
    !headers.contains_key(COOKIE)
        && from.origin().ascii_serialization() == site.public_url().origin()
        && forms.any(|form| site.path(form) == Some(from.path()))
}

async fn log_in<U: PageUser>(
    page: Page<U>,
    login: Login<U>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["username", "password", "remember", "next"])?;
    let username = submitted.take_name("username");
    let password = Secret::from(submitted.take("password"));
    let remember = !submitted.take("remember").is_empty();
    let next = page.site.destination(submitted.take("next"));
    let log_in_with = page.site.inner().log_in_with;
    let form = json!({
        "username": username,
        "remember": remember,
        "next": next.path(),
        "log_in_with": log_in_with.as_str(),
    });
    let rejected =
        |status, code, errors| page.answer(Answer::rejected(status, code, errors, TEMPLATE, &form));

    let mut errors = FormErrors::default();
    if username.is_empty() {
        let missing = match log_in_with {
            LoginName::Username => "login-username-missing",
            LoginName::Email => "login-email-missing",
            LoginName::Either => "login-either-missing",
        };
        errors.add("username", Text::named(missing));
    }
    if password.expose().is_empty() {
        errors.add("password", Text::named("password-missing"));
    }
    if !errors.is_empty() {
        return Ok(rejected(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_fields",
            errors,
        )?);
    }
    page.site.reset_factors_if_due().await;
    let credentials = page.site.credentials();
    let tried = match credentials
        .check_password(&login, &username, &password)
        .await?
    {
        Check::Proved(proof) => {
            let id = proof.user().id();
            let was_closed = proof.user().is_closed();
            let proof = proof.remember(remember).leading_to(next.clone());
            match credentials.proceed(&login, proof).await? {
                Step::LoggedIn { user, next } => {
                    let answer = logged_in(&page, user.name(), next.path());
                    let answer = match was_closed {
                        true => answer.message("success", Text::named("login-reopened")),
                        false => answer,
                    };
                    return Ok(page.answer(answer)?);
                }
                Step::SecondFactor => {
                    let answer = second_factor(&page, &login).await?;
                    return Ok(page.answer(answer)?);
                }
                // The password was correct, so the user may learn the reason.
                Step::TooManySessions => {
                    let errors = FormErrors::of_form(Text::named("login-too-many-sessions"));
                    return Ok(rejected(StatusCode::CONFLICT, "too_many_sessions", errors)?);
                }
                Step::Inactive | Step::Expired => Some(id),
            }
        }
        Check::Wrong(tried) => tried,
        Check::Throttled(wait) => {
            let answer = throttled(Tried::LogIn, wait, TEMPLATE, &form);
            return Ok(page.answer(answer)?);
        }
    };
    let password = Methods::PASSWORD;
    login.report_failed_by(password, tried.as_ref()).await;
    // The same for every reason, so that it does not reveal who has an account.
    let errors = FormErrors::of_form(Text::named(match log_in_with {
        LoginName::Username => "login-username-wrong",
        LoginName::Email => "login-email-wrong",
        LoginName::Either => "login-either-wrong",
    }));
    Ok(rejected(
        StatusCode::UNAUTHORIZED,
        "wrong_credentials",
        errors,
    )?)
}

fn logged_in<U: PageUser>(page: &Page<U>, name: &str, next: Option<&str>) -> Answer {
    let next = next.unwrap_or(page.site.after_login());
    Answer::done(next).json(StatusCode::OK, json!({ "username": name, "next": next }))
}
