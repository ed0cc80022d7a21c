//! Administering the site: users, roles, and the security log.
//!
//! # Steps
//! 1. The operator makes the first admin at the command line: `vestibule user grant NAME admin`.
//! 2. `GET /admin` lists users, a page at a time; with `q` those whose name begins so, or whose
//!    email address it is.
//! 3. `GET /admin/users/{id}` shows one: roles, sessions, what was done to the account. Below it,
//!    by POST, an admin grants and revokes roles, disables and enables the account, demands a new
//!    password, ends one session or all, and deletes the account.
//! 4. `GET /admin/roles` and `/admin/roles/{name}` show the roles and their permissions, and
//!    change them by POST.
//! 5. `GET /admin/log` shows the security log.
//!
//! Each answers in JSON too.
//!
//! # What it protects against
//! Everybody without the role `admin`: the guards are in the signatures of the actions. A browser
//! left unlocked: changes need a fresh log-in. An admin who has just lost the role: it is asked
//! for again in the transaction of each change. A site without any admin: the last one cannot
//! disable, demote or delete themself. Changes that nobody remembers: each is a line of the
//! security log, with who did it.
//!
//! # What it does not
//! Admins never see or set a password. They can take the role from each other.
//!
//! # Settings
//! [`SiteConfig::fresh_for`](crate::flows::SiteConfig::fresh_for).

mod log;
mod roles;
mod users;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use minijinja::Value;
use minijinja::value::Serde;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::access::Rule::{self, AllOf, FreshLogin};
use crate::access::{Allowed, Guard, RoleName};
use crate::accounts::{ADMIN, Account, Actor, Administration, ChangeOutcome};
use crate::error::Error;
use crate::flows::page::Page;
use crate::flows::submitted::{BadSubmission, Submitted};
use crate::flows::{ADMIN_PATH, Flow, Site};
use crate::login::Login;
use crate::login::rule::Demand;
use crate::web::{Client, Flash, Problem};

const ROLES_PATH: &str = "/admin/roles";
const LOG_PATH: &str = "/admin/log";

pub(super) const FLOW: Flow = Flow {
    pages: &[
        ("admin", ADMIN_PATH),
        ("admin_roles", ROLES_PATH),
        ("admin_log", LOG_PATH),
    ],
    public: &[],
    routes: || {
        Router::new()
            .route(ADMIN_PATH, get(users::list))
            .route("/admin/users/{id}", get(users::show))
            .route("/admin/users/{id}/grant", post(users::grant))
            .route("/admin/users/{id}/revoke", post(users::revoke))
            .route("/admin/users/{id}/disable", post(users::disable))
            .route("/admin/users/{id}/enable", post(users::enable))
            .route(
                "/admin/users/{id}/demand-new-password",
                post(users::demand_new_password),
            )
            .route("/admin/users/{id}/end-session", post(users::end_session))
            .route("/admin/users/{id}/end-sessions", post(users::end_sessions))
            .route("/admin/users/{id}/delete", post(users::delete))
            .route(ROLES_PATH, get(roles::list).post(roles::add))
            .route("/admin/roles/{name}", get(roles::show))
            .route("/admin/roles/{name}/allow", post(roles::allow))
            .route("/admin/roles/{name}/forbid", post(roles::forbid))
            .route("/admin/roles/{name}/remove", post(roles::remove))
            .route(LOG_PATH, get(log::list))
    },
    templates: &[
        ("admin.html", include_str!("admin.html")),
        (users::LIST, include_str!("admin_users.html")),
        (users::ONE, include_str!("admin_user.html")),
        (roles::LIST, include_str!("admin_roles.html")),
        (roles::ONE, include_str!("admin_role.html")),
        (log::LIST, include_str!("admin_log.html")),
    ],
};

/// Whoever may look.
struct Admins;

impl Guard for Admins {
    type User = Account;
    type Object = ();
    const RULE: Rule = Rule::Role(ADMIN);
}

