//! What the test kit puts into requests. No request from outside can have it: extensions never
//! travel.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Extensions;

use crate::error::{Error, Result};
use crate::login::User;
use crate::login::loader::SharedUserLoader;

/// The user whom a test wants to be logged in at the first request that asks.
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

    /// Notes that it has been done. Returns whether it had not been before: after a log-out
    /// nobody is logged in again.
    pub(crate) fn begin(&self) -> bool {
        !self.is_done.swap(true, Ordering::SeqCst)
    }

    /// # Errors
    /// When the app does not know the user: the next request would log them out.
    pub(crate) async fn check(&self, loader: &SharedUserLoader<U>) -> Result<()>
    where
        U: User,
    {
        match loader.load(self.user.id()).await? {
            Some(_) => Ok(()),
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

/// A [`TestLogin`] logs in at each request anew, for a client that keeps no cookies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AtEachRequest;

/// Login is switched off: the layers let everybody pass. Flask-Login's `LOGIN_DISABLED`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WithoutLogin;
