//! Forgotten passwords: a link by mail, with which the user chooses a new one.
//!
//! # Steps
//! 1. `GET /forgot-password` shows a form. `POST /forgot-password` with `email`, a mail address or a
//!    username, answers everybody with the same page (202), and sends a link if an account has this
//!    address.
//! 2. `GET /reset-password?token=…`, the link, moves the token into a cookie and redirects to
//!    `/reset-password`, which shows whose password it is and asks for a new one. It uses up
//!    nothing, because mail scanners follow links too.
//! 3. `POST /reset-password` with `password`, and for scripts `token`, stores the password and
//!    redirects to the login page; scripts get 204. All sessions, remembered logins and other links
//!    of the user end, and the user is told by mail. Nobody is logged in: a second factor is still
//!    needed.
//!
//! # What it protects against
//! Finding out who has an account, by text, status or time: the account is looked up after the
//! response. Full mailboxes: an address gets a link in a minute and five in an hour, and requests
//! are counted by network. Tokens in a copy of the database (only digests), in histories and logs,
//! used twice, used after the password, the address or the log-in changed, guessed (60 wrong ones
//! from a network). A forged `Host` header: links come from the public URL.
//!
//! # What it does not protect against
//! Somebody who reads the user's mail.
//!
//! # Settings
//! [`SiteConfig::mailer`](crate::flows::SiteConfig::mailer), and
//! [`passwords`](crate::flows::SiteConfig::passwords) for the rules of the new password.
//!
//! # Needs
//! Mail addresses ([`EmailUsers`](crate::credentials::EmailUsers)), and a mailer.

use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::credentials::tokens::{Issued, Purpose};
use crate::credentials::{Link, LinkCheck};
use crate::crypto::secret::Secret;
use crate::error::Result;
use crate::flows::Site;
use crate::flows::answer::Answer;
use crate::flows::flow::{Capability, Flow};
use crate::flows::form::FormErrors;
use crate::flows::link_token::{self, LinkQuery, dead, forgotten};
use crate::flows::mails::{MailTexts, ONE_IN};
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::flows::throttled::{Tried, throttled};
use crate::login::{Login, PageUser, Sender, may_log_in};
use crate::mail::Email;
use crate::mail::outbox::Letter;
use crate::web::text::Text;

mod by_admin;
#[cfg(test)]
mod tests;

pub(super) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[(FORGOT, "/forgot-password"), (RESET, "/reset-password")],
        public: &[FORGOT, RESET],
        needs: Some(Capability::Mail),
        routes: |paths| {
            Router::new()
                .route(paths.own(FORGOT), get(show_forgot::<U>).post(forgot::<U>))
                .route(paths.own(RESET), get(show_reset::<U>).post(reset::<U>))
        },
        templates: &[
            (FORGOT_TEMPLATE, include_str!("forgot_password.html")),
            (SENT_TEMPLATE, include_str!("forgot_password_sent.html")),
            (RESET_TEMPLATE, include_str!("reset_password.html")),
        ],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        mails: &[RESET_MAIL],
        ..Flow::new("reset_password")
    }
}

pub(super) const FORGOT: &str = "forgot_password";
pub(super) const RESET: &str = "reset_password";

const FORGOT_TEMPLATE: &str = "forgot_password.html";
const SENT_TEMPLATE: &str = "forgot_password_sent.html";
const RESET_TEMPLATE: &str = "reset_password.html";

const RESET_MAIL: MailTexts = MailTexts {
    kind: "reset_password",
    subject: "mail-reset-password-subject",
    text: "mail-reset-password",
    button: "mail-reset-password-button",
    after: "mail-reset-password-after",
};

async fn show_forgot<U: PageUser>(page: Page<U>) -> Result<Response> {
    page.answer(Answer::page(FORGOT_TEMPLATE, json!({ "email": "" })))
}

async fn forgot<U: PageUser>(
    page: Page<U>,
    login: Login<U>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["email"])?;
    let typed = submitted.take_name("email");
    let form = json!({ "email": typed });
    if typed.trim().is_empty() {
        let errors = FormErrors::at("email", Text::named("forgot-password-empty"));
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let rejected = Answer::rejected(status, "invalid_fields", errors, FORGOT_TEMPLATE, form);
        return Ok(page.answer(rejected)?);
    }
    let credentials = page.site.credentials();
    if let Some(wait) = credentials.begin_mail(&login).await? {
        return Ok(page.answer(throttled(Tried::Mail, wait, FORGOT_TEMPLATE, form))?);
    }
    let (site, from) = (page.site.clone(), login.sender());
    let language = page.language().to_owned();
    credentials.after_response(async move {
        if let Err(error) = site.mail_reset_link(&typed, &language, &from).await {
            tracing::error!(%error, "a link for a new password was not written");
        }
    });
    let sent = Answer::page(SENT_TEMPLATE, json!({})).status(StatusCode::ACCEPTED);
    Ok(page.answer(sent)?)
}

