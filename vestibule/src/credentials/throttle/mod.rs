//! The throttle counts wrong tries at credentials, and makes the next one wait longer each time.
//!
//! # Counters
//! | counter | counts wrong tries | of |
//! |---|---|---|
//! | account | at one account, or at one unknown name | strangers |
//! | pair | at one account from one network | strangers |
//! | network | from one network, /24 or /64, at any account | strangers |
//! | overall | from any network, at any account | strangers |
//! | device | at one account in one browser that it knows | known browsers |
//! | session | at the password of the logged-in user | that session |
//! | factor | at the second factors of one account | everybody |
//! | registrations | registrations from one network, whether or not they succeed | everybody |
//! | mails | requests from one network that send a mail | everybody |
//! | tokens | links, codes from mails and passkeys from one network that do not work | everybody |
//! | ceremonies | requests from one network for the options of a passkey | strangers |
//! | all registrations | registrations from all networks, whether or not they succeed | everybody |
//!
//! An account knows a browser in which its user has logged in before, by a device cookie. Such a
//! browser has its own counter, so strangers cannot use it up. All other browsers are strangers.
//!
//! A try counts as a wrong one before the credential is checked, and is taken back if it was right.
//! So tries in parallel do not pass more often than tries in sequence.

mod clear;
mod closed;
mod counters;
mod factor;
mod limit;
mod limits;
mod memory;
mod settling;
mod subject;
mod tried;

pub use counters::{Attempt, By, Counted, Counter, CounterKey, Counters, Settlement};
pub use limit::{Limit, LimitRule, Rate, Streak, Tally};
pub use limits::ThrottleLimits;
pub use memory::MemoryCounters;
pub use subject::CounterKind;

pub(in crate::credentials) use subject::{device_key, session_key};
pub(crate) use tried::Try;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;
use tracing::Instrument;
use zeroize::Zeroizing;

use crate::clock::{Regularly, Timestamp};
use crate::credentials::Throttled;
use crate::credentials::throttle::clear::PAGE;
use crate::credentials::throttle::closed::Closed;
use crate::credentials::throttle::counters::SharedCounters;
use crate::credentials::throttle::settling::Settling;
use crate::credentials::throttle::subject::{account_key, network_of, pair_key};
use crate::crypto::key::SecretKey;
use crate::error::Result;
use crate::login::UserId;

/// How long an unknown name keeps its count after the last wrong try. Counts of users stay until a
/// log-in, so after this time an attacker can tell the two apart.
const NAMES_FORGOTTEN_AFTER: Duration = Duration::from_hours(30 * 24);

/// Counts wrong tries, and decides when the next one may be made. Clones share their state.
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
    swept: Arc<Regularly>,
    closed: Arc<Closed>,
    turn: Arc<tokio::sync::Mutex<()>>,
    settling: Settling,
}

/// The maximum number of browsers that an account knows. One more replaces the browser with the
/// oldest log-in, which becomes a stranger again.
const MAX_DEVICES: usize = 50;

