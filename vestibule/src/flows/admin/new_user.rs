//! Adding a user, with a temporary password that is shown once.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use serde_json::json;

use super::email::email;
use super::{ActionResult, Admins, Changing};
use crate::access::Allowed;
use crate::accounts::ChangeOutcome;
use crate::credentials::Username;
use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::form::FormErrors;
use crate::flows::page::Page;
use crate::web::text::Text;

pub(super) const FORM: &str = "admin_new_user.html";
pub(super) const ADDED: &str = "admin_added_user.html";

#[derive(Default, Serialize)]
struct FormView {
    username: String,
    email: String,
}

pub(super) async fn show(_: Allowed<Admins>, page: Page) -> Result<Response> {
    page.answer(Answer::page(FORM, FormView::default()))
}

/// Adds a user, whose name may be a reserved one: admins give roles too.
pub(super) async fn add(mut changing: Changing) -> ActionResult {
    changing.submitted.check(&["username", "email"])?;
    let typed = FormView {
        username: changing.submitted.take_name("username"),
        email: changing.submitted.take_name("email"),
    };
    let mut errors = FormErrors::default();
    match (typed.username.parse::<Username>(), email(&typed.email)) {
        (Ok(username), Ok(email)) => {
            let accounts = changing.page.site.accounts();
            let password = accounts.temporary_password()?;
            let administration = changing.accounts();
            let change = administration
                .add_with_temporary_password(&username, email.as_ref(), &password)
                .await?;
            match change {
                ChangeOutcome::NameTaken => errors.add("username", change.into()),
                ChangeOutcome::Done => {
                    let Some(account) = accounts.find(username.as_str()).await? else {
                        return Ok(changing.not_found()?);
                    };
                    // In the answer itself: a redirect would have to carry the password.
                    let view = json!({
                        "id": account.id.as_str(),
                        "username": account.name(),
                        "password": password.expose(),
                    });
                    let added = Answer::page(ADDED, &view).json(StatusCode::CREATED, view);
                    return Ok(changing.page.answer(added)?);
                }
                other => {
                    let done = Text::named("change-done");
                    let list = changing.page.site.inner().paths.own("admin");
                    return changing.answer(other, done, list).await;
                }
            }
        }
        (username, email) => {
            if let Err(objection) = username {
                errors.add("username", objection.into());
            }
            if let Err(objection) = email {
                errors.add("email", objection);
            }
        }
    }
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let answer = Answer::rejected(status, "invalid_fields", errors, FORM, typed);
    Ok(changing.page.answer(answer)?)
}
