//! Changing the password.
//!
//! # Steps
//! 1. `GET /change-password` shows the form. `GET /.well-known/change-password`, where password
//!    managers look for it, redirects there. A user who must change their password is redirected
//!    here, with `next`, from every page that requires a user.
//! 2. `POST /change-password` with `current_password`, `new_password` and optionally `next` checks
//!    the current password and stores the new one. It ends the user's other sessions and remembered
//!    logins, continues this session under a new token, and redirects to `next` or `/welcome`. As
//!    JSON it answers 200.
//!
//!    A user without a password, who registered with a passkey, sets one here: with a fresh log-in in
//!    place of the current password.
//!
//! # What it protects against
//! Unlocked browsers (the current password is required), a thief's sessions (all others end), two
//! changes at once (the second is rejected), passwords that are easy to guess or, if enabled, known
//! from breaches, reuse of the current password, and unnoticed changes (the user gets a mail, if
//! there is a mailer and an address).
//!
//! # What it does not protect against
//! Guessing of the current password, which only the hashing queue slows down.
//!
//! # Settings
//! [`SiteConfig::passwords`](crate::flows::SiteConfig::passwords).

use axum::Router;
use axum::extract::State;
use axum::response::{Redirect, Response};
use axum::routing::get;
use http::StatusCode;
use serde_json::json;

use crate::access::Rule;
use crate::credentials::{Check, PasswordChange};
use crate::crypto::secret::Secret;
use crate::flows::Site;
use crate::flows::answer::Answer;
use crate::flows::destination::NextOfQuery;
use crate::flows::flow::Flow;
use crate::flows::form::FormErrors;
use crate::flows::mails::MailTexts;
use crate::flows::notices::EventNotice;
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::flows::throttled::{Tried, throttled};
use crate::login::{CurrentUser, Event, Login, PageUser};
use crate::password::is_same;
use crate::session::Methods;
use crate::web::text::Text;

#[cfg(test)]
mod tests;

pub(super) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[
            ("change_password", "/change-password"),
            (WELL_KNOWN, "/.well-known/change-password"),
        ],
        public: &[WELL_KNOWN],
        routes: |paths| {
            let path = paths.own("change_password");
            Router::new()
                .route(path, get(show::<U>).post(change::<U>))
                .route(paths.own(WELL_KNOWN), get(well_known::<U>))
        },
        templates: &[(TEMPLATE, include_str!("change_password.html"))],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        mails: &[PASSWORD_CHANGED],
        notices: &[TELL_PASSWORD_CHANGED],
        ..Flow::new("change_password")
    }
}

const PASSWORD_CHANGED: MailTexts = MailTexts::new(
    "password_changed",
    "mail-password-changed-subject",
    "mail-password-changed",
);

const TELL_PASSWORD_CHANGED: EventNotice = EventNotice {
    event: Event::PasswordChanged,
    kind: PASSWORD_CHANGED.kind,
    is_of_accounts: true,
};

const TEMPLATE: &str = "change_password.html";

const WELL_KNOWN: &str = "well_known_change_password";

/// <https://w3c.github.io/webappsec-change-password-url/>: for everybody, as the page itself asks for
/// the log-in.
async fn well_known<U: PageUser>(State(site): State<Site<U>>) -> Redirect {
    Redirect::to(site.inner().paths.own("change_password"))
}

async fn show<U: PageUser>(
    user: CurrentUser<U>,
    page: Page<U>,
    login: Login<U>,
    NextOfQuery(next): NextOfQuery,
) -> axum::response::Result<Response> {
    let next = page.site.destination(next);
    let has_password = page.site.credentials().has_password(&user.id()).await?;
    if !has_password {
        login.require(Rule::FreshLogin).await?;
    }
    let form = Form {
        has_password,
        next: next.path(),
    };
    Ok(page.answer(Answer::page(TEMPLATE, form.view(&page, &user)))?)
}

