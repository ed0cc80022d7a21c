//! A log-in that still needs another factor.

use std::fmt;

use crate::clock::Timestamp;
use crate::login::{Next, User};
use crate::session::{Methods, SessionId};

/// A log-in after one factor, when the user must show another.
///
/// It is a row in the session store, in its own realm, and its token is in its own cookie. It
/// expires after ten minutes and can be used once. A new [`session_epoch`](User::session_epoch), a
/// log-out in this browser, and a log-out everywhere end it. Until it is complete, the visitor
/// counts as not logged in.
pub struct PendingLogin<U> {
    pub(super) id: SessionId,
    pub(super) user: U,
    /// The user's epoch when the first factor was checked.
    pub(super) epoch: i64,
    pub(super) methods: Methods,
    pub(super) expires_at: Timestamp,
    pub(super) intent: Intent,
}

/// The visitor's choices at the first factor.
#[derive(Debug, Clone, Default)]
pub(crate) struct Intent {
    /// Whether to remember the browser.
    pub(crate) remember: bool,
    /// The page they were going to.
    pub(crate) next: Next,
}

impl<U: User> PendingLogin<U> {
    /// The user who has shown the first factor. They are not logged in yet.
    pub fn user(&self) -> &U {
        &self.user
    }

    /// The methods used so far.
    pub fn methods(&self) -> Methods {
        self.methods
    }

    pub(crate) fn epoch(&self) -> i64 {
        self.epoch
    }

    pub(crate) fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    pub(crate) fn intent(&self) -> &Intent {
        &self.intent
    }

    /// The page the visitor was going to.
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
