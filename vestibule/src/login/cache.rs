//! Sessions and their users, kept between requests.

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

/// What the requests before have found out, as far as nothing of it can have changed.
///
/// A session stays for as long as it need not be touched, about a minute, and is then read again:
/// whatever goes wrong with a feed, that is the end of it.
pub(crate) struct LoginCache<U> {
    kept: Cache<SessionId, Kept<U>, UnitWeighter, BuildHasherDefault<Digest>>,
    sessions: InvalidationFeed,
    users: Users,
}

/// How long users are good for.
#[derive(Clone)]
pub(crate) enum Users {
    /// They are read at each request.
    NotKept,
    /// As long as sessions: one feed invalidates both.
    SameFeed,
    /// Until this feed tells of a change.
    Until(InvalidationFeed),
    /// Until the app tells of a change by this feed, and for this long at the most.
    For(Duration, InvalidationFeed),
}

/// Copied at each look: a pointer and a few numbers.
struct Kept<U> {
    found: Cached<U>,
    slots: Slots,
    version: u64,
    /// By the clock, and by one that nobody sets back.
    kept_at: (Timestamp, u64),
}

/// What is known of a session.
pub(crate) enum Cached<U> {
    /// The session, and the epoch that its user's table had. The user is loaded at each request.
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

/// The state of the feeds before the stores were asked.
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

    /// To be called before the stores are asked; none while nothing is kept.
    pub(crate) fn snapshot(&self) -> Option<Snapshots> {
        let users = match &self.users {
            Users::NotKept | Users::SameFeed => None,
            Users::Until(feed) | Users::For(_, feed) => Some(feed.snapshot()?),
        };
        let sessions = self.sessions.snapshot()?;
        Some(Snapshots { sessions, users })
    }

    /// Keeps what the stores said, unless something has changed since they were asked.
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
            Users::NotKept => Cached::Session(session.clone(), logged_in.user.session_epoch()),
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

    /// Both versions in one: each only ever grows.
    fn version(&self, slots: &Slots) -> u64 {
        let users = match &self.users {
            Users::NotKept | Users::SameFeed => 0,
            Users::Until(feed) | Users::For(_, feed) => feed.version(slots),
        };
        self.sessions.version(slots).wrapping_add(users)
    }
}

/// Session ids are digests: as good as hashed.
#[derive(Default)]
pub(crate) struct Digest(u64);

impl Hasher for Digest {
    /// The id comes last, after its length.
    fn write(&mut self, bytes: &[u8]) {
        if let Some(start) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*start);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Writes last-seen times: those of all requests that come while one write is under way go into
/// the next one.
#[derive(Clone, Default)]
pub(crate) struct Touches {
    waiting: Arc<Mutex<HashMap<SessionId, Timestamp>>>,
    writing: Arc<tokio::sync::Mutex<()>>,
}

impl Touches {
    /// Returns when it is written. Whoever goes away before takes nobody's time with them.
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
