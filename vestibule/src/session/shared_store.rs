//! Any session store behind one pointer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::error::Result;
use crate::session::{
    DataChanges, DataOutcome, DataValues, InvalidationFeed, ListedSession, RememberDigest,
    RememberedId, RememberedLogin, Replaced, Session, SessionExpiry, SessionId, SessionStore,
    SqlTable, UserId, anonymous_realm, pending_realm,
};

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
        self.0.sql_table().is_some_and(|table| table.is_of(feed))
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
    ($(
        $(#[$attribute:meta])*
        fn $method:ident($($argument:ident: $type:ty),*) -> $answer:ty;
    )*) => {
        trait DynSessionStore: Send + Sync {
            fn feed(&self) -> Option<&InvalidationFeed>;
            fn sql_table(&self) -> Option<SqlTable>;
            $(
                $(#[$attribute])*
                fn $method<'a>(&'a self, $($argument: $type),*) -> BoxFuture<'a, $answer>;
            )*
        }

        impl<S: SessionStore> DynSessionStore for S {
            fn feed(&self) -> Option<&InvalidationFeed> {
                SessionStore::feed(self)
            }

            fn sql_table(&self) -> Option<SqlTable> {
                SessionStore::sql_table(self)
            }

            $(
                $(#[$attribute])*
                fn $method<'a>(&'a self, $($argument: $type),*) -> BoxFuture<'a, $answer> {
                    Box::pin(SessionStore::$method(self, $($argument),*))
                }
            )*
        }

        #[allow(clippy::needless_lifetimes, reason = "some of them borrow arguments too")]
        impl SharedSessionStore {
            $(
                $(#[$attribute])*
                pub(crate) async fn $method<'a>(
                    &'a self, $($argument: $type),*
                ) -> Result<$answer> {
                    self.0.$method($($argument),*).await
                }
            )*
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
    #[cfg(feature = "sql")]
    fn check_writes() -> ();
}
