//! The list of users, and one of them.

use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{Admins, Answer, Changing, user_path};
use crate::access::{Allowed, RoleName};
use crate::accounts::{Account, Accounts, ChangeOutcome, LogEntry};
use crate::error::Result;
use crate::flows::ADMIN_PATH;
use crate::flows::admin::log::{LogView, log_view};
use crate::flows::page::Page;
use crate::flows::sessions::SessionView;
use crate::login::{CurrentUser, UserId, UserLoader};
use crate::web::{Client, Flash, Problem};

pub(super) const LIST: &str = "admin_users.html";
pub(super) const ONE: &str = "admin_user.html";

/// Users on one page of the list.
const PAGE: usize = 50;

/// Lines of the security log on a user's page.
const LOG_LINES: u64 = 20;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Search {
    q: String,
    after: String,
}

#[derive(Serialize)]
struct ListView {
    q: String,
    /// Whether this is not the first page.
    goes_on: bool,
    users: Vec<UserView>,
    /// The canonical username that the next page comes after.
    next: Option<String>,
}

#[derive(Serialize)]
struct UserView {
    href: String,
    id: String,
    username: String,
    email: Option<String>,
    is_disabled: bool,
    must_change_password: bool,
    roles: Vec<String>,
    created_at: String,
}

#[derive(Serialize)]
struct OneView {
    user: UserView,
    permissions: Vec<String>,
    /// The roles that the user does not have.
    other_roles: Vec<String>,
    sessions: Vec<SessionView>,
    log: Vec<LogView>,
}

pub(super) async fn list(
    _: Allowed<Admins>,
    page: Page,
    client: Client,
    Query(search): Query<Search>,
) -> Result<Response> {
    let accounts = &page.site.inner().accounts;
    let after = Some(search.after.as_str()).filter(|after| !after.is_empty());
    // One more, to know whether there is a next page.
    let limit = u64::try_from(PAGE).unwrap_or(u64::MAX) + 1;
    let mut found = accounts.search(&search.q, after, limit).await?;
    let is_more = found.len() > PAGE;
    found.truncate(PAGE);
    let view = ListView {
        goes_on: after.is_some(),
        next: found
            .last()
            .filter(|_| is_more)
            .map(|last| last.canonical_username.clone()),
        users: found.iter().map(user_view).collect(),
        q: search.q,
    };
    page.answer(client, LIST, view)
}

pub(super) async fn show(
    admin: Allowed<Admins>,
    page: Page,
    client: Client,
    Path(id): Path<String>,
) -> Result<Response> {
    let accounts = &page.site.inner().accounts;
    let Some(account) = accounts.load(id.into()).await? else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let view = one_view(&admin, &account, accounts).await?;
    page.answer(client, ONE, view)
}

async fn one_view(
    admin: &CurrentUser<Account>,
    account: &Account,
    accounts: &Accounts,
) -> Result<OneView> {
    let sessions = accounts.sessions(account).await?;
    let log: Vec<LogEntry> = accounts
        .security_log(Some(&account.id), None, LOG_LINES)
        .await?;
    let roles = accounts.role_names().await?;
    let has = |role: &String| account.rights.has_role(role);
    Ok(OneView {
        user: user_view(account),
        permissions: owned(account.rights.permissions()),
        other_roles: roles.into_iter().filter(|role| !has(role)).collect(),
        sessions: SessionView::list(&sessions, admin.session()),
        log: log.into_iter().map(log_view).collect(),
    })
}

fn user_view(account: &Account) -> UserView {
    UserView {
        href: user_path(account.id.as_str()),
        id: account.id.to_string(),
        username: account.username.clone(),
        email: account.email.clone(),
        is_disabled: account.is_disabled,
        must_change_password: account.must_change_password,
        roles: owned(account.rights.roles()),
        created_at: account.created_at.to_string(),
    }
}

fn owned(names: Vec<&str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}

pub(super) async fn grant(Path(id): Path<String>, mut changing: Changing) -> Answer {
    let role = changing.take("role")?;
    let change = match role.parse::<RoleName>() {
        Ok(role) => {
            changing
                .accounts()
                .grant_role(&id.as_str().into(), &role)
                .await?
        }
        Err(_) => ChangeOutcome::NoSuchRole(None),
    };
    Ok(changing
        .answer(change, "The role is given.", &user_path(&id))
        .await)
}

pub(super) async fn revoke(Path(id): Path<String>, mut changing: Changing) -> Answer {
    let role = changing.take("role")?;
    let change = match role.parse::<RoleName>() {
        Ok(role) => {
            changing
                .accounts()
                .revoke_role(&id.as_str().into(), &role)
                .await?
        }
        Err(_) => ChangeOutcome::NoSuchRole(None),
    };
    let done = "The role is taken away, from the next request on.";
    Ok(changing.answer(change, done, &user_path(&id)).await)
}

pub(super) async fn disable(Path(id): Path<String>, changing: Changing) -> Answer {
    changing.no_fields()?;
    let change = changing.accounts().disable(&id.as_str().into()).await?;
    let done = "The account is disabled, and all its sessions are ended.";
    Ok(changing.answer(change, done, &user_path(&id)).await)
}

pub(super) async fn enable(Path(id): Path<String>, changing: Changing) -> Answer {
    changing.no_fields()?;
    let change = changing.accounts().enable(&id.as_str().into()).await?;
    Ok(changing
        .answer(change, "The account is enabled.", &user_path(&id))
        .await)
}

pub(super) async fn demand_new_password(Path(id): Path<String>, changing: Changing) -> Answer {
    changing.no_fields()?;
    let change = changing
        .accounts()
        .demand_new_password(&id.as_str().into())
        .await?;
    let done = "The user must choose another password before anything else.";
    Ok(changing.answer(change, done, &user_path(&id)).await)
}

pub(super) async fn end_session(Path(id): Path<String>, mut changing: Changing) -> Answer {
    let session = changing.take("session")?;
    let change = changing
        .accounts()
        .end_session(&id.as_str().into(), &session)
        .await?;
    Ok(changing
        .answer(change, "The session is ended.", &user_path(&id))
        .await)
}

pub(super) async fn end_sessions(Path(id): Path<String>, changing: Changing) -> Answer {
    changing.no_fields()?;
    let change = changing
        .accounts()
        .end_sessions(&id.as_str().into())
        .await?;
    Ok(changing
        .answer(change, "All sessions are ended.", &user_path(&id))
        .await)
}

/// Deletes an account whose name was typed, so that no slip of the hand does.
pub(super) async fn delete(Path(id): Path<String>, mut changing: Changing) -> Answer {
    let typed = changing.take("username")?;
    let id = UserId::from(id);
    let accounts = &changing.page.site.inner().accounts;
    let Some(account) = accounts.load(id.clone()).await? else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    if typed != account.username {
        let detail = "Nothing was deleted: type the username just as it stands there.";
        return Ok(match changing.client {
            Client::Json => Problem::new(StatusCode::UNPROCESSABLE_ENTITY)
                .field("username", detail)
                .into_response(),
            _ => {
                let path = user_path(id.as_str());
                changing.page.redirect(&path, Flash::new("error", detail))
            }
        });
    }
    let change = changing.accounts().delete(&id).await?;
    let path = match change {
        ChangeOutcome::Done => ADMIN_PATH.to_owned(),
        _ => user_path(id.as_str()),
    };
    let done = format!("The account {} is deleted.", account.username);
    Ok(changing.answer(change, &done, &path).await)
}
