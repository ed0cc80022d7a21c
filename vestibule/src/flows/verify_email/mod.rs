//! Verifying a mail address: showing that the user reads mail there.
//!
//! # Steps
//! 1. A mail with a link and a short code goes to the address: after
//!    [the user entered a new one](super::change_email), and by `POST /verify-email/resend`.
//! 2. `GET /verify-email?token=…`, the link, moves the token into a cookie and redirects to
//!    `/verify-email`, which shows a button. It verifies nothing, because mail scanners follow links
//!    too. Without a link, a user who is logged in sees a form for the code.
//! 3. `POST /verify-email`, with the cookie, or with `token`, or with `code` in the browser where the
//!    user is logged in, verifies the address, which is the user's from then on. It redirects to the
//!    account page, or to the login page; scripts get 204.
//! 4. If the address was [registered alone](super::register), in another browser, its password no
//!    longer works, and the visitor is redirected to a form for a new one; scripts get 200 with
//!    `token`. If an admin must approve the account, they choose it after that, with a link for a
//!    forgotten password.
//!
//! # What it protects against
//! Somebody who enters another person's address: it is theirs only with the link, and whoever shows
//! the link takes it from those who merely entered it. Finding out whether another user has verified
//! an address: the pages show the same, and that user gets a mail. Tokens as in
//! [`reset_password`](super::reset_password).
//!
//! # What it does not protect against
//! Somebody who reads the user's mail.
//!
//! # Settings
//! [`SiteConfig::mailer`](crate::flows::SiteConfig::mailer), and
//! [`require_verified_email`](crate::flows::SiteConfig::require_verified_email). The rule
//! [`Rule::VerifiedEmail`](crate::access::Rule::VerifiedEmail) closes a page to users who have not
//! verified their address; it leads them here.
//!
//! # Needs
//! Mail addresses ([`EmailUsers`](crate::credentials::EmailUsers)), and a mailer.

mod mails;

use axum::Router;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::credentials::tokens::Purpose;
use crate::credentials::{EmailChange, LinkCheck};
use crate::crypto::secret::Secret;
use crate::error::Result;
use crate::flows::Site;
use crate::flows::answer::Answer;
use crate::flows::flow::{Capability, Flow};
use crate::flows::form::FormErrors;
use crate::flows::link_token::{self, LinkQuery, dead, forgotten};
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::flows::throttled::{Tried, throttled};
use crate::login::{CurrentUser, Login, PageUser};
use crate::mail::Email;
use crate::web::text::Text;

#[cfg(test)]
mod tests;

pub(super) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[(VERIFY, "/verify-email"), (RESEND, "/verify-email/resend")],
        public: &[VERIFY],
        needs: Some(Capability::Mail),
        routes: |paths| {
            Router::new()
                .route(paths.own(VERIFY), get(show::<U>).post(verify::<U>))
                .route(paths.own(RESEND), post(resend::<U>))
        },
        templates: &[(TEMPLATE, include_str!("verify_email.html"))],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        mails: &[mails::VERIFY_MAIL, mails::IN_USE_MAIL],
        ..Flow::new("verify_email")
    }
}

pub(super) const VERIFY: &str = "verify_email";
const RESEND: &str = "resend_verification";

const TEMPLATE: &str = "verify_email.html";

async fn show<U: PageUser>(
    page: Page<U>,
    login: Login<U>,
    Query(query): Query<LinkQuery>,
    headers: HeaderMap,
) -> axum::response::Result<Response> {
    if let Some(token) = query.token {
        let (site, purpose) = (&page.site, Purpose::VerifyEmail);
        return Ok(link_token::move_into_cookie(site, VERIFY, purpose, &token));
    }
    if let Some(token) = link_token::of_cookie(&page.site, VERIFY, &headers) {
        let check = page
            .site
            .credentials()
            .check_link(&login, Purpose::VerifyEmail, &token);
        match check.await? {
            LinkCheck::Works(link) => {
                let view = json!({ "link_for": link.address().as_str() });
                return Ok(page.answer(Answer::page(TEMPLATE, view))?);
            }
            LinkCheck::Throttled(wait) => {
                return Ok(page.answer(throttled(Tried::Token, wait, TEMPLATE, json!({})))?);
            }
            LinkCheck::Dead if page.user.is_none() => return Ok(dead(&page, VERIFY)?),
            LinkCheck::Dead => {}
        }
    }
    let Some(user) = &page.user else {
        return Ok(login.unauthorized().await.into_response());
    };
    let view = state(&page, user).await?;
    // Also of a link that no longer works, if there is one.
    Ok(forgotten(&page, VERIFY, Answer::page(TEMPLATE, view))?)
}

/// The address of the current user, and the one that they have not verified yet.
async fn state<U: PageUser>(page: &Page<U>, user: &CurrentUser<U>) -> Result<serde_json::Value> {
    let pending = page.site.credentials().pending_address(&user.id()).await?;
    let unverified = user.email().filter(|_| !user.has_verified_email());
    let pending = pending.map(|email| email.to_string());
    Ok(json!({
        "email": user.email(),
        "is_verified": user.has_verified_email(),
        "pending": pending.as_deref(),
        "to_verify": pending.as_deref().or(unverified),
    }))
}

