//! Sessions in memory, lost when the process ends.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::session::{
    DataChanges, DataOutcome, DataValues, Ended, Invalidation, InvalidationFeed, Listed,
    RememberDigest, RememberedId, RememberedLogin, Replaced, Session, SessionExpiry, SessionId,
    SessionStore, Update, UserId, changed_data,
};

/// Keeps sessions in memory: for examples, tests, and apps whose users can log in again after a
/// restart. Clones share the sessions.
#[derive(Clone)]
pub struct MemoryStore {
    kept: Arc<Mutex<Kept>>,
    feed: InvalidationFeed,
}

struct Kept {
    feed: InvalidationFeed,
    sessions: HashMap<SessionId, Row>,
    remembered: HashMap<RememberedId, RememberedLogin>,
}

struct Row {
    session: Session,
    data: DataValues,
}

impl Kept {
    fn add(&mut self, session: Session, data: DataValues) -> Result<()> {
        if self.sessions.contains_key(&session.id) {
            return Err(Error::store("a session with this id already exists"));
        }
        self.sessions.insert(session.id, Row { session, data });
        Ok(())
    }

    /// The id of this session, or of the one renewed from it.
    fn find(&self, id: SessionId) -> Option<SessionId> {
        if self.sessions.contains_key(&id) {
            return Some(id);
        }
        let mut rows = self.sessions.values();
        let renewed = rows.find(|row| row.session.renewed_from == Some(id))?;
        Some(renewed.session.id)
    }

    fn revoke(&mut self, id: SessionId) -> bool {
        let Some(row) = self.find(id).and_then(|id| self.sessions.remove(&id)) else {
            return false;
        };
        self.feed.invalidate(Invalidation::Session(row.session.id));
        if let Some(remembered) = row.session.remembered {
            self.revoke_remembered(remembered);
        }
        true
    }

    /// Ends the sessions of the same remembered login that a token of the same kind began.
    fn end_like(&mut self, session: &Session, id: RememberedId) {
        let is_like = |other: &Session| {
            other.remembered == Some(id)
                && other.is_from_replaced_token == session.is_from_replaced_token
        };
        let ended = self.sessions.extract_if(|_, row| is_like(&row.session));
        for (id, _) in ended {
            self.feed.invalidate(Invalidation::Session(id));
        }
    }

    fn revoke_remembered(&mut self, id: RememberedId) -> bool {
        self.feed.invalidate(Invalidation::Remembered(id));
        self.sessions
            .retain(|_, row| row.session.remembered != Some(id));
        self.remembered.remove(&id).is_some()
    }

    fn revoke_user(&mut self, realm: &str, user_id: &UserId, keep: Option<SessionId>) -> u64 {
        self.feed.invalidate(Invalidation::User(user_id));
        let before = self.sessions.len();
        let keep = keep.and_then(|keep| self.find(keep));
        let is_kept = |session: &Session| Some(session.id) == keep;
        let mut kept_remembered = None;
        self.sessions.retain(|_, Row { session, .. }| {
            if is_kept(session) {
                kept_remembered = session.remembered;
            }
            is_kept(session) || session.realm != realm || session.user_id != *user_id
        });
        let ended = before - self.sessions.len();
        self.remembered.retain(|id, remembered| {
            Some(*id) == kept_remembered
                || remembered.realm != realm
                || remembered.user_id != *user_id
        });
        ended as u64
    }

    fn update(&mut self, update: Update<'_>) -> u64 {
        match update {
            Update::LastSeen(ids, last_seen_at) => {
                let mut touched = 0;
                for id in ids {
                    if let Some(row) = self.sessions.get_mut(id) {
                        row.session.last_seen_at = last_seen_at;
                        touched += 1;
                    }
                }
                touched
            }
            Update::Stale(id) => {
                let row = self.sessions.get_mut(&id);
                let is_there = row.map(|row| row.session.is_fresh = false).is_some();
                self.feed.invalidate(Invalidation::Session(id));
                is_there.into()
            }
            Update::RememberedUntil(id, expires_at) => {
                let login = self.remembered.get_mut(&id);
                login
                    .map(|login| login.expires_at = expires_at)
                    .is_some()
                    .into()
            }
        }
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        let feed = InvalidationFeed::in_process();
        let kept = Kept {
            feed: feed.clone(),
            sessions: HashMap::new(),
            remembered: HashMap::new(),
        };
        Self {
            kept: Arc::new(Mutex::new(kept)),
            feed,
        }
    }

