//! Stores of counters for wrong tries.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::credentials::throttle::limit::{Limit, Tally};
use crate::error::Result;

/// The name of a counter: at most [`MAX_CHARS`](Self::MAX_CHARS) characters. The part before the
/// first `/` says what it counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CounterKey(String);

impl CounterKey {
    /// The maximum number of characters.
    pub const MAX_CHARS: usize = 255;

    /// A key from stored text.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CounterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The counters of a try.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// Counters that may exist: those of a browser that the account knows. The first one that
    /// exists, and is open or waiting, counts the try alone.
    pub known: &'a [Limit],
    /// Otherwise all of these count it, and are created if they do not exist.
    pub otherwise: &'a [Limit],
}

/// The outcome of counting a try.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Counted {
    /// The try may be made. It counts as a wrong one until it is taken back.
    Passed(Vec<Tally>, By),
    /// The try is rejected and not counted. This is the counter that opens last.
    Closed(Counter),
}

/// The counters that counted a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The one in [`Attempt::known`] with this index.
    Known(usize),
    /// All of [`Attempt::otherwise`], in this order.
    Otherwise,
}

/// The changes after a correct try. The three lists have no counter in common.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settlement {
    /// These take back one try, if they exist.
    pub taken_back: Vec<Limit>,
    /// These are removed.
    pub cleared: Vec<CounterKey>,
    /// These are created without a try, and last until this time.
    pub known: Vec<(CounterKey, Timestamp)>,
}

/// A counter as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    /// Its name.
    pub key: CounterKey,
    /// Its state.
    pub tally: Tally,
}

impl Counter {
    /// Among the counters that are not open, the one that opens last.
    pub fn opens_last(limits: &[Limit], tallies: &[Tally], now: Timestamp) -> Option<Self> {
        let (limit, tally) = limits
            .iter()
            .zip(tallies)
            .filter(|(_, tally)| !tally.is_open(now))
            .max_by_key(|(_, tally)| tally.open_at)?;
        Some(Self {
            key: limit.key.clone(),
            tally: *tally,
        })
    }
}

/// Counts wrong tries: in memory, in a database, anywhere. Test your own store with
/// `testing::counters_conformance`.
///
/// A [forgotten](Tally::is_forgotten) counter counts as one that does not exist. [`Tally`] computes
/// what a counter counts, and for how long.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not count tries",
    note = "use `MemoryCounters`, `SqlCounters`, or implement `Counters`"
)]
pub trait Counters: Send + Sync + 'static {
    /// Counts one try, atomically: at all of its counters, or at none if one of them is not open.
    /// Tries in parallel must not pass more often than tries in sequence.
    ///
    /// # Errors
    /// When the store failed. The try is not made then.
    fn count(
        &self,
        attempt: Attempt<'_>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Counted>> + Send;

    /// Changes the counters after a correct try.
    ///
    /// # Errors
    /// When the store failed.
    fn settle(
        &self,
        settlement: &Settlement,
        now: Timestamp,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Removes these counters. Returns how many of them existed.
    ///
    /// # Errors
    /// When the store failed.
    fn clear(&self, keys: &[CounterKey]) -> impl Future<Output = Result<u64>> + Send;

    /// Up to `limit` counters whose name begins with `prefix`, ordered by name, starting after
    /// `after`. Some may be forgotten.
    ///
    /// # Errors
    /// When the store failed.
    fn list(
        &self,
        prefix: &str,
        after: Option<&CounterKey>,
        limit: u64,
    ) -> impl Future<Output = Result<Vec<Counter>>> + Send;

    /// Removes forgotten counters. Returns the number removed.
    ///
    /// # Errors
    /// When the store failed.
    fn sweep(&self, now: Timestamp) -> impl Future<Output = Result<u64>> + Send;
}

/// Any store of counters behind one pointer.
#[derive(Clone)]
pub(super) struct SharedCounters(Arc<dyn DynCounters>);

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// The object-safe twin of [`Counters`].
trait DynCounters: Send + Sync {
    fn count<'a>(&'a self, attempt: Attempt<'a>, now: Timestamp) -> BoxFuture<'a, Counted>;
    fn settle<'a>(&'a self, settlement: &'a Settlement, now: Timestamp) -> BoxFuture<'a, ()>;
    fn clear<'a>(&'a self, keys: &'a [CounterKey]) -> BoxFuture<'a, u64>;
    fn list<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a CounterKey>,
        limit: u64,
    ) -> BoxFuture<'a, Vec<Counter>>;
    fn sweep(&self, now: Timestamp) -> BoxFuture<'_, u64>;
}

impl<C: Counters> DynCounters for C {
    fn count<'a>(&'a self, attempt: Attempt<'a>, now: Timestamp) -> BoxFuture<'a, Counted> {
        Box::pin(Counters::count(self, attempt, now))
    }

    fn settle<'a>(&'a self, settlement: &'a Settlement, now: Timestamp) -> BoxFuture<'a, ()> {
        Box::pin(Counters::settle(self, settlement, now))
    }

    fn clear<'a>(&'a self, keys: &'a [CounterKey]) -> BoxFuture<'a, u64> {
        Box::pin(Counters::clear(self, keys))
    }

    fn list<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a CounterKey>,
        limit: u64,
    ) -> BoxFuture<'a, Vec<Counter>> {
        Box::pin(Counters::list(self, prefix, after, limit))
    }

    fn sweep(&self, now: Timestamp) -> BoxFuture<'_, u64> {
        Box::pin(Counters::sweep(self, now))
    }
}

impl SharedCounters {
    pub(super) fn new(counters: impl Counters) -> Self {
        Self(Arc::new(counters))
    }

    pub(super) async fn count(&self, attempt: Attempt<'_>, now: Timestamp) -> Result<Counted> {
        self.0.count(attempt, now).await
    }

    pub(super) async fn settle(&self, settlement: &Settlement, now: Timestamp) -> Result<()> {
        self.0.settle(settlement, now).await
    }

    pub(super) async fn clear(&self, keys: &[CounterKey]) -> Result<u64> {
        self.0.clear(keys).await
    }

    pub(super) async fn list(
        &self,
        prefix: &str,
        after: Option<&CounterKey>,
        limit: u64,
    ) -> Result<Vec<Counter>> {
        self.0.list(prefix, after, limit).await
    }

    pub(super) async fn sweep(&self, now: Timestamp) -> Result<u64> {
        self.0.sweep(now).await
    }
}

impl fmt::Debug for SharedCounters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedCounters")
    }
}
