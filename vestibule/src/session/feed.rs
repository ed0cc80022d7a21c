//! The feed that invalidates cached sessions and users.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::monotonic;
use crate::session::{RememberedId, Session, SessionId, UserId};

/// Invalidates cached sessions and users. Clones share their state.
///
/// Within the process, invalidation is immediate: a store invalidates before the call that made the
/// change returns. A [`Watcher`] brings the changes of other processes, and reports the time of
/// each look at the store. After [`BOUND`](Self::BOUND) without a report the feed is down, and the
/// cache is bypassed until it is up again.
///
/// An invalidation increments a counter; a cached copy is valid while none of its counters has
/// changed. Sessions and remembered logins have 256 counters each, by the first byte of the id.
/// Users have 256, by the last two digits of the id. One counter stands for everything. So an
/// invalidation also invalidates one in 256 unrelated copies.
#[derive(Clone)]
pub struct InvalidationFeed(Arc<Inner>);

struct Inner {
    counters: [AtomicU64; SLOTS],
    /// Incremented by every change, before its counter.
    total: AtomicU64,
    /// The feed is down from this time on, in [`monotonic`] milliseconds.
    up_until: AtomicU64,
    watch: Option<Box<Watch>>,
    is_watched: AtomicBool,
    changed: Notify,
}

type Watch = dyn Fn(Watcher) + Send + Sync;

const KINDS: usize = 3;
/// The last slot is for everything at once.
const SLOTS: usize = KINDS * 256 + 1;
const EVERYTHING: usize = KINDS * 256;

/// A change to invalidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Invalidation<'a> {
    /// A session, and the session renewed from it.
    Session(SessionId),
    /// All sessions of a remembered login.
    Remembered(RememberedId),
    /// A user, or any of their sessions.
    User(&'a UserId),
    /// Sessions whose ids begin with this byte.
    SessionsOf(u8),
    /// Users whose ids end with these two hexadecimal digits, as in a UUID, or else with this
    /// byte.
    UsersOf(u8),
    /// Everything.
    Everything,
}

impl Invalidation<'_> {
    fn slot(self) -> usize {
        match self {
            Self::Session(id) => usize::from(id.as_bytes()[0]),
            Self::SessionsOf(byte) => usize::from(byte),
            Self::Remembered(id) => 256 + usize::from(id.as_bytes()[0]),
            Self::User(id) => 512 + usize::from(user_byte(id)),
            Self::UsersOf(byte) => 512 + usize::from(byte),
            Self::Everything => EVERYTHING,
        }
    }
}

/// The byte that decides which counter a user has: the last two characters of the id, if they are
/// hexadecimal digits, because those of a UUID are random; otherwise the last byte. The triggers of
/// the database compute the same.
pub(crate) fn user_byte(id: &UserId) -> u8 {
    let id = id.as_str();
    let end = id.len().checked_sub(2).and_then(|at| id.get(at..));
    let digits = end.filter(|end| end.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
    byte.or(id.bytes().last()).unwrap_or(0)
}

impl InvalidationFeed {
    /// How long the feed may be silent. A session revoked by another process is rejected after this
    /// time plus one look at the store, at the latest.
    pub const BOUND: Duration = Duration::from_secs(1);

    /// The feed of a store that no other process can change.
    pub fn in_process() -> Self {
        Self::new(None, u64::MAX)
    }

    /// The feed of a store that other processes change too. `watch` is called in a Tokio runtime
    /// when the feed is first needed, and again if its watcher was dropped. It must spawn a task
    /// that watches the store and reports to the [`Watcher`], and return immediately.
    pub fn watched(watch: impl Fn(Watcher) + Send + Sync + 'static) -> Self {
        Self::new(Some(Box::new(watch)), 0)
    }

    /// The feed of a store whose changes cannot be watched: nothing is cached.
    #[cfg(feature = "sql")]
    pub(crate) fn always_down() -> Self {
        Self::new(None, 0)
    }

    fn new(watch: Option<Box<Watch>>, up_until: u64) -> Self {
        Self(Arc::new(Inner {
            counters: [const { AtomicU64::new(0) }; SLOTS],
            total: AtomicU64::new(0),
            up_until: AtomicU64::new(up_until),
            watch,
            is_watched: AtomicBool::new(false),
            changed: Notify::new(),
        }))
    }

    /// Invalidates in this process.
    pub fn invalidate(&self, changed: Invalidation<'_>) {
        self.0.invalidate(changed);
    }

    /// Invalidates when the guard is dropped, because a call that fails or is cancelled may still
    /// have changed the store.
    pub fn invalidate_on_drop<'a>(&'a self, changed: Invalidation<'a>) -> InvalidateOnDrop<'a> {
        InvalidateOnDrop {
            feed: self,
            changed: Some(changed),
        }
    }

    /// Whether changes by other processes arrive here within [`BOUND`](Self::BOUND).
    pub fn is_up(&self) -> bool {
        self.is_up_at(monotonic())
    }

    /// As [`is_up`](Self::is_up), at a [`monotonic`] time.
    pub(crate) fn is_up_at(&self, moment: u64) -> bool {
        moment < self.0.up_until.load(SeqCst)
    }

    /// Whether both are the same feed.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The state before reading something to cache; `None` while the feed is down.
    pub(crate) fn snapshot(&self) -> Option<FeedSnapshot> {
        self.start_watching();
        self.is_up()
            .then(|| FeedSnapshot(self.0.total.load(SeqCst)))
    }

    /// The version of the data read since `snapshot`; `None` if anything has changed since, because
    /// the data may be outdated.
    pub(crate) fn version_since(&self, snapshot: FeedSnapshot, slots: &Slots) -> Option<u64> {
        // Read the slot before the total; the writer uses the opposite order, so seeing a slot
        // change implies seeing the total change.
        let version = self.version(slots);
        let is_unchanged = self.0.total.load(SeqCst) == snapshot.0;
        (is_unchanged && self.is_up()).then_some(version)
    }

    /// The version of `slots`. Every change of one of them changes it.
    pub(crate) fn version(&self, slots: &Slots) -> u64 {
        slots.0.iter().fold(0, |version: u64, slot| {
            let counter = self.0.counters.get(usize::from(*slot));
            version.wrapping_add(counter.map_or(0, |counter| counter.load(SeqCst)))
        })
    }

    /// Resolves at the next change of anything, counted from this call.
    pub(crate) fn changed(&self) -> impl Future<Output = ()> {
        self.0.changed.notified()
    }

    fn start_watching(&self) {
        let Some(watch) = &self.0.watch else {
            return;
        };
        if !self.0.is_watched.swap(true, SeqCst) {
            watch(Watcher(Arc::downgrade(&self.0)));
        }
    }
}

impl Inner {
    fn invalidate(&self, changed: Invalidation<'_>) {
        self.total.fetch_add(1, SeqCst);
        if let Some(counter) = self.counters.get(changed.slot()) {
            counter.fetch_add(1, SeqCst);
        }
        self.changed.notify_waiters();
    }
}

/// Invalidates when it is dropped. From [`InvalidationFeed::invalidate_on_drop`].
#[derive(Debug)]
#[must_use = "the change is noted when this is dropped"]
pub struct InvalidateOnDrop<'a> {
    feed: &'a InvalidationFeed,
    changed: Option<Invalidation<'a>>,
}

