//! Sessions: the server-side state of a login, and the stores that keep it.
//!
//! A session begins at log-in. It ends at log-out, when it expires, or when it is revoked. An
//! anonymous visitor has no session: no cookie, no row, no store call, unless the app keeps values
//! for them [in the store](crate::LoginManager::anonymous_data_in_store).
//!
//! The browser holds a [`SessionToken`], 256 random bits in a cookie. The store holds a [`Session`]
//! under the token's SHA-256, its [`SessionId`], so nobody can log in with a stolen copy of the
//! database.
//!
//! With "remember me", a [`RememberedLogin`] and a [`RememberToken`] in a second cookie outlast the
//! session. The token changes at each use.
//!
//! Each effect has one verb, here and in every [`SessionStore`]:
//!
//! | verb | effect |
//! |---|---|
//! | `create` | begins a session; ends the browser's previous one in the same step |
//! | `load`, `load_remembered` | reads a session, a remembered login |
//! | `touch` | writes when sessions were last used, if they still exist |
//! | `mark_stale` | makes a session no longer fresh |
//! | `renew` | gives a session a new token |
//! | `resume` | begins a session from a remembered login, and changes that login's token |
//! | `extend_remembered` | moves the expiry of a remembered login |
//! | `revoke`, `revoke_remembered` | ends one |
//! | `revoke_user` | ends all of a user's |
//! | `list_user`, `list_remembered` | reads a page of a user's sessions, the sessions of a remembered login |
//! | `load_by_public_id` | reads the session with this public id |
//! | `list`, `update`, `end` | what those nine are made of: a store writes these three |
//! | `load_data`, `change_data` | reads and writes the app's own values of a session |
//! | `sweep` | removes expired sessions and remembered logins |

mod cookie;
mod data;
mod expiry;
mod feed;
pub(crate) mod json;
mod methods;
mod remembered;
#[cfg(feature = "sql")]
pub(crate) mod rows;
mod shared_store;
mod store;
mod store_calls;
#[cfg(test)]
mod tests;
mod token;
mod user_id;
#[cfg(any(feature = "redis", feature = "sql"))]
mod watch;

pub use cookie::RememberCookie;
pub(crate) use cookie::{CookieToken, OwnRememberCookie, SessionCookie, in_realm, read_both};
pub(crate) use data::apply_changes;
pub use data::{
    DataChanges, DataKey, DataOutcome, DataValues, MAX_DATA_BYTES, changed as changed_data,
};
pub use expiry::SessionExpiry;
#[cfg(all(test, feature = "sqlite"))]
pub(crate) use feed::user_byte;
pub(crate) use feed::{FeedSnapshot, Slots};
pub use feed::{InvalidateOnDrop, Invalidation, InvalidationFeed, Moment, Watcher};
pub use methods::Methods;
pub(crate) use remembered::TokenState;
pub use remembered::{RememberDigest, RememberSeed, RememberToken, RememberedId, RememberedLogin};
pub(crate) use shared_store::SharedSessionStore;
pub use store::SessionStore;
#[doc(hidden)]
pub use store::SqlTable;
pub(crate) use store::{MAX_REALM_CHARS, anonymous_realm, pending_realm};
pub use store_calls::{Ended, Listed, ListedSession, Replaced, Update};
pub(crate) use token::new_public_id;
pub use token::{SessionId, SessionToken};
pub use user_id::UserId;
#[cfg(any(feature = "redis", feature = "postgres"))]
pub(crate) use watch::ASK_EVERY;
#[cfg(any(feature = "redis", feature = "sql"))]
pub(crate) use watch::Watched;

use std::net::IpAddr;
use std::time::Duration;

use crate::clock::Timestamp;

/// The server-side state of one login. Typed columns; the app's own values are stored apart.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// The SHA-256 of the token in the browser's cookie.
    pub id: SessionId,
    /// A name for this session that may be shown and logged. It does not work as a cookie.
    pub public_id: String,
    /// The [`realm`](crate::login::LoginManager::realm) of the login manager that made the session.
    /// It ends with `/anonymous` if the session only keeps an anonymous visitor's values, or with
    /// `/pending` if the log-in still needs a second factor. At most 42 characters.
    pub realm: String,
    /// The user who is logged in. For an anonymous visitor, an id that no user has.
    pub user_id: UserId,
    /// The user's [`session_epoch`](crate::login::User::session_epoch) at the log-in.
    pub user_epoch: i64,
    /// When the session began.
    pub created_at: Timestamp,
    /// When the user last showed a credential.
    pub authenticated_at: Timestamp,
    /// All methods that proved this log-in since it began.
    pub methods: Methods,
    /// The methods used at [`authenticated_at`](Self::authenticated_at).
    pub confirmed_by: Methods,
    /// Whether the user showed a credential in this session, in the same browser. A session resumed
    /// from a remembered login is not fresh.
    pub is_fresh: bool,
    /// The remembered login that the session was resumed from, or that began with it.
    pub remembered: Option<RememberedId>,
    /// Whether a remember token that had just been replaced began the session: in a second tab, or
    /// sent by somebody with a copy. Until its user confirms the log-in, the session is not fresh,
    /// and lasts for [`FROM_REPLACED_TOKEN_LASTS`](Self::FROM_REPLACED_TOKEN_LASTS) at most.
    pub is_from_replaced_token: bool,
    /// The id before the last renewal. Revoking that id ends this session too.
    pub renewed_from: Option<SessionId>,
    /// The browser's `User-Agent` at the log-in, cut to
    /// [`MAX_USER_AGENT_CHARS`](Self::MAX_USER_AGENT_CHARS).
    pub user_agent: Option<String>,
    /// The browser's address at the log-in, if known.
    pub address: Option<IpAddr>,
    /// When the session was last used, to within [`SessionExpiry::TOUCH_EVERY`].
    pub last_seen_at: Timestamp,
    /// When the session ends, even if it is in use.
    pub expires_at: Timestamp,
}

impl Session {
    /// The maximum lifetime of a session that a just-replaced remember token began.
    pub const FROM_REPLACED_TOKEN_LASTS: Duration = Duration::from_mins(10);

    /// The maximum number of characters kept of a user agent.
    pub const MAX_USER_AGENT_CHARS: usize = 512;

    /// A session that begins now: fresh, proved by a password, optional fields empty.
    ///
    /// `public_id` must be unique; `lifetime` is the absolute one.
    pub fn new(
        id: SessionId,
        public_id: String,
        user_id: UserId,
        user_epoch: i64,
        now: Timestamp,
        lifetime: Duration,
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
            is_from_replaced_token: false,
            renewed_from: None,
            user_agent: None,
            address: None,
            last_seen_at: now,
            expires_at: now + lifetime,
        }
    }
}
