//! Changing the mail address.
//!
//! # Steps
//! 1. `GET /account/email` shows the address and a form. `POST /account/email` with `email` needs a
//!    fresh log-in. It sends a mail to the new address ([`verify_email`](super::verify_email));
//!    until the link in it is followed, nothing changes.
//! 2. When the new address is verified, the former one is told, with a link that works for seven
//!    days.
//! 3. `GET /account/email/undo?token=…`, that link, moves the token into a cookie and shows a button.
//!    `POST /account/email/undo` with the cookie or `token` makes the former address the user's
//!    again, ends all their sessions and their password, and redirects to a form for a new one.
//!
//! # What it protects against
//! A thief in an open session who takes over the account by its address: a fresh log-in is needed,
//! and the owner can undo it. Finding out whose address somebody enters: the answer is the same, and
//! an address that another account has verified gets a mail that says so.
//!
//! # What it does not protect against
//! Somebody who reads the mail of the former address within the seven days.
//!
//! # Settings
//! [`SiteConfig::mailer`](crate::flows::SiteConfig::mailer).
//!
//! # Needs
//! Mail addresses ([`EmailUsers`](crate::credentials::EmailUsers)), and a mailer.

mod undo;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use serde_json::json;

use crate::credentials::tokens::{Issued, Purpose};
use crate::error::Result;
use crate::flows::Site;
use crate::flows::answer::Answer;
use crate::flows::flow::{Capability, Flow};
use crate::flows::form::FormErrors;
use crate::flows::mails::MailTexts;
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::flows::throttled::{Tried, throttled};
use crate::login::{FreshUser, Login, PageUser};
use crate::mail::Email;
use crate::mail::outbox::Letter;
use crate::web::text::Text;

#[cfg(test)]
mod tests;

pub(super) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[(CHANGE, "/account/email"), (UNDO, "/account/email/undo")],
        public: &[UNDO],
        needs: Some(Capability::Mail),
        routes: |paths| {
            Router::new()
                .route(paths.own(CHANGE), get(show::<U>).post(change::<U>))
                .route(paths.own(UNDO), get(undo::show::<U>).post(undo::undo::<U>))
        },
        templates: &[
            (TEMPLATE, include_str!("change_email.html")),
            (undo::TEMPLATE, include_str!("undo_email.html")),
        ],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        mails: &[CHANGED_MAIL, SET_MAIL],
        ..Flow::new("change_email")
    }
}

const CHANGE: &str = "change_email";
const UNDO: &str = "undo_email";

const TEMPLATE: &str = "change_email.html";

/// To the former address, after the user changed it.
const CHANGED_MAIL: MailTexts = MailTexts {
    kind: "email_replaced",
    subject: "mail-email-replaced-subject",
    text: "mail-email-replaced",
    button: "mail-email-replaced-button",
    after: "mail-email-replaced-after",
};

/// To the former address, after an admin or the operator changed it.
const SET_MAIL: MailTexts = MailTexts::new(
    "email_changed",
    "mail-email-changed-subject",
    "mail-email-changed",
);

async fn show<U: PageUser>(user: FreshUser<U>, page: Page<U>) -> Result<Response> {
    let view = form(&page, &user, "").await?;
    page.answer(Answer::page(TEMPLATE, view))
}

async fn form<U: PageUser>(page: &Page<U>, user: &U, typed: &str) -> Result<serde_json::Value> {
    let pending = page.site.credentials().pending_address(&user.id()).await?;
    Ok(json!({
        "email": user.email(),
        "is_verified": user.has_verified_email(),
        "pending": pending.map(|email| email.to_string()),
        "typed": typed,
    }))
}

async fn change<U: PageUser>(
    user: FreshUser<U>,
    page: Page<U>,
    login: Login<U>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["email"])?;
    let typed = submitted.take("email");
    let rejected = async |name: &'static str| {
        let errors = FormErrors::at("email", Text::named(name));
        let view = form(&page, &user, &typed).await?;
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        page.answer(Answer::rejected(
            status,
            "invalid_fields",
            errors,
            TEMPLATE,
            view,
        ))
    };
    let Ok(email) = typed.parse::<Email>() else {
        return Ok(rejected("change-email-invalid").await?);
    };
    let own = Email::of(user.email());
    if own.as_ref() == Some(&email) && user.has_verified_email() {
        return Ok(rejected("change-email-same").await?);
    }
    let credentials = page.site.credentials();
    if let Some(wait) = credentials.begin_mail(&login).await? {
        let view = form(&page, &user, &typed).await?;
        return Ok(page.answer(throttled(Tried::Mail, wait, TEMPLATE, view))?);
    }
    // Before the response, so that the next page has a field for the code. For a known address the
    // same is done as for another, so the time does not tell which it is.
    let is_sent = page
        .site
        .mail_new_address(&user, &email, page.language())
        .await?;
    let (category, text) = match is_sent {
        true => ("success", "change-email-sent"),
        false => ("info", "verify-email-enough"),
    };
    let text = Text::named(text).with("email", email.as_str());
    let to = page
        .site
        .path("verify_email")
        .unwrap_or(page.site.after_login());
    let view = json!({ "email": email.as_str() });
    let answer = Answer::done(to).message(category, text);
    Ok(page.answer(answer.json(StatusCode::ACCEPTED, view))?)
}

impl<U: PageUser> Site<U> {
    /// Tells the address that a user had so far that `new` takes its place, with a link that undoes
    /// it: just before the change, so that there is no change that nobody was told of. Returns what
    /// to [take back](Self::untell) if the change is not made.
    pub(super) async fn tell_former_address(
        &self,
        user: &U,
        new: &Email,
    ) -> Result<Option<Issued>> {
        let own = Email::of(user.email());
        let Some(former) = own.filter(|own| own != new && user.has_verified_email()) else {
            return Ok(None);
        };
        if self.path(UNDO).is_none() {
            return Ok(None);
        }
        let letter = |issued: &Issued| {
            Letter::new(CHANGED_MAIL.kind, former.clone(), "")
                .with("name", user.name())
                .with("email", new.as_str())
                .with("link", self.link(UNDO, &issued.token))
        };
        let credentials = self.credentials();
        let purpose = Purpose::UndoEmail;
        credentials.mail_token(purpose, user, &former, letter).await
    }

    /// Ends the link of a change that was not made. The mail about it may be on its way.
    pub(super) async fn untell(&self, told: Option<Issued>) {
        let Some(told) = told else { return };
        let ended = self
            .credentials()
            .end_token(Purpose::UndoEmail, &told.token)
            .await;
        if let Err(error) = ended {
            tracing::warn!(%error, "a link to undo a change that was not made still works");
        }
    }
}