impl InvalidateOnDrop<'_> {
    /// Invalidates nothing. For calls that certainly changed nothing; otherwise, requests with
    /// made-up tokens could empty the cache.
    pub fn cancel(mut self) {
        self.changed = None;
    }
}

impl Drop for InvalidateOnDrop<'_> {
    fn drop(&mut self) {
        if let Some(changed) = self.changed {
            self.feed.invalidate(changed);
        }
    }
}

impl fmt::Debug for InvalidationFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvalidationFeed")
            .field("is_up", &self.is_up())
            .finish_non_exhaustive()
    }
}

/// Reports the changes of other processes to an [`InvalidationFeed`].
pub struct Watcher(Weak<Inner>);

impl Watcher {
    /// Invalidates what another process has changed.
    pub fn invalidate(&self, changed: Invalidation<'_>) {
        if let Some(feed) = self.0.upgrade() {
            feed.invalidate(changed);
        }
    }

    /// Confirms that all changes up to `began` (from [`now`](Self::now)) have been reported.
    /// Returns whether the feed still exists; if not, end the task.
    pub fn seen_all_until(&self, began: Moment) -> bool {
        let bound = u64::try_from(InvalidationFeed::BOUND.as_millis()).unwrap_or(0);
        let Some(feed) = self.0.upgrade() else {
            return false;
        };
        feed.up_until.store(began.0 + bound, SeqCst);
        true
    }

    /// Reports that changes may have been missed. The feed is down until the next
    /// [`seen_all_until`](Self::seen_all_until), and everything cached is invalidated. Returns
    /// whether the feed still exists.
    pub fn lost(&self) -> bool {
        let Some(feed) = self.0.upgrade() else {
            return false;
        };
        feed.up_until.store(0, SeqCst);
        feed.invalidate(Invalidation::Everything);
        true
    }

