//! The arguments of a session store's calls.

use std::cmp::Reverse;

use crate::clock::Timestamp;
use crate::session::{RememberedId, Session, SessionId, UserId};

/// The session and the remembered login that the browser had before its log-in, which ends them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replaced {
    /// The session.
    pub session: Option<SessionId>,
    /// The remembered login.
    pub remembered: Option<RememberedId>,
}

/// The place of a session in the list of its user's sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedSession {
    /// When it was last used.
    pub last_seen_at: Timestamp,
    /// Its id.
    pub id: SessionId,
}

impl From<&Session> for ListedSession {
    fn from(session: &Session) -> Self {
        Self {
            last_seen_at: session.last_seen_at,
            id: session.id,
        }
    }
}

/// The sessions that [`SessionStore::list`](crate::session::SessionStore::list) reads.
#[derive(Debug, Clone, Copy)]
pub enum Listed<'a> {
    /// At most `limit` sessions of a user in this [`realm`](crate::login::LoginManager::realm),
    /// most recently used first, and of those last used at the same time the greatest id first.
    /// With `after`, those that follow it in that order.
    User {
        /// The realm.
        realm: &'a str,
        /// The user.
        user_id: &'a UserId,
        /// The end of the previous page.
        after: Option<ListedSession>,
        /// The maximum number.
        limit: usize,
    },
    /// The sessions of a remembered login, two at most, in any order.
    Remembered(RememberedId),
    /// The session of this user, in this realm, with this [`public_id`](Session::public_id).
    PublicId {
        /// The realm.
        realm: &'a str,
        /// The user.
        user_id: &'a UserId,
        /// The public id.
        public_id: &'a str,
    },
}

impl Listed<'_> {
    /// The requested sessions among `sessions`, in their order. For a store that reads more than
    /// these, such as all sessions of the user.
    pub fn among<'s>(self, sessions: impl IntoIterator<Item = &'s Session>) -> Vec<Session> {
        let is_asked_for = |session: &&Session| match self {
            Self::User { realm, user_id, .. } => {
                session.realm == realm && session.user_id == *user_id
            }
            Self::Remembered(id) => session.remembered == Some(id),
            Self::PublicId {
                realm,
                user_id,
                public_id,
            } => {
                let is_theirs = session.realm == realm && session.user_id == *user_id;
                is_theirs && session.public_id == public_id
            }
        };
        let mut found: Vec<_> = sessions.into_iter().filter(is_asked_for).collect();
        if let Self::User { after, limit, .. } = self {
            let place = |at: ListedSession| Reverse((at.last_seen_at, at.id));
            found.retain(|session| {
                after.is_none_or(|after| place((*session).into()) > place(after))
            });
            found.sort_unstable_by_key(|session| place((*session).into()));
            found.truncate(limit);
        }
        found.into_iter().cloned().collect()
    }
}

/// A change that [`SessionStore::update`](crate::session::SessionStore::update) writes to a row
/// that exists.
#[derive(Debug, Clone, Copy)]
pub enum Update<'a> {
    /// When these sessions were last used. Need not be reported to an
    /// [`InvalidationFeed`](crate::session::InvalidationFeed).
    LastSeen(&'a [SessionId], Timestamp),
    /// The session is no longer fresh.
    Stale(SessionId),
    /// When the remembered login expires.
    RememberedUntil(RememberedId, Timestamp),
}

/// The target of [`SessionStore::end`](crate::session::SessionStore::end).
#[derive(Debug, Clone, Copy)]
pub enum Ended<'a> {
    /// The session with this id, or the session renewed from it, and its remembered login.
    Session(SessionId),
    /// A remembered login and its sessions. The count is 1 if the login existed.
    Remembered(RememberedId),
    /// All sessions and remembered logins of a user in this
    /// [`realm`](crate::login::LoginManager::realm), except the session `keep`, or the session
    /// renewed from it, and its remembered login. The count is that of the sessions.
    User {
        /// The realm.
        realm: &'a str,
        /// The user.
        user_id: &'a UserId,
        /// The session that stays.
        keep: Option<SessionId>,
    },
}
