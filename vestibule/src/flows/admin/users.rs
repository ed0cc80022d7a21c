//! The list of users, and the page of a user.

use axum::extract::{Path, Query};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{ActionResult, Admins, Changing, THEIRS, user_path};
use crate::access::{Allowed, RoleName};
use crate::accounts::{Account, ChangeOutcome, LogEntry};
use crate::error::Result;
use crate::flows::Site;
use crate::flows::admin::log::{LogView, log_view};
use crate::flows::answer::Answer;
use crate::flows::form::FormErrors;
use crate::flows::page::Page;
use crate::flows::session_view::{Following, SessionsView};
use crate::login::{CurrentUser, Event, Login, UserId};
use crate::web::text::Text;

pub(super) const LIST: &str = "admin_users.html";
pub(super) const ONE: &str = "admin_user.html";

/// The number of users on one page of the list.
const PAGE: usize = 50;

/// The number of sessions on a user's page.
const SESSIONS: usize = 50;

/// The number of security log lines on a user's page.
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
    /// Whether this is a page after the first.
    goes_on: bool,
    users: Vec<UserView>,
    /// The canonical username after which the next page starts.
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
    #[serde(flatten)]
    page: SessionsView,
    /// Whether this is a page of the sessions after the first.
    goes_on: bool,
    log: Vec<LogView>,
}

pub(super) async fn list(
    _: Allowed<Admins>,
    page: Page,
    Query(search): Query<Search>,
) -> Result<Response> {
    let accounts = page.site.accounts();
    let after = Some(search.after.as_str()).filter(|after| !after.is_empty());
    // One more than a page, to know whether there is a next one.
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
        users: found
            .iter()
            .map(|account| user_view(&page.site, account))
            .collect(),
        q: search.q,
    };
    page.answer(Answer::page(LIST, view))
}

pub(super) async fn show(
    admin: Allowed<Admins>,
    page: Page,
    login: Login<Account>,
    Path(id): Path<String>,
    Query(following): Query<Following>,
) -> Result<Response> {
    let Some(account) = page.site.accounts().find_by_id(&id.into()).await? else {
        login.report_not_theirs(THEIRS).await;
        return page.answer(Answer::not_found());
    };
    let view = one_view(&admin, &account, &page.site, following.after.as_deref()).await?;
    page.answer(Answer::page(ONE, view))
}

async fn one_view(
    admin: &CurrentUser<Account>,
    account: &Account,
    site: &Site,
    after: Option<&str>,
) -> Result<OneView> {
    let accounts = site.accounts();
    let sessions = accounts.sessions(account, after, SESSIONS + 1).await?;
    let log: Vec<LogEntry> = accounts
        .security_log(Some(&account.id), None, LOG_LINES)
        .await?;
    let roles = accounts.role_names().await?;
    let has = |role: &String| account.rights.has_role(role);
    Ok(OneView {
        user: user_view(site, account),
        permissions: owned(account.rights.permissions()),
        other_roles: roles.into_iter().filter(|role| !has(role)).collect(),
        page: SessionsView::new(sessions, SESSIONS, admin.session()),
        goes_on: after.is_some(),
        log: log.into_iter().map(|entry| log_view(site, entry)).collect(),
    })
}

fn user_view(site: &Site, account: &Account) -> UserView {
    UserView {
        href: user_path(site, account.id.as_str()),
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

pub(super) async fn grant(Path(id): Path<String>, mut changing: Changing) -> ActionResult {
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
    let done = Text::named("admin-role-added");
    changing
        .answer(change, done, &changing.user_path(&id))
        .await
}

pub(super) async fn revoke(Path(id): Path<String>, mut changing: Changing) -> ActionResult {
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
    let done = Text::named("admin-role-removed");
    changing
        .answer(change, done, &changing.user_path(&id))
        .await
}

pub(super) async fn disable(Path(id): Path<String>, changing: Changing) -> ActionResult {
    changing.no_fields()?;
    let change = changing.accounts().disable(&id.as_str().into()).await?;
    let done = Text::named("admin-account-disabled");
    changing
        .answer(change, done, &changing.user_path(&id))
        .await
}

pub(super) async fn enable(Path(id): Path<String>, changing: Changing) -> ActionResult {
    changing.no_fields()?;
    let change = changing.accounts().enable(&id.as_str().into()).await?;
    changing
        .answer(
            change,
            Text::named("admin-account-enabled"),
            &changing.user_path(&id),
        )
        .await
}

pub(super) async fn demand_new_password(
    Path(id): Path<String>,
    changing: Changing,
) -> ActionResult {
    changing.no_fields()?;
    let change = changing
        .accounts()
        .demand_new_password(&id.as_str().into())
        .await?;
    let done = Text::named("admin-password-change-required");
    changing
        .answer(change, done, &changing.user_path(&id))
        .await
}

pub(super) async fn end_session(Path(id): Path<String>, mut changing: Changing) -> ActionResult {
    let session = changing.take("session")?;
    let change = changing
        .accounts()
        .end_session(&id.as_str().into(), &session)
        .await?;
    changing
        .answer(
            change,
            Text::named("admin-session-ended"),
            &changing.user_path(&id),
        )
        .await
}

pub(super) async fn end_sessions(Path(id): Path<String>, changing: Changing) -> ActionResult {
    changing.no_fields()?;
    let change = changing
        .accounts()
        .end_sessions(&id.as_str().into())
        .await?;
    changing
        .answer(
            change,
            Text::named("admin-sessions-ended"),
            &changing.user_path(&id),
        )
        .await
}

/// Deletes an account. The admin must type its name, to prevent accidents.
pub(super) async fn delete(Path(id): Path<String>, mut changing: Changing) -> ActionResult {
    let typed = changing.take("username")?;
    let id = UserId::from(id);
    let Some(account) = changing.page.site.accounts().find_by_id(&id).await? else {
        return Ok(changing.not_found()?);
    };
    let path = changing.user_path(id.as_str());
    if typed.trim() != account.username {
        let errors = FormErrors::at("username", Text::named("admin-delete-mismatch"));
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let view = one_view(&changing.admin, &account, &changing.page.site, None).await?;
        let answer = Answer::rejected(status, "invalid_fields", errors, ONE, view);
        return Ok(changing.page.answer(answer)?);
    }
    let change = changing.accounts().delete(&id).await?;
    if change == ChangeOutcome::Done {
        let visit = changing.login.visit();
        visit.emit_for(Event::AccountDeleted, Some(id)).await;
    }
    let path = match change {
        ChangeOutcome::Done => changing.page.site.inner().paths.own("admin").to_owned(),
        _ => path,
    };
    let done = Text::named("admin-deleted").with("username", account.username);
    changing.answer(change, done, &path).await
}
