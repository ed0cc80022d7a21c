//! Sessions and their users, cached between requests.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle};

use crate::clock::{Timestamp, monotonic};
use crate::error::Result;
use crate::login::User;
use crate::login::logged_in::LoggedIn;
use crate::session::{
    FeedSnapshot, InvalidationFeed, Session, SessionExpiry, SessionId, SharedSessionStore, Slots,
};

/// Caches sessions and users of earlier requests until they change.
///
/// A session is read again when its last-seen time is due, after about a minute. This limits the
/// damage if a feed fails.
pub(crate) struct LoginCache<U> {
    kept: Cache<SessionId, Kept<U>, UnitWeighter, BuildHasherDefault<Digest>>,
    sessions: InvalidationFeed,
    users: Users,
}

/// How long users are cached.
#[derive(Clone)]
pub(crate) enum Users {
    /// Users are loaded at each request.
    NotKept,
    /// As long as sessions, because one feed invalidates both.
    SameFeed,
    /// Until this feed invalidates them.
    Until(InvalidationFeed),
    /// Until the app invalidates them in this feed, and at most for this long.
    For(Duration, InvalidationFeed),
}

/// Only a pointer and a few numbers, because each look-up copies it.
struct Kept<U> {
    found: Cached<U>,
    slots: Slots,
    version: u64,
    /// In the system clock's time, and in monotonic time.
    kept_at: (Timestamp, u64),
}

/// The cached data of a session.
pub(crate) enum Cached<U> {
    /// The session, and its user's epoch in the users table. The user is loaded at each request.
    Session(Arc<Session>, i64),
    LoggedIn(Arc<LoggedIn<U>>),
}

impl<U> Clone for Kept<U> {
    fn clone(&self) -> Self {
        Self {
            found: self.found.clone(),
            ..*self
        }
    }
}

impl<U> Clone for Cached<U> {
    fn clone(&self) -> Self {
        match self {
            Self::Session(session, epoch) => Self::Session(session.clone(), *epoch),
            Self::LoggedIn(logged_in) => Self::LoggedIn(logged_in.clone()),
        }
    }
}

/// The state of the feeds before the stores are read.
#[derive(Clone, Copy)]
pub(crate) struct Snapshots {
    sessions: FeedSnapshot,
    users: Option<FeedSnapshot>,
}

impl<U: User> LoginCache<U> {
    /// A cache of up to `capacity` sessions.
    pub(crate) fn new(capacity: usize, sessions: InvalidationFeed, users: Users) -> Self {
        let kept = Cache::with(
            capacity,
            capacity as u64,
            UnitWeighter,
            BuildHasherDefault::default(),
            DefaultLifecycle::default(),
        );
        Self {
            kept,
            sessions,
            users,
        }
    }

    pub(crate) fn get(&self, id: SessionId, now: Timestamp) -> Option<Cached<U>> {
        let kept = self.kept.get(&id)?;
        let (kept_at, monotonic_at) = kept.kept_at;
        let moment = monotonic();
        let age = Duration::from_millis(moment.saturating_sub(monotonic_at));
        let age = now.since(kept_at).max(age);
        let is_good = age < SessionExpiry::TOUCH_EVERY
            && self.sessions.is_up_at(moment)
            && match &self.users {
                Users::NotKept | Users::SameFeed => true,
                Users::Until(feed) => feed.is_up_at(moment),
                Users::For(duration, _) => age < *duration,
            }
            && self.version(&kept.slots) == kept.version;
        if !is_good {
            self.kept.remove(&id);
            return None;
        }
        Some(kept.found)
    }

    /// Call it before reading the stores. `None` while caching is not possible.
    pub(crate) fn snapshot(&self) -> Option<Snapshots> {
        let users = match &self.users {
            Users::NotKept | Users::SameFeed => None,
            Users::Until(feed) | Users::For(_, feed) => Some(feed.snapshot()?),
        };
        let sessions = self.sessions.snapshot()?;
        Some(Snapshots { sessions, users })
    }

    /// Caches what the stores returned, unless something has changed since `before`.
    pub(crate) fn keep(&self, logged_in: &Arc<LoggedIn<U>>, before: Snapshots, now: Timestamp) {
        let Some(session) = &logged_in.session else {
            return;
        };
        let slots = Slots::of(session);
        let Some(sessions) = self.sessions.version_since(before.sessions, &slots) else {
            return;
        };
        let users = match (&self.users, before.users) {
            (Users::Until(feed) | Users::For(_, feed), Some(begun)) => {
                let Some(version) = feed.version_since(begun, &slots) else {
                    return;
                };
                version
            }
            _ => 0,
        };
        let found = match &self.users {
            Users::NotKept => {
                Cached::Session(session.clone(), logged_in.user.session_epoch().into())
            }
            Users::SameFeed | Users::Until(_) | Users::For(..) => {
                Cached::LoggedIn(logged_in.clone())
            }
        };
        let kept = Kept {
            found,
            slots,
            version: sessions.wrapping_add(users),
            kept_at: (now, monotonic()),
        };
        self.kept.insert(session.id, kept);
    }

    /// The sum of both versions, which works because each only grows.
    fn version(&self, slots: &Slots) -> u64 {
        let users = match &self.users {
            Users::NotKept | Users::SameFeed => 0,
            Users::Until(feed) | Users::For(_, feed) => feed.version(slots),
        };
        self.sessions.version(slots).wrapping_add(users)
    }
}

/// Session ids are digests, so they need no hashing.
#[derive(Default)]
pub(crate) struct Digest(u64);

impl Hasher for Digest {
    /// The id is written last, after its length.
    fn write(&mut self, bytes: &[u8]) {
        if let Some(start) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*start);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Writes last-seen times in batches: requests that arrive during a write share the next one.
#[derive(Clone, Default)]
pub(crate) struct Touches {
    waiting: Arc<Mutex<HashMap<SessionId, Timestamp>>>,
    writing: Arc<tokio::sync::Mutex<()>>,
}

impl Touches {
    /// Returns when the time is written. If one request is cancelled, the others are still written.
    pub(crate) async fn touch(
        &self,
        store: &SharedSessionStore,
        id: SessionId,
        now: Timestamp,
    ) -> Result<()> {
        self.waiting().insert(id, now);
        let (this, store) = (self.clone(), store.clone());
        let written = tokio::spawn(async move {
            let _turn = this.writing.lock().await;
            let waiting = std::mem::take(&mut *this.waiting());
            let Some(latest) = waiting.values().max() else {
                return Ok(());
            };
            let ids: Vec<_> = waiting.keys().copied().collect();
            store.touch(&ids, *latest).await.map(drop)
        });
        written.await.unwrap_or(Ok(()))
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<SessionId, Timestamp>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