async fn verify<U: PageUser>(
    page: Page<U>,
    login: Login<U>,
    headers: HeaderMap,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["token", "code"])?;
    let code = submitted.take_name("code");
    let field = submitted.take("token");
    let credentials = page.site.credentials();
    let purpose = Purpose::VerifyEmail;
    let by_code = field.is_empty() && !code.is_empty();
    let check = if by_code {
        let Some(user) = &page.user else {
            return Ok(login.unauthorized().await.into_response());
        };
        let code = Secret::from(code.clone());
        credentials
            .check_code(&login, purpose, &user.id(), &code)
            .await?
    } else {
        match link_token::of_form(&page.site, VERIFY, field, &headers) {
            Some(token) => credentials.check_link(&login, purpose, &token).await?,
            None => LinkCheck::Dead,
        }
    };
    let link = match (check, &page.user) {
        (LinkCheck::Works(link), _) => *link,
        (LinkCheck::Throttled(wait), user) => {
            let view = match user {
                Some(user) => state(&page, user).await?,
                None => json!({}),
            };
            return Ok(page.answer(throttled(Tried::Token, wait, TEMPLATE, view))?);
        }
        (LinkCheck::Dead, Some(user)) if by_code => {
            let (view, wrong) = (state(&page, user).await?, "verify-email-wrong-code");
            // Without a mail there is no field for its code.
            let errors = match view["pending"].is_null() {
                true => FormErrors::of_form(Text::named(wrong)),
                false => FormErrors::at("code", Text::named(wrong)),
            };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            let rejected = Answer::rejected(status, "invalid_fields", errors, TEMPLATE, view);
            return Ok(page.answer(rejected)?);
        }
        (LinkCheck::Dead, _) => return Ok(dead(&page, VERIFY)?),
    };
    let (user, address) = (link.user.clone(), link.address().clone());
    let registered_here = page.site.registered_here(&link, &headers).await?;
    let is_stranger = registered_here == Some(false);
    if is_stranger && let Some(accounts) = &page.site.inner().accounts {
        accounts.drop_password(&user.id()).await?;
    }
    let told = page.site.tell_former_address(&user, &address).await?;
    let outcome = credentials.verify_email(&login, link).await;
    if !matches!(outcome, Ok(Some(EmailChange::Changed(_)))) {
        page.site.untell(told).await;
    }
    let is_here = page
        .user
        .as_ref()
        .is_some_and(|here| here.id() == user.id());
    let answer = match outcome? {
        Some(EmailChange::Changed(user)) if page.site.awaits_approval(&user).await? => {
            awaits_approval(&page, &address, is_stranger)
        }
        Some(EmailChange::Changed(user)) if is_stranger => {
            let token = credentials.issue_reset(&user, &address).await?;
            // They choose the password of an account that was registered in another browser.
            let done = Text::named("verify-email-choose").with("email", address.as_str());
            return Ok(link_token::choose_password(&page, VERIFY, &token, done)?);
        }
        Some(EmailChange::Changed(_)) => {
            let account = page.site.path("account").unwrap_or(page.site.after_login());
            let to = match is_here {
                true => account,
                false => page.site.path("login").unwrap_or(account),
            };
            let done = Text::named("verify-email-done").with("email", address.as_str());
            Answer::done(to).message("success", done)
        }
        Some(EmailChange::Taken) => {
            let to = page.site.path("account").unwrap_or(page.site.after_login());
            let taken = Text::named("verify-email-taken").with("email", address.as_str());
            Answer::rejected_to(to, StatusCode::CONFLICT, taken)
        }
        Some(EmailChange::Gone) | None => return Ok(dead(&page, VERIFY)?),
    };
    Ok(forgotten(&page, VERIFY, answer)?)
}

/// The answer to a user who has verified their address, and whose account an admin must approve.
fn awaits_approval<U: PageUser>(page: &Page<U>, address: &Email, is_stranger: bool) -> Answer {
    let to = page.site.path("login").unwrap_or(page.site.after_login());
    let done = Text::named("verify-email-done").with("email", address.as_str());
    let answer = Answer::done(to)
        .message("success", done)
        .message("info", Text::named("verify-email-awaits-approval"));
    match is_stranger {
        true => answer.message("info", Text::named("verify-email-choose-later")),
        false => answer,
    }
}

impl<U: PageUser> Site<U> {
    /// Whether an admin must approve this user's account.
    async fn awaits_approval(&self, user: &U) -> Result<bool> {
        let Some(accounts) = self.inner().accounts.as_ref().filter(|_| !user.is_active()) else {
            return Ok(false);
        };
        let account = accounts.find_by_id(&user.id()).await?;
        Ok(account.is_some_and(|account| account.awaits_approval))
    }
}

/// Sends the mail again, to the address that waits to be verified.
async fn resend<U: PageUser>(
    user: CurrentUser<U>,
    page: Page<U>,
    login: Login<U>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    submitted.only(&[])?;
    let credentials = page.site.credentials();
    if let Some(wait) = credentials.begin_mail(&login).await? {
        let view = state(&page, &user).await?;
        return Ok(page.answer(throttled(Tried::Mail, wait, TEMPLATE, view))?);
    }
    let pending = credentials.pending_address(&user.id()).await?;
    let unverified = user.email().filter(|_| !user.has_verified_email());
    let unverified = Email::of(unverified);
    let Some(email) = pending.or(unverified) else {
        let nothing = Text::named("verify-email-nothing");
        let to = page.site.path(VERIFY).unwrap_or("/");
        let rejected = Answer::rejected_to(to, StatusCode::CONFLICT, nothing);
        return Ok(page.answer(rejected)?);
    };
    let language = page.language().to_owned();
    let is_sent = page.site.mail_new_address(&user, &email, &language).await?;
    let (category, text) = match is_sent {
        true => ("success", "verify-email-sent"),
        false => ("info", "verify-email-enough"),
    };
    let text = Text::named(text).with("email", email.as_str());
    let to = page.site.path(VERIFY).unwrap_or("/");
    let status = StatusCode::ACCEPTED;
    let answer = Answer::done(to).message(category, text);
    Ok(page.answer(answer.json(status, json!({ "email": email.as_str() })))?)
}
