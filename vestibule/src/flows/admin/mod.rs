//! Administering the site: users, roles, and the security log.
//!
//! # Steps
//! 1. The operator creates the first admin on the command line: `vestibule user grant NAME admin`.
//! 2. `GET /admin` lists users, a page at a time; with `q`, those whose username begins with it, or
//!    whose email address it is; with `state` and `role`, those in that state and with that role.
//!    `GET /admin/users` is the same list.
//! 3. `POST /admin/users/new` with `username` and, if known, `email` adds a user with a temporary
//!    password, and shows it once. The user must replace it at the first log-in.
//! 4. `GET /admin/users/{id}` shows a user's roles, sessions and activity. By POST to paths below
//!    it, an admin adds and removes roles, sets the email address or marks it as verified, sends a
//!    link for a new password, approves or rejects an account that waits for it, disables and
//!    enables the account, requires a password change, ends one session or all, and deletes the
//!    account.
//! 5. `GET /admin/roles` and `/admin/roles/{name}` show the roles and their permissions. POST
//!    changes them.
//! 6. `GET /admin/log` shows the security log, a page at a time; with `user`, `actor` and `action`,
//!    the lines of that user, of that actor and of that action.
//!
//! All of these respond in JSON too.
//!
//! # What it protects against
//! Users without the role `admin`: the guards are in the signatures of the actions. Unlocked
//! browsers: changes need a fresh log-in. An admin who has just lost the role: each change checks
//! it again in its transaction. A site without an admin: the last one cannot disable, demote or
//! delete their own account. Untraceable changes: each is a line in the security log, with who did
//! it.
//!
//! # What it does not do
//! Admins do not set passwords, and do not see the links that are sent. The only password they see
//! is the temporary one of an account that they add, which expires. They can remove the role from
//! each other.
//!
//! # Settings
//! [`SessionConfig::fresh_for`](crate::flows::SessionConfig::fresh_for),
//! [`SiteConfig::temporary_passwords_last`](crate::flows::SiteConfig::temporary_passwords_last).

mod approval;
mod email;
mod log;
mod new_user;
mod outcomes;
mod roles;
mod user;
mod users;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::json;

use crate::access::Rule::{self, AllOf, FreshLogin};
use crate::access::{Allowed, Guard, RoleName};
use crate::accounts::{ADMIN, Account, Actor, Administration, ChangeOutcome};
use crate::error::Error;
use crate::flows::Site;
use crate::flows::answer::Answer;
use crate::flows::flow::Flow;
use crate::flows::page::Page;
use crate::flows::paths::Paths;
use crate::flows::submitted::{BadSubmission, Submitted};
use crate::login::Login;
use crate::login::rule::Demand;
use crate::web::Problem;
use crate::web::text::Text;

pub(super) fn flow() -> Flow<Account> {
    Flow {
        paths: &[
            ("admin", "/admin"),
            ("admin_users", "/admin/users"),
            ("admin_new_user", "/admin/users/new"),
            ("admin_roles", "/admin/roles"),
            ("admin_log", "/admin/log"),
        ],
        routes,
        templates: &[
            ("admin.html", include_str!("admin.html")),
            (users::LIST, include_str!("admin_users.html")),
            (new_user::FORM, include_str!("admin_new_user.html")),
            (new_user::ADDED, include_str!("admin_added_user.html")),
            (user::ONE, include_str!("admin_user.html")),
            (roles::LIST, include_str!("admin_roles.html")),
            (roles::ONE, include_str!("admin_role.html")),
            (log::LIST, include_str!("admin_log.html")),
        ],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        mails: &[approval::NEEDED, approval::APPROVED],
        ..Flow::new("admin")
    }
}

fn routes(paths: &Paths) -> Router<Site> {
    let user = |action: &str| format!("{}/{{id}}{action}", paths.own("admin_users"));
    // Only where the link leads somewhere.
    let reset_link = match paths.get("reset_password") {
        Some(_) => Router::new().route(&user("/send-reset-link"), post(email::send_reset_link)),
        None => Router::new(),
    };
    let role = |action: &str| format!("{}/{{name}}{action}", paths.own("admin_roles"));
    Router::new()
        .route(paths.own("admin"), get(users::list))
        .route(paths.own("admin_users"), get(users::list))
        .route(
            paths.own("admin_new_user"),
            get(new_user::show).post(new_user::add),
        )
        .route(&user(""), get(user::show))
        .route(&user("/grant"), post(user::grant))
        .route(&user("/revoke"), post(user::revoke))
        .route(&user("/email"), post(email::set_email))
        .route(&user("/verify-email"), post(email::verify))
        .route(&user("/approve"), post(approval::approve))
        .route(&user("/reject"), post(approval::reject))
        .route(&user("/disable"), post(user::disable))
        .route(&user("/enable"), post(user::enable))
        .route(
            &user("/demand-new-password"),
            post(user::demand_new_password),
        )
        .route(&user("/reset-factors"), post(user::reset_factors))
        .route(
            &user("/cancel-factors-reset"),
            post(user::cancel_factors_reset),
        )
        .route(&user("/end-session"), post(user::end_session))
        .route(&user("/end-sessions"), post(user::end_sessions))
        .route(&user("/delete"), post(user::delete))
        .route(paths.own("admin_roles"), get(roles::list).post(roles::add))
        .route(&role(""), get(roles::show))
        .route(&role("/allow"), post(roles::allow))
        .route(&role("/forbid"), post(roles::forbid))
        .route(&role("/remove"), post(roles::remove))
        .route(paths.own("admin_log"), get(log::list))
        .merge(reset_link)
}

