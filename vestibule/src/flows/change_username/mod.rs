//! Changing the username, or choosing the first one.
//!
//! # Steps
//! 1. `GET /account/username` shows the name, if the user has one, and a form.
//! 2. `POST /account/username` with `username` changes it, and redirects to `/account`; as JSON it
//!    answers 200. Sessions stay. The user gets a mail, if there is a mailer and an address.
//!
//! # What it protects against
//! Unlocked browsers (a fresh log-in is required), names that are taken, reserved or look like
//! another user's, two users who take one name at once, and people who pose as the former owner of a
//! name: the former name is reserved for its user for 90 days, and they may take it back. The last
//! three names of a user are reserved, so nobody reserves many. Unnoticed changes: a mail, a line in
//! the security log with both names, and [`Event::UsernameChanged`].
//!
//! # What it does not protect against
//! Links to the former name in what the app keeps, after the 90 days. Refer to users by their id.
//!
//! # Settings
//! [`SiteConfig::users_can_change_username`](crate::flows::SiteConfig::users_can_change_username): off
//! by default. [`reserved_names`](crate::flows::SiteConfig::reserved_names).
//!
//! # Needs
//! Our own accounts.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use serde_json::{Value, json};

use crate::accounts::{Account, Actor, ChangeOutcome};
use crate::credentials::Username;
use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::flow::Flow;
use crate::flows::form::FormErrors;
use crate::flows::mails::MailTexts;
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::login::{Event, FreshUser, Login};
use crate::web::text::Text;

#[cfg(test)]
mod tests;

pub(super) fn flow() -> Flow<Account> {
    Flow {
        paths: &[("change_username", "/account/username")],
        is_on: Some(|config| config.users_can_change_username),
        routes: |paths| {
            let path = paths.own("change_username");
            Router::new().route(path, get(show).post(change))
        },
        templates: &[(TEMPLATE, include_str!("change_username.html"))],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        mails: &[USERNAME_CHANGED],
        ..Flow::new("change_username")
    }
}

const USERNAME_CHANGED: MailTexts = MailTexts::new(
    "username_changed",
    "mail-username-changed-subject",
    "mail-username-changed",
);

const TEMPLATE: &str = "change_username.html";

async fn show(user: FreshUser<Account>, page: Page) -> Result<Response> {
    let view = form(&user, user.username.as_deref().unwrap_or_default());
    page.answer(Answer::page(TEMPLATE, view))
}

fn form(user: &Account, typed: &str) -> Value {
    json!({ "username": user.username, "typed": typed })
}

async fn change(
    user: FreshUser<Account>,
    page: Page,
    login: Login<Account>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["username"])?;
    let typed = submitted.take_name("username");
    let rejected = |text| {
        let (status, errors) = (
            StatusCode::UNPROCESSABLE_ENTITY,
            FormErrors::at("username", text),
        );
        let view = form(&user, &typed);
        page.answer(Answer::rejected(
            status,
            "invalid_fields",
            errors,
            TEMPLATE,
            view,
        ))
    };
    let username = match typed.parse::<Username>() {
        Ok(username) => username,
        Err(objection) => return Ok(rejected(objection.into())?),
    };
    let is_new = username.canonical() != user.canonical_username;
    if is_new && page.site.inner().reserved_names.contains(&typed) {
        return Ok(rejected(Text::named("change-username-reserved"))?);
    }
    // The session may have ended while the body arrived.
    if !login.is_still_logged_in().await? {
        return Ok(login.unauthorized().await.into_response());
    }
    let themself = Actor::themself(&user).sent_by(&login.sender());
    let accounts = page.site.accounts();
    let themself = accounts.by(themself);
    match themself.set_username(&user.id, &username).await? {
        ChangeOutcome::Done => {}
        ChangeOutcome::AlreadySo => return Ok(rejected(Text::named("change-username-same"))?),
        ChangeOutcome::NameTaken => return Ok(rejected(Text::named("change-username-taken"))?),
        // Deleted, disabled or changed meanwhile.
        _ => return Ok(login.unauthorized().await.into_response()),
    }
    let visit = login.visit();
    let id = Some(user.id.clone());
    visit.emit_for(Event::UsernameChanged, id).await;
    let name = username.as_str();
    let to = page.site.path("account").unwrap_or(page.site.after_login());
    let done = Text::named("change-username-done").with("username", name);
    let answer = Answer::done(to).message("success", done);
    let view = json!({ "username": name });
    Ok(page.answer(answer.json(StatusCode::OK, view))?)
}