    /// The number of sessions.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.kept().sessions.len()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // No call panics during a change, so the data is consistent.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.kept();
        f.debug_struct("MemoryStore")
            .field("sessions", &kept.sessions.len())
            .field("remembered_logins", &kept.remembered.len())
            .finish()
    }
}

impl SessionStore for MemoryStore {
    async fn create(
        &self,
        session: Session,
        data: DataValues,
        remembered: Option<RememberedLogin>,
        replaced: Replaced,
    ) -> Result<()> {
        let mut kept = self.kept();
        kept.add(session, data)?;
        if let Some(id) = replaced.session {
            kept.revoke(id);
        }
        if let Some(id) = replaced.remembered {
            kept.revoke_remembered(id);
        }
        if let Some(remembered) = remembered {
            kept.remembered.insert(remembered.id, remembered);
        }
        Ok(())
    }

    async fn load(&self, id: SessionId) -> Result<Option<Session>> {
        let kept = self.kept();
        Ok(kept.sessions.get(&id).map(|row| row.session.clone()))
    }

    async fn list(&self, listed: Listed<'_>) -> Result<Vec<Session>> {
        let kept = self.kept();
        Ok(listed.among(kept.sessions.values().map(|row| &row.session)))
    }

    async fn update(&self, update: Update<'_>) -> Result<u64> {
        Ok(self.kept().update(update))
    }

    async fn end(&self, ended: Ended<'_>) -> Result<u64> {
        let mut kept = self.kept();
        Ok(match ended {
            Ended::Session(id) => kept.revoke(id).into(),
            Ended::Remembered(id) => kept.revoke_remembered(id).into(),
            Ended::User {
                realm,
                user_id,
                keep,
            } => kept.revoke_user(realm, user_id, keep),
        })
    }

    async fn renew(&self, session: Session, old: SessionId) -> Result<bool> {
        let mut kept = self.kept();
        let Some(row) = kept.sessions.get(&old) else {
            return Ok(false);
        };
        let data = row.data.clone();
        kept.add(session, data)?;
        kept.sessions.remove(&old);
        self.feed.invalidate(Invalidation::Session(old));
        Ok(true)
    }

    async fn load_remembered(&self, id: RememberedId) -> Result<Option<RememberedLogin>> {
        Ok(self.kept().remembered.get(&id).cloned())
    }

    async fn resume(
        &self,
        session: Session,
        data: DataValues,
        remembered: RememberedLogin,
        seen: RememberDigest,
    ) -> Result<bool> {
        let mut kept = self.kept();
        let before = kept.remembered.get(&remembered.id);
        if before.is_none_or(|before| before.token != seen) {
            return Ok(false);
        }
        kept.end_like(&session, remembered.id);
        kept.add(session, data)?;
        kept.remembered.insert(remembered.id, remembered);
        Ok(true)
    }

    async fn sweep(&self, realm: &str, expiry: SessionExpiry, now: Timestamp) -> Result<u64> {
        let mut kept = self.kept();
        let before = kept.sessions.len() + kept.remembered.len();
        kept.sessions.retain(|_, Row { session, .. }| {
            session.realm != realm || !expiry.is_over(session, now)
        });
        kept.remembered
            .retain(|_, remembered| remembered.realm != realm || now < remembered.expires_at);
        Ok((before - kept.sessions.len() - kept.remembered.len()) as u64)
    }

    async fn load_data(&self, id: SessionId) -> Result<DataValues> {
        let kept = self.kept();
        let row = kept.find(id).and_then(|id| kept.sessions.get(&id));
        Ok(row.map(|row| row.data.clone()).unwrap_or_default())
    }

    async fn change_data(&self, id: SessionId, changes: &DataChanges) -> Result<DataOutcome> {
        let mut kept = self.kept();
        let row = kept.find(id).and_then(|id| kept.sessions.get_mut(&id));
        let Some(row) = row else {
            return Ok(DataOutcome::NoSession);
        };
        let Some(after) = changed_data(&row.data, changes) else {
            return Ok(DataOutcome::TooMuch);
        };
        row.data = after;
        Ok(DataOutcome::Written)
    }

    fn feed(&self) -> Option<&InvalidationFeed> {
        Some(&self.feed)
    }
}
