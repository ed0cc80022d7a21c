//! Changing one's password.
//!
//! # Steps
//! 1. `GET /change-password` shows the form. Whoever must choose another password is sent there
//!    from every page that asks for a user, with `next`.
//! 2. `POST /change-password` with `current_password`, `new_password`, and if wanted `next`,
//!    checks the one and writes the other, ends all the user's other sessions and what remembers
//!    other browsers, lets this one go on under a new token and goes to `next` or `/welcome`; as
//!    JSON it answers 200.
//!
//! # What it protects against
//! Whoever finds a browser unlocked (the current password is asked for), sessions of a thief
//! (all others end), two changes at once (the second finds that the account has changed),
//! guessable passwords and, where it is set, those found in breaches, the same one again, and a
//! change that its user does not know of (they get a mail, where there is a mailer and an address).
//!
//! # What it does not
//! Slow down guessing of the current password, but by the hashing queue.
//!
//! # Settings
//! [`SiteConfig::password_policy`](crate::flows::SiteConfig::password_policy).

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use minijinja::context;
use serde_json::json;
use tracing::Instrument;

use crate::accounts::{Account, Accounts, PasswordCheck};
use crate::crypto::secret::Secret;
use crate::error::{Error, Result};
use crate::flows::advice::{advice, json_with_advice, with_advice};
use crate::flows::destination::Destination;
use crate::flows::form::FormErrors;
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::flows::{CHANGE_PASSWORD_PATH, Flow, WELCOME_PATH};
use crate::login::{CurrentUser, Event, Login};
use crate::password::is_same;
use crate::web::{Client, Flash};

#[cfg(test)]
mod tests;

pub(super) const FLOW: Flow = Flow {
    pages: &[("change_password", CHANGE_PASSWORD_PATH)],
    public: &[],
    routes: || Router::new().route(CHANGE_PASSWORD_PATH, get(show).post(change)),
    templates: &[(TEMPLATE, include_str!("change_password.html"))],
};

const TEMPLATE: &str = "change_password.html";

async fn show(
    user: CurrentUser<Account>,
    page: Page,
    Destination(next): Destination,
) -> Result<Response> {
    page.render(TEMPLATE, form(&page, &user, next.path()))
}

async fn change(
    user: CurrentUser<Account>,
    page: Page,
    login: Login<Account>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let known = ["username", "current_password", "new_password", "next"];
    let mut submitted = submitted.only(&known)?;
    let client = submitted.client;
    let current = Secret::from(submitted.take("current_password"));
    let new = Secret::from(submitted.take("new_password"));
    let Destination(next) = submitted.take("next").into();
    // Not here again.
    let next = next.unless(&[CHANGE_PASSWORD_PATH]);
    let inner = page.site.inner();
    let mut errors = FormErrors::default();

    if current.expose().is_empty() {
        errors.add("current_password", "Enter the password that you have now.");
    }
    let email = user.email.as_deref().unwrap_or_default();
    let words = [&*user.username, email, &inner.site_name];
    if let Some(objection) = inner.policy.objection(&new, &words) {
        errors.add("new_password", objection.to_string());
    } else if is_same(&new, &current) {
        errors.add(
            "new_password",
            "This is the password that you have now. Choose another one.",
        );
    }
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if errors.is_empty() {
        let accounts = inner.accounts.asked_from(login.address());
        match accounts.check_password(&user.username, &current).await? {
            PasswordCheck::Right(account) if account.id == user.id => {
                // Last, as it may be the work of a service.
                if let Some(objection) = inner.policy.look_up(&new).await {
                    errors.add("new_password", objection.to_string());
                } else {
                    let kept = login.continued_session().await?;
                    let (changed, login, new) =
                        change_and_tell(accounts, account, login, new).await?;
                    if let Some(account) = changed {
                        let mut log_in = login.log_in(&account).continuing(kept);
                        if user.is_remembered() {
                            log_in = log_in.remember();
                        }
                        // Whoever is disabled meanwhile is refused by the next page.
                        let _ = log_in.await?;
                        let advice = advice(new, words.map(str::to_owned).to_vec()).await;
                        return Ok(changed_to(&page, client, next.or(WELCOME_PATH), advice));
                    }
                    status = StatusCode::CONFLICT;
                    errors.add("", "Your account was changed a moment ago. Try again.");
                }
            }
            _ => {
                login.report_failed(Some(&user.id)).await;
                status = StatusCode::UNAUTHORIZED;
                let wrong = "This is not your password. Check whether Caps Lock is on.";
                errors.add("current_password", wrong);
            }
        }
    }
    let form = form(&page, &user, next.path());
    Ok(page.reject(client, status, &errors, TEMPLATE, form)?)
}

/// Changes the password and tells the user, whatever becomes of the request meanwhile: whoever
/// closes the connection does not keep them from being told. Gives back what it was given.
async fn change_and_tell(
    accounts: Accounts,
    account: Account,
    login: Login<Account>,
    new: Secret,
) -> Result<(Option<Account>, Login<Account>, Secret)> {
    let change = async move {
        let changed = accounts.change_password(&account, &new).await?;
        if changed.is_some() {
            login.emit(Event::PasswordChanged).await;
        }
        Ok((changed, login, new))
    };
    let changed = tokio::spawn(change.in_current_span()).await;
    changed.map_err(Error::internal)?
}

fn changed_to(page: &Page, client: Client, next: &str, advice: Option<String>) -> Response {
    if client == Client::Json {
        return json_with_advice(json!({ "next": next }), advice);
    }
    let text = "Your password is changed. You are logged out everywhere else.";
    page.redirect(next, Flash::new("success", with_advice(text, advice)))
}

fn form(page: &Page, user: &Account, next: Option<&str>) -> minijinja::Value {
    context! {
        must_change => user.must_change_password,
        min_chars => page.site.inner().policy.min_chars,
        next,
    }
}