    /// The current moment. Take it before looking at the store.
    pub fn now() -> Moment {
        Moment(monotonic())
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if self.lost()
            && let Some(feed) = self.0.upgrade()
        {
            feed.is_watched.store(false, SeqCst);
        }
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}

/// A moment in this process, independent of the system clock.
#[derive(Debug, Clone, Copy)]
pub struct Moment(u64);

/// The state of a feed before something is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FeedSnapshot(u64);

/// The counters of a session and its user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slots([u16; 5]);

impl Slots {
    pub(crate) fn of(session: &Session) -> Self {
        let changes = [
            Some(Invalidation::Everything),
            Some(Invalidation::Session(session.id)),
            Some(Invalidation::User(&session.user_id)),
            session.remembered.map(Invalidation::Remembered),
            session.renewed_from.map(Invalidation::Session),
        ];
        Self(changes.map(|changed| {
            let slot = changed.map(|changed| u16::try_from(changed.slot()).ok());
            slot.flatten().unwrap_or(u16::MAX)
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::{Invalidation, InvalidationFeed, Slots, Watcher};
    use crate::clock::Timestamp;
    use crate::session::{RememberedId, Session, SessionId};

    fn session() -> Session {
        let id = SessionId::from_bytes([3; 32]);
        let now = Timestamp::from_millis(0);
        let mut session = Session::new(id, "a".into(), "carol".into(), 0, now, Duration::MAX);
        session.remembered = Some(RememberedId::from_bytes([4; 32]));
        session.renewed_from = Some(SessionId::from_bytes([5; 32]));
        session
    }

    /// A feed, and the place where its watcher is stored once the feed is used.
    fn watched() -> (InvalidationFeed, Arc<Mutex<Option<Watcher>>>) {
        let watcher = Arc::new(Mutex::new(None));
        let put = watcher.clone();
        let feed = InvalidationFeed::watched(move |watcher| *put.lock().unwrap() = Some(watcher));
        (feed, watcher)
    }

    #[test]
    fn a_session_depends_on_itself_its_user_and_what_it_came_of() {
        let session = session();
        let (carol, eve) = (&session.user_id, &"eve".into());
        let feed = InvalidationFeed::in_process();
        let slots = Slots::of(&session);

        for (changed, is_theirs) in [
            (Invalidation::Session(session.id), true),
            (Invalidation::Session(SessionId::from_bytes([5; 32])), true),
            (
                Invalidation::Remembered(RememberedId::from_bytes([4; 32])),
                true,
            ),
            (Invalidation::User(carol), true),
            (Invalidation::SessionsOf(3), true),
            (Invalidation::UsersOf(b'l'), true),
            (Invalidation::Everything, true),
            (Invalidation::Session(SessionId::from_bytes([4; 32])), false),
            (
                Invalidation::Remembered(RememberedId::from_bytes([3; 32])),
                false,
            ),
            (Invalidation::User(eve), false),
        ] {
            let before = feed.version(&slots);
            feed.invalidate(changed);
            assert_eq!(feed.version(&slots) != before, is_theirs, "{changed:?}");
        }
    }

    /// A value read during a change may be outdated.
    #[test]
    fn what_was_read_while_something_changed_has_no_version() {
        let feed = InvalidationFeed::in_process();
        let slots = Slots::of(&session());

        let snapshot = feed.snapshot().unwrap();
        assert!(feed.version_since(snapshot, &slots).is_some());
        feed.invalidate(Invalidation::User(&"eve".into()));

        assert!(feed.version_since(snapshot, &slots).is_none());
    }

    #[test]
    fn a_change_is_noted_however_the_call_ends() {
        let feed = InvalidationFeed::in_process();
        let snapshot = feed.snapshot().unwrap();
        let slots = Slots::of(&session());

        let at_end = feed.invalidate_on_drop(Invalidation::Everything);
        assert!(feed.version_since(snapshot, &slots).is_some());
        drop(at_end);

        assert!(feed.version_since(snapshot, &slots).is_none());
    }

    #[test]
    fn a_feed_is_up_while_its_watcher_says_so() {
        let (feed, watcher) = watched();
        let slots = Slots::of(&session());

        assert!(feed.snapshot().is_none(), "nobody has looked yet");
        let began = Watcher::now();
        assert!(
            watcher
                .lock()
                .unwrap()
                .as_ref()
                .unwrap()
                .seen_all_until(began)
        );
        let version = feed
            .version_since(feed.snapshot().unwrap(), &slots)
            .unwrap();
        assert!(watcher.lock().unwrap().as_ref().unwrap().lost());

        assert!(feed.snapshot().is_none());
        assert_ne!(feed.version(&slots), version, "what was kept is read again");
    }

    /// For example, its connection was cut silently.
    #[test]
    fn a_feed_whose_watcher_is_silent_for_the_bound_is_down() {
        let (feed, watcher) = watched();
        feed.snapshot();
        let watcher = watcher.lock().unwrap().take().unwrap();
        let bound = u64::try_from(InvalidationFeed::BOUND.as_millis()).unwrap();

        let began = Watcher::now();
        watcher.seen_all_until(began);

        assert!(feed.is_up_at(began.0 + bound - 1));
        assert!(!feed.is_up_at(began.0 + bound));
    }

    #[test]
    fn a_watcher_that_is_gone_takes_the_feed_down_and_another_one_comes() {
        let (feed, watcher) = watched();
        feed.snapshot();
        let first = watcher.lock().unwrap().take().unwrap();
        first.seen_all_until(Watcher::now());
        assert!(feed.is_up());

        drop(first);

        assert!(!feed.is_up());
        assert!(feed.snapshot().is_none());
        assert!(watcher.lock().unwrap().is_some());
    }

    #[test]
    fn a_watcher_knows_when_nobody_needs_it() {
        let (feed, watcher) = watched();
        feed.snapshot();
        let watcher = watcher.lock().unwrap().take().unwrap();

        drop(feed);

        assert!(!watcher.seen_all_until(Watcher::now()));
        assert!(!watcher.lost());
    }
}