/// Users who may view the pages.
pub(super) struct Admins;

impl Guard for Admins {
    type User = Account;
    type Object = ();
    const RULE: Rule = Rule::Role(ADMIN);
}

/// Users who may make changes.
pub(super) struct AdminChanges;

impl Guard for AdminChanges {
    type User = Account;
    type Object = ();
    const RULE: Rule = AllOf(&[Rule::Role(ADMIN), FreshLogin]);
}

/// A change by an admin: the argument of all actions that change something.
pub(super) struct Changing {
    admin: Allowed<AdminChanges>,
    pub(super) actor: Actor,
    pub(super) page: Page,
    login: Login<Account>,
    pub(super) submitted: Submitted,
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
        let request = Request::from_parts(parts, body);
        let submitted = Submitted::from_request(request, site).await;
        let submitted = submitted.map_err(IntoResponse::into_response)?;
        // The session may have ended while the body arrived slowly. The transaction of the change
        // checks everything else.
        match login.is_still_logged_in().await {
            Ok(true) => {}
            Ok(false) => return Err(login.unauthorized().await.into_response()),
            Err(error) => return Err(error.into_response()),
        }
        Ok(Self {
            actor: Actor::user(&admin, role).sent_by(&login.sender()),
            admin,
            page,
            login,
            submitted,
        })
    }
}

impl Changing {
    /// Takes the form's only field.
    fn take(&mut self, name: &str) -> std::result::Result<String, BadSubmission> {
        self.submitted.check(&[name])?;
        Ok(self.submitted.take(name))
    }

    /// Rejects any field, for a form that is just a button.
    pub(super) fn no_fields(&self) -> std::result::Result<(), BadSubmission> {
        self.submitted.check(&[])
    }

    pub(super) fn accounts(&self) -> Administration<'_> {
        self.page.site.accounts().by(self.actor.clone())
    }

    /// Responds with the outcome: on the page at `path`, or to a script. A page that has the form
    /// of the change shows a [`conflict`](ChangeOutcome::conflict) itself.
    pub(super) async fn answer(
        &self,
        change: ChangeOutcome,
        done: Text,
        path: &str,
    ) -> ActionResult {
        let answer = match change {
            ChangeOutcome::Done => self.done(path, done),
            ChangeOutcome::AlreadySo | ChangeOutcome::Planned(_) => self.done(path, change.into()),
            ChangeOutcome::NoSuchUser | ChangeOutcome::NoSuchSession => {
                self.login.report_not_theirs(THEIRS).await;
                Answer::problem(Problem::new(StatusCode::NOT_FOUND).text(change.into()))
            }
            ChangeOutcome::ActorLacksRole => {
                let demand = Demand::of_guard::<AdminChanges>(AdminChanges::RULE, false);
                return Ok(self.login.lacks(demand).await.into_response());
            }
            conflict => Answer::problem(Problem::new(StatusCode::CONFLICT).text(conflict.into())),
        };
        Ok(self.page.answer(answer)?)
    }

    fn done(&self, path: &str, message: Text) -> Answer {
        let detail = self.page.say(&message);
        Answer::done(path)
            .message("success", message)
            .json(StatusCode::OK, json!({ "detail": detail }))
    }

    fn not_found(&self) -> Result<Response, Error> {
        self.page.answer(Answer::not_found())
    }

    /// The path of a user's page.
    fn user_path(&self, id: &str) -> String {
        user_path(&self.page.site, id)
    }

    /// The path of a role's page.
    fn role_path(&self, name: &str) -> String {
        role_path(&self.page.site, name)
    }
}

/// The form of a page, to show why it was rejected.
#[derive(Serialize)]
struct Rejected {
    /// The last part of the form's address, such as `grant`.
    form: &'static str,
    /// The text of its field.
    typed: String,
}

impl Rejected {
    fn of(form: &'static str, typed: String) -> Self {
        Self { form, typed }
    }
}

/// What a user or a session should be that an admin asks for: the event of a 404 says so.
const THEIRS: &str = "existing user or session";

/// Characters of an id that need no escaping in a path.
const IN_PATH: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// The path of the page for `id`.
fn href(below: &str, id: &str) -> String {
    format!("{below}/{}", utf8_percent_encode(id, &IN_PATH))
}

pub(super) fn user_path(site: &Site, id: &str) -> String {
    href(site.inner().paths.own("admin_users"), id)
}

fn role_path(site: &Site, name: &str) -> String {
    href(site.inner().paths.own("admin_roles"), name)
}

pub(super) type ActionResult = axum::response::Result<Response>;
