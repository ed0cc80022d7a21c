//! Sessions in memory: gone with the process.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::session::{
    ChangeFeed, Changed, RememberDigest, RememberedId, RememberedLogin, Replaced, Session,
    SessionExpiry, SessionId, SessionStore, UserId,
};

/// Keeps sessions in memory: for examples and tests, and for apps whose users may have to log
/// in again after a restart. Clones share the sessions.
#[derive(Clone)]
pub struct MemoryStore {
    kept: Arc<Mutex<Kept>>,
    feed: ChangeFeed,
}

struct Kept {
    feed: ChangeFeed,
    sessions: HashMap<SessionId, Session>,
    remembered: HashMap<RememberedId, RememberedLogin>,
}

impl Kept {
    fn add(&mut self, session: Session) -> Result<()> {
        if self.sessions.contains_key(&session.id) {
            return Err(Error::store("a session by this id is there already"));
        }
        self.sessions.insert(session.id, session);
        Ok(())
    }

    fn revoke(&mut self, id: SessionId) -> bool {
        let is_renewed = |session: &&Session| session.renewed_from == Some(id);
        let id = match self.sessions.contains_key(&id) {
            true => id,
            false => match self.sessions.values().find(is_renewed) {
                Some(renewed) => renewed.id,
                None => return false,
            },
        };
        let Some(session) = self.sessions.remove(&id) else {
            return false;
        };
        self.feed.tell(Changed::Session(id));
        if let Some(remembered) = session.remembered {
            self.revoke_remembered(remembered);
        }
        true
    }

    fn revoke_remembered(&mut self, id: RememberedId) -> bool {
        self.feed.tell(Changed::Remembered(id));
        self.sessions
            .retain(|_, session| session.remembered != Some(id));
        self.remembered.remove(&id).is_some()
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        let feed = ChangeFeed::in_process();
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

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // No call panics while it holds the lock half-way through a change.
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
        write!(f, "MemoryStore({} sessions)", self.kept().sessions.len())
    }
}

impl SessionStore for MemoryStore {
    async fn create(
        &self,
        session: Session,
        remembered: Option<RememberedLogin>,
        replaced: Replaced,
    ) -> Result<()> {
        let mut kept = self.kept();
        kept.add(session)?;
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
        Ok(self.kept().sessions.get(&id).cloned())
    }

    async fn touch(&self, ids: &[SessionId], last_seen_at: Timestamp) -> Result<u64> {
        let mut kept = self.kept();
        let mut touched = 0;
        for id in ids {
            if let Some(session) = kept.sessions.get_mut(id) {
                session.last_seen_at = last_seen_at;
                touched += 1;
            }
        }
        Ok(touched)
    }

    async fn mark_stale(&self, id: SessionId) -> Result<bool> {
        let mut kept = self.kept();
        let session = kept.sessions.get_mut(&id);
        let Some(session) = session else {
            return Ok(false);
        };
        session.is_fresh = false;
        self.feed.tell(Changed::Session(id));
        Ok(true)
    }

    async fn renew(&self, session: Session, old: SessionId) -> Result<bool> {
        let mut kept = self.kept();
        if !kept.sessions.contains_key(&old) {
            return Ok(false);
        }
        kept.add(session)?;
        kept.sessions.remove(&old);
        self.feed.tell(Changed::Session(old));
        Ok(true)
    }

    async fn load_remembered(&self, id: RememberedId) -> Result<Option<RememberedLogin>> {
        Ok(self.kept().remembered.get(&id).cloned())
    }

    async fn resume(
        &self,
        session: Session,
        remembered: RememberedLogin,
        seen: RememberDigest,
    ) -> Result<bool> {
        let mut kept = self.kept();
        let before = kept.remembered.get(&remembered.id);
        if before.is_none_or(|before| before.token != seen) {
            return Ok(false);
        }
        kept.add(session)?;
        kept.remembered.insert(remembered.id, remembered);
        Ok(true)
    }

    async fn extend_remembered(&self, id: RememberedId, expires_at: Timestamp) -> Result<bool> {
        let mut kept = self.kept();
        let remembered = kept.remembered.get_mut(&id);
        let Some(remembered) = remembered else {
            return Ok(false);
        };
        remembered.expires_at = expires_at;
        Ok(true)
    }

    async fn revoke(&self, id: SessionId) -> Result<bool> {
        Ok(self.kept().revoke(id))
    }

    async fn revoke_remembered(&self, id: RememberedId) -> Result<bool> {
        Ok(self.kept().revoke_remembered(id))
    }

    async fn revoke_user(
        &self,
        realm: &str,
        user_id: &UserId,
        keep: Option<SessionId>,
    ) -> Result<u64> {
        let mut kept = self.kept();
        self.feed.tell(Changed::User(user_id));
        let before = kept.sessions.len();
        let is_kept = |session: &Session| Some(session.id) == keep;
        let mut kept_remembered = None;
        kept.sessions.retain(|_, session| {
            if is_kept(session) {
                kept_remembered = session.remembered;
            }
            is_kept(session) || session.realm != realm || session.user_id != *user_id
        });
        let ended = before - kept.sessions.len();
        kept.remembered.retain(|id, remembered| {
            Some(*id) == kept_remembered
                || remembered.realm != realm
                || remembered.user_id != *user_id
        });
        Ok(ended as u64)
    }

    async fn list_user(&self, realm: &str, user_id: &UserId) -> Result<Vec<Session>> {
        let kept = self.kept();
        let is_theirs = |session: &&Session| session.realm == realm && session.user_id == *user_id;
        let mut found: Vec<_> = kept.sessions.values().filter(is_theirs).cloned().collect();
        found.sort_by_key(|session| std::cmp::Reverse(session.last_seen_at));
        Ok(found)
    }

    async fn sweep(&self, realm: &str, expiry: SessionExpiry, now: Timestamp) -> Result<u64> {
        let mut kept = self.kept();
        let before = kept.sessions.len() + kept.remembered.len();
        kept.sessions
            .retain(|_, session| session.realm != realm || !expiry.is_over(session, now));
        kept.remembered
            .retain(|_, remembered| remembered.realm != realm || now < remembered.expires_at);
        Ok((before - kept.sessions.len() - kept.remembered.len()) as u64)
    }
    fn feed(&self) -> Option<&ChangeFeed> {
        Some(&self.feed)
    }
}
