//! The throttle: wrong tries at credentials are counted, and each makes the next one wait longer.
//!
//! # What counts
//! | counter | counts wrong tries | of |
//! |---|---|---|
//! | account | at one account, or at one name that nobody has | strangers |
//! | pair | at one account from one network | strangers |
//! | network | from one network, /24 or /64, at whatever account | strangers |
//! | overall | of all | strangers |
//! | device | at one account in one browser that it knows | known browsers |
//! | session | at the password of the user who is logged in | that session |
//!
//! A browser in which the account was logged in to before is known by its device cookie, and has a
//! budget of its own: what strangers do does not touch it. All others are strangers.
//!
//! A try counts as a wrong one before the credential is checked, and is taken back if it was right.
//! So of many tries at once no more pass than one after the other would.

mod counters;
mod limit;
mod memory;
mod subject;

pub use counters::{Attempt, By, Counted, Counter, CounterKey, Counters};
pub use limit::{Limit, LimitRule, Rate, Streak, Tally};
pub use memory::MemoryCounters;
pub use subject::CounterKind;

pub(in crate::credentials) use subject::{device_key, session_key};

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio_util::task::TaskTracker;
use tracing::Instrument;
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::credentials::throttle::counters::SharedCounters;
use crate::credentials::throttle::subject::{account_key, network_of, pair_key};
use crate::crypto::key::SecretKey;
use crate::error::Result;
use crate::login::UserId;

/// The limits of the throttle. `Default` is what the book's page about the throttle lists.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThrottleLimits {
    /// Wrong tries at one account in a row, by strangers.
    pub account: Streak,
    /// Wrong tries at one account in a row, by strangers in one network.
    pub pair: Streak,
    /// Wrong tries by strangers in one network. Fewer than `overall`, so that one network alone does
    /// not set off the brake over all.
    pub network: Rate,
    /// Wrong tries by all strangers.
    pub overall: Rate,
    /// Wrong tries in a row in a browser that the account knows. After
    /// [`closed_after`](Streak::closed_after) it is a stranger again.
    pub device: Streak,
    /// Wrong tries in a row at the password of the user who is logged in.
    pub session: Streak,
}

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

impl Default for ThrottleLimits {
    fn default() -> Self {
        Self {
            account: Streak {
                free: 20,
                first: Duration::from_secs(5),
                longest: 15 * MINUTE,
                closed_after: Some(100),
                forgotten_after: None,
            },
            pair: Streak {
                free: 5,
                first: Duration::from_secs(2),
                longest: 60 * MINUTE,
                closed_after: None,
                forgotten_after: Some(DAY),
            },
            network: Rate {
                burst: 50,
                each: Duration::from_secs(30),
            },
            overall: Rate {
                burst: 200,
                each: Duration::from_millis(600),
            },
            device: Streak {
                free: 5,
                first: Duration::from_secs(2),
                longest: 15 * MINUTE,
                closed_after: Some(20),
                forgotten_after: Some(365 * DAY),
            },
            session: Streak {
                free: 5,
                first: Duration::from_secs(2),
                longest: 15 * MINUTE,
                closed_after: Some(20),
                forgotten_after: Some(30 * DAY),
            },
        }
    }
}

/// How long a name that nobody has keeps its count after the last wrong try. Those of users are kept
/// until a log-in, so an attacker finds out which is which after this time.
const NAMES_FORGOTTEN_AFTER: Duration = Duration::from_hours(30 * 24);

/// Counts wrong tries, and says when the next one may be made. Clones share everything.
///
/// ```
/// use vestibule::credentials::throttle::{MemoryCounters, Throttle, ThrottleLimits};
///
/// let mut limits = ThrottleLimits::default();
/// limits.account.free = 10;
/// let throttle = Throttle::new(MemoryCounters::new()).limits(limits);
/// # let _ = throttle;
/// ```
#[derive(Clone)]
pub struct Throttle(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    counters: Option<SharedCounters>,
    limits: ThrottleLimits,
    names: Option<Zeroizing<[u8; 32]>>,
    tasks: TaskTracker,
    swept_at: Arc<AtomicI64>,
}

