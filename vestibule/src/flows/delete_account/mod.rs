//! Deleting one's own account.
//!
//! # Steps
//! 1. `GET /account/delete` says what follows, and shows the form.
//! 2. `POST /account/delete` with `password` checks it, deletes the account, ends all its sessions
//!    and remembered logins, and redirects as a log-out does; as JSON it answers 204. The user gets
//!    a mail, if there is a mailer and an address.
//!
//! # What it protects against
//! Unlocked browsers and stolen sessions (the password is required), forms on other sites, guessing
//! of the password ([`throttle`](crate::credentials::throttle)), a site without an admin (the last
//! one cannot delete their account), unnoticed deletions (a mail, a line in the security log, and
//! [`Event::AccountDeleted`]).
//!
//! # What it does not do
//! It deletes nothing that the app keeps about the user. Let your tables delete it with the account
//! (`ON DELETE CASCADE`), or listen to the event.
//!
//! # Settings
//! [`SiteConfig::users_can_delete_account`](crate::flows::SiteConfig::users_can_delete_account): off
//! by default.
//!
//! # Needs
//! Our own accounts.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use serde_json::json;

use crate::accounts::{Account, Actor, ChangeOutcome};
use crate::credentials::Check;
use crate::crypto::secret::Secret;
use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::flow::Flow;
use crate::flows::form::FormErrors;
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::flows::throttled::{Tried, throttled};
use crate::login::{CurrentUser, Event, Login};
use crate::session::Methods;
use crate::web::text::Text;

#[cfg(test)]
mod tests;

pub(super) fn flow() -> Flow<Account> {
    Flow {
        paths: &[("delete_account", "/account/delete")],
        is_on: Some(|config| config.users_can_delete_account),
        routes: |paths| Router::new().route(paths.own("delete_account"), get(show).post(delete)),
        templates: &[(TEMPLATE, include_str!("delete_account.html"))],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        ..Flow::new("delete_account")
    }
}

const TEMPLATE: &str = "delete_account.html";

async fn show(user: CurrentUser<Account>, page: Page) -> Result<Response> {
    page.answer(Answer::page(TEMPLATE, json!({ "username": user.name() })))
}

async fn delete(
    user: CurrentUser<Account>,
    page: Page,
    login: Login<Account>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["username", "password"])?;
    let password = Secret::from(submitted.take("password"));
    let form = json!({ "username": user.name() });
    let rejected = |status, code, field: &'static str, message| {
        let errors = FormErrors::at(field, message);
        page.answer(Answer::rejected(status, code, errors, TEMPLATE, &form))
    };
    if password.expose().is_empty() {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(rejected(
            status,
            "invalid_fields",
            "password",
            Text::named("password-missing"),
        )?);
    }
    let credentials = page.site.credentials();
    let check = credentials.check_own_password(&login, &user, &password);
    match check.await? {
        Check::Proved(_) => {}
        Check::Throttled(wait) => {
            let answer = throttled(Tried::OwnPassword, wait, TEMPLATE, &form);
            return Ok(page.answer(answer)?);
        }
        Check::Wrong(_) => {
            login
                .report_failed_by(Methods::PASSWORD, Some(&user.id))
                .await;
            let wrong = Text::named("password-wrong");
            let status = StatusCode::UNAUTHORIZED;
            return Ok(rejected(status, "wrong_credentials", "password", wrong)?);
        }
    }
    // The session may have ended while the body arrived or the password was checked.
    if !login.is_still_logged_in().await? {
        return Ok(login.unauthorized().await.into_response());
    }
    let themself = Actor::themself(&user).sent_by(&login.sender());
    match page.site.accounts().by(themself).delete(&user.id).await? {
        ChangeOutcome::Done => {}
        last @ ChangeOutcome::LastAdmin => {
            let status = StatusCode::CONFLICT;
            return Ok(rejected(status, "conflict", "", last.into())?);
        }
        // Deleted, disabled or changed meanwhile.
        _ => return Ok(login.unauthorized().await.into_response()),
    }
    // First what nobody can repeat: the account is gone.
    let visit = login.visit();
    visit
        .emit_for(Event::AccountDeleted, Some(user.id.clone()))
        .await;
    credentials.forget(&user.id).await?;
    login.log_out().await?;
    let answer = Answer::done(&*page.site.inner().destinations.after_logout)
        .message("success", Text::named("delete-account-done"));
    Ok(page.answer(answer.forgotten_by_browser())?)
}
