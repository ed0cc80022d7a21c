//! A log-in about to happen, and what came of it.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use http::HeaderMap;

use crate::error::Result;
use crate::login::visit::{LogInOptions, Visit};
use crate::login::{ContinuedSession, Event, User};
use crate::session::Methods;

/// A log-in about to happen, from [`Login::log_in`]. Nothing happens until it is awaited.
#[must_use = "nobody is logged in until this is awaited"]
pub struct LogIn<'a, U> {
    pub(super) visit: &'a Visit<U>,
    pub(super) headers: &'a HeaderMap,
    pub(super) user: &'a U,
    pub(super) options: LogInOptions,
    pub(super) even_if_inactive: bool,
}

impl<U: User> LogIn<'_, U> {
    /// Remembers the browser past the end of the session, for the time that is set
    /// ([`RememberCookie::duration`](crate::session::RememberCookie::duration)).
    pub fn remember(mut self) -> Self {
        self.options.remember = Some(self.visit.settings().sessions.remember.duration);
        self
    }

    /// Remembers the browser for this long, at most 400 days.
    pub fn remember_for(mut self, duration: Duration) -> Self {
        self.options.remember = Some(duration);
        self
    }

    /// Logs in without a credential shown: what needs a fresh log-in will ask for it.
    pub fn not_fresh(mut self) -> Self {
        self.options.is_fresh = false;
        self
    }

    /// Lets a session go on, if it is of the same user: under a new token, with its public id and
    /// the app's values. For a new password, with which [`User::session_epoch`] changes, and all
    /// that was there ends.
    pub fn continuing(mut self, continued: ContinuedSession) -> Self {
        self.options.continued = Some(continued);
        self
    }

    /// Says what the user has shown, for [`Session::methods`](crate::Session::methods). Default: a
    /// password; with [`not_fresh`](Self::not_fresh), nothing.
    pub fn by(mut self, methods: Methods) -> Self {
        self.options.methods = Some(methods);
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

/// What came of a log-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "an inactive user was not logged in"]
#[non_exhaustive]
pub enum LoginOutcome {
    /// The user is logged in.
    LoggedIn,
    /// The user is not active, and nothing happened.
    Inactive,
    /// The user has as many sessions as they may
    /// ([`SessionLimit::Reject`](crate::login::SessionLimit::Reject)), and nothing happened; or so
    /// many others began at the same moment that this one has ended again, and what the browser
    /// had before.
    TooManySessions,
}