/// The owner of the credential that is tried.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subject<'a> {
    User(&'a UserId),
    /// The canonical form of a name that no user has.
    Name(&'a str),
}

/// Whether a try may be made.
#[derive(Debug)]
pub(crate) enum Permit {
    Granted(Try),
    Denied(Throttled),
}

impl Throttle {
    /// A throttle with the default limits. All nodes of a site must share the counters.
    pub fn new(counters: impl Counters) -> Self {
        Self::with_counters(Some(SharedCounters::new(counters)))
    }

    /// Counts in memory, for an app with one process.
    pub fn in_memory() -> Self {
        Self::new(MemoryCounters::new())
    }

    /// No throttle: anybody may guess any number of times. For apps whose proxy limits log-ins.
    pub fn off() -> Self {
        Self::with_counters(None)
    }

    fn with_counters(counters: Option<SharedCounters>) -> Self {
        let tasks = TaskTracker::new();
        // Closed, so that tests can wait for the running tasks. New ones can still begin.
        tasks.close();
        Self(Arc::new(Inner {
            counters,
            limits: ThrottleLimits::default(),
            names: None,
            tasks,
            swept: Arc::default(),
            closed: Arc::default(),
            turn: Arc::default(),
            settling: Settling::default(),
        }))
    }

    /// Sets the limits.
    pub fn limits(mut self, limits: ThrottleLimits) -> Self {
        Arc::make_mut(&mut self.0).limits = limits;
        self
    }

    /// Digests unknown names with this key, so that a copy of the counters does not reveal the
    /// typed text: people type passwords there by mistake. Default: a digest without a key.
    pub fn key(mut self, key: &SecretKey) -> Self {
        let derived = key.derived_for_digests("vestibule throttled names v1");
        Arc::make_mut(&mut self.0).names = Some(derived);
        self
    }

    /// Whether the throttle counts anything.
    pub fn is_on(&self) -> bool {
        self.0.counters.is_some()
    }

    /// The counter of this subject's account.
    pub(super) fn account(&self, realm: &str, subject: Subject<'_>) -> CounterKey {
        account_key(realm, subject, self.0.names.as_ref().map(|key| &key[..]))
    }

    /// How long a stranger in this network must wait to try this name, if they had to wait a moment
    /// ago. Counts nothing and does not ask the store.
    pub(super) fn still_waits(
        &self,
        realm: &str,
        canonical: &str,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Option<Throttled> {
        let network = from.and_then(network_of);
        let closed = &self.0.closed;
        let everywhere = network.map(subject::network_key);
        let everywhere: Vec<_> = everywhere
            .into_iter()
            .chain([subject::overall_key()])
            .collect();
        let open_at = closed.open_at(&everywhere, now);
        let open_at = open_at.max(closed.claim_opens_at(realm, canonical, network, now));
        open_at.map(|open_at| denied(open_at, now))
    }

    /// Notes that a stranger in this network must wait to try this name.
    pub(super) fn note_wait(
        &self,
        realm: &str,
        canonical: &str,
        from: Option<IpAddr>,
        (throttled, now): (Throttled, Timestamp),
    ) {
        let open_at = throttled
            .wait
            .map_or(Tally::CLOSED, |wait| (now + wait).as_millis());
        let network = from.and_then(network_of);
        let closed = &self.0.closed;
        closed.note_claim(realm, canonical, network, (open_at, now));
    }

    /// Counts a try by a stranger or a known browser at a credential of `subject`. `devices` are
    /// the digests of the tokens that the browser sent.
    pub(super) async fn begin(
        &self,
        account: &CounterKey,
        from: Option<IpAddr>,
        devices: &[CounterKey],
        now: Timestamp,
    ) -> Result<Permit> {
        let strangers = self.strangers(account, from);
        self.count(&self.known(devices), &strangers, now).await
    }

    /// Counts a try at the password of the logged-in user, in this session.
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

    /// Counts a registration. It stays counted, whatever its outcome.
    pub(super) async fn begin_registration(
        &self,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Permit> {
        let limits = &self.0.limits;
        let mut of_registration = vec![Limit {
            key: subject::all_registrations_key(),
            rule: LimitRule::Rate(limits.all_registrations),
        }];
        if let Some(network) = from.and_then(network_of) {
            of_registration.push(Limit {
                key: subject::registrations_key(network),
                rule: LimitRule::Rate(limits.registrations),
            });
        }
        let mut permit = self.count(&[], &of_registration, now).await?;
        if let Permit::Granted(tried) = &mut permit {
            tried.is_wrong = true;
        }
        Ok(permit)
    }

    /// Counts a request that sends a mail. Returns how long it must wait.
    #[cfg(feature = "sql")]
    pub(super) async fn begin_mail(
        &self,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Option<Throttled>> {
        let rate = self.0.limits.mails;
        self.count_request(from, subject::mails_key, rate, now)
            .await
    }

    /// Counts a try with a link or a code from a mail.
    #[cfg(feature = "sql")]
    pub(super) async fn begin_token(&self, from: Option<IpAddr>, now: Timestamp) -> Result<Permit> {
        let rate = self.0.limits.tokens;
        self.count_network(from, subject::tokens_key, rate, now)
            .await
    }

    /// Counts a request for the options of a passkey. Returns how long it must wait.
    #[cfg(feature = "passkeys")]
    pub(super) async fn begin_ceremony(
        &self,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Option<Throttled>> {
        let rate = self.0.limits.ceremonies;
        self.count_request(from, subject::ceremonies_key, rate, now)
            .await
    }

    /// Counts a try at a passkey: for one of these browsers, if one is known, or for the network.
    #[cfg(feature = "passkeys")]
    pub(super) async fn begin_passkey(
        &self,
        from: Option<IpAddr>,
        devices: &[CounterKey],
        now: Timestamp,
    ) -> Result<Permit> {
        let rate = self.0.limits.tokens;
        let network = from.and_then(network_of).map(|network| Limit {
            key: subject::tokens_key(network),
            rule: LimitRule::Rate(rate),
        });
        let network: Vec<_> = network.into_iter().collect();
        self.count(&self.known(devices), &network, now).await
    }

    /// The limits of the browsers that an account may know.
    fn known(&self, devices: &[CounterKey]) -> Vec<Limit> {
        let limits = devices.iter().map(|key| Limit {
            key: key.clone(),
            rule: LimitRule::Streak(self.0.limits.device),
        });
        limits.collect()
    }

    /// Counts a request that stays counted, whatever its outcome.
    #[cfg(feature = "sql")]
    async fn count_request(
        &self,
        from: Option<IpAddr>,
        key: fn(ipnet::IpNet) -> CounterKey,
        rate: Rate,
        now: Timestamp,
    ) -> Result<Option<Throttled>> {
        match self.count_network(from, key, rate, now).await? {
            Permit::Granted(mut tried) => {
                tried.is_wrong = true;
                Ok(None)
            }
            Permit::Denied(throttled) => {
                self.give_way().await;
                Ok(Some(throttled))
            }
        }
    }

    #[cfg(feature = "sql")]
    async fn count_network(
        &self,
        from: Option<IpAddr>,
        key: fn(ipnet::IpNet) -> CounterKey,
        rate: Rate,
        now: Timestamp,
    ) -> Result<Permit> {
        let network = from.and_then(network_of);
        let limits: Vec<_> = network
            .map(|network| Limit {
                key: key(network),
                rule: LimitRule::Rate(rate),
            })
            .into_iter()
            .collect();
        self.count(&[], &limits, now).await
    }

    async fn count(&self, known: &[Limit], otherwise: &[Limit], now: Timestamp) -> Result<Permit> {
        let Some(counters) = &self.0.counters else {
            return Ok(Permit::Granted(Try::default()));
        };
        self.sweep_if_due(now);
        if !known.is_empty() {
            for limit in known {
                self.0.settling.wait_for(&limit.key).await;
            }
            let attempt = Attempt {
                known,
                otherwise: &[],
            };
            match counters.count(attempt, now).await? {
                Counted::Closed(counter) => {
                    return Ok(Permit::Denied(denied(counter.tally.open_at, now)));
                }
                Counted::Passed(_, By::Known(index)) => {
                    let counted = known.get(index).cloned().into_iter().collect();
                    let mut tried = self.counted(counted, now);
                    tried.device = Some(index);
                    return Ok(Permit::Granted(tried));
                }
                Counted::Passed(_, By::Otherwise) => {}
            }
        }
        if let Some(open_at) = self
            .0
            .closed
            .open_at(otherwise.iter().map(|limit| &limit.key), now)
        {
            return Ok(Permit::Denied(denied(open_at, now)));
        }
        let attempt = Attempt {
            known: &[],
            otherwise,
        };
        let tallies = match counters.count(attempt, now).await? {
            Counted::Closed(counter) => {
                self.0.closed.note(&counter, now);
                return Ok(Permit::Denied(denied(counter.tally.open_at, now)));
            }
            Counted::Passed(tallies, _) => tallies,
        };
        let free = self.0.limits.account.free;
        let mut counted = otherwise.iter().zip(&tallies);
        let mut tried = self.counted(otherwise.to_vec(), now);
        tried.is_last_free = counted
            .any(|(limit, tally)| limit.key.kind() == CounterKind::Account && tally.tries == free);
        Ok(Permit::Granted(tried))
    }

    /// A try that these counters have counted.
    fn counted(&self, counted: Vec<Limit>, now: Timestamp) -> Try {
        let mut tried = Try::default();
        tried.counted = counted;
        tried.throttle = Some((self.clone(), now));
        tried
    }

    /// The limits of strangers, ordered by name, so that two tries never deadlock.
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

    /// Settles the try of a user who has logged in: clears the counters of their account, takes the
    /// try back at the others, and makes the browser a known one, with a new token. `replaced` is
    /// the counter of its previous token. If the browser was a stranger and the account knows
    /// others, runs `tell_new`.
    pub(super) fn logged_in(
        &self,
        mut tried: Try,
        account: &CounterKey,
        (new, replaced): (CounterKey, Option<CounterKey>),
        now: Timestamp,
        known_for: Duration,
        tell_new: impl Future<Output = ()> + Send + 'static,
    ) {
        let Some(counters) = self.0.counters.clone() else {
            return;
        };
        let was_stranger = replaced.is_none();
        let is_rate = |limit: &Limit| matches!(limit.rule, LimitRule::Rate(_));
        let counted = std::mem::take(&mut tried.counted);
        let (taken_back, cleared): (Vec<_>, Vec<_>) = counted.into_iter().partition(is_rate);
        let cleared = cleared.into_iter().map(|limit| limit.key);
        let mut cleared: Vec<_> = cleared.chain(replaced).collect();
        cleared.sort();
        cleared.dedup();
        self.0.closed.forget(&cleared);
        let devices = subject::devices_of(account);
        let writing = self.0.settling.begin(new.clone());
        self.later(async move {
            let _writing = writing;
            let mut known = counters.list(&devices, None, PAGE).await?;
            let is_new = was_stranger && known.iter().any(|known| !known.tally.is_forgotten(now));
            known.retain(|known| !cleared.contains(&known.key));
            known.sort_by_key(|known| known.tally.forgotten_at);
            let too_many = (known.len() + 1).saturating_sub(MAX_DEVICES);
            cleared.extend(known.into_iter().take(too_many).map(|known| known.key));
            let settlement = Settlement {
                taken_back,
                cleared,
                known: vec![(new, now + known_for)],
            };
            counters.settle(&settlement, now).await?;
            if is_new {
                tell_new.await;
            }
            Ok(())
        });
    }

    /// Clears the counters that counted this try, because a session showed the right password.
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

    /// Lets all other ready requests go first. Rejected tries do so one at a time: they cost
    /// nothing else, so a flood of them would take the time of visitors who are logged in.
    pub(super) async fn give_way(&self) {
        let _turn = self.0.turn.lock().await;
        tokio::task::yield_now().await;
    }

    /// Settles a try after the response, so that the visitor does not wait for it.
    fn later(&self, settle: impl Future<Output = Result<()>> + Send + 'static) {
        self.after_response(async move {
            if let Err(error) = settle.await {
                tracing::warn!(%error, "a right try still counts as a wrong one");
            }
        });
    }

    /// Runs a task that the response does not wait for.
    pub(super) fn after_response(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.tasks.spawn(task.in_current_span());
    }

    /// Waits for all that the responses did not wait for.
    #[cfg(feature = "sql")]
    pub(crate) async fn settled(&self) {
        self.0.tasks.wait().await;
    }

    /// Removes forgotten counters in the background, at most every ten minutes.
    fn sweep_if_due(&self, now: Timestamp) {
        const EVERY: Duration = Duration::from_mins(10);
        let is_due = self.0.swept.is_due(EVERY, now);
        let Some(counters) = self.0.counters.clone().filter(|_| is_due) else {
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

fn denied(open_at: i64, now: Timestamp) -> Throttled {
    metrics::counter!("vestibule_throttled_total").increment(1);
    let open_at = (open_at < Tally::CLOSED).then(|| Timestamp::from_millis(open_at));
    let wait = open_at.map(|open_at| open_at.since(now));
    Throttled { wait }
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle")
            .field("is_on", &self.is_on())
            .field("limits", &self.0.limits)
            .finish_non_exhaustive()
    }
}
