//! The list of roles, and the page of a role.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;

use super::{ActionResult, Admins, Changing, Rejected, role_path};
use crate::access::{Allowed, PermissionName, RoleName};
use crate::accounts::{ADMIN, ChangeOutcome, Role};
use crate::error::Result;
use crate::flows::Site;
use crate::flows::answer::Answer;
use crate::flows::form::FormErrors;
use crate::flows::page::Page;
use crate::web::text::Text;

pub(super) const LIST: &str = "admin_roles.html";
pub(super) const ONE: &str = "admin_role.html";

#[derive(Serialize)]
struct ListView {
    roles: Vec<RoleView>,
    /// The name entered for a new role.
    name: String,
}

#[derive(Serialize)]
struct RoleView {
    href: String,
    is_built_in: bool,
    #[serde(flatten)]
    role: Role,
}

#[derive(Serialize)]
struct OneView {
    role: RoleView,
    holders: u64,
    /// The new permission entered.
    permission: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<Rejected>,
}

pub(super) async fn list(_: Allowed<Admins>, page: Page) -> Result<Response> {
    let view = list_view(&page.site, "").await?;
    page.answer(Answer::page(LIST, view))
}

pub(super) async fn show(
    _: Allowed<Admins>,
    page: Page,
    Path(name): Path<String>,
) -> Result<Response> {
    match one_view(&page.site, &name, "").await? {
        Some(view) => page.answer(Answer::page(ONE, view)),
        None => page.answer(Answer::not_found()),
    }
}

async fn list_view(site: &Site, name: &str) -> Result<ListView> {
    let roles = site.accounts().roles().await?;
    Ok(ListView {
        roles: roles
            .into_iter()
            .map(|role| role_view(site, role))
            .collect(),
        name: name.to_owned(),
    })
}

async fn one_view(site: &Site, name: &str, permission: &str) -> Result<Option<OneView>> {
    let accounts = site.accounts();
    let Ok(name) = name.parse() else {
        return Ok(None);
    };
    let Some(role) = accounts.role(&name).await? else {
        return Ok(None);
    };
    Ok(Some(OneView {
        holders: accounts.count_with_role(&name).await?,
        role: role_view(site, role),
        permission: permission.to_owned(),
        rejected: None,
    }))
}

fn role_view(site: &Site, role: Role) -> RoleView {
    RoleView {
        href: role_path(site, &role.name),
        is_built_in: role.name == ADMIN,
        role,
    }
}

pub(super) async fn add(mut changing: Changing) -> ActionResult {
    let typed = changing.take("name")?;
    let objection = match typed.trim().parse::<RoleName>() {
        Ok(name) => match changing.accounts().add_role(&name).await? {
            taken @ ChangeOutcome::NameTaken => Text::from(taken),
            change => {
                let path = changing.role_path(name.as_str());
                let done = Text::named("admin-role-created");
                return changing.answer(change, done, &path).await;
            }
        },
        Err(objection) => objection.into(),
    };
    let errors = FormErrors::at("name", objection);
    let view = list_view(&changing.page.site, &typed).await?;
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let answer = Answer::rejected(status, "invalid_fields", errors, LIST, view);
    Ok(changing.page.answer(answer)?)
}

pub(super) async fn allow(Path(name): Path<String>, mut changing: Changing) -> ActionResult {
    let typed = changing.take("permission")?;
    let Ok(role) = name.parse::<RoleName>() else {
        return Ok(changing.not_found()?);
    };
    let objection = match typed.trim().parse::<PermissionName>() {
        Ok(permission) => match changing.accounts().allow(&role, &permission).await? {
            ChangeOutcome::NoSuchRole(_) => return Ok(changing.not_found()?),
            change => {
                let done = Text::named("admin-permission-added");
                return changing
                    .answer(change, done, &changing.role_path(&name))
                    .await;
            }
        },
        Err(objection) => objection.into(),
    };
    let Some(view) = one_view(&changing.page.site, &name, &typed).await? else {
        return Ok(changing.not_found()?);
    };
    let errors = FormErrors::at("permission", objection);
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let answer = Answer::rejected(status, "invalid_fields", errors, ONE, view);
    Ok(changing.page.answer(answer)?)
}

pub(super) async fn forbid(Path(name): Path<String>, mut changing: Changing) -> ActionResult {
    let permission = changing.take("permission")?;
    let Ok(role) = name.parse::<RoleName>() else {
        return Ok(changing.not_found()?);
    };
    let change = match permission.parse::<PermissionName>() {
        Ok(permission) => changing.accounts().forbid(&role, &permission).await?,
        Err(_) => ChangeOutcome::NoSuchPermission(None),
    };
    if matches!(change, ChangeOutcome::NoSuchRole(_)) {
        return Ok(changing.not_found()?);
    }
    let done = Text::named("admin-permission-removed");
    changing.answer_on_role(&name, "forbid", change, done).await
}

pub(super) async fn remove(Path(name): Path<String>, changing: Changing) -> ActionResult {
    changing.no_fields()?;
    let Ok(role) = name.parse::<RoleName>() else {
        return Ok(changing.not_found()?);
    };
    let change = changing.accounts().remove_role(&role).await?;
    let done = Text::named("admin-role-deleted").with("role", &*name);
    match change {
        ChangeOutcome::NoSuchRole(_) => Ok(changing.not_found()?),
        ChangeOutcome::Done => {
            let list = changing.page.site.inner().paths.own("admin_roles");
            changing.answer(change, done, list).await
        }
        _ => changing.answer_on_role(&name, "remove", change, done).await,
    }
}

impl Changing {
    /// Responds with the outcome of a change to a role. If it could not be made, the role's page
    /// shows why at the form.
    async fn answer_on_role(
        &self,
        name: &str,
        form: &'static str,
        change: ChangeOutcome,
        done: Text,
    ) -> ActionResult {
        let Some(why) = change.conflict() else {
            return self.answer(change, done, &self.role_path(name)).await;
        };
        let Some(view) = one_view(&self.page.site, name, "").await? else {
            return Ok(self.not_found()?);
        };
        let view = OneView {
            rejected: Some(Rejected::of(form, String::new())),
            ..view
        };
        let (status, errors) = (StatusCode::CONFLICT, FormErrors::of_form(why));
        let answer = Answer::rejected(status, "conflict", errors, ONE, view);
        Ok(self.page.answer(answer)?)
    }
}
