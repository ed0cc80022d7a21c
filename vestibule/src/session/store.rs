//! The trait for session stores.

use std::future::Future;

use crate::clock::Timestamp;
use crate::error::Result;
use crate::session::{
    DataChanges, DataOutcome, DataValues, Ended, InvalidationFeed, Listed, ListedSession,
    RememberDigest, RememberedId, RememberedLogin, Replaced, Session, SessionExpiry, SessionId,
    Update, UserId,
};

/// Stores sessions and remembered logins: in memory, in a database, anywhere.
///
/// Revocation is final: every call except `create` only succeeds if the row it changes exists. Each
/// call except `sweep` is atomic. You write eleven methods; the chapter "Writing a store" of the
/// book has the rules one by one. Test your own store with `testing::store_conformance`.
///
/// If a session belongs to a remembered login ([`Session::remembered`]), both end together, with
/// the login's other sessions. Only expiry ends a session alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not keep sessions",
    note = "use `MemoryStore`, `SqlStore`, or implement `SessionStore`"
)]
pub trait SessionStore: Send + Sync + 'static {
    /// Adds a session with a new id, the app's values `data` of at most
    /// [`MAX_DATA_BYTES`](crate::session::MAX_DATA_BYTES), and `remembered` if given. Ends the
    /// browser's previous session and remembered login (`replaced`); the new session may have the
    /// same [`public_id`](Session::public_id) as the old one.
    ///
    /// # Errors
    /// When the store failed, or the id exists already. Nothing has changed then.
    fn create(
        &self,
        session: Session,
        data: DataValues,
        remembered: Option<RememberedLogin>,
        replaced: Replaced,
    ) -> impl Future<Output = Result<()>> + Send;

    /// The session with this id, even if expired: the caller checks the expiry.
    ///
    /// # Errors
    /// When the store failed. A store must never return `None` because it could not look.
    fn load(&self, id: SessionId) -> impl Future<Output = Result<Option<Session>>> + Send;

    /// The sessions that `listed` asks for, including expired ones.
    ///
    /// # Errors
    /// When the store failed.
    fn list(&self, listed: Listed<'_>) -> impl Future<Output = Result<Vec<Session>>> + Send;

    /// Writes to rows that exist. Returns how many of them do.
    ///
    /// # Errors
    /// When the store failed.
    fn update(&self, update: Update<'_>) -> impl Future<Output = Result<u64>> + Send;

    /// Ends sessions, remembered logins, or both. Returns how many there were.
    ///
    /// # Errors
    /// When the store failed.
    fn end(&self, ended: Ended<'_>) -> impl Future<Output = Result<u64>> + Send;

    /// Replaces the session `old` with `session`, whose [`renewed_from`](Session::renewed_from) is
    /// `old`, if `old` exists. Returns whether it did. Their remembered login stays.
    ///
    /// In a database, update the row in place. If it were deleted and inserted, a concurrent delete
    /// would miss the new row.
    ///
    /// # Errors
    /// When the store failed. The old session still exists then.
    fn renew(&self, session: Session, old: SessionId) -> impl Future<Output = Result<bool>> + Send;

    /// The remembered login with this id, even if expired.
    ///
    /// # Errors
    /// When the store failed.
    fn load_remembered(
        &self,
        id: RememberedId,
    ) -> impl Future<Output = Result<Option<RememberedLogin>>> + Send;

    /// Adds `session` with the app's values `data`, as [`create`](Self::create) does, and replaces
    /// the remembered login that has the id of `remembered`. Does both only if its current token is
    /// still `seen`, and returns whether it was.
    ///
    /// If two requests use the same token at the same time, only one gets `true`.
    ///
    /// The login's other sessions end if they have the same
    /// [`is_from_replaced_token`](Session::is_from_replaced_token) as this one, so a login has two
    /// sessions at most. Otherwise a visitor with only a remember cookie could begin any number of
    /// sessions without a password.
    ///
    /// # Errors
    /// When the store failed. Nothing has changed then.
    fn resume(
        &self,
        session: Session,
        data: DataValues,
        remembered: RememberedLogin,
        seen: RememberDigest,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// The app's own values of the session with this id. Empty if there are none, or no such
    /// session. They end with the session, and stay when it is renewed.
    ///
    /// # Errors
    /// When the store failed.
    fn load_data(&self, id: SessionId) -> impl Future<Output = Result<DataValues>> + Send;

    /// Writes the values in `changes` to the session, or to the session renewed from it. Does
    /// nothing if the session does not exist, or if the values would exceed
    /// [`MAX_DATA_BYTES`](crate::session::MAX_DATA_BYTES) without shrinking.
    ///
    /// # Errors
    /// When the store failed. Nothing has changed then.
    fn change_data(
        &self,
        id: SessionId,
        changes: &DataChanges,
    ) -> impl Future<Output = Result<DataOutcome>> + Send;

    /// Removes from this [`realm`](crate::login::LoginManager::realm) the sessions that have
    /// expired by `expiry` at `now`, and the expired remembered logins. Returns how many.
    ///
    /// # Errors
    /// When the store failed.
    fn sweep(
        &self,
        realm: &str,
        expiry: SessionExpiry,
        now: Timestamp,
    ) -> impl Future<Output = Result<u64>> + Send;

    /// Checks that sessions can be begun, by a write that leaves nothing behind. Called by
    /// [`Site::is_ready`](crate::flows::Site::is_ready). Default: only reads.
    ///
    /// # Errors
    /// When the store failed.
    fn check_writes(&self) -> impl Future<Output = Result<()>> + Send {
        async { self.load(SessionId::from_bytes([0; 32])).await.map(drop) }
    }

    /// The feed that allows caching of sessions. Every call that changes or ends a session must
    /// invalidate it there before it returns. Exempt are [`Update::LastSeen`], `sweep`, and `create`
    /// except for what it replaces. Default: none, so each request reads its session from the store.
    fn feed(&self) -> Option<&InvalidationFeed> {
        None
    }

    /// The marker of our own session table in the database with this feed. Lets one query read a
    /// session and its user. No other crate can create one.
    #[doc(hidden)]
    fn sql_table(&self) -> Option<SqlTable> {
        None
    }

    /// Sets the last-seen time of these sessions. Returns how many of them exist.
    ///
    /// This and the following methods call the ones above, and are the same for every store.
    ///
    /// # Errors
    /// When the store failed.
    fn touch(
        &self,
        ids: &[SessionId],
        last_seen_at: Timestamp,
    ) -> impl Future<Output = Result<u64>> + Send {
        self.update(Update::LastSeen(ids, last_seen_at))
    }

    /// Makes the session no longer fresh. Returns whether it exists.
    ///
    /// # Errors
    /// When the store failed.
    fn mark_stale(&self, id: SessionId) -> impl Future<Output = Result<bool>> + Send {
        async move { Ok(self.update(Update::Stale(id)).await? > 0) }
    }

    /// Sets when the remembered login expires. Returns whether it exists.
    ///
    /// # Errors
    /// When the store failed.
    fn extend_remembered(
        &self,
        id: RememberedId,
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<bool>> + Send {
        async move { Ok(self.update(Update::RememberedUntil(id, expires_at)).await? > 0) }
    }

    /// Ends the session with this id, or the session renewed from it. Returns whether it existed.
    ///
    /// # Errors
    /// When the store failed.
    fn revoke(&self, id: SessionId) -> impl Future<Output = Result<bool>> + Send {
        async move { Ok(self.end(Ended::Session(id)).await? > 0) }
    }

    /// Ends a remembered login. Returns whether it existed.
    ///
    /// # Errors
    /// When the store failed.
    fn revoke_remembered(&self, id: RememberedId) -> impl Future<Output = Result<bool>> + Send {
        async move { Ok(self.end(Ended::Remembered(id)).await? > 0) }
    }

    /// Ends all sessions and remembered logins of a user, as [`Ended::User`] says. Returns the
    /// number of sessions ended.
    ///
    /// # Errors
    /// When the store failed.
    fn revoke_user(
        &self,
        realm: &str,
        user_id: &UserId,
        keep: Option<SessionId>,
    ) -> impl Future<Output = Result<u64>> + Send {
        async move {
            let ended = Ended::User {
                realm,
                user_id,
                keep,
            };
            self.end(ended).await
        }
    }

    /// A page of a user's sessions, as [`Listed::User`] says.
    ///
    /// # Errors
    /// When the store failed.
    fn list_user(
        &self,
        realm: &str,
        user_id: &UserId,
        after: Option<ListedSession>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Session>>> + Send {
        async move {
            let listed = Listed::User {
                realm,
                user_id,
                after,
                limit,
            };
            self.list(listed).await
        }
    }

    /// The sessions of a remembered login, two at most, in any order.
    ///
    /// # Errors
    /// When the store failed.
    fn list_remembered(
        &self,
        id: RememberedId,
    ) -> impl Future<Output = Result<Vec<Session>>> + Send {
        self.list(Listed::Remembered(id))
    }

    /// The session of this user, in this [`realm`](crate::login::LoginManager::realm), with this
    /// [`public_id`](Session::public_id), even if expired.
    ///
    /// # Errors
    /// When the store failed.
    fn load_by_public_id(
        &self,
        realm: &str,
        user_id: &UserId,
        public_id: &str,
    ) -> impl Future<Output = Result<Option<Session>>> + Send {
        async move {
            let listed = Listed::PublicId {
                realm,
                user_id,
                public_id,
            };
            Ok(self.list(listed).await?.into_iter().next())
        }
    }
}

/// Our own table of sessions, in the database with this feed.
#[derive(Debug)]
pub struct SqlTable(InvalidationFeed);

impl SqlTable {
    #[cfg(feature = "sql")]
    pub(crate) fn new(feed: InvalidationFeed) -> Self {
        Self(feed)
    }

    pub(crate) fn is_of(&self, feed: &InvalidationFeed) -> bool {
        self.0.is_same(feed)
    }
}

/// The maximum number of characters in a login manager's realm.
pub(crate) const MAX_REALM_CHARS: usize = 32;

/// The realm of a login manager's anonymous sessions. No login manager can have this realm itself.
pub(crate) fn anonymous_realm(realm: &str) -> String {
    format!("{realm}/anonymous")
}

/// The realm of a login manager's log-ins that still need a second factor.
pub(crate) fn pending_realm(realm: &str) -> String {
    format!("{realm}/pending")
}
