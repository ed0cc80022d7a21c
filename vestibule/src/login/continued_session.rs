//! A session that continues when its user logs in again.

use std::fmt;
use std::sync::Arc;

use crate::login::UserId;
use crate::session::{DataValues, Session};

/// The part of a session that continues when its user logs in again: its public id and the app's
/// values. From [`Login::continued_session`](crate::Login::continued_session).
pub struct ContinuedSession {
    pub(super) session: Option<Arc<Session>>,
    pub(super) data: DataValues,
}

impl ContinuedSession {
    /// Whether there is a session to continue, and it belongs to this user.
    pub(crate) fn is_of(&self, user_id: &UserId) -> bool {
        let session = self.session.as_ref();
        session.is_some_and(|session| session.user_id == *user_id)
    }

    /// The session and its values, if it belongs to this user.
    pub(super) fn for_user(self, user_id: &UserId) -> Option<(Arc<Session>, DataValues)> {
        let session = self.session.filter(|session| session.user_id == *user_id)?;
        Some((session, self.data))
    }
}

impl fmt::Debug for ContinuedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContinuedSession").finish_non_exhaustive()
    }
}
