//! Sessions: the server-side state of a login, and how they are kept.
//!
//! A session begins at log-in and ends at log-out, at its expiry, or when somebody revokes it.
//! An anonymous visitor has none: no cookie, no row, no store call.
//!
//! The browser holds a [`SessionToken`], 256 random bits in a cookie.
//! The store holds a [`Session`] under the token's SHA-256, its [`SessionId`]: a copy of the
//! database opens nothing.
//!
//! Each effect has one verb, here and in every [`SessionStore`]:
//!
//! | verb | effect |
//! |---|---|
//! | `create` | a new session begins; the one it replaces ends in the same step |
//! | `load` | reads a session |
//! | `touch` | writes when it was last seen, if it is still there |
//! | `revoke` | ends one |
//! | `revoke_user` | ends all of a user's |
//! | `sweep` | removes the expired |

mod cookie;
mod expiry;
mod store;
#[cfg(test)]
mod tests;
mod token;
mod user_id;

pub(crate) use cookie::SessionCookie;
pub use expiry::SessionExpiry;
pub use store::SessionStore;
pub(crate) use store::SharedSessionStore;
pub use token::{SessionId, SessionToken};
pub use user_id::UserId;

use crate::clock::Timestamp;

/// The server-side state of one login. Typed columns, no bag of values.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// The SHA-256 of the token in the browser's cookie.
    pub id: SessionId,
    /// A name for this session that may be shown and logged. Worth nothing as a cookie.
    pub public_id: String,
    /// Who is logged in.
    pub user_id: UserId,
    /// The user's [`session_epoch`](crate::login::User::session_epoch) at the log-in.
    pub user_epoch: i64,
    /// When the session began.
    pub created_at: Timestamp,
    /// When the user last showed a credential.
    pub authenticated_at: Timestamp,
    /// When the session was last used, to within [`SessionExpiry::TOUCH_EVERY`].
    pub last_seen_at: Timestamp,
    /// When the session ends, however busy it is.
    pub expires_at: Timestamp,
}

impl Session {
    /// A session that begins now.
    ///
    /// `public_id` must be unique; `lifetime` is the absolute one.
    pub fn new(
        id: SessionId,
        public_id: String,
        user_id: UserId,
        user_epoch: i64,
        now: Timestamp,
        lifetime: std::time::Duration,
    ) -> Self {
        Self {
            id,
            public_id,
            user_id,
            user_epoch,
            created_at: now,
            authenticated_at: now,
            last_seen_at: now,
            expires_at: now + lifetime,
        }
    }
}