async fn change<U: PageUser>(
    user: CurrentUser<U>,
    page: Page<U>,
    login: Login<U>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let known = ["username", "current_password", "new_password", "next"];
    let mut submitted = submitted.only(&known)?;
    let current = Secret::from(submitted.take("current_password"));
    let new = Secret::from(submitted.take("new_password"));
    let next = page.site.destination(submitted.take("next"));
    // Never redirect back to this page.
    let next = next.unless(&[page.site.inner().paths.own("change_password")]);
    let inner = page.site.inner();
    let credentials = &inner.credentials;
    let has_password = credentials.has_password(&user.id()).await?;
    if !has_password {
        login.require(Rule::FreshLogin).await?;
    }
    let form = Form {
        has_password,
        next: next.path(),
    };
    let form = form.view(&page, &user);
    let mut errors = FormErrors::default();

    if has_password && current.expose().is_empty() {
        errors.add("current_password", Text::named("change-password-missing"));
    }
    let words = [user.name(), user.email().unwrap_or_default()];
    if let Some(objection) = inner.policy.objection(&new, &words) {
        errors.add("new_password", objection.into());
    } else if is_same(&new, &current) {
        errors.add("new_password", Text::named("change-password-same"));
    }
    let (mut status, mut code) = (StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields");
    if errors.is_empty() {
        let check = match has_password {
            true => {
                credentials
                    .check_own_password(&login, &user, &current)
                    .await?
            }
            false => match credentials.prove_without_password(&user).await? {
                Some(proof) => Check::Proved(proof),
                // Another tab has set one just now.
                None => Check::Wrong(None),
            },
        };
        match check {
            Check::Proved(proof) => {
                // Checked last, because it may call an external service.
                if let Some(objection) = inner.policy.look_up(&new).await {
                    errors.add("new_password", objection.into());
                } else {
                    let words = inner.policy.with_context(&words);
                    match credentials.change_password(&login, proof, &new).await? {
                        PasswordChange::Changed(proof) => {
                            let proof = proof.remember(user.is_remembered());
                            // A user disabled meanwhile is rejected by the next page.
                            let _ = credentials.proceed(&login, proof).await?;
                            let advice = credentials.advice(&login, user.name(), new, words);
                            let advice = advice.await;
                            let next = next.or(page.site.after_login());
                            let done = match has_password {
                                true => "change-password-done",
                                false => "change-password-set-done",
                            };
                            let done = changed(&page, next, done, advice.is_some());
                            return Ok(page.answer(done)?);
                        }
                        PasswordChange::Conflict => {
                            (status, code) = (StatusCode::CONFLICT, "conflict");
                            errors.add("", Text::named("change-password-conflict"));
                        }
                    }
                }
            }
            Check::Throttled(wait) => {
                let answer = throttled(Tried::OwnPassword, wait, TEMPLATE, form);
                return Ok(page.answer(answer)?);
            }
            Check::Wrong(_) if !has_password => {
                (status, code) = (StatusCode::CONFLICT, "conflict");
                errors.add("", Text::named("change-password-conflict"));
            }
            Check::Wrong(_) => {
                let id = user.id();
                login.report_failed_by(Methods::PASSWORD, Some(&id)).await;
                (status, code) = (StatusCode::UNAUTHORIZED, "wrong_credentials");
                errors.add("current_password", Text::named("password-wrong"));
            }
        }
    }
    Ok(page.answer(Answer::rejected(status, code, errors, TEMPLATE, form))?)
}

fn changed<U: PageUser>(page: &Page<U>, next: &str, done: &'static str, is_weak: bool) -> Answer {
    let answer = Answer::done(next).message("success", Text::named(done));
    page.with_advice(answer, StatusCode::OK, json!({ "next": next }), is_weak)
}

/// What the form shows.
struct Form<'a> {
    has_password: bool,
    next: Option<&'a str>,
}

impl Form<'_> {
    fn view<U: PageUser>(&self, page: &Page<U>, user: &U) -> serde_json::Value {
        json!({
            "has_password": self.has_password,
            "must_change": user.must_change_password(),
            "min_chars": page.site.inner().policy.min_chars,
            "next": self.next,
        })
    }
}