async fn show_reset<U: PageUser>(
    page: Page<U>,
    login: Login<U>,
    Query(query): Query<LinkQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    if let Some(token) = query.token {
        let purpose = Purpose::ResetPassword;
        return Ok(link_token::move_into_cookie(
            &page.site, RESET, purpose, &token,
        ));
    }
    let Some(token) = link_token::of_cookie(&page.site, RESET, &headers) else {
        return dead(&page, RESET);
    };
    match page
        .site
        .credentials()
        .check_reset_link(&login, &token)
        .await?
    {
        LinkCheck::Works(link) => page.answer(Answer::page(RESET_TEMPLATE, form(&page, &link))),
        LinkCheck::Dead => dead(&page, RESET),
        LinkCheck::Throttled(wait) => {
            let view = json!({ "email": "" });
            page.answer(throttled(Tried::Token, wait, FORGOT_TEMPLATE, view))
        }
    }
}

async fn reset<U: PageUser>(
    page: Page<U>,
    login: Login<U>,
    headers: HeaderMap,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["token", "username", "password"])?;
    let password = Secret::from(submitted.take("password"));
    let field = submitted.take("token");
    let Some(token) = link_token::of_form(&page.site, RESET, field, &headers) else {
        return Ok(dead(&page, RESET)?);
    };
    let (inner, credentials) = (page.site.inner(), page.site.credentials());
    let link = match credentials.check_reset_link(&login, &token).await? {
        LinkCheck::Works(link) => link,
        LinkCheck::Dead => return Ok(dead(&page, RESET)?),
        LinkCheck::Throttled(wait) => {
            let view = json!({ "email": "" });
            return Ok(page.answer(throttled(Tried::Token, wait, FORGOT_TEMPLATE, view))?);
        }
    };
    let words = [link.user.name(), link.address().as_str()];
    let objection = match inner.policy.objection(&password, &words) {
        Some(objection) => Some(objection),
        // Checked last, because it may call an external service.
        None => inner.policy.look_up(&password).await,
    };
    if let Some(objection) = objection {
        let errors = FormErrors::at("password", objection.into());
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let view = form(&page, &link);
        let rejected = Answer::rejected(status, "invalid_fields", errors, RESET_TEMPLATE, view);
        return Ok(page.answer(rejected)?);
    }
    if !credentials.reset_password(&login, *link, &password).await? {
        return Ok(dead(&page, RESET)?);
    }
    let login_page = page.site.path("login").unwrap_or(page.site.after_login());
    let done = Answer::done(login_page).message("success", Text::named("reset-password-done"));
    Ok(forgotten(&page, RESET, done)?)
}

fn form<U: PageUser>(page: &Page<U>, link: &Link<U>) -> serde_json::Value {
    json!({
        "username": link.user.name(),
        "email": link.address().as_str(),
        "min_chars": page.site.inner().policy.min_chars,
    })
}

impl<U: PageUser> Site<U> {
    /// Sends a link to the user with this mail address or name, if there is one who may log in and
    /// owns their address.
    async fn mail_reset_link(&self, typed: &str, language: &str, from: &Sender) -> Result<()> {
        let Some((user, email)) = self.find_by_email_or_name(typed).await? else {
            return Ok(());
        };
        if may_log_in(&user) && self.mail_reset_link_to(&user, &email, language).await? {
            self.credentials().note_reset_requested(&user, from).await?;
        }
        Ok(())
    }

    /// Sends a link for a new password. Returns whether the limits let it pass.
    pub(super) async fn mail_reset_link_to(
        &self,
        user: &U,
        email: &Email,
        language: &str,
    ) -> Result<bool> {
        let purpose = Purpose::ResetPassword;
        let letter = |issued: &Issued| {
            self.reset_letter(user.name(), email, language, issued)
                .once_in(ONE_IN)
        };
        let issued = self
            .credentials()
            .mail_token(purpose, user, email, letter)
            .await?;
        Ok(issued.is_some())
    }

    /// The mail with a link.
    fn reset_letter(&self, name: &str, email: &Email, language: &str, issued: &Issued) -> Letter {
        Letter::new(RESET_MAIL.kind, email.clone(), language)
            .with("name", name)
            .with("link", self.link(RESET, &issued.token))
    }

    /// The user with this mail address, or with this name and an address that they own.
    async fn find_by_email_or_name(&self, typed: &str) -> Result<Option<(U, Email)>> {
        let credentials = self.credentials();
        if let Ok(email) = typed.parse::<Email>()
            && let Some(user) = credentials.find_by_email(&email).await?
        {
            // To the address as the user wrote it, not as the visitor did.
            let own = Email::of(user.email());
            return Ok(own.filter(|own| *own == email).map(|own| (user, own)));
        }
        let Some(user) = credentials.find_by_name(typed).await? else {
            return Ok(None);
        };
        let own = Email::of(user.email());
        let Some(own) = own else {
            return Ok(None);
        };
        let owner = credentials.find_by_email(&own).await?;
        Ok(owner
            .filter(|owner| owner.id() == user.id())
            .map(|user| (user, own)))
    }
}
