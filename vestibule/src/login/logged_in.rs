//! Who a request comes from, once that is known.

use std::sync::Arc;

use crate::session::Session;

/// A user, and the session that names them. A user of the request loader has no session.
#[derive(Debug)]
pub(crate) struct LoggedIn<U> {
    pub(crate) user: U,
    pub(crate) session: Option<Arc<Session>>,
    pub(crate) is_fresh: bool,
    pub(crate) is_remembered: bool,
}
