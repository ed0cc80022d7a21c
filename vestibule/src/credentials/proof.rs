//! That somebody has proved who they are.

use std::fmt;

use crate::credentials::throttle::Try;
use crate::login::pending::{Intent, PendingLogin};
use crate::login::{ContinuedSession, Next, User};
use crate::session::Methods;

/// That a user has shown a credential. Only this module makes one, it cannot be copied, and
/// [`Credentials::proceed`](crate::credentials::Credentials::proceed) uses it up.
#[must_use = "nobody is logged in until `proceed` gets it"]
pub struct Proof<U> {
    pub(super) user: U,
    /// The user's epoch, read before the credential was checked.
    pub(super) epoch: i64,
    /// What was shown just now.
    pub(super) methods: Methods,
    pub(super) intent: Intent,
    /// The log-in that this one finishes.
    pub(super) pending: Option<PendingLogin<U>>,
    pub(super) continued: Option<ContinuedSession>,
    /// The try that it came from. None for a user who has just registered.
    pub(super) tried: Option<Box<Try>>,
}

impl<U: User> Proof<U> {
    pub(super) fn new(user: U, epoch: i64, methods: Methods) -> Self {
        Self {
            user,
            epoch,
            methods,
            intent: Intent::default(),
            pending: None,
            continued: None,
            tried: None,
        }
    }

    /// The user who has proved who they are. Whether they may log in, `proceed` says.
    pub fn user(&self) -> &U {
        &self.user
    }

    /// Remembers the browser past the end of the session, if `remember` says so. A pending log-in
    /// keeps what was said at its first factor.
    pub fn remember(mut self, remember: bool) -> Self {
        self.intent.remember |= remember;
        self
    }

    /// Where the visitor was going. A pending log-in keeps it.
    pub fn leading_to(mut self, next: Next) -> Self {
        self.intent.next = next;
        self
    }

    /// Lets a session of the user continue, with its public id and the app's values.
    pub(super) fn continuing(mut self, continued: ContinuedSession) -> Self {
        self.continued = Some(continued);
        self
    }
}

impl<U> fmt::Debug for Proof<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof")
            .field("methods", &self.methods)
            .finish_non_exhaustive()
    }
}
