//! The list of the user's own passkeys, and its changes.

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::{BrowserSecret, LIST, default_name, rejected};
use crate::credentials::is_visible;
use crate::credentials::passkeys::{
    MAX_NAME_CHARS, MAX_PASSKEYS, NewPasskey, Passkey, RegistrationResponse,
};
use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::factor_user::FactorUser;
use crate::flows::form::FormErrors;
use crate::flows::page::Page;
use crate::flows::submitted::{Submitted, SubmittedJson};
use crate::login::{Login, PageUser};
use crate::web::Problem;
use crate::web::text::Text;

pub(super) const TEMPLATE: &str = "passkeys.html";

pub(super) async fn show<U: PageUser>(user: FactorUser<U>, page: Page<U>) -> Result<Response> {
    page.answer(Answer::page(TEMPLATE, list(&page, &user).await?))
}

async fn list<U: PageUser>(page: &Page<U>, user: &U) -> Result<Value> {
    let credentials = page.site.credentials();
    let passkeys = credentials.passkeys()?;
    let list = passkeys.list(&user.id()).await?;
    // What browsers tell password managers, so that these show no passkey that is gone.
    let credential_ids: Vec<_> = list.iter().map(|one| &*one.credential_id).collect();
    Ok(json!({
        "rp_id": passkeys.rp_id(),
        "user_handle": list.first().map(Passkey::user_handle),
        "credential_ids": credential_ids,
        "max": MAX_PASSKEYS,
        "is_last_factor": credentials.factors()?.list(&user.id()).await?.len() == 1,
        "passkeys": list.iter().map(view).collect::<Vec<_>>(),
    }))
}

fn view(passkey: &Passkey) -> Value {
    json!({
        "id": passkey.id,
        "name": passkey.name,
        "created_at": passkey.created_at.to_string(),
        "last_used_at": passkey.last_used_at.map(|at| at.to_string()),
        "is_synced": passkey.is_synced,
    })
}

pub(super) async fn options<U: PageUser>(
    user: FactorUser<U>,
    page: Page<U>,
    login: Login<U>,
    headers: HeaderMap,
) -> Result<Response> {
    let browser = BrowserSecret::of(&page.site, &login, &headers)?;
    let of_user = (&user.id(), user.name());
    let credentials = page.site.credentials();
    let has_password = credentials.has_password(&user.id()).await?;
    let options = credentials
        .passkeys()?
        .begin_registration(of_user, has_password, &browser.secret)
        .await?;
    let Some(options) = options else {
        return page.answer(too_many());
    };
    Ok(browser.options(options))
}

pub(super) async fn add<U: PageUser>(
    user: FactorUser<U>,
    page: Page<U>,
    login: Login<U>,
    headers: HeaderMap,
    SubmittedJson(response): SubmittedJson<RegistrationResponse>,
) -> axum::response::Result<Response> {
    let typed = response.name.as_deref().unwrap_or_default();
    let name = match typed.trim().is_empty() {
        true => default_name(&page, &login),
        false => match valid_name(typed) {
            Some(name) => name,
            None => {
                let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY)
                    .field("name", page.say(&name_invalid()));
                return Ok(page.answer(Answer::problem(problem))?);
            }
        },
    };
    let browser = BrowserSecret::of(&page.site, &login, &headers)?;
    let added = page
        .site
        .credentials()
        .add_passkey(&login, &user, (&response, &name), &browser.secret)
        .await?;
    Ok(match added {
        NewPasskey::Added(passkey) => {
            let message = Text::named("passkey-added").with("name", &*passkey.name);
            let path = page.site.inner().paths.own(LIST);
            let answer = Answer::done(path).message("success", message);
            page.answer_own_script(answer.json(StatusCode::CREATED, view(&passkey)))?
        }
        NewPasskey::Rejected => page.answer(rejected())?,
        NewPasskey::TooMany => page.answer(too_many())?,
    })
}

fn too_many() -> Answer {
    let text = Text::named("passkey-too-many").with("max", MAX_PASSKEYS);
    let problem = Problem::new(StatusCode::CONFLICT).code("too_many_passkeys");
    Answer::problem(problem.text(text))
}

pub(super) async fn rename<U: PageUser>(
    user: FactorUser<U>,
    page: Page<U>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["passkey", "name"])?;
    let (id, typed) = (submitted.take("passkey"), submitted.take("name"));
    let Some(name) = valid_name(&typed) else {
        let mut view = list(&page, &user).await?;
        view["renamed"] = json!({ "id": id, "name": typed });
        let errors = FormErrors::at("name", name_invalid());
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let answer = Answer::rejected(status, "invalid_fields", errors, TEMPLATE, view);
        return Ok(page.answer(answer)?);
    };
    let passkeys = page.site.credentials().passkeys()?;
    if !passkeys.rename(&user.id(), &id, &name).await? {
        return Ok(page.answer(gone())?);
    }
    let answer = Answer::done(page.site.inner().paths.own(LIST));
    Ok(page.answer(answer.message("success", Text::named("passkey-renamed")))?)
}

fn gone() -> Answer {
    let problem = Problem::new(StatusCode::NOT_FOUND).text(Text::named("passkey-gone"));
    Answer::problem(problem)
}

fn name_invalid() -> Text {
    Text::named("passkey-name-invalid").with("max", MAX_NAME_CHARS)
}

/// The name without surrounding white space, if it has 1 to 64 visible characters or spaces.
fn valid_name(typed: &str) -> Option<String> {
    let name = typed.trim();
    let chars = name.chars().count();
    let is_shown = |c: char| c == ' ' || is_visible(c);
    let is_valid = (1..=MAX_NAME_CHARS).contains(&chars) && name.chars().all(is_shown);
    is_valid.then(|| name.to_owned())
}
