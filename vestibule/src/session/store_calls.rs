//! What the calls of a session store are about.

use std::cmp::Reverse;

use crate::clock::Timestamp;
use crate::session::{RememberedId, Session, SessionId, UserId};

/// What the browser had before, and loses at its next log-in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Its session.
    pub session: Option<SessionId>,
    /// The remembered login of its cookie.
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
        /// Where the page before this one ended.
        after: Option<ListedSession>,
        /// How many at most.
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
    /// Those of `sessions` that are asked for, in their order. For a store that finds more than
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

/// What [`SessionStore::update`](crate::session::SessionStore::update) writes to a row that exists.
#[derive(Debug, Clone, Copy)]
pub enum Update<'a> {
    /// When these sessions were last used. No [`InvalidationFeed`](crate::session::InvalidationFeed)
    /// needs to hear of it.
    LastSeen(&'a [SessionId], Timestamp),
    /// The session is no longer fresh.
    Stale(SessionId),
    /// When the remembered login expires.
    RememberedUntil(RememberedId, Timestamp),
}

/// What [`SessionStore::end`](crate::session::SessionStore::end) ends.
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
