//! A store that fails where a test says so.

use std::sync::{Arc, Mutex};

use vestibule::clock::Timestamp;
use vestibule::login::UserId;
use vestibule::session::{
    DataChanges, DataOutcome, DataValues, Ended, InvalidationFeed, Listed, ListedSession,
    RememberDigest, RememberedId, RememberedLogin, Replaced, Session, SessionExpiry, SessionId,
    SessionStore, Update,
};
use vestibule::stores::MemoryStore;
use vestibule::{Error, Result};

/// A [`MemoryStore`] whose calls fail once their names are given to [`fail`](Self::fail). It counts
/// the calls. Clones share all of it.
#[derive(Clone, Default)]
pub(crate) struct FailingStore {
    pub(crate) store: MemoryStore,
    failing: Arc<Mutex<Vec<&'static str>>>,
    calls: Arc<Mutex<Vec<&'static str>>>,
}

impl FailingStore {
    /// From now on these calls fail, and no others.
    pub(crate) fn fail(&self, calls: &[&'static str]) {
        *self.failing.lock().unwrap() = calls.to_vec();
    }

    /// The calls since this was last asked.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    fn begin(&self, call: &'static str) -> Result<&MemoryStore> {
        self.calls.lock().unwrap().push(call);
        match self.failing.lock().unwrap().contains(&call) {
            true => Err(Error::store(format!("`{call}` was told to fail"))),
            false => Ok(&self.store),
        }
    }
}

impl SessionStore for FailingStore {
    async fn create(
        &self,
        session: Session,
        data: DataValues,
        remembered: Option<RememberedLogin>,
        replaced: Replaced,
    ) -> Result<()> {
        let store = self.begin("create")?;
        store.create(session, data, remembered, replaced).await
    }

    async fn load(&self, id: SessionId) -> Result<Option<Session>> {
        self.begin("load")?.load(id).await
    }

    async fn touch(&self, ids: &[SessionId], last_seen_at: Timestamp) -> Result<u64> {
        self.begin("touch")?.touch(ids, last_seen_at).await
    }

    async fn mark_stale(&self, id: SessionId) -> Result<bool> {
        self.begin("mark_stale")?.mark_stale(id).await
    }

    async fn renew(&self, session: Session, old: SessionId) -> Result<bool> {
        self.begin("renew")?.renew(session, old).await
    }

    async fn load_remembered(&self, id: RememberedId) -> Result<Option<RememberedLogin>> {
        self.begin("load_remembered")?.load_remembered(id).await
    }

    async fn resume(
        &self,
        session: Session,
        data: DataValues,
        remembered: RememberedLogin,
        seen: RememberDigest,
    ) -> Result<bool> {
        let store = self.begin("resume")?;
        store.resume(session, data, remembered, seen).await
    }

    async fn extend_remembered(&self, id: RememberedId, expires_at: Timestamp) -> Result<bool> {
        let store = self.begin("extend_remembered")?;
        store.extend_remembered(id, expires_at).await
    }

    async fn revoke(&self, id: SessionId) -> Result<bool> {
        self.begin("revoke")?.revoke(id).await
    }

    async fn revoke_remembered(&self, id: RememberedId) -> Result<bool> {
        self.begin("revoke_remembered")?.revoke_remembered(id).await
    }

    async fn revoke_user(
        &self,
        realm: &str,
        user_id: &UserId,
        keep: Option<SessionId>,
    ) -> Result<u64> {
        let store = self.begin("revoke_user")?;
        store.revoke_user(realm, user_id, keep).await
    }

    async fn list_user(
        &self,
        realm: &str,
        user_id: &UserId,
        after: Option<ListedSession>,
        limit: usize,
    ) -> Result<Vec<Session>> {
        let store = self.begin("list_user")?;
        store.list_user(realm, user_id, after, limit).await
    }

    async fn list_remembered(&self, id: RememberedId) -> Result<Vec<Session>> {
        self.begin("list_remembered")?.list_remembered(id).await
    }

    async fn load_by_public_id(
        &self,
        realm: &str,
        user_id: &UserId,
        public_id: &str,
    ) -> Result<Option<Session>> {
        let store = self.begin("load_by_public_id")?;
        store.load_by_public_id(realm, user_id, public_id).await
    }

    async fn load_data(&self, id: SessionId) -> Result<DataValues> {
        self.begin("load_data")?.load_data(id).await
    }

    async fn change_data(&self, id: SessionId, changes: &DataChanges) -> Result<DataOutcome> {
        self.begin("change_data")?.change_data(id, changes).await
    }

    async fn sweep(&self, realm: &str, expiry: SessionExpiry, now: Timestamp) -> Result<u64> {
        self.begin("sweep")?.sweep(realm, expiry, now).await
    }

    async fn list(&self, listed: Listed<'_>) -> Result<Vec<Session>> {
        self.store.list(listed).await
    }

    async fn update(&self, update: Update<'_>) -> Result<u64> {
        self.store.update(update).await
    }

    async fn end(&self, ended: Ended<'_>) -> Result<u64> {
        self.store.end(ended).await
    }

    fn feed(&self) -> Option<&InvalidationFeed> {
        self.store.feed()
    }
}
