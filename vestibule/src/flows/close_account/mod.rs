//! Closing one's own account.
//!
//! # Steps
//! 1. `GET /account/close` says what follows, and shows the form.
//! 2. `POST /account/close` with `password` checks it, closes the account, ends all its sessions and
//!    remembered logins, and redirects as a log-out does; as JSON it answers 204. The user gets a
//!    mail that says when the account is erased, if there is a mailer and an address.
//! 3. A log-in within the time of grace opens the account again. Everything else treats a closed
//!    account as one that is disabled.
//! 4. After that time the account is erased
//!    ([`Site::erase_closed_accounts`](crate::flows::Site::erase_closed_accounts)): first the app
//!    erases what is its own ([`SiteConfig::on_erase`](crate::flows::SiteConfig::on_erase)), then the
//!    account goes, with its password, its roles and its name in the security log. The lines stay,
//!    with the id.
//!
//! # What it protects against
//! Unlocked browsers and stolen sessions (a fresh log-in and the password are required), forms on
//! other sites, guessing of the password ([`throttle`](crate::credentials::throttle)), a site without
//! an admin (the last one cannot close their account), unnoticed closings (a mail, a line in the
//! security log, and [`Event::AccountClosed`]), and closings by mistake or by a thief (the time of
//! grace).
//!
//! # What it does not do
//! It erases nothing that the app keeps about the user, unless your tables delete it with the account
//! (`ON DELETE CASCADE`), or `on_erase` does.
//!
//! # Settings
//! [`SiteConfig::users_can_close_account`](crate::flows::SiteConfig::users_can_close_account): off by
//! default. [`SiteConfig::close_grace`](crate::flows::SiteConfig::close_grace): 14 days by default;
//! with none, an account is erased at once.
//!
//! # Needs
//! Our own accounts.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use serde_json::{Value, json};

use crate::accounts::{Account, Actor, ChangeOutcome};
use crate::credentials::Check;
use crate::crypto::secret::Secret;
use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::flow::Flow;
use crate::flows::form::FormErrors;
use crate::flows::mails::MailTexts;
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::flows::throttled::{Tried, throttled};
use crate::login::{Event, FreshUser, Login};
use crate::mail::outbox::when;
use crate::session::Methods;
use crate::web::text::Text;

#[cfg(test)]
mod tests;

pub(super) fn flow() -> Flow<Account> {
    Flow {
        paths: &[("close_account", "/account/close")],
        is_on: Some(|config| config.users_can_close_account),
        routes: |paths| Router::new().route(paths.own("close_account"), get(show).post(close)),
        templates: &[(TEMPLATE, include_str!("close_account.html"))],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        mails: &[ACCOUNT_CLOSED],
        ..Flow::new("close_account")
    }
}

const ACCOUNT_CLOSED: MailTexts = MailTexts::new(
    "account_closed",
    "mail-account-closed-subject",
    "mail-account-closed",
);

const TEMPLATE: &str = "close_account.html";

async fn show(user: FreshUser<Account>, page: Page) -> Result<Response> {
    let has_password = page.site.credentials().has_password(&user.id).await?;
    page.answer(Answer::page(TEMPLATE, form(&page, &user, has_password)))
}

/// When the account would be erased that is closed now; `None` if at once.
fn until(page: &Page) -> Option<String> {
    let inner = page.site.inner();
    let grace = inner.close_grace;
    (!grace.is_zero()).then(|| when(inner.clock.now() + grace))
}

fn form(page: &Page, user: &Account, has_password: bool) -> Value {
    json!({ "username": user.name(), "until": until(page), "has_password": has_password })
}

async fn close(
    user: FreshUser<Account>,
    page: Page,
    login: Login<Account>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["username", "password"])?;
    let password = Secret::from(submitted.take("password"));
    let credentials = page.site.credentials();
    let has_password = credentials.has_password(&user.id).await?;
    let form = form(&page, &user, has_password);
    let rejected = |status, code, field: &'static str, message| {
        let errors = FormErrors::at(field, message);
        page.answer(Answer::rejected(status, code, errors, TEMPLATE, &form))
    };
    if has_password && password.expose().is_empty() {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(rejected(
            status,
            "invalid_fields",
            "password",
            Text::named("password-missing"),
        )?);
    }
    // The fresh log-in replaces the password that they do not have.
    if has_password {
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
    }
    // The session may have ended while the body arrived or the password was checked.
    if !login.is_still_logged_in().await? {
        return Ok(login.unauthorized().await.into_response());
    }
    let grace = page.site.inner().close_grace;
    let themself = Actor::themself(&user).sent_by(&login.sender());
    let accounts = page.site.accounts();
    match accounts.by(themself).close(&user.id, grace).await? {
        ChangeOutcome::Done => {}
        last @ ChangeOutcome::LastAdmin => {
            let status = StatusCode::CONFLICT;
            return Ok(rejected(status, "conflict", "", last.into())?);
        }
        // Deleted, disabled or changed meanwhile.
        _ => return Ok(login.unauthorized().await.into_response()),
    }
    let visit = login.visit();
    visit
        .emit_for(Event::AccountClosed, Some(user.id.clone()))
        .await;
    login.log_out().await?;
    let done = match until(&page) {
        Some(until) => Text::named("close-account-done").with("until", until),
        None => {
            page.site.erase_now().await;
            Text::named("close-account-done-at-once")
        }
    };
    let answer = Answer::done(&*page.site.inner().destinations.after_logout);
    let answer = answer.message("success", done);
    Ok(page.answer(answer.forgotten_by_browser())?)
}
