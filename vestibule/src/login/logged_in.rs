//! Who a request comes from, once that is known.

use std::sync::Arc;

use crate::session::{Methods, Session};

/// A user, and the session that names them. A user of the request loader has no session.
#[derive(Debug)]
pub(crate) struct LoggedIn<U> {
    pub(crate) user: U,
    pub(crate) session: Option<Arc<Session>>,
    pub(crate) is_fresh: bool,
    pub(crate) is_remembered: bool,
}

impl<U> LoggedIn<U> {
    /// How the whole log-in was proved. A user of the request loader has proved nothing by a
    /// method of ours.
    pub(crate) fn methods(&self) -> Methods {
        self.session
            .as_ref()
            .map_or(Methods::NONE, |session| session.methods)
    }
}
