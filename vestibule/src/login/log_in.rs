//! A log-in before it is awaited, and its outcome.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use http::HeaderMap;

use crate::error::Result;
use crate::login::visit::{LogInOptions, Visit};
use crate::login::{ContinuedSession, Event, User};
use crate::session::Methods;

/// A log-in, from [`Login::log_in`](crate::Login::log_in). Nothing happens until it is awaited.
#[must_use = "nobody is logged in until this is awaited"]
pub struct LogIn<'a, U> {
    pub(super) visit: &'a Visit<U>,
    pub(super) headers: &'a HeaderMap,
    pub(super) user: &'a U,
    pub(super) options: LogInOptions,
    pub(super) even_if_inactive: bool,
}

impl<U: User> LogIn<'_, U> {
    /// Remembers the browser after the session ends, for
    /// [`RememberCookie::duration`](crate::session::RememberCookie::duration).
    pub fn remember(mut self) -> Self {
        self.options.remember = Some(self.visit.settings().sessions.remember.duration);
        self
    }

    /// As [`remember`](Self::remember) if `is_wanted`, such as by a ticked box; otherwise nothing.
    pub fn remember_if(self, is_wanted: bool) -> Self {
        match is_wanted {
            true => self.remember(),
            false => self,
        }
    }

    /// Remembers the browser for this long, at most 400 days.
    pub fn remember_for(mut self, duration: Duration) -> Self {
        self.options.remember = Some(duration);
        self
    }

    /// Logs in without a credential: routes that need a fresh log-in will ask for it.
    pub fn not_fresh(mut self) -> Self {
        self.options.is_fresh = false;
        self
    }

    /// Continues a session of the same user under a new token, with its public id and the app's
    /// values. Use it after a password change, which changes [`User::session_epoch`] and so ends
    /// all sessions. It emits [`Event::LoginConfirmed`](crate::login::Event::LoginConfirmed): nobody
    /// logged in.
    pub fn continuing(mut self, continued: ContinuedSession) -> Self {
        self.options.continued = Some(continued);
        self
    }

    /// Sets the methods used, for [`Session::methods`](crate::Session::methods). Default: a
    /// password; with [`not_fresh`](Self::not_fresh), none.
    pub fn by(mut self, methods: Methods) -> Self {
        self.options.methods = Some(methods);
        self
    }

    /// Skips the check of [`User::is_active`]. The next request checks it again.
    pub fn even_if_inactive(mut self) -> Self {
        self.even_if_inactive = true;
        self
    }
}

impl<U> fmt::Debug for LogIn<'_, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogIn")
            .field("options", &self.options)
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
                let user = Some(self.user.id());
                self.visit.emit_for(Event::Inactive, user).await;
                return Ok(LoginOutcome::Inactive);
            }
            let has_begun = self
                .visit
                .log_in(self.user, self.options, self.headers)
                .await?;
            Ok(match has_begun {
                true => LoginOutcome::LoggedIn,
                false => LoginOutcome::TooManySessions,
            })
        })
    }
}

/// The outcome of a log-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "an inactive user was not logged in"]
#[non_exhaustive]
pub enum LoginOutcome {
    /// The user is logged in.
    LoggedIn,
    /// The user is not active, and nothing happened.
    Inactive,
    /// The user has the maximum number of sessions
    /// ([`SessionLimit::Reject`](crate::login::SessionLimit::Reject)). Either nothing happened, or
    /// too many sessions began at the same moment, and this one was ended again, with the browser's
    /// previous one.
    TooManySessions,
}
