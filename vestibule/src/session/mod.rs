//! Sessions: the server-side state of a login, and how they are kept.
//!
//! A session begins at log-in and ends at log-out, at its expiry, or when somebody revokes it.
//! An anonymous visitor has none: no cookie, no row, no store call; but for whom the app keeps
//! values, where it wants them [in the store](crate::LoginManager::anonymous_data_in_store).
//!
//! The browser holds a [`SessionToken`], 256 random bits in a cookie.
//! The store holds a [`Session`] under the token's SHA-256, its [`SessionId`]: a copy of the
//! database opens nothing.
//!
//! A browser whose user asks for it is remembered past the end of the session, by a
//! [`RememberedLogin`] and a [`RememberToken`] in a second cookie, whose token changes at each
//! use.
//!
//! Each effect has one verb, here and in every [`SessionStore`]:
//!
//! | verb | effect |
//! |---|---|
//! | `create` | a new session begins; what the browser had before ends in the same step |
//! | `load`, `load_remembered` | reads a session, a remembered login |
//! | `touch` | writes when some were last seen, as far as they are still there |
//! | `mark_stale` | writes that it is not fresh any more |
//! | `renew` | a session goes on under a new token |
//! | `resume` | a new session begins from a remembered login, whose token changes |
//! | `extend_remembered` | writes when the browser is forgotten |
//! | `revoke`, `revoke_remembered` | ends one |
//! | `revoke_user` | ends all of a user's |
//! | `list_user` | reads all sessions of a user |
//! | `load_data`, `change_data` | reads and writes the app's own values of a session |
//! | `sweep` | removes the expired |

mod cookie;
mod data;
mod expiry;
mod feed;
mod methods;
mod remembered;
#[cfg(feature = "sql")]
pub(crate) mod rows;
mod store;
#[cfg(test)]
mod tests;
mod token;
mod user_id;
#[cfg(any(feature = "redis", feature = "sql"))]
mod watch;

pub use cookie::RememberCookie;
pub(crate) use cookie::{CookieToken, OwnRememberCookie, SessionCookie, in_realm, read_both};
pub use data::{DataChanges, DataKey, DataOutcome, DataValues, MAX_DATA_BYTES};
pub(crate) use data::{apply_changes, changed as changed_data};
pub use expiry::SessionExpiry;
pub(crate) use feed::{FeedSnapshot, Slots};
pub use feed::{InvalidateOnDrop, Invalidation, InvalidationFeed, Moment, Watcher};
pub use methods::Methods;
pub(crate) use remembered::TokenState;
pub use remembered::{RememberDigest, RememberSeed, RememberToken, RememberedId, RememberedLogin};
#[doc(hidden)]
pub use store::SqlTable;
pub(crate) use store::{MAX_REALM_CHARS, SharedSessionStore, anonymous_realm, pending_realm};
pub use store::{Replaced, SessionStore};
pub(crate) use token::new_public_id;
pub use token::{SessionId, SessionToken};
pub use user_id::UserId;
#[cfg(any(feature = "redis", feature = "postgres"))]
pub(crate) use watch::ASK_EVERY;
#[cfg(any(feature = "redis", feature = "sql"))]
pub(crate) use watch::Watched;

use std::net::IpAddr;

use crate::clock::Timestamp;

/// The server-side state of one login. Typed columns, no bag of values.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// The SHA-256 of the token in the browser's cookie.
    pub id: SessionId,
    /// A name for this session that may be shown and logged. Worth nothing as a cookie.
    pub public_id: String,
    /// The [`realm`](crate::login::LoginManager::realm) of the login manager that made it; with
    /// `/anonymous` after it, where it only keeps an anonymous visitor's values; with `/pending`,
    /// where it is a log-in that is proved in part. 42 characters at most.
    pub realm: String,
    /// Who is logged in; of an anonymous visitor an id that nobody has.
    pub user_id: UserId,
    /// The user's [`session_epoch`](crate::login::User::session_epoch) at the log-in.
    pub user_epoch: i64,
    /// When the session began.
    pub created_at: Timestamp,
    /// When the user last showed a credential.
    pub authenticated_at: Timestamp,
    /// How the whole log-in was proved, since it began.
    pub methods: Methods,
    /// How the user proved who they are at [`authenticated_at`](Self::authenticated_at).
    pub confirmed_by: Methods,
    /// Whether a credential was shown in this very session, and the browser has not changed
    /// since. A remembered session is not fresh.
    pub is_fresh: bool,
    /// The remembered login that it came of, or that began with it.
    pub remembered: Option<RememberedId>,
    /// The id that it had before it was last renewed. Whoever ends that one, ends this.
    pub renewed_from: Option<SessionId>,
    /// The browser's `User-Agent` at the log-in, at most
    /// [`MAX_USER_AGENT_CHARS`](Self::MAX_USER_AGENT_CHARS) of it.
    pub user_agent: Option<String>,
    /// The browser's address at the log-in, where it was known.
    pub address: Option<IpAddr>,
    /// When the session was last used, to within [`SessionExpiry::TOUCH_EVERY`].
    pub last_seen_at: Timestamp,
    /// When the session ends, however busy it is.
    pub expires_at: Timestamp,
}

impl Session {
    /// The most characters of a user agent that are kept.
    pub const MAX_USER_AGENT_CHARS: usize = 512;

    /// A session that begins now, fresh, proved by a password, with nothing of what is optional.
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
            realm: String::new(),
            user_id,
            user_epoch,
            created_at: now,
            authenticated_at: now,
            methods: Methods::PASSWORD,
            confirmed_by: Methods::PASSWORD,
            is_fresh: true,
            remembered: None,
            renewed_from: None,
            user_agent: None,
            address: None,
            last_seen_at: now,
            expires_at: now + lifetime,
        }
    }
}
