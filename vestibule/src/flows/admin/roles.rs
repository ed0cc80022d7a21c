//! The roles, and one of them.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use super::{Admins, Answer, Changing, ROLES_PATH, href, value};
use crate::access::{Allowed, PermissionName, RoleName};
use crate::accounts::{ADMIN, Accounts, ChangeOutcome, Role};
use crate::error::Result;
use crate::flows::form::FormErrors;
use crate::flows::page::Page;
use crate::web::Client;

pub(super) const LIST: &str = "admin_roles.html";
pub(super) const ONE: &str = "admin_role.html";

#[derive(Serialize)]
struct ListView {
    roles: Vec<RoleView>,
    /// What was typed as the name of a new one.
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
    /// What was typed as a new permission.
    permission: String,
}

pub(super) async fn list(_: Allowed<Admins>, page: Page, client: Client) -> Result<Response> {
    let view = list_view(&page.site.inner().accounts, "").await?;
    page.answer(client, LIST, view)
}

pub(super) async fn show(
    _: Allowed<Admins>,
    page: Page,
    client: Client,
    Path(name): Path<String>,
) -> Result<Response> {
    match one_view(&page.site.inner().accounts, &name, "").await? {
        Some(view) => page.answer(client, ONE, view),
        None => Ok(StatusCode::NOT_FOUND.into_response()),
    }
}

async fn list_view(accounts: &Accounts, name: &str) -> Result<ListView> {
    let roles = accounts.roles().await?;
    Ok(ListView {
        roles: roles.into_iter().map(role_view).collect(),
        name: name.to_owned(),
    })
}

async fn one_view(accounts: &Accounts, name: &str, permission: &str) -> Result<Option<OneView>> {
    let Ok(name) = name.parse() else {
        return Ok(None);
    };
    let Some(role) = accounts.role(&name).await? else {
        return Ok(None);
    };
    Ok(Some(OneView {
        holders: accounts.count_with_role(&name).await?,
        role: role_view(role),
        permission: permission.to_owned(),
    }))
}

fn role_view(role: Role) -> RoleView {
    RoleView {
        href: role_path(&role.name),
        is_built_in: role.name == ADMIN,
        role,
    }
}

fn role_path(name: &str) -> String {
    href(ROLES_PATH, name)
}

pub(super) async fn add(mut changing: Changing) -> Answer {
    let typed = changing.take("name")?;
    let objection = match typed.parse::<RoleName>() {
        Ok(name) => match changing.accounts().add_role(&name).await? {
            taken @ ChangeOutcome::NameTaken => taken.to_string(),
            change => {
                let path = role_path(name.as_str());
                return Ok(changing.answer(change, "The role is added.", &path).await);
            }
        },
        Err(objection) => objection.to_string(),
    };
    let mut errors = FormErrors::default();
    errors.add("name", objection);
    let page = &changing.page;
    let view = list_view(&page.site.inner().accounts, &typed).await?;
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(page.reject(changing.client, status, &errors, LIST, value(view))?)
}

pub(super) async fn allow(Path(name): Path<String>, mut changing: Changing) -> Answer {
    let typed = changing.take("permission")?;
    let Ok(role) = name.parse::<RoleName>() else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let page = &changing.page;
    let objection = match typed.parse::<PermissionName>() {
        Ok(permission) => match changing.accounts().allow(&role, &permission).await? {
            ChangeOutcome::NoSuchRole(_) => return Ok(StatusCode::NOT_FOUND.into_response()),
            change => {
                let done = "The permission is given to the role.";
                return Ok(changing.answer(change, done, &role_path(&name)).await);
            }
        },
        Err(objection) => objection.to_string(),
    };
    let Some(view) = one_view(&page.site.inner().accounts, &name, &typed).await? else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let mut errors = FormErrors::default();
    errors.add("permission", objection);
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(page.reject(changing.client, status, &errors, ONE, value(view))?)
}

pub(super) async fn forbid(Path(name): Path<String>, mut changing: Changing) -> Answer {
    let permission = changing.take("permission")?;
    let Ok(role) = name.parse::<RoleName>() else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let change = match permission.parse::<PermissionName>() {
        Ok(permission) => changing.accounts().forbid(&role, &permission).await?,
        Err(_) => ChangeOutcome::NoSuchPermission(None),
    };
    if matches!(change, ChangeOutcome::NoSuchRole(_)) {
        return Ok(StatusCode::NOT_FOUND.into_response());
    }
    let done = "The permission is taken from the role, from the next request on.";
    Ok(changing.answer(change, done, &role_path(&name)).await)
}

pub(super) async fn remove(Path(name): Path<String>, changing: Changing) -> Answer {
    changing.no_fields()?;
    let Ok(role) = name.parse::<RoleName>() else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let change = changing.accounts().remove_role(&role).await?;
    let path = match change {
        ChangeOutcome::NoSuchRole(_) => return Ok(StatusCode::NOT_FOUND.into_response()),
        ChangeOutcome::Done => ROLES_PATH.to_owned(),
        _ => role_path(&name),
    };
    let done = format!("The role {name} is removed.");
    Ok(changing.answer(change, &done, &path).await)
}
