//! The user's own second factors: authenticator apps, and recovery codes.
//!
//! # Steps
//! 1. `GET /account/factors` lists the user's factors, each with its kind, its name and when it was
//!    used, and says how many recovery codes are left; as JSON too.
//! 2. `GET /account/factors/totp` shows a new secret, as a QR code and as text; as JSON with `secret`
//!    and `uri`. It changes nothing. `POST /account/factors/totp` with `code`, and optionally `name`
//!    and the form's `nonce`, adds the app if the code is right.
//! 3. `POST /account/factors/recovery-codes` makes ten recovery codes, which it shows once, and which
//!    end those from before.
//! 4. `POST /account/factors/{id}/remove` removes a factor. Before the last one, browsers get a page
//!    that says what follows, and sends `confirm`.
//! 5. `POST /account/factors/trusted-browsers/{id}/remove` ends the trust in one of the browsers that
//!    the list has too ([`second_factor`](super::second_factor)).
//! 6. `POST /account/factors/cancel-reset` cancels a reset that an admin has planned; it needs a log-in
//!    of any kind. Showing a factor cancels it too.
//!
//! All but the last need a fresh log-in; if the user has a factor, they need to have shown one just now.
//!
//! # What it protects against
//! A thief in an open session, or with the password alone, who adds a factor of their own or removes
//! the user's. Secrets in the database: those of apps are encrypted, and recovery codes are kept as
//! digests. Changes that the user does not notice: each is told by mail, and the first factor and a
//! removal log the user out everywhere else.
//!
//! # What it does not protect against
//! A page that looks like this one, and passes on what a user types there (phishing): codes can be
//! typed anywhere.
//!
//! # Settings
//! [`SiteConfig::require_second_factor`](crate::flows::SiteConfig::require_second_factor).

mod qr;
mod recovery_codes;
#[cfg(test)]
mod tests;
mod totp;
mod trusted_browsers;

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use serde::Serialize;
use serde_json::json;

use crate::credentials::FactorKind;
use crate::credentials::factors::FactorRemoval;
use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::factor_user::FactorUser;
use crate::flows::factor_view::{FactorView, TrustedBrowserView};
use crate::flows::flow::Flow;
use crate::flows::mails::MailTexts;
use crate::flows::notices::EventNotice;
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::login::{CurrentUser, Event, Login, PageUser};
use crate::web::text::Text;
use crate::web::{Client, Problem};

pub(super) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[
            (LIST, "/account/factors"),
            (TOTP, "/account/factors/totp"),
            (RECOVERY_CODES, "/account/factors/recovery-codes"),
        ],
        routes: |paths| {
            let list = paths.own(LIST);
            Router::new()
                .route(list, get(show::<U>))
                .route(&format!("{list}/{{id}}/remove"), post(remove::<U>))
                .route(&format!("{list}/cancel-reset"), post(cancel_reset::<U>))
                .route(
                    &format!("{list}/trusted-browsers/{{id}}/remove"),
                    post(trusted_browsers::remove::<U>),
                )
                .route(paths.own(TOTP), get(totp::show::<U>).post(totp::add::<U>))
                .route(paths.own(RECOVERY_CODES), post(recovery_codes::renew::<U>))
        },
        templates: &[
            (TEMPLATE, include_str!("factors.html")),
            (REMOVE_TEMPLATE, include_str!("remove_factor.html")),
            (totp::TEMPLATE, include_str!("add_totp.html")),
            (
                recovery_codes::TEMPLATE,
                include_str!("recovery_codes.html"),
            ),
        ],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        mails: &MAILS,
        notices: &NOTICES,
        ..Flow::new("factors")
    }
}

const LIST: &str = "factors";
const TOTP: &str = "totp";
const RECOVERY_CODES: &str = "recovery_codes";

const TEMPLATE: &str = "factors.html";
const REMOVE_TEMPLATE: &str = "remove_factor.html";

const MAILS: [MailTexts; 7] = [
    MailTexts::new(
        "factors_reset",
        "mail-factors-reset-subject",
        "mail-factors-reset",
    ),
    MailTexts::new(
        "factors_reset_planned",
        "mail-factors-reset-planned-subject",
        "mail-factors-reset-planned",
    ),
    MailTexts::new(
        "factors_reset_cancelled",
        "mail-factors-reset-cancelled-subject",
        "mail-factors-reset-cancelled",
    ),
    MailTexts::new(
        "factor_added",
        "mail-factor-added-subject",
        "mail-factor-added",
    ),
    MailTexts::new(
        "factor_removed",
        "mail-factor-removed-subject",
        "mail-factor-removed",
    ),
    MailTexts::new(
        "recovery_codes_renewed",
        "mail-recovery-codes-renewed-subject",
        "mail-recovery-codes-renewed",
    ),
    MailTexts::new(
        "recovery_code_used",
        "mail-recovery-code-used-subject",
        "mail-recovery-code-used",
    ),
];

