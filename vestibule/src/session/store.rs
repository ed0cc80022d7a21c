//! The trait for session stores.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::error::Result;
use crate::session::{
    DataChanges, DataOutcome, DataValues, InvalidationFeed, RememberDigest, RememberedId,
    RememberedLogin, Session, SessionExpiry, SessionId, UserId,
};

/// Stores sessions and remembered logins: in memory, in a database, anywhere.
///
/// Revocation is final: every call except `create` only succeeds if the row it changes exists. Each
/// call except `sweep` is atomic. Test your own store with `testing::store_conformance`.
///
/// If a session belongs to a remembered login ([`Session::remembered`]), both end together, with
/// the login's other sessions. Only expiry ends a session alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not keep sessions",
    note = "use `MemoryStore`, `SqlStore`, or implement `SessionStore`"
)]
pub trait SessionStore: Send + Sync + 'static {
    /// Adds a session with a new id, the app's values `data` of at most
    /// [`MAX_DATA_BYTES`](crate::session::MAX_DATA_BYTES), and `remembered` if given. Ends what the
    /// browser had before (`replaced`); the new session may have the same
    /// [`public_id`](Session::public_id) as the old one.
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

    /// Sets the last-seen time of these sessions. Returns how many of them exist.
    ///
    /// # Errors
    /// When the store failed.
    fn touch(
        &self,
        ids: &[SessionId],
        last_seen_at: Timestamp,
    ) -> impl Future<Output = Result<u64>> + Send;

    /// Makes the session no longer fresh. Returns whether it exists.
    ///
    /// # Errors
    /// When the store failed.
    fn mark_stale(&self, id: SessionId) -> impl Future<Output = Result<bool>> + Send;

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
    /// The login's other sessions end, if they have the same
    /// [`is_from_replaced_token`](Session::is_from_replaced_token) as this one. So a login has two
    /// sessions at most. A visitor with a remember cookie alone would otherwise begin sessions
    /// without end, and without a password.
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

    /// Sets when the remembered login expires. Returns whether it exists.
    ///
    /// # Errors
    /// When the store failed.
    fn extend_remembered(
        &self,
        id: RememberedId,
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Ends the session with this id, or the session renewed from it. Returns whether it existed.
    ///
    /// # Errors
    /// When the store failed.
    fn revoke(&self, id: SessionId) -> impl Future<Output = Result<bool>> + Send;

    /// Ends a remembered login. Returns whether it existed.
    ///
    /// # Errors
    /// When the store failed.
    fn revoke_remembered(&self, id: RememberedId) -> impl Future<Output = Result<bool>> + Send;

    /// Ends all sessions and remembered logins of a user in this
    /// [`realm`](crate::login::LoginManager::realm), except the session `keep`, or the session
    /// renewed from it, and its remembered login. Returns the number of sessions ended.
    ///
    /// # Errors
    /// When the store failed.
    fn revoke_user(
        &self,
        realm: &str,
        user_id: &UserId,
        keep: Option<SessionId>,
    ) -> impl Future<Output = Result<u64>> + Send;

    /// At most `limit` sessions of a user in this [`realm`](crate::login::LoginManager::realm),
    /// including expired ones, most recently used first, and of those last used at the same time
    /// the greatest id first. With `after`, those that follow it in that order.
    ///
    /// # Errors
    /// When the store failed.
    fn list_user(
        &self,
        realm: &str,
        user_id: &UserId,
        after: Option<ListedSession>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Session>>> + Send;

    /// The sessions of a remembered login, two at most, in any order.
    ///
    /// # Errors
    /// When the store failed.
    fn list_remembered(
        &self,
        id: RememberedId,
    ) -> impl Future<Output = Result<Vec<Session>>> + Send;

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
    ) -> impl Future<Output = Result<Option<Session>>> + Send;

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

    /// The feed that allows caching of sessions. Every call that changes or ends a session must
    /// invalidate it there before it returns. Exempt are `touch`, `sweep`, and `create` except for
    /// what it replaces. Default: none, so each request reads its session from the store.
    fn feed(&self) -> Option<&InvalidationFeed> {
        None
    }

    /// The marker of our own session table in the database with this feed. Lets one query read a
    /// session and its user. No other crate can create one.
    #[doc(hidden)]
    fn sql_table(&self) -> Option<SqlTable> {
        None
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
}

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

/// Any store behind one pointer, so that our types need no type parameter for it.
#[derive(Clone)]
pub(crate) struct SharedSessionStore(Arc<dyn DynSessionStore>);

impl SharedSessionStore {
    pub(crate) fn new(store: impl SessionStore) -> Self {
        Self(Arc::new(store))
    }
}

impl SharedSessionStore {
    pub(crate) fn feed(&self) -> Option<&InvalidationFeed> {
        self.0.feed()
    }

    /// Whether a query on the database with this feed finds the sessions.
    pub(crate) fn is_in_database_of(&self, feed: &InvalidationFeed) -> bool {
        self.0
            .sql_table()
            .is_some_and(|table| table.0.is_same(feed))
    }

    /// Ends all sessions of a user at a login manager, as [`SessionStore::revoke_user`] does, and
    /// their pending log-ins. Returns the number of sessions ended.
    ///
    /// # Errors
    /// When the store failed. Some sessions may be left.
    pub(crate) async fn revoke_user_and_pending(
        &self,
        realm: &str,
        user_id: &UserId,
        keep: Option<SessionId>,
    ) -> Result<u64> {
        // End pending log-ins first, because a session could still begin from them.
        self.revoke_user(&pending_realm(realm), user_id, None)
            .await?;
        self.revoke_user(realm, user_id, keep).await
    }

    /// Sweeps a login manager's sessions, pending log-ins and anonymous sessions.
    pub(crate) async fn sweep_all(
        &self,
        realm: &str,
        expiry: SessionExpiry,
        now: Timestamp,
    ) -> Result<u64> {
        let anonymous = self.sweep(&anonymous_realm(realm), expiry, now).await;
        let pending = self.sweep(&pending_realm(realm), expiry, now).await;
        let ours = self.sweep(realm, expiry, now).await?;
        Ok(ours + pending? + anonymous?)
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// When it does not.
    #[cfg(feature = "sql")]
    pub(crate) async fn ping(&self) -> Result<()> {
        self.load(SessionId::from_bytes([0; 32])).await.map(drop)
    }

    /// At most `limit` sessions of a user in this epoch that are alive at `now`, most recently used
    /// first. With `after`, the [`public_id`](Session::public_id) of one of them, those that follow
    /// it; the first ones if that session does not exist.
    pub(crate) async fn list_alive(
        &self,
        (realm, user_id, user_epoch): (&str, &UserId, i64),
        (expiry, now): (SessionExpiry, Timestamp),
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Session>> {
        let mut after = match after {
            Some(public_id) => self.load_by_public_id(realm, user_id, public_id).await?,
            None => None,
        }
        .as_ref()
        .map(ListedSession::from);
        let is_alive =
            |session: &Session| expiry.is_alive(session, now) && session.user_epoch == user_epoch;
        let mut alive = Vec::new();
        loop {
            let page = self.list_user(realm, user_id, after, limit).await?;
            let is_last = page.len() < limit;
            // Those that follow a session were last used before it.
            let are_idle = |last: &Session| last.last_seen_at + expiry.idle <= now;
            let is_last = is_last || page.last().is_none_or(are_idle);
            after = page.last().map(ListedSession::from);
            let missing = limit - alive.len();
            alive.extend(page.into_iter().filter(is_alive).take(missing));
            if is_last || alive.len() == limit {
                return Ok(alive);
            }
        }
    }
}

impl std::fmt::Debug for SharedSessionStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedSessionStore")
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Writes the object-safe twin of [`SessionStore`] from one list of methods: the trait, its
/// implementation for every store, and the methods of the shared store.
macro_rules! object_safe_twin {
    ($(fn $method:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        trait DynSessionStore: Send + Sync {
            fn feed(&self) -> Option<&InvalidationFeed>;
            fn sql_table(&self) -> Option<SqlTable>;
            $(fn $method<'a>(&'a self, $($argument: $type),*) -> BoxFuture<'a, $answer>;)*
        }

        impl<S: SessionStore> DynSessionStore for S {
            fn feed(&self) -> Option<&InvalidationFeed> {
                SessionStore::feed(self)
            }

            fn sql_table(&self) -> Option<SqlTable> {
                SessionStore::sql_table(self)
            }

            $(fn $method<'a>(&'a self, $($argument: $type),*) -> BoxFuture<'a, $answer> {
                Box::pin(SessionStore::$method(self, $($argument),*))
            })*
        }

        #[allow(clippy::needless_lifetimes, reason = "some of them borrow arguments too")]
        impl SharedSessionStore {
            $(pub(crate) async fn $method<'a>(&'a self, $($argument: $type),*) -> Result<$answer> {
                self.0.$method($($argument),*).await
            })*
        }
    };
}

object_safe_twin! {
    fn create(
        session: Session,
        data: DataValues,
        remembered: Option<RememberedLogin>,
        replaced: Replaced
    ) -> ();
    fn load(id: SessionId) -> Option<Session>;
    fn touch(ids: &'a [SessionId], last_seen_at: Timestamp) -> u64;
    fn mark_stale(id: SessionId) -> bool;
    fn renew(session: Session, old: SessionId) -> bool;
    fn load_remembered(id: RememberedId) -> Option<RememberedLogin>;
    fn resume(
        session: Session, data: DataValues, remembered: RememberedLogin, seen: RememberDigest
    ) -> bool;
    fn extend_remembered(id: RememberedId, expires_at: Timestamp) -> bool;
    fn revoke(id: SessionId) -> bool;
    fn revoke_remembered(id: RememberedId) -> bool;
    fn revoke_user(
        realm: &'a str, user_id: &'a UserId, keep: Option<SessionId>
    ) -> u64;
    fn list_user(
        realm: &'a str, user_id: &'a UserId, after: Option<ListedSession>, limit: usize
    ) -> Vec<Session>;
    fn list_remembered(id: RememberedId) -> Vec<Session>;
    fn load_by_public_id(
        realm: &'a str, user_id: &'a UserId, public_id: &'a str
    ) -> Option<Session>;
    fn load_data(id: SessionId) -> DataValues;
    fn change_data(id: SessionId, changes: &'a DataChanges) -> DataOutcome;
    fn sweep(realm: &'a str, expiry: SessionExpiry, now: Timestamp) -> u64;
}
