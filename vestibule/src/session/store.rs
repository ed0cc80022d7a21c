//! What keeps the sessions.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::error::Result;
use crate::session::{Session, SessionExpiry, SessionId, UserId};

/// Keeps sessions: in memory, in a database, anywhere.
///
/// What is revoked stays revoked: `touch` and `revoke` are conditional on the session being
/// there, and nothing but `create` may ever add one. Run
/// `testing::store_conformance` on a store of your own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not keep sessions",
    note = "use `MemoryStore`, `SqlStore`, or implement `SessionStore`"
)]
pub trait SessionStore: Send + Sync + 'static {
    /// Adds a session whose id is new. In the same step ends the session `replaced`, if there
    /// is one by that id.
    ///
    /// # Errors
    /// When the store failed; then neither has happened.
    fn create(
        &self,
        session: Session,
        replaced: Option<SessionId>,
    ) -> impl Future<Output = Result<()>> + Send;

    /// The session by this id, expired ones too: judging that is not the store's work.
    ///
    /// # Errors
    /// When the store failed. A store must never answer "none" for "I could not look".
    fn load(&self, id: SessionId) -> impl Future<Output = Result<Option<Session>>> + Send;

    /// Writes when the session was last seen. Returns whether it was there. Never adds one.
    ///
    /// # Errors
    /// When the store failed.
    fn touch(
        &self,
        id: SessionId,
        last_seen_at: Timestamp,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Ends one session, for good. Returns whether it was there.
    ///
    /// # Errors
    /// When the store failed.
    fn revoke(&self, id: SessionId) -> impl Future<Output = Result<bool>> + Send;

    /// Ends all sessions of a user, save the one to `keep`. Returns how many.
    ///
    /// # Errors
    /// When the store failed.
    fn revoke_user(
        &self,
        user_id: &UserId,
        keep: Option<SessionId>,
    ) -> impl Future<Output = Result<u64>> + Send;

    /// Removes the sessions that are over by `expiry` at `now`. Returns how many.
    ///
    /// # Errors
    /// When the store failed.
    fn sweep(
        &self,
        expiry: SessionExpiry,
        now: Timestamp,
    ) -> impl Future<Output = Result<u64>> + Send;
}

/// A store of any kind behind one pointer, so that no type of ours carries its name.
#[derive(Clone)]
pub(crate) struct SharedSessionStore(Arc<dyn DynSessionStore>);

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// The object-safe twin of [`SessionStore`].
trait DynSessionStore: Send + Sync {
    fn create(&self, session: Session, replaced: Option<SessionId>) -> BoxFuture<'_, ()>;
    fn load(&self, id: SessionId) -> BoxFuture<'_, Option<Session>>;
    fn touch(&self, id: SessionId, last_seen_at: Timestamp) -> BoxFuture<'_, bool>;
    fn revoke(&self, id: SessionId) -> BoxFuture<'_, bool>;
    fn revoke_user<'a>(
        &'a self,
        user_id: &'a UserId,
        keep: Option<SessionId>,
    ) -> BoxFuture<'a, u64>;
    fn sweep(&self, expiry: SessionExpiry, now: Timestamp) -> BoxFuture<'_, u64>;
}

impl<S: SessionStore> DynSessionStore for S {
    fn create(&self, session: Session, replaced: Option<SessionId>) -> BoxFuture<'_, ()> {
        Box::pin(SessionStore::create(self, session, replaced))
    }

    fn load(&self, id: SessionId) -> BoxFuture<'_, Option<Session>> {
        Box::pin(SessionStore::load(self, id))
    }

    fn touch(&self, id: SessionId, last_seen_at: Timestamp) -> BoxFuture<'_, bool> {
        Box::pin(SessionStore::touch(self, id, last_seen_at))
    }

    fn revoke(&self, id: SessionId) -> BoxFuture<'_, bool> {
        Box::pin(SessionStore::revoke(self, id))
    }

    fn revoke_user<'a>(
        &'a self,
        user_id: &'a UserId,
        keep: Option<SessionId>,
    ) -> BoxFuture<'a, u64> {
        Box::pin(SessionStore::revoke_user(self, user_id, keep))
    }

    fn sweep(&self, expiry: SessionExpiry, now: Timestamp) -> BoxFuture<'_, u64> {
        Box::pin(SessionStore::sweep(self, expiry, now))
    }
}

impl SharedSessionStore {
    pub(crate) fn new(store: impl SessionStore) -> Self {
        Self(Arc::new(store))
    }
}

impl std::fmt::Debug for SharedSessionStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedSessionStore")
    }
}

/// A shared store is a store, so that one can be handed to several owners.
impl SessionStore for SharedSessionStore {
    async fn create(&self, session: Session, replaced: Option<SessionId>) -> Result<()> {
        self.0.create(session, replaced).await
    }

    async fn load(&self, id: SessionId) -> Result<Option<Session>> {
        self.0.load(id).await
    }

    async fn touch(&self, id: SessionId, last_seen_at: Timestamp) -> Result<bool> {
        self.0.touch(id, last_seen_at).await
    }

    async fn revoke(&self, id: SessionId) -> Result<bool> {
        self.0.revoke(id).await
    }

    async fn revoke_user(&self, user_id: &UserId, keep: Option<SessionId>) -> Result<u64> {
        self.0.revoke_user(user_id, keep).await
    }

    async fn sweep(&self, expiry: SessionExpiry, now: Timestamp) -> Result<u64> {
        self.0.sweep(expiry, now).await
    }
}
