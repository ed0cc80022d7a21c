//! The page of a user, and the changes on it.

use axum::extract::{Path, Query};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;

use super::log::{LogView, log_view};
use super::users::{UserView, owned, user_view};
use super::{ActionResult, Admins, Changing, Rejected, THEIRS};
use crate::access::{Allowed, RoleName};
use crate::accounts::{Account, Action, ChangeOutcome, Cursor, LogEntry, LogFilter};
use crate::error::Result;
use crate::flows::Site;
use crate::flows::answer::Answer;
use crate::flows::factor_view::FactorView;
use crate::flows::form::FormErrors;
use crate::flows::page::Page;
use crate::flows::session_view::{Following, SessionsView};
use crate::login::{CurrentUser, Event, Login, UserId};
use crate::web::text::Text;

pub(super) const ONE: &str = "admin_user.html";

/// The number of sessions on a user's page.
const SESSIONS: usize = 50;

/// The number of security log lines on a user's page.
const LOG_LINES: u64 = 20;

#[derive(Serialize)]
struct OneView {
    user: UserView,
    permissions: Vec<String>,
    /// The roles that the user does not have.
    other_roles: Vec<String>,
    /// How many sessions end with the account; `None` if more than [`SESSIONS`].
    session_count: Option<usize>,
    #[serde(flatten)]
    page: SessionsView,
    /// Whether this is a page of the sessions after the first.
    goes_on: bool,
    /// The user's second factors, without their secrets.
    factors: Vec<FactorView>,
    /// When all of them will be removed, if that is planned.
    factors_reset_at: Option<String>,
    /// Whether their removal waits.
    factors_reset_waits: bool,
    /// Whether the user gets mail.
    gets_mail: bool,
    /// The temporary password, if the user has one.
    temporary_password: Option<TemporaryPasswordView>,
    /// When the user last logged in, as far back as the security log goes.
    last_login: Option<String>,
    log: Vec<LogView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<Rejected>,
}

#[derive(Serialize)]
struct TemporaryPasswordView {
    expires_at: String,
    has_expired: bool,
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
    let session_count = match after {
        None => sessions.len(),
        Some(_) => accounts.sessions(account, None, SESSIONS + 1).await?.len(),
    };
    let log: Vec<LogEntry> = accounts
        .security_log(Some(&account.id), None, LOG_LINES)
        .await?;
    let log_ins = LogFilter {
        user_id: Some(account.id.clone()),
        action: Some(Action::LoggedIn),
        ..LogFilter::default()
    };
    let log_ins = accounts.search_security_log(&log_ins, Cursor::Start, 1);
    let last_login = log_ins.await?.lines.pop();
    let temporary_password = accounts.password_expires_at(&account.id).await?;
    let roles = accounts.role_names().await?;
    let has = |role: &String| account.rights.has_role(role);
    let reset_at = site.factors_reset_at(&account.id).await?;
    Ok(OneView {
        factors: site.factor_views(&account.id).await?,
        factors_reset_at: reset_at.map(|at| at.to_string()),
        factors_reset_waits: !site.inner().factors_reset_wait.is_zero(),
        gets_mail: site.inner().mailing.is_some() && account.email.is_some(),
        user: user_view(site, account),
        permissions: owned(account.rights.permissions()),
        other_roles: roles.into_iter().filter(|role| !has(role)).collect(),
        session_count: Some(session_count).filter(|&count| count <= SESSIONS),
        page: SessionsView::new(sessions, SESSIONS, admin.session()),
        goes_on: after.is_some(),
        temporary_password: temporary_password.map(|expires_at| TemporaryPasswordView {
            expires_at: expires_at.to_string(),
            has_expired: accounts.is_past(expires_at),
        }),
        last_login: last_login.map(|line| line.at.to_string()),
        log: log.into_iter().map(|entry| log_view(site, entry)).collect(),
        rejected: None,
    })
}

