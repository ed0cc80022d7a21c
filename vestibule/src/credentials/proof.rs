//! The proof that a user has shown a credential.

use std::fmt;

use crate::credentials::throttle::Try;
use crate::login::pending::{Intent, PendingLogin};
use crate::login::{ContinuedSession, Next, User};
use crate::session::Methods;

/// The proof that a user has shown a credential. Only this module can make one, nobody can copy it,
/// and [`Credentials::proceed`](crate::credentials::Credentials::proceed) uses it up.
#[must_use = "nobody is logged in until `proceed` gets it"]
pub struct Proof<U> {
    pub(super) user: U,
    /// The user's epoch, read before the credential was checked.
    pub(super) epoch: i64,
    /// The methods used just now.
    pub(super) methods: Methods,
    pub(super) intent: Intent,
    /// The pending log-in that this proof completes.
    pub(super) pending: Option<PendingLogin<U>>,
    pub(super) continued: Option<ContinuedSession>,
    /// The try that gave this proof. `None` for a user who has just registered.
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

    /// The user who has proved who they are. [`proceed`](crate::credentials::Credentials::proceed)
    /// decides whether they may log in.
    pub fn user(&self) -> &U {
        &self.user
    }

    /// Whether it completes a pending log-in, which knows where the visitor was going.
    #[cfg(feature = "passkeys")]
    pub(crate) fn is_of_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// Remembers the browser after the session ends, if `remember` is set. A pending log-in keeps
    /// the choice made with its first factor.
    pub fn remember(mut self, remember: bool) -> Self {
        self.intent.remember |= remember;
        self
    }

    /// Sets the page that the visitor was going to. A pending log-in keeps its own.
    pub fn leading_to(mut self, next: Next) -> Self {
        self.intent.next = next;
        self
    }

    /// Continues a session of the user, with its public id and the app's values.
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
