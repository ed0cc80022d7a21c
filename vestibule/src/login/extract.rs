//! Logging in and out, as a handler's argument.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::error::Result;
use crate::login::visit::Visit;
use crate::login::{CurrentUser, LoginRejection, User};

/// Logs in and out. Flask-Login's `login_user` and `logout_user`.
///
/// The store has the change before `await` returns; the cookie goes with the response.
///
/// ```
/// use axum::response::Redirect;
/// use vestibule::login::LoginOutcome;
/// use vestibule::{Error, Login};
/// # use vestibule::login::{User, UserId};
/// # #[derive(Clone)] struct Member;
/// # impl User for Member { fn id(&self) -> UserId { 1_i64.into() } }
/// # async fn check_password() -> Option<Member> { None }
///
/// async fn log_in(login: Login<Member>) -> Result<Redirect, Error> {
///     if let Some(member) = check_password().await
///         && login.log_in(&member).await? == LoginOutcome::LoggedIn
///     {
///         return Ok(Redirect::to("/"));
///     }
///     Ok(Redirect::to("/login"))
/// }
///
/// async fn log_out(login: Login<Member>) -> Result<Redirect, Error> {
///     login.log_out().await?;
///     Ok(Redirect::to("/login"))
/// }
/// ```
pub struct Login<U>(Arc<Visit<U>>);

impl<U: User> Login<U> {
    /// Logs `user` in: `login.log_in(&user).await?`, or with an option first,
    /// `login.log_in(&user).remember().await?`.
    ///
    /// Every log-in begins a new session under a new token and ends the one before.
    /// Check the credential first: this does not.
    pub fn log_in<'a>(&'a self, user: &'a U) -> LogIn<'a, U> {
        LogIn {
            visit: &self.0,
            user,
            remember: false,
            even_if_inactive: false,
        }
    }

    /// Logs out: ends the session on the server and makes the browser forget the cookie. For a
    /// visitor who is not logged in only the latter.
    ///
    /// # Errors
    /// When the store failed; then the session is still there and the visitor must be told.
    pub async fn log_out(&self) -> Result<()> {
        self.0.log_out().await
    }

    /// The user of this request, after a [`log_in`](Self::log_in) the one just logged in.
    ///
    /// # Errors
    /// When the session store or the user loader failed.
    pub async fn current_user(&self) -> Result<Option<CurrentUser<U>>> {
        Ok(self.0.resolve().await?.map(CurrentUser::new))
    }
}

impl<U> fmt::Debug for Login<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

impl<U: User, S: Send + Sync> FromRequestParts<S> for Login<U> {
    type Rejection = LoginRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, LoginRejection> {
        Visit::of(&parts.extensions)
            .map(Self)
            .ok_or_else(LoginRejection::no_layer::<U>)
    }
}

/// A log-in about to happen, from [`Login::log_in`]. Nothing happens until it is awaited.
#[must_use = "nobody is logged in until this is awaited"]
pub struct LogIn<'a, U> {
    visit: &'a Visit<U>,
    user: &'a U,
    remember: bool,
    even_if_inactive: bool,
}

impl<U> LogIn<'_, U> {
    /// Lets the cookie outlive the closing of the browser, up to the session's absolute
    /// lifetime.
    pub fn remember(mut self) -> Self {
        self.remember = true;
        self
    }

    /// Does not ask [`User::is_active`]. The next request asks again.
    pub fn even_if_inactive(mut self) -> Self {
        self.even_if_inactive = true;
        self
    }
}

impl<U> fmt::Debug for LogIn<'_, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogIn")
            .field("remember", &self.remember)
            .field("even_if_inactive", &self.even_if_inactive)
            .finish_non_exhaustive()
    }
}

impl<'a, U: User> IntoFuture for LogIn<'a, U> {
    type Output = Result<LoginOutcome>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            if !self.even_if_inactive && !self.user.is_active() {
                return Ok(LoginOutcome::Inactive);
            }
            self.visit.log_in(self.user, self.remember).await?;
            Ok(LoginOutcome::LoggedIn)
        })
    }
}

/// What came of a log-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "an inactive user was not logged in"]
#[non_exhaustive]
pub enum LoginOutcome {
    /// The user is logged in.
    LoggedIn,
    /// The user is not active, and nothing happened.
    Inactive,
}
