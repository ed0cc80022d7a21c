//! The user of this request, as a handler's argument.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::login::logged_in::LoggedIn;
use crate::login::rule::{Rule, Verdict};
use crate::login::visit::Visit;
use crate::login::{LoginRejection, User};
use crate::session::{Methods, Session};

/// The user of this request. Flask-Login's `current_user`, and its `@login_required` too.
///
/// A handler that takes it serves only logged-in users; others are redirected to the login page, or
/// get 401. A handler that takes `Option<CurrentUser<U>>` serves all visitors.
///
/// ```
/// use vestibule::CurrentUser;
/// # use vestibule::login::{User, UserId};
/// # #[derive(Clone)] struct Member { name: String }
/// # impl User for Member { fn id(&self) -> UserId { self.name.as_str().into() } }
///
/// async fn welcome(user: CurrentUser<Member>) -> String {
///     format!("Welcome {}", user.name)
/// }
///
/// async fn index(user: Option<CurrentUser<Member>>) -> &'static str {
///     if user.is_some() { "Welcome back" } else { "Log in" }
/// }
/// ```
pub struct CurrentUser<U>(Arc<LoggedIn<U>>);

impl<U> CurrentUser<U> {
    pub(crate) fn new(logged_in: Arc<LoggedIn<U>>) -> Self {
        Self(logged_in)
    }

    /// The session of this login; `None` for a user of the request loader.
    pub fn session(&self) -> Option<&Session> {
        self.0.session.as_deref()
    }

    /// All methods that proved this log-in. Empty for a user of the request loader.
    pub fn methods(&self) -> Methods {
        self.0.methods()
    }

    /// Whether the user showed a credential in this session, and recently enough for
    /// [`LoginManager::fresh_for`](crate::LoginManager::fresh_for). Flask-Login's `login_fresh`.
    pub fn is_fresh(&self) -> bool {
        self.0.is_fresh
    }

    /// Whether this browser stays remembered after the session ends. Flask-Login's
    /// `login_remembered`.
    pub fn is_remembered(&self) -> bool {
        self.0.is_remembered
    }
}

impl<U: User> CurrentUser<U> {
    /// Whether this user has the role ([`User::has_role`]).
    pub fn has_role(&self, role: &str) -> bool {
        self.0.user.has_role(role)
    }

    /// Whether the user meets this rule, for example to show a button only to users who may use it.
    pub fn meets(&self, rule: Rule) -> bool {
        rule.judge(&self.0) == Verdict::Allowed
    }

    /// Whether this user has the permission ([`User::can`]). Prefer a guard in the handler's
    /// arguments ([`Allowed`](crate::Allowed)), which is visible in the signature.
    pub fn can(&self, permission: &str) -> bool {
        self.0.user.can(permission)
    }
}

impl<U> Deref for CurrentUser<U> {
    type Target = U;

    fn deref(&self) -> &U {
        &self.0.user
    }
}

impl<U> Clone for CurrentUser<U> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<U: fmt::Debug> fmt::Debug for CurrentUser<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CurrentUser").field(&self.0.user).finish()
    }
}

impl<U: User, S: Send + Sync> FromRequestParts<S> for CurrentUser<U> {
    type Rejection = LoginRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, LoginRejection> {
        let visit = Visit::<U>::of(&parts.headers, &parts.extensions)
            .ok_or_else(LoginRejection::no_layer::<U>)?;
        visit.require(Rule::Login.into(), parts).await.map(Self)
    }
}

impl<U: User, S: Send + Sync> OptionalFromRequestParts<S> for CurrentUser<U> {
    type Rejection = LoginRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, LoginRejection> {
        let visit = Visit::<U>::of(&parts.headers, &parts.extensions)
            .ok_or_else(LoginRejection::no_layer::<U>)?;
        Ok(visit.resolve(parts).await?.map(Self))
    }
}