/// Whoever may change something.
struct AdminChanges;

impl Guard for AdminChanges {
    type User = Account;
    type Object = ();
    const RULE: Rule = AllOf(&[Rule::Role(ADMIN), FreshLogin]);
}

/// A change by the hand of an admin: what an action that changes something takes.
struct Changing {
    actor: Actor,
    page: Page,
    login: Login<Account>,
    client: Client,
    submitted: Submitted,
}

impl FromRequest<Site> for Changing {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Site) -> std::result::Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let admin = Allowed::<AdminChanges>::from_request_parts(&mut parts, site).await;
        let admin = admin.map_err(IntoResponse::into_response)?;
        let login = Login::<Account>::from_request_parts(&mut parts, site).await;
        let login = login.map_err(IntoResponse::into_response)?;
        let page = Page::from_request_parts(&mut parts, site).await;
        let page = page.map_err(IntoResponse::into_response)?;
        let role: RoleName = ADMIN
            .parse()
            .map_err(|error| Error::internal(error).into_response())?;
        let client = Client::of(&parts.headers);
        let request = Request::from_parts(parts, body);
        let submitted = Submitted::from_request(request, site).await;
        let submitted = submitted.map_err(IntoResponse::into_response)?;
        // Whoever sends the body slowly may be logged out by now; the transaction of the change
        // asks for the rest.
        match login.is_still_logged_in().await {
            Ok(true) => {}
            Ok(false) => return Err(login.unauthorized().await.into_response()),
            Err(error) => return Err(error.into_response()),
        }
        Ok(Self {
            actor: Actor::user(&admin, role).at(login.address()),
            page,
            login,
            client,
            submitted,
        })
    }
}

impl Changing {
    /// Takes out the one field of the form.
    fn take(&mut self, name: &str) -> std::result::Result<String, BadSubmission> {
        self.submitted.check(&[name])?;
        Ok(self.submitted.take(name))
    }

    /// Refuses any field, of a form that is no more than a button.
    fn no_fields(&self) -> std::result::Result<(), BadSubmission> {
        self.submitted.check(&[])
    }

    fn accounts(&self) -> Administration<'_> {
        self.page.site.inner().accounts.by(self.actor.clone())
    }

    /// Says what came of it: on the page at `path`, or to a script.
    async fn answer(&self, change: ChangeOutcome, done: &str, path: &str) -> Response {
        let (status, message) = match change {
            ChangeOutcome::Done => (StatusCode::OK, done.to_owned()),
            ChangeOutcome::AlreadySo => (StatusCode::OK, change.to_string()),
            ChangeOutcome::NoSuchUser | ChangeOutcome::NoSuchSession => {
                return Problem::new(StatusCode::NOT_FOUND)
                    .detail(format!("{change} Go back and reload the page."))
                    .into_response();
            }
            ChangeOutcome::ActorLacksRole => {
                let demand = Demand::of_guard::<AdminChanges>(AdminChanges::RULE, false);
                return self.login.lacks(demand).await.into_response();
            }
            refused => (StatusCode::CONFLICT, refused.to_string()),
        };
        match self.client {
            Client::Json if status == StatusCode::OK => {
                axum::Json(serde_json::json!({ "detail": message })).into_response()
            }
            Client::Json => Problem::new(status).detail(message).into_response(),
            _ => {
                let category = match status {
                    StatusCode::OK => "success",
                    _ => "error",
                };
                self.page.redirect(path, Flash::new(category, message))
            }
        }
    }
}

/// What of an id needs no escaping in a path.
const IN_PATH: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// The page of something that `id` names.
fn href(below: &str, id: &str) -> String {
    format!("{below}/{}", utf8_percent_encode(id, &IN_PATH))
}

fn user_path(id: &str) -> String {
    href("/admin/users", id)
}

type Answer = axum::response::Result<Response>;

fn value(view: impl Serialize) -> Value {
    Value::from(Serde(view))
}
