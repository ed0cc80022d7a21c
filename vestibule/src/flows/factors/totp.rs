//! Adding an authenticator app.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::{LIST, qr};
use crate::credentials::factors::{AddedTotp, FactorCode};
use crate::credentials::is_visible;
use crate::credentials::totp::{Enrolment, MAX_APPS, MAX_NAME_CHARS, Nonce};
use crate::crypto::secret::Secret;
use crate::flows::answer::Answer;
use crate::flows::factor_user::FactorUser;
use crate::flows::form::FormErrors;
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::login::{Login, PageUser};
use crate::web::Client;
use crate::web::text::Text;

pub(super) const TEMPLATE: &str = "add_totp.html";

/// Characters that need no escaping in a URI (RFC 3986, 2.3).
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

pub(super) async fn show<U: PageUser>(
    user: FactorUser<U>,
    page: Page<U>,
    login: Login<U>,
) -> axum::response::Result<Response> {
    let Some(session) = user.session() else {
        return Ok(login.unauthorized().await.into_response());
    };
    let enrolment = page.site.credentials().factors()?.totp.enrolment(session);
    let view = view(&page, user.name(), &enrolment, "");
    Ok(page.answer(Answer::page(TEMPLATE, view))?)
}

pub(super) async fn add<U: PageUser>(
    user: FactorUser<U>,
    page: Page<U>,
    login: Login<U>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["code", "name", "nonce"])?;
    let code = Secret::from(submitted.take("code"));
    let typed_name = submitted.take_name("name");
    let nonce = submitted.take("nonce");
    let Some(session) = user.session() else {
        return Ok(login.unauthorized().await.into_response());
    };
    let credentials = page.site.credentials();
    let apps = &credentials.factors()?.totp;
    let nonce = match nonce.as_str() {
        "" => None,
        // What is no number stands for a secret that was never offered.
        nonce => Some(nonce.parse::<Nonce>().unwrap_or(Nonce::MIN)),
    };
    let offered = apps.enrolments(session, nonce);
    let rejected = |status, code, errors| {
        // The same secret again, which the user may have in their app by now.
        let same = offered.first().filter(|_| nonce.is_some());
        let new;
        let enrolment = match same {
            Some(enrolment) => enrolment,
            None => {
                new = apps.enrolment(session);
                &new
            }
        };
        let view = view(&page, user.name(), enrolment, &typed_name);
        page.answer(Answer::rejected(status, code, errors, TEMPLATE, view))
    };
    let invalid = |errors| rejected(StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields", errors);

    let mut errors = FormErrors::default();
    let app_code = match FactorCode::parse(code.expose()) {
        Some(FactorCode::Totp(code)) => Some(code),
        Some(FactorCode::Mail(_) | FactorCode::Recovery(_)) | None => {
            errors.add("code", Text::named("totp-code-malformed"));
            None
        }
    };
    if let Some(objection) = objection(&typed_name) {
        errors.add("name", objection);
    }
    let Some(app_code) = app_code.filter(|_| errors.is_empty()) else {
        return Ok(invalid(errors)?);
    };
    if offered.is_empty() {
        return Ok(invalid(FormErrors::of_form(Text::named("totp-expired")))?);
    }
    let name = match typed_name.as_str() {
        "" => page.say(&Text::named("totp-default-name")),
        name => name.to_owned(),
    };
    let added = credentials
        .add_totp(&login, &user, &name, (&offered, &app_code))
        .await?;
    match added {
        AddedTotp::Added { id, is_first } => {
            let text = Text::named("totp-added").with("name", &*name);
            let list = page.site.inner().paths.own(LIST);
            let answer = Answer::done(list).message("success", text);
            let answer = match is_first {
                true => answer.message("info", Text::named("totp-added-first")),
                false => answer,
            };
            let view = json!({ "id": id, "kind": "totp", "name": name });
            Ok(page.answer(answer.json(StatusCode::CREATED, view))?)
        }
        AddedTotp::WrongCode => {
            let errors = FormErrors::at("code", Text::named("totp-code-wrong"));
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(rejected(status, "wrong_code", errors)?)
        }
        AddedTotp::TooMany => {
            let many = Text::named("totp-too-many").with("max", MAX_APPS.to_string());
            let errors = FormErrors::of_form(many);
            Ok(rejected(StatusCode::CONFLICT, "too_many_factors", errors)?)
        }
        AddedTotp::NoSession => Ok(login.unauthorized().await.into_response()),
    }
}

/// Why an app cannot have this name.
fn objection(name: &str) -> Option<Text> {
    if name.chars().count() > MAX_NAME_CHARS {
        return Some(Text::named("field-too-long").with("max", MAX_NAME_CHARS.to_string()));
    }
    let is_shown = |c: char| c == ' ' || is_visible(c);
    (!name.chars().all(is_shown)).then(|| Text::named("field-one-line"))
}

fn view<U: PageUser>(
    page: &Page<U>,
    username: &str,
    enrolment: &Enrolment,
    name: &str,
) -> serde_json::Value {
    let secret = enrolment.key();
    let uri = uri(&page.site.inner().site_name, username, &secret);
    let mut view = json!({
        "secret": &*secret,
        "uri": uri,
        "nonce": enrolment.nonce.to_string(),
    });
    if page.client != Client::Json {
        let label = page.say(&Text::named("totp-qr"));
        view["qr"] = qr::svg(&uri, &label).into();
        view["name"] = name.into();
    }
    view
}

/// What authenticator apps read from a QR code.
fn uri(site: &str, username: &str, secret: &str) -> String {
    let escaped = |text: &str| utf8_percent_encode(text, &UNRESERVED).to_string();
    let (site, username) = (escaped(site), escaped(username));
    format!(
        "otpauth://totp/{site}:{username}?secret={secret}&issuer={site}\
         &algorithm=SHA1&digits=6&period=30"
    )
}
