//! Registering: a visitor makes an account.
//!
//! # Steps
//! 1. `GET /register` shows the form, which says what a password needs.
//! 2. `POST /register` with `username` and `password` makes the account, logs the new user in
//!    and goes to `/welcome`; as JSON it answers 201.
//!
//! # What it protects against
//! Names that read like another's ([`Username`]) or like the site's own people, guessable
//! passwords and, where it is set, those found in breaches, two registrations of one name at
//! once, half-made accounts.
//!
//! # What it does not
//! It tells that a username is taken: usernames are public. A flood of registrations is held
//! back by the hashing queue only.
//!
//! # Settings
//! [`SiteConfig::password_policy`](crate::flows::SiteConfig::password_policy).

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::StatusCode;
use minijinja::context;
use serde_json::json;

use crate::accounts::{Account, Registration, Username};
use crate::crypto::secret::Secret;
use crate::error::Result;
use crate::flows::advice::{advice, json_with_advice, with_advice};
use crate::flows::form::FormErrors;
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::flows::{Flow, REGISTER_PATH, WELCOME_PATH};
use crate::login::Login;
use crate::web::{Client, Flash};

#[cfg(test)]
mod tests;

pub(super) const FLOW: Flow = Flow {
    pages: &[("register", REGISTER_PATH)],
    public: &[REGISTER_PATH],
    routes: || Router::new().route(REGISTER_PATH, get(show).post(register)),
    templates: &[(TEMPLATE, include_str!("register.html"))],
};

const TEMPLATE: &str = "register.html";

/// Names that other visitors would take for the site's own people. The operator can give them
/// by the command line.
const RESERVED: [&str; 12] = [
    "admin",
    "administrator",
    "hostmaster",
    "moderator",
    "operator",
    "postmaster",
    "root",
    "security",
    "staff",
    "support",
    "system",
    "webmaster",
];

const NAME_TAKEN: &str = "This username is taken. Choose another one.";

async fn show(page: Page) -> Result<Response> {
    if page.user.is_some() {
        return Ok(Redirect::to(WELCOME_PATH).into_response());
    }
    page.render(TEMPLATE, form(&page, ""))
}

async fn register(
    page: Page,
    login: Login<Account>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["username", "password"])?;
    let client = submitted.client;
    let username = submitted.take("username");
    let password = Secret::from(submitted.take("password"));
    let mut errors = FormErrors::default();

    let parsed = username.parse::<Username>();
    if let Err(objection) = &parsed {
        errors.add("username", objection.to_string());
    }
    let inner = page.site.inner();
    let words = [&*username, &inner.site_name];
    if let Some(objection) = inner.policy.objection(&password, &words) {
        errors.add("password", objection.to_string());
    }
    if matches!(&parsed, Ok(name) if RESERVED.contains(&name.canonical())) {
        errors.add("username", NAME_TAKEN);
    }
    let accounts = inner.accounts.asked_from(login.address());
    if let (Ok(name), true, Some(_)) = (&parsed, errors.is_empty(), &inner.policy.breached) {
        // Last, as it may be the work of a service.
        if accounts.find(name).await?.is_some() {
            errors.add("username", NAME_TAKEN);
        } else if let Some(objection) = inner.policy.look_up(&password).await {
            errors.add("password", objection.to_string());
        }
    }
    if let (Ok(name), true) = (&parsed, errors.is_empty()) {
        match accounts.register(name, &password).await? {
            Registration::Registered(account) => {
                // A new account is active, so that this logs in.
                let _ = login.log_in(&account).await?;
                let advice = advice(password, vec![username, inner.site_name.clone()]).await;
                return Ok(registered(&page, client, &account, advice));
            }
            Registration::NameTaken => {
                errors.add("username", NAME_TAKEN);
            }
        }
    }
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(page.reject(client, status, &errors, TEMPLATE, form(&page, &username))?)
}

fn registered(page: &Page, client: Client, account: &Account, advice: Option<String>) -> Response {
    if client == Client::Json {
        let answer = json!({ "username": account.username });
        return (StatusCode::CREATED, json_with_advice(answer, advice)).into_response();
    }
    let text = "Your account is ready, and you are logged in.";
    let flash = Flash::new("success", with_advice(text, advice));
    page.redirect(WELCOME_PATH, flash)
}

fn form(page: &Page, username: &str) -> minijinja::Value {
    context! { username, min_chars => page.site.inner().policy.min_chars }
}
