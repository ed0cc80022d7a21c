//! What keeps the sessions.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::error::Result;
use crate::session::{
    DataChanges, DataOutcome, DataValues, InvalidationFeed, RememberDigest, RememberedId,
    RememberedLogin, Session, SessionExpiry, SessionId, UserId,
};

/// Keeps sessions and remembered logins: in memory, in a database, anywhere.
///
/// What is revoked stays revoked: everything but `create` is conditional on what it changes
/// being there, and each call but `sweep` happens as a whole or not at all. Run
/// `testing::store_conformance` on a store of your own.
///
/// A session that came of a remembered login ([`Session::remembered`]) and that login end
/// together, with the other sessions that came of it; only at its expiry a session goes alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not keep sessions",
    note = "use `MemoryStore`, `SqlStore`, or implement `SessionStore`"
)]
pub trait SessionStore: Send + Sync + 'static {
    /// Adds a session whose id is new, with the app's own values `data`, at most
    /// [`MAX_DATA_BYTES`](crate::session::MAX_DATA_BYTES) of them, and a remembered login if there
    /// is one to be. Ends what the browser had before, whose
    /// [`public_id`](Session::public_id) may be that of the new session.
    ///
    /// # Errors
    /// When the store failed, or there is a session by this id; then nothing has happened.
    fn create(
        &self,
        session: Session,
        data: DataValues,
        remembered: Option<RememberedLogin>,
        replaced: Replaced,
    ) -> impl Future<Output = Result<()>> + Send;

    /// The session by this id, expired ones too: judging that is not the store's work.
    ///
    /// # Errors
    /// When the store failed. A store must never answer "none" for "I could not look".
    fn load(&self, id: SessionId) -> impl Future<Output = Result<Option<Session>>> + Send;

    /// Writes that these sessions were last seen at this time. Returns how many of them were
    /// there.
    ///
    /// # Errors
    /// When the store failed.
    fn touch(
        &self,
        ids: &[SessionId],
        last_seen_at: Timestamp,
    ) -> impl Future<Output = Result<u64>> + Send;

    /// Writes that the session is not fresh any more. Returns whether it was there.
    ///
    /// # Errors
    /// When the store failed.
    fn mark_stale(&self, id: SessionId) -> impl Future<Output = Result<bool>> + Send;

    /// Lets the session by the id `old` go on as `session`, which says so
    /// ([`renewed_from`](Session::renewed_from)), if it is there. Returns whether it was. The
    /// remembered login that both came of stays.
    ///
    /// In a database it is one update of the row: a deletion that waits for a deletion and an
    /// insertion does not see what was inserted.
    ///
    /// # Errors
    /// When the store failed; then the old one is still there.
    fn renew(&self, session: Session, old: SessionId) -> impl Future<Output = Result<bool>> + Send;

    /// The remembered login by this id, expired ones too.
    ///
    /// # Errors
    /// When the store failed.
    fn load_remembered(
        &self,
        id: RememberedId,
    ) -> impl Future<Output = Result<Option<RememberedLogin>>> + Send;

    /// Adds `session` with the app's own values `data`, as [`create`](Self::create) does, and
    /// writes `remembered` in place of the remembered login by that id, if its token in force is
    /// still `seen`. Returns whether it was.
    ///
    /// Of two that use one token at the same time, one gets `true`.
    ///
    /// # Errors
    /// When the store failed; then nothing has happened.
    fn resume(
        &self,
        session: Session,
        data: DataValues,
        remembered: RememberedLogin,
        seen: RememberDigest,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Writes when the browser is forgotten. Returns whether the remembered login was there.
    ///
    /// # Errors
    /// When the store failed.
    fn extend_remembered(
        &self,
        id: RememberedId,
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Ends one session, for good: the one by this id, and the one that was renewed from it
    /// meanwhile. Returns whether it was there.
    ///
    /// # Errors
    /// When the store failed.
    fn revoke(&self, id: SessionId) -> impl Future<Output = Result<bool>> + Send;

    /// Ends one remembered login, for good. Returns whether it was there.
    ///
    /// # Errors
    /// When the store failed.
    fn revoke_remembered(&self, id: RememberedId) -> impl Future<Output = Result<bool>> + Send;

    /// Ends all sessions and remembered logins of a user of this
    /// [`realm`](crate::login::LoginManager::realm), save the session to `keep`, or the one that
    /// was renewed from it, and what it came of. Returns how many sessions.
    ///
    /// # Errors
    /// When the store failed.
    fn revoke_user(
        &self,
        realm: &str,
        user_id: &UserId,
        keep: Option<SessionId>,
    ) -> impl Future<Output = Result<u64>> + Send;

    /// All sessions of a user of this [`realm`](crate::login::LoginManager::realm), expired ones
    /// too, the last seen first.
    ///
    /// # Errors
    /// When the store failed.
    fn list_user(
        &self,
        realm: &str,
        user_id: &UserId,
    ) -> impl Future<Output = Result<Vec<Session>>> + Send;

    /// The app's own values of the session by this id. Empty where there are none, or no such
    /// session. They end with it, and go on with it where it is renewed.
    ///
    /// # Errors
    /// When the store failed.
    fn load_data(&self, id: SessionId) -> impl Future<Output = Result<DataValues>> + Send;

    /// Writes those values of a session that are in `changes`, and no others, if it is there, or
    /// the one renewed from it, and its values are at most
    /// [`MAX_DATA_BYTES`](crate::session::MAX_DATA_BYTES) then, or fewer than before.
    ///
    /// # Errors
    /// When the store failed; then nothing has happened.
    fn change_data(
        &self,
        id: SessionId,
        changes: &DataChanges,
    ) -> impl Future<Output = Result<DataOutcome>> + Send;

    /// Removes the sessions of this [`realm`](crate::login::LoginManager::realm) that are over by
    /// `expiry` at `now`, and the remembered logins of it that have expired. Returns how many.
    ///
    /// # Errors
    /// When the store failed.
    fn sweep(
        &self,
        realm: &str,
        expiry: SessionExpiry,
        now: Timestamp,
    ) -> impl Future<Output = Result<u64>> + Send;

    /// What tells of changes, so that sessions can be kept in the process that reads them. Every
    /// call that changes or ends a session tells it before it returns; `create`, `touch` and
    /// `sweep` need not, but for what `create` replaces. Default: none, and each request reads
    /// its session from the store.
    fn feed(&self) -> Option<&InvalidationFeed> {
        None
    }

    /// Says that the sessions are the rows of our own table in the database with this feed, so
    /// that a session and its user can be read by one query. No other crate can make one.
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

/// What a browser had, and ends with its next log-in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Its session.
    pub session: Option<SessionId>,
    /// The remembered login of its cookie.
    pub remembered: Option<RememberedId>,
}

/// The most characters of a login manager's realm.
pub(crate) const MAX_REALM_CHARS: usize = 32;

/// The realm of the sessions of anonymous visitors at the login manager of `realm`: none that a
/// login manager can have.
pub(crate) fn anonymous_realm(realm: &str) -> String {
    format!("{realm}/anonymous")
}

/// The realm of the log-ins that are proved in part, at the login manager of `realm`.
pub(crate) fn pending_realm(realm: &str) -> String {
    format!("{realm}/pending")
}

/// A store of any kind behind one pointer, so that no type of ours carries its name.
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

    /// Ends all that a user has at a login manager, as [`SessionStore::revoke_user`] does, and
    /// their log-ins that are proved in part. Returns how many sessions.
    ///
    /// # Errors
    /// When the store failed; then some may be left.
    pub(crate) async fn revoke_user_and_pending(
        &self,
        realm: &str,
        user_id: &UserId,
        keep: Option<SessionId>,
    ) -> Result<u64> {
        // First those from which a session could still begin.
        self.revoke_user(&pending_realm(realm), user_id, None)
            .await?;
        self.revoke_user(realm, user_id, keep).await
    }

    /// Sweeps a login manager's sessions, its log-ins that are proved in part, and the sessions of
    /// its anonymous visitors.
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

    /// The sessions of a user in this epoch that are alive at `now`, the last seen first, and of
    /// those of one moment the last to begin.
    pub(crate) async fn list_alive(
        &self,
        realm: &str,
        user_id: &UserId,
        user_epoch: i64,
        expiry: SessionExpiry,
        now: Timestamp,
    ) -> Result<Vec<Session>> {
        let mut sessions = self.list_user(realm, user_id).await?;
        sessions
            .retain(|session| expiry.is_alive(session, now) && session.user_epoch == user_epoch);
        let order = |session: &Session| (session.last_seen_at, session.created_at, session.id);
        sessions.sort_by_key(|session| std::cmp::Reverse(order(session)));
        Ok(sessions)
    }
}

impl std::fmt::Debug for SharedSessionStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedSessionStore")
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Writes the object-safe twin of [`SessionStore`], how every store is one, and how a shared
/// store is a store again: three times the same list.
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
    fn list_user(realm: &'a str, user_id: &'a UserId) -> Vec<Session>;
    fn load_data(id: SessionId) -> DataValues;
    fn change_data(id: SessionId, changes: &'a DataChanges) -> DataOutcome;
    fn sweep(realm: &'a str, expiry: SessionExpiry, now: Timestamp) -> u64;
}
