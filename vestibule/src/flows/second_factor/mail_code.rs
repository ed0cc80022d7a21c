//! The code that a user without a second factor gets by mail.

use axum::response::Response;
use http::StatusCode;

use super::{PAGE, with_next};
use crate::credentials::tokens::{Issued, Purpose};
use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::login_step::step;
use crate::flows::mails::{MailTexts, ONE_IN, in_groups};
use crate::flows::page::Page;
use crate::login::{Next, PageUser, UserId};
use crate::mail::Email;
use crate::mail::outbox::Letter;
use crate::session::Methods;
use crate::web::text::Text;

/// The name of the method, in JSON and in the form.
pub(super) const METHOD: &str = "mail_code";

pub(super) const MAIL: MailTexts = MailTexts {
    after: "mail-login-code-after",
    ..MailTexts::new("login_code", "mail-login-code-subject", "mail-login-code")
};

/// Whether a mail with a code is on its way to this user.
pub(super) async fn is_sent<U: PageUser>(
    page: &Page<U>,
    methods: &[Methods],
    user: &UserId,
) -> Result<bool> {
    if !methods.contains(&Methods::MAIL_CODE) {
        return Ok(false);
    }
    let tokens = &page.site.credentials().mail_tokens()?.tokens;
    let pending = tokens.pending(Purpose::LoginCode, user).await?;
    Ok(pending.is_some())
}

/// Sends a code to the user of a pending log-in, who has shown the password. The outbox limits how many an address gets, and a
/// code that was sent before goes on working then.
pub(super) async fn send<U: PageUser>(page: &Page<U>, user: &U, next: &Next) -> Result<Response> {
    let credentials = page.site.credentials();
    let methods = credentials.pending_methods(&user.id()).await?;
    let address: Option<Email> = user.email().and_then(|email| email.parse().ok());
    let (true, Some(address)) = (methods.contains(&Methods::MAIL_CODE), address) else {
        return page.answer(Answer::not_found());
    };
    let letter = |issued: &Issued| {
        let code = issued
            .code
            .as_ref()
            .map(|code| in_groups(code.expose(), " "));
        Letter::new(MAIL.kind, address.clone(), page.language())
            .with("name", user.name())
            .with("code", code.unwrap_or_default())
            .once_in(ONE_IN)
    };
    let purpose = Purpose::LoginCode;
    let sent = credentials
        .mail_token(purpose, user, &address, letter)
        .await?;
    let (category, text) = match sent {
        Some(_) => ("info", Text::named("second-factor-mail-code-sent")),
        None => ("error", Text::named("second-factor-mail-code-limited")),
    };
    let mut view = step(&methods);
    view["detail"] = page.say(&text).into();
    let path = page.site.inner().paths.own(PAGE);
    let answer = Answer::done(with_next(path, next)).message(category, text);
    page.answer(answer.json(StatusCode::ACCEPTED, view))
}