const NOTICES: [EventNotice; 5] = [
    notice(Event::FactorsResetCancelled, "factors_reset_cancelled"),
    notice(Event::FactorAdded, "factor_added"),
    notice(Event::FactorRemoved, "factor_removed"),
    notice(Event::RecoveryCodesRenewed, "recovery_codes_renewed"),
    notice(Event::RecoveryCodeUsed, "recovery_code_used"),
];

const fn notice(event: Event, kind: &'static str) -> EventNotice {
    EventNotice {
        event,
        kind,
        is_of_accounts: true,
    }
}

#[derive(Serialize)]
struct View {
    factors: Vec<FactorView>,
    /// The number of recovery codes left.
    recovery_codes: u64,
    trusted_browsers: Vec<TrustedBrowserView>,
    /// Whether the user must add a factor before they can do anything else.
    is_required: bool,
}

async fn show<U: PageUser>(user: FactorUser<U>, page: Page<U>) -> Result<Response> {
    let factors = page.site.credentials().factors()?;
    let view = View {
        factors: page.site.factor_views(&user.id()).await?,
        recovery_codes: factors.recovery_codes.count(&user.id()).await?,
        trusted_browsers: page.site.trusted_browser_views(&user).await?,
        is_required: page.site.inner().factor_requirement.includes(&**user),
    };
    page.answer(Answer::page(TEMPLATE, view))
}

async fn remove<U: PageUser>(
    user: FactorUser<U>,
    page: Page<U>,
    login: Login<U>,
    Path(id): Path<String>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["confirm"])?;
    let is_confirmed = !submitted.take("confirm").is_empty();
    let factors = page.site.factor_views(&user.id()).await?;
    let is_last = factors.len() == 1;
    // A program knows what it does.
    let is_asked = is_last && !is_confirmed && page.client != Client::Json;
    if is_asked && page.site.credentials().has_password(&user.id()).await? {
        let last = factors.into_iter().find(|factor| factor.id == id);
        if let Some(factor) = last {
            let view = json!({ "factor": factor });
            return Ok(page.answer(Answer::page(REMOVE_TEMPLATE, view))?);
        }
    }
    let removed = page
        .site
        .credentials()
        .remove_factor(&login, &user, &id)
        .await?;
    let removed = match removed {
        FactorRemoval::Removed(removed) => removed,
        FactorRemoval::NotFound => return Ok(page.answer(Answer::not_found())?),
        FactorRemoval::OnlyCredential => return Ok(page.answer(only_credential(&page))?),
    };
    let text = match is_last {
        true => Text::named("factors-removed-last"),
        false => Text::named("factors-removed").with("name", &*removed.name),
    };
    // The page of passkeys tells the browser which are left.
    let passkeys = page.site.path("passkeys");
    let is_passkey = removed.kind == FactorKind::Passkey;
    let to = passkeys.filter(|_| is_passkey);
    let to = to.unwrap_or(page.site.inner().paths.own(LIST));
    let answer = done(&page, to, StatusCode::OK, text);
    Ok(match is_passkey {
        // The script of that page shows it again.
        true => page.answer_own_script(answer)?,
        false => page.answer(answer)?,
    })
}

/// Any log-in of the user will do: this only keeps what they have.
async fn cancel_reset<U: PageUser>(
    user: CurrentUser<U>,
    page: Page<U>,
    login: Login<U>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    submitted.only(&[])?;
    let credentials = page.site.credentials();
    let text = match credentials.cancel_factors_reset(&login, &user).await? {
        true => "factors-reset-cancelled",
        false => "factors-reset-none",
    };
    let account = page.site.path("account");
    let to = account.unwrap_or(page.site.inner().paths.own(LIST));
    Ok(page.answer(done(&page, to, StatusCode::OK, Text::named(text)))?)
}

/// The answer to a user without a password who would remove their only passkey.
fn only_credential<U: PageUser>(page: &Page<U>) -> Answer {
    let text = match page.site.path("change_password") {
        Some(_) => Text::named("factors-only-credential"),
        None => Text::named("factors-only-passkey"),
    };
    let problem = Problem::new(StatusCode::CONFLICT).code("only_credential");
    let list = page.site.path("passkeys");
    Answer::done(list.unwrap_or(page.site.inner().paths.own(LIST)))
        .message("error", text.clone())
        .problem_for_scripts(problem.text(text))
}

/// To this page, with a message.
fn done<U: PageUser>(page: &Page<U>, to: &str, status: StatusCode, message: Text) -> Answer {
    let detail = page.say(&message);
    Answer::done(to)
        .message("success", message)
        .json(status, json!({ "detail": detail }))
}
