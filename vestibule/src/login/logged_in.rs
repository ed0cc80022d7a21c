//! The user of a request and their session.

use std::sync::Arc;

use crate::session::{Methods, Session};

/// A user and their session. A user of the request loader has no session.
#[derive(Debug)]
pub(crate) struct LoggedIn<U> {
    pub(crate) user: U,
    pub(crate) session: Option<Arc<Session>>,
    pub(crate) is_fresh: bool,
    pub(crate) is_remembered: bool,
}

impl<U> LoggedIn<U> {
    /// All methods that proved the log-in. Empty for a user of the request loader.
    pub(crate) fn methods(&self) -> Methods {
        self.session
            .as_ref()
            .map_or(Methods::NONE, |session| session.methods)
    }
}