/// Whose credential is tried.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subject<'a> {
    User(&'a UserId),
    /// A name in its canonical form, which nobody has.
    Name(&'a str),
}

/// Whether a try may be made.
#[derive(Debug)]
pub(crate) enum Permit {
    Granted(Try),
    /// For this long, or for good.
    Denied(Option<Duration>),
}

/// A try, counted as a wrong one. One that turned out to be right is taken back when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Try {
    /// The counters that counted it.
    counted: Vec<Limit>,
    /// Where to take it back, and the time.
    throttle: Option<(Throttle, Timestamp)>,
    pub(super) is_right: bool,
    /// Whether the user was logged in already, and showed their password again.
    pub(super) is_in_session: bool,
    /// The index of the known browser that made it, among those that it brought.
    pub(super) device: Option<usize>,
    /// Whether it used up the last free try at the account, of strangers.
    pub(super) is_last_free: bool,
}

impl Throttle {
    /// A throttle with the default limits. All nodes of a site need the same counters.
    pub fn new(counters: impl Counters) -> Self {
        Self::with_counters(Some(SharedCounters::new(counters)))
    }

    /// Counts in memory, for one process.
    pub fn in_memory() -> Self {
        Self::new(MemoryCounters::new())
    }

    /// No throttle: anybody may guess without end. For apps whose proxy limits log-ins.
    pub fn off() -> Self {
        Self::with_counters(None)
    }

    fn with_counters(counters: Option<SharedCounters>) -> Self {
        let tasks = TaskTracker::new();
        // Closed, so that one can wait for the tasks there are. Others still begin.
        tasks.close();
        Self(Arc::new(Inner {
            counters,
            limits: ThrottleLimits::default(),
            names: None,
            tasks,
            swept_at: Arc::default(),
        }))
    }

    /// Sets the limits.
    pub fn limits(mut self, limits: ThrottleLimits) -> Self {
        Arc::make_mut(&mut self.0).limits = limits;
        self
    }

    /// Digests names that nobody has with this key, so that a copy of the counters does not reveal
    /// what was typed: people type passwords there by mistake. Default: a digest without a key.
    pub fn key(mut self, key: &SecretKey) -> Self {
        let derived = key.derived("vestibule throttled names v1");
        Arc::make_mut(&mut self.0).names = Some(derived);
        self
    }

    /// Whether it counts at all.
    pub fn is_on(&self) -> bool {
        self.0.counters.is_some()
    }

    /// The counter of this subject's account.
    pub(super) fn account(&self, realm: &str, subject: Subject<'_>) -> CounterKey {
        account_key(realm, subject, self.0.names.as_ref().map(|key| &key[..]))
    }

    /// Counts a try of a stranger or a known browser at a credential of `subject`. `devices` are
    /// the digests of the tokens that the browser brought.
    pub(super) async fn begin(
        &self,
        account: &CounterKey,
        from: Option<IpAddr>,
        devices: &[CounterKey],
        now: Timestamp,
    ) -> Result<Permit> {
        let known: Vec<_> = devices
            .iter()
            .map(|key| Limit {
                key: key.clone(),
                rule: LimitRule::Streak(self.0.limits.device),
            })
            .collect();
        let strangers = self.strangers(account, from);
        self.count(&known, &strangers, now).await
    }

    /// Counts a try at the password of the user who is logged in, in this session.
    pub(super) async fn begin_in_session(
        &self,
        session: CounterKey,
        now: Timestamp,
    ) -> Result<Permit> {
        let limit = Limit {
            key: session,
            rule: LimitRule::Streak(self.0.limits.session),
        };
        let mut permit = self.count(&[], &[limit], now).await?;
        if let Permit::Granted(tried) = &mut permit {
            tried.is_in_session = true;
        }
        Ok(permit)
    }

