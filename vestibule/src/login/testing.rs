//! Request extensions from the test kit. Requests from outside cannot have them, because extensions
//! are not transmitted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Extensions;

use crate::error::{Error, Result};
use crate::login::User;
use crate::login::loader::SharedUserLoader;

/// The user a test logs in at the first request that uses the current user.
#[derive(Debug)]
pub(crate) struct TestLogin<U> {
    pub(crate) user: U,
    is_fresh: bool,
    is_done: Arc<AtomicBool>,
}

impl<U: Clone> Clone for TestLogin<U> {
    fn clone(&self) -> Self {
        Self {
            user: self.user.clone(),
            is_fresh: self.is_fresh,
            is_done: self.is_done.clone(),
        }
    }
}

impl<U: Clone + Send + Sync + 'static> TestLogin<U> {
    pub(crate) fn new(user: U) -> Self {
        Self {
            user,
            is_fresh: true,
            is_done: Arc::default(),
        }
    }

    pub(crate) fn take(extensions: &mut Extensions) -> Option<Self> {
        let login: Self = extensions.remove()?;
        let is_fresh = extensions.get().is_none_or(|TestFreshness(fresh)| *fresh);
        let is_done = match extensions.get::<AtEachRequest>() {
            Some(_) => Arc::default(),
            None => login.is_done,
        };
        Some(Self {
            is_fresh,
            is_done,
            ..login
        })
    }

    /// Marks it as done. Returns whether it was not done before, because after a log-out the user
    /// must not be logged in again.
    pub(crate) fn begin(&self) -> bool {
        !self.is_done.swap(true, Ordering::SeqCst)
    }

    /// # Errors
    /// When the app does not know the user, or knows them with another epoch, because the next
    /// request would log them out.
    pub(crate) async fn check(&self, loader: &SharedUserLoader<U>) -> Result<()>
    where
        U: User,
    {
        match loader.load(self.user.id()).await? {
            Some(user) if user.session_epoch() == self.user.session_epoch() => Ok(()),
            Some(_) => Err(Error::config(format!(
                "logged_in_as: the user loader finds `{}` with another `session_epoch`; pass the \
                 user as the loader returns it",
                self.user.id()
            ))),
            None => Err(Error::config(format!(
                "logged_in_as: the user loader does not find `{}`",
                self.user.id()
            ))),
        }
    }

    pub(crate) fn is_fresh(&self) -> bool {
        self.is_fresh
    }
}

/// Whether a [`TestLogin`] is fresh.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TestFreshness(pub(crate) bool);

/// Makes a [`TestLogin`] log in at each request, for a client without cookies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AtEachRequest;

/// Login is disabled: the layers accept every request. Flask-Login's `LOGIN_DISABLED`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WithoutLogin;
