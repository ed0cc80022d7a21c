//! Sessions in memory: gone with the process.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::session::{Session, SessionExpiry, SessionId, SessionStore, UserId};

/// Keeps sessions in memory: for examples and tests, and for apps whose users may have to log
/// in again after a restart. Clones share the sessions.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<HashMap<SessionId, Session>>>);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<SessionId, Session>> {
        // No call panics while it holds the lock half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore({} sessions)", self.sessions().len())
    }
}

impl SessionStore for MemoryStore {
    async fn create(&self, session: Session, replaced: Option<SessionId>) -> Result<()> {
        let mut sessions = self.sessions();
        if sessions.contains_key(&session.id) {
            return Err(Error::store("a session by this id is there already"));
        }
        if let Some(replaced) = replaced {
            sessions.remove(&replaced);
        }
        sessions.insert(session.id, session);
        Ok(())
    }

    async fn load(&self, id: SessionId) -> Result<Option<Session>> {
        Ok(self.sessions().get(&id).cloned())
    }

    async fn touch(&self, id: SessionId, last_seen_at: Timestamp) -> Result<bool> {
        match self.sessions().get_mut(&id) {
            Some(session) => {
                session.last_seen_at = last_seen_at;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    async fn revoke(&self, id: SessionId) -> Result<bool> {
        Ok(self.sessions().remove(&id).is_some())
    }

    async fn revoke_user(&self, user_id: &UserId, keep: Option<SessionId>) -> Result<u64> {
        let mut sessions = self.sessions();
        let before = sessions.len();
        sessions.retain(|id, session| session.user_id != *user_id || Some(*id) == keep);
        Ok((before - sessions.len()) as u64)
    }

    async fn sweep(&self, expiry: SessionExpiry, now: Timestamp) -> Result<u64> {
        let mut sessions = self.sessions();
        let before = sessions.len();
        sessions.retain(|_, session| expiry.is_alive(session, now));
        Ok((before - sessions.len()) as u64)
    }
}
