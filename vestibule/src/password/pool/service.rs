//! Where the hashing happens: a few threads of its own, behind a queue that ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::clock::monotonic;
use crate::error::{Error, Result};
use crate::password::hash::{Function, Memory};
use crate::password::pool::claimant::Claimant;
use crate::password::pool::limits::HashingLimits;
use crate::password::pool::queue::{FairQueue, Place, Start, Waiting};

/// Runs hashing off the async threads. Clones share the threads and the queue; the threads begin
/// with the first hash, and end with the last clone.
#[derive(Clone)]
pub(crate) struct HashingService(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    /// Whose memory the threads keep.
    usual: Function,
}

struct Shared {
    limits: HashingLimits,
    state: Mutex<State>,
    has_work: Condvar,
}

#[derive(Default)]
struct State {
    queue: FairQueue,
    threads: usize,
    /// How many of them have work.
    busy: usize,
    is_closed: bool,
    #[cfg(test)]
    runs: usize,
}

/// What a hash came to, and how long that took.
struct Done<T> {
    result: T,
    waited: Duration,
    worked: Duration,
}

impl HashingService {
    /// A service whose threads keep the memory that `usual` takes.
    pub(crate) fn new(limits: HashingLimits, usual: Function) -> Self {
        Self(Arc::new(Handle {
            shared: Arc::new(Shared {
                limits,
                state: Mutex::default(),
                has_work: Condvar::new(),
            }),
            usual,
        }))
    }

    pub(crate) fn limits(&self) -> HashingLimits {
        self.0.shared.limits
    }

    /// Runs `work`, or says that there is no place left, or no time. Whoever stops waiting gives
    /// the place back.
    ///
    /// Metrics, by the `metrics` crate: `vestibule_hashing_queue` (how many wait),
    /// `vestibule_hashing_wait_seconds`, `vestibule_hashing_seconds`,
    /// `vestibule_hashing_refused_total`.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        claimant: &Claimant<'_>,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T> {
        let (sender, mut receiver) = oneshot::channel();
        let arrived_at = monotonic();
        let start: Start = Box::new(move |memory| {
            let done = memory.map(|memory| {
                let begun = Instant::now();
                let waited = monotonic().saturating_sub(arrived_at);
                let result = work(memory);
                Done {
                    result,
                    waited: Duration::from_millis(waited),
                    worked: begun.elapsed(),
                }
            });
            // Nobody may be there any more.
            sender.send(done).ok();
        });
        let ticket = Ticket {
            shared: &self.0.shared,
            place: self.enqueue(Waiting::new(claimant, start))?,
        };
        let done = match timeout(self.limits().patience, &mut receiver).await {
            Ok(done) => done,
            Err(_) if ticket.give_back() => Ok(None),
            // It has begun.
            Err(_) => receiver.await,
        };
        let Some(done) = done.map_err(|_| Error::internal("a hashing thread panicked"))? else {
            metrics::counter!("vestibule_hashing_refused_total").increment(1);
            return Err(Error::busy(
                "too many log-ins at once; the hashing queue is full or too slow",
            ));
        };
        metrics::histogram!("vestibule_hashing_wait_seconds").record(done.waited);
        metrics::histogram!("vestibule_hashing_seconds").record(done.worked);
        Ok(done.result)
    }

    fn enqueue(&self, waiting: Waiting) -> Result<Place> {
        let shared = &self.0.shared;
        let (place, refused) = {
            let mut state = shared.state();
            while state.threads < shared.limits.threads() {
                match self.start_thread() {
                    Ok(()) => state.threads += 1,
                    // Those that are there do the work.
                    Err(_) if state.threads > 0 => break,
                    Err(error) => return Err(Error::internal(error)),
                }
            }
            // One that goes to a thread at once does not wait.
            let idle = state.threads.saturating_sub(state.busy);
            state.queue.push(waiting, shared.limits.queue + idle)
        };
        shared.has_work.notify_one();
        match refused {
            Some(refused) => (refused.start)(None),
            None => length().increment(1.0),
        }
        Ok(place)
    }

    fn start_thread(&self) -> std::io::Result<()> {
        let (shared, usual) = (self.0.shared.clone(), self.0.usual);
        let thread = std::thread::Builder::new().name("vestibule-hashing".to_owned());
        thread.spawn(move || shared.work(usual)).map(drop)
    }

    /// How many hashes have been computed.
    #[cfg(test)]
    pub(crate) fn runs(&self) -> usize {
        self.0.shared.state().runs
    }

    #[cfg(test)]
    fn waiting(&self) -> usize {
        self.0.shared.state().queue.len()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.state().is_closed = true;
        self.shared.has_work.notify_all();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, usual: Function) {
        yield_to_others();
        let mut memory = Memory::default();
        while let Some(next) = self.next() {
            // One that panics is answered: its sender is dropped.
            let outcome = catch_unwind(AssertUnwindSafe(|| next(Some(&mut memory))));
            if outcome.is_err() {
                tracing::error!("a password hash panicked");
                memory = Memory::default();
            }
            memory.keep(usual.blocks());
            self.state().busy -= 1;
        }
    }

    /// Waits for the next one; none when the service has ended.
    fn next(&self) -> Option<Start> {
        let mut state = self.state();
        loop {
            if let Some(next) = state.queue.pop() {
                state.busy += 1;
                #[cfg(test)]
                {
                    state.runs += 1;
                }
                drop(state);
                length().decrement(1.0);
                return Some(next.start);
            }
            if state.is_closed {
                return None;
            }
            state = self
                .has_work
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Of the queue, for whoever watches. It is changed by comings and goings, as nobody knows which
/// of two who are not under the lock says so first; and not under it, as nobody here knows whose
/// exporter this is.
fn length() -> metrics::Gauge {
    metrics::gauge!("vestibule_hashing_queue")
}

/// Hashing takes what processor time the others leave. Where the system cannot do that, it is a
/// thread like all.
fn yield_to_others() {
    #[cfg(target_os = "linux")]
    if let Err(error) =
        rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS)
    {
        tracing::debug!(%error, "hashing has the priority of all threads");
    }
}

/// The lowest priority.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 19;

/// A place in the queue, given back when nobody waits in it any more.
struct Ticket<'a> {
    shared: &'a Shared,
    place: Place,
}

impl Ticket<'_> {
    /// Whether it was still in the queue.
    fn give_back(&self) -> bool {
        let was_waiting = {
            let mut state = self.shared.state();
            state.queue.remove(self.place).is_some()
        };
        if was_waiting {
            length().decrement(1.0);
        }
        was_waiting
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests;
