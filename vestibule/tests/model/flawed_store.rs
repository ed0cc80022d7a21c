//! A store that can have a flaw.

use std::future::Future;

use vestibule::Result;
use vestibule::clock::Timestamp;
use vestibule::login::UserId;
use vestibule::session::{
    DataChanges, DataOutcome, DataValues, Ended, InvalidationFeed, Listed, ListedSession,
    RememberDigest, RememberSeed, RememberedId, RememberedLogin, Replaced, Session, SessionExpiry,
    SessionId, SessionStore, Update,
};
use vestibule::stores::MemoryStore;

/// What a store can get wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    RevokeSparesTheRemembered,
    TokensAreUsedTwice,
    RenewLeavesTheOldSession,
    TheftEndsTheTokenAlone,
    ReplacedIsNotEnded,
    StaleIsForgotten,
    PendingIsUsedTwice,
    RevokeSparesThePending,
}

/// A store, with a flaw or without.
#[derive(Clone)]
pub(crate) struct FlawedStore {
    pub(crate) store: MemoryStore,
    pub(crate) flaw: Option<Flaw>,
}

impl SessionStore for FlawedStore {
    async fn create(
        &self,
        session: Session,
        data: DataValues,
        remembered: Option<RememberedLogin>,
        replaced: Replaced,
    ) -> Result<()> {
        let replaced = match self.flaw {
            Some(Flaw::ReplacedIsNotEnded) => Replaced::default(),
            _ => replaced,
        };
        self.store.create(session, data, remembered, replaced).await
    }

    fn load(&self, id: SessionId) -> impl Future<Output = Result<Option<Session>>> + Send {
        self.store.load(id)
    }

    fn touch(&self, ids: &[SessionId], at: Timestamp) -> impl Future<Output = Result<u64>> + Send {
        self.store.touch(ids, at)
    }

    async fn mark_stale(&self, id: SessionId) -> Result<bool> {
        if self.flaw == Some(Flaw::StaleIsForgotten) {
            return Ok(true);
        }
        self.store.mark_stale(id).await
    }

    async fn renew(&self, session: Session, old: SessionId) -> Result<bool> {
        if self.flaw == Some(Flaw::RenewLeavesTheOldSession) {
            let created = self
                .store
                .create(session, DataValues::new(), None, Replaced::default());
            return created.await.map(|()| true);
        }
        self.store.renew(session, old).await
    }

    /// Made anew from what a store would have kept, as any store outside the library must.
    async fn load_remembered(&self, id: RememberedId) -> Result<Option<RememberedLogin>> {
        let kept = self.store.load_remembered(id).await?;
        Ok(kept.map(|kept| {
            let (user_id, epoch) = (kept.user_id.as_str().into(), kept.user_epoch);
            let (id, token) = (kept.id.as_bytes(), kept.token.as_bytes());
            let mut login = RememberedLogin::new(
                RememberedId::from_bytes(*id),
                RememberDigest::from_bytes(*token),
                user_id,
                epoch,
                kept.created_at,
                kept.duration,
            );
            login.previous = kept.previous;
            login.seed = RememberSeed::from_bytes(*kept.seed.as_bytes());
            login.rotated_at = kept.rotated_at;
            login.expires_at = kept.expires_at;
            login.methods = kept.methods;
            login.confirmed_by = kept.confirmed_by;
            login
        }))
    }

    async fn resume(
        &self,
        session: Session,
        data: DataValues,
        remembered: RememberedLogin,
        seen: RememberDigest,
    ) -> Result<bool> {
        let mut remembered = remembered;
        if self.flaw == Some(Flaw::TokensAreUsedTwice) {
            remembered.token = seen;
        }
        self.store.resume(session, data, remembered, seen).await
    }

    fn extend_remembered(
        &self,
        id: RememberedId,
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<bool>> + Send {
        self.store.extend_remembered(id, expires_at)
    }

    async fn revoke(&self, id: SessionId) -> Result<bool> {
        if self.flaw == Some(Flaw::PendingIsUsedTwice) {
            let found = self.store.load(id).await?;
            if found.is_some_and(|session| session.realm == "/pending") {
                return Ok(true);
            }
        }
        self.store.revoke(id).await
    }

    async fn revoke_remembered(&self, id: RememberedId) -> Result<bool> {
        if self.flaw == Some(Flaw::TheftEndsTheTokenAlone) {
            return Ok(true);
        }
        self.store.revoke_remembered(id).await
    }

    async fn revoke_user(
        &self,
        realm: &str,
        user_id: &UserId,
        keep: Option<SessionId>,
    ) -> Result<u64> {
        if self.flaw == Some(Flaw::RevokeSparesTheRemembered) {
            return Ok(0);
        }
        if self.flaw == Some(Flaw::RevokeSparesThePending) && realm == "/pending" {
            return Ok(0);
        }
        self.store.revoke_user(realm, user_id, keep).await
    }

    async fn list_user(
        &self,
        realm: &str,
        user_id: &UserId,
        after: Option<ListedSession>,
        limit: usize,
    ) -> Result<Vec<Session>> {
        self.store.list_user(realm, user_id, after, limit).await
    }

    async fn list_remembered(&self, id: RememberedId) -> Result<Vec<Session>> {
        self.store.list_remembered(id).await
    }

    async fn load_by_public_id(
        &self,
        realm: &str,
        user_id: &UserId,
        public_id: &str,
    ) -> Result<Option<Session>> {
        self.store
            .load_by_public_id(realm, user_id, public_id)
            .await
    }

    fn sweep(
        &self,
        realm: &str,
        expiry: SessionExpiry,
        now: Timestamp,
    ) -> impl Future<Output = Result<u64>> + Send {
        self.store.sweep(realm, expiry, now)
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

    async fn load_data(&self, id: SessionId) -> Result<DataValues> {
        self.store.load_data(id).await
    }

    async fn change_data(&self, id: SessionId, changes: &DataChanges) -> Result<DataOutcome> {
        self.store.change_data(id, changes).await
    }
}