    async fn count(&self, known: &[Limit], otherwise: &[Limit], now: Timestamp) -> Result<Permit> {
        let Some(counters) = &self.0.counters else {
            return Ok(Permit::Granted(Try::default()));
        };
        let throttle = Some((self.clone(), now));
        self.sweep_if_due(now);
        let attempt = Attempt { known, otherwise };
        Ok(match counters.count(attempt, now).await? {
            Counted::Closed(until) => {
                metrics::counter!("vestibule_throttled_total").increment(1);
                let until = (until < Tally::CLOSED).then(|| Timestamp::from_millis(until));
                Permit::Denied(until.map(|until| until.since(now)))
            }
            Counted::Passed(_, By::Known(index)) => Permit::Granted(Try {
                counted: known.get(index).cloned().into_iter().collect(),
                throttle,
                is_right: false,
                is_in_session: false,
                device: Some(index),
                is_last_free: false,
            }),
            Counted::Passed(tallies, By::Otherwise) => Permit::Granted(Try {
                is_last_free: otherwise.iter().zip(tallies).any(|(limit, tally)| {
                    limit.key.kind() == CounterKind::Account
                        && tally.tries == self.0.limits.account.free
                }),
                counted: otherwise.to_vec(),
                throttle,
                is_right: false,
                is_in_session: false,
                device: None,
            }),
        })
    }

    /// The limits of strangers, in the order of their names: two tries never wait for each other.
    fn strangers(&self, account: &CounterKey, from: Option<IpAddr>) -> Vec<Limit> {
        let limits = &self.0.limits;
        let mut account_streak = limits.account;
        if account.kind() == CounterKind::Name && account_streak.forgotten_after.is_none() {
            account_streak.forgotten_after = Some(NAMES_FORGOTTEN_AFTER);
        }
        let mut of_try = vec![
            Limit {
                key: account.clone(),
                rule: LimitRule::Streak(account_streak),
            },
            Limit {
                key: subject::overall_key(),
                rule: LimitRule::Rate(limits.overall),
            },
        ];
        if let Some(network) = from.and_then(network_of) {
            of_try.push(Limit {
                key: pair_key(account, network),
                rule: LimitRule::Streak(limits.pair),
            });
            of_try.push(Limit {
                key: subject::network_key(network),
                rule: LimitRule::Rate(limits.network),
            });
        }
        of_try.sort_by(|a, b| a.key.cmp(&b.key));
        of_try
    }

    /// Settles the try of a user who is logged in: clears what counts at their account, takes the
    /// others back, and makes the browser a known one.
    pub(super) fn logged_in(
        &self,
        mut tried: Try,
        (new, replaced): (CounterKey, Option<CounterKey>),
        now: Timestamp,
        known_for: Duration,
    ) {
        let Some(counters) = self.0.counters.clone() else {
            return;
        };
        let is_cleared = |limit: &Limit| !matches!(limit.rule, LimitRule::Rate(_));
        let (cleared, taken_back): (Vec<_>, Vec<_>) = std::mem::take(&mut tried.counted)
            .into_iter()
            .partition(is_cleared);
        // The known browser's counter is replaced.
        let cleared: Vec<_> = cleared.into_iter().map(|limit| limit.key).collect();
        self.later(async move {
            counters
                .know(&new, replaced.as_ref(), now + known_for)
                .await?;
            if !cleared.is_empty() {
                counters.clear(&cleared).await?;
            }
            if !taken_back.is_empty() {
                counters.take_back(&taken_back, now).await?;
            }
            Ok(())
        });
    }

    /// Clears the counters that counted this try: a session showed the right password.
    pub(super) fn confirmed(&self, mut tried: Try) {
        let Some(counters) = self.0.counters.clone() else {
            return;
        };
        let counted = std::mem::take(&mut tried.counted);
        let keys: Vec<_> = counted.into_iter().map(|limit| limit.key).collect();
        if !keys.is_empty() {
            self.later(async move { counters.clear(&keys).await.map(drop) });
        }
    }

    /// Clears all counters of this user: their account, and each network at it.
    ///
    /// # Errors
    /// When the counters failed.
    pub(crate) async fn clear_user(&self, realm: &str, id: &UserId) -> Result<u64> {
        self.clear_account(&self.account(realm, Subject::User(id)))
            .await
    }

