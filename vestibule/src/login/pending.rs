//! A log-in that is proved in part.

use std::fmt;

use crate::login::{Next, User};
use crate::session::{Methods, SessionId};

/// A log-in that is proved in part: the user has shown one factor, and must show another.
///
/// It is a row in the session store, in a realm of its own, under a token in a cookie of its own.
/// It lasts ten minutes and is used once. A new [`session_epoch`](User::session_epoch), a log-out
/// everywhere and a log-out in this browser end it. Nothing that asks for a user sees it.
pub struct PendingLogin<U> {
    pub(super) id: SessionId,
    pub(super) user: U,
    /// The user's epoch when the first factor was checked.
    pub(super) epoch: i64,
    pub(super) methods: Methods,
    pub(super) intent: Intent,
}

/// What the visitor asked for when they showed the first factor.
#[derive(Debug, Clone, Default)]
pub(crate) struct Intent {
    /// Whether the browser is to be remembered.
    pub(crate) remember: bool,
    /// Where they were going.
    pub(crate) next: Next,
}

impl<U: User> PendingLogin<U> {
    /// The user who has shown the first factor. They are not logged in.
    pub fn user(&self) -> &U {
        &self.user
    }

    /// What the user has shown so far.
    pub fn methods(&self) -> Methods {
        self.methods
    }

    pub(crate) fn epoch(&self) -> i64 {
        self.epoch
    }

    pub(crate) fn intent(&self) -> &Intent {
        &self.intent
    }

    /// Where the visitor was going.
    pub fn next(&self) -> &Next {
        &self.intent.next
    }
}

impl<U> fmt::Debug for PendingLogin<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingLogin")
            .field("methods", &self.methods)
            .finish_non_exhaustive()
    }
}