impl Changing {
    /// Responds with the outcome of a change to a user. If it could not be made, the user's page
    /// shows why at the `form`, with what was typed there.
    pub(super) async fn answer_on_user(
        &self,
        id: &str,
        form: Rejected,
        change: ChangeOutcome,
        done: Text,
    ) -> ActionResult {
        match change.conflict() {
            Some(why) => {
                let status = StatusCode::CONFLICT;
                self.reject_on_user(id, form, status, "conflict", FormErrors::of_form(why))
                    .await
            }
            None => self.answer(change, done, &self.user_path(id)).await,
        }
    }

    /// Responds with the user's page and the errors of one of its forms.
    async fn reject_on_user(
        &self,
        id: &str,
        rejected: Rejected,
        status: StatusCode,
        code: &'static str,
        errors: FormErrors,
    ) -> ActionResult {
        let site = &self.page.site;
        let Some(account) = site.accounts().find_by_id(&id.into()).await? else {
            return Ok(self.not_found()?);
        };
        let view = OneView {
            rejected: Some(rejected),
            ..one_view(&self.admin, &account, site, None).await?
        };
        let answer = Answer::rejected(status, code, errors, ONE, view);
        Ok(self.page.answer(answer)?)
    }

    /// As [`reject_on_user`](Self::reject_on_user), for one invalid field.
    pub(super) async fn invalid_on_user(
        &self,
        id: &str,
        rejected: Rejected,
        field: &'static str,
        why: Text,
    ) -> ActionResult {
        let errors = FormErrors::at(field, why);
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        self.reject_on_user(id, rejected, status, "invalid_fields", errors)
            .await
    }
}

pub(super) async fn grant(Path(id): Path<String>, mut changing: Changing) -> ActionResult {
    let role = changing.take("role")?;
    if role.is_empty() {
        let rejected = Rejected::of("grant", role);
        let why = Text::named("admin-role-missing");
        return changing.invalid_on_user(&id, rejected, "role", why).await;
    }
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
        .answer_on_user(&id, Rejected::of("grant", role), change, done)
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
        .answer_on_user(&id, Rejected::of("revoke", role), change, done)
        .await
}

pub(super) async fn disable(Path(id): Path<String>, changing: Changing) -> ActionResult {
    changing.no_fields()?;
    let change = changing.accounts().disable(&id.as_str().into()).await?;
    let done = Text::named("admin-account-disabled");
    let form = Rejected::of("disable", String::new());
    changing.answer_on_user(&id, form, change, done).await
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

pub(super) async fn reset_factors(Path(id): Path<String>, changing: Changing) -> ActionResult {
    changing.no_fields()?;
    let site = &changing.page.site;
    let actor = changing.actor.clone();
    let change = site.reset_factors(actor, &id.as_str().into()).await?;
    let done = Text::named("admin-factors-reset");
    let form = Rejected::of("reset-factors", String::new());
    changing.answer_on_user(&id, form, change, done).await
}

pub(super) async fn cancel_factors_reset(
    Path(id): Path<String>,
    changing: Changing,
) -> ActionResult {
    changing.no_fields()?;
    let (site, actor) = (&changing.page.site, changing.actor.clone());
    let change = site
        .cancel_factors_reset(actor, &id.as_str().into())
        .await?;
    let done = Text::named("admin-factors-reset-cancelled");
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
    if typed.trim() != account.name() {
        let rejected = Rejected::of("delete", typed);
        let why = Text::named("admin-delete-mismatch");
        return changing
            .invalid_on_user(id.as_str(), rejected, "username", why)
            .await;
    }
    let change = changing.accounts().delete(&id).await?;
    let done = Text::named("admin-deleted").with("username", account.name());
    if change == ChangeOutcome::Done {
        changing.page.site.credentials().forget(&id).await?;
        let visit = changing.login.visit();
        visit.emit_for(Event::AccountDeleted, Some(id)).await;
        let list = changing.page.site.inner().paths.own("admin");
        return changing.answer(change, done, list).await;
    }
    changing
        .answer_on_user(id.as_str(), Rejected::of("delete", typed), change, done)
        .await
}