    /// As [`clear_user`](Self::clear_user), for a name that nobody has.
    ///
    /// # Errors
    /// When the counters failed.
    pub(crate) async fn clear_name(&self, realm: &str, canonical: &str) -> Result<u64> {
        self.clear_account(&self.account(realm, Subject::Name(canonical)))
            .await
    }

    async fn clear_account(&self, account: &CounterKey) -> Result<u64> {
        let Some(counters) = &self.0.counters else {
            return Ok(0);
        };
        let mut keys = vec![account.clone()];
        let prefix = subject::pairs_of(account);
        loop {
            let after = keys.last().filter(|key| key.as_str().starts_with(&prefix));
            let pairs = counters.list(&prefix, after, PAGE).await?;
            let is_last = (pairs.len() as u64) < PAGE;
            keys.extend(pairs.into_iter().map(|counter| counter.key));
            if is_last {
                break;
            }
        }
        counters.clear(&keys).await
    }

    /// Clears the counter of the network that this address is in.
    ///
    /// # Errors
    /// When the counters failed.
    pub(crate) async fn clear_network(&self, address: IpAddr) -> Result<u64> {
        match (&self.0.counters, network_of(address)) {
            (Some(counters), Some(network)) => {
                counters.clear(&[subject::network_key(network)]).await
            }
            _ => Ok(0),
        }
    }

    /// Counters whose next try has to wait at `now`, in the order of their names, from the first
    /// after `after`; and where to go on, if there are more.
    ///
    /// # Errors
    /// When the counters failed.
    pub(crate) async fn list(
        &self,
        kind: CounterKind,
        after: Option<&CounterKey>,
    ) -> Result<Vec<Counter>> {
        match &self.0.counters {
            Some(counters) => counters.list(kind.prefix(), after, PAGE).await,
            None => Ok(Vec::new()),
        }
    }

    /// Settles a try after the response: the visitor does not wait for it.
    fn later(&self, settle: impl Future<Output = Result<()>> + Send + 'static) {
        self.after_response(async move {
            if let Err(error) = settle.await {
                tracing::warn!(%error, "a right try still counts as a wrong one");
            }
        });
    }

    /// Runs something that the response does not wait for.
    pub(super) fn after_response(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.tasks.spawn(task.in_current_span());
    }

    /// Waits until all tries that were right are settled.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) async fn settled(&self) {
        self.0.tasks.wait().await;
    }

    /// Removes forgotten counters in the background, at most every ten minutes.
    fn sweep_if_due(&self, now: Timestamp) {
        const EVERY: Duration = Duration::from_mins(10);
        let last = self.0.swept_at.load(Ordering::Relaxed);
        if now.since(Timestamp::from_millis(last)) < EVERY {
            return;
        }
        let (order, next) = (Ordering::Relaxed, now.as_millis());
        let swapped = self.0.swept_at.compare_exchange(last, next, order, order);
        let Some(counters) = self.0.counters.clone().filter(|_| swapped.is_ok()) else {
            return;
        };
        tokio::spawn(async move {
            match counters.sweep(now).await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "forgotten counters swept"),
                Err(error) => tracing::warn!(%error, "forgotten counters not swept"),
            }
        });
    }
}

impl Drop for Try {
    fn drop(&mut self) {
        let Some((throttle, now)) = self.throttle.take().filter(|_| self.is_right) else {
            return;
        };
        let counted = std::mem::take(&mut self.counted);
        // Without a runtime it stays counted.
        let is_running = tokio::runtime::Handle::try_current().is_ok();
        if let Some(counters) = throttle.0.counters.clone()
            && is_running
            && !counted.is_empty()
        {
            throttle.later(async move { counters.take_back(&counted, now).await });
        }
    }
}

/// How many counters are listed at a time.
const PAGE: u64 = 500;

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle")
            .field("is_on", &self.is_on())
            .field("limits", &self.0.limits)
            .finish_non_exhaustive()
    }
}
