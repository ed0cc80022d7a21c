//! Where the hashing happens: a few threads of its own, behind a queue that ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::clock::monotonic;
use crate::error::{Error, Result};
use crate::password::hash::{Function, Memory};
use crate::password::pool::queue::{Claimant, FairQueue, Place, Start, Waiting};

/// How much hashing there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HashingLimits {
    /// How many threads hash. Default: one fewer than there are cores, at least one: the others
    /// keep serving.
    pub threads: usize,
    /// How many log-ins may wait for them, beside those that they hash. Default: 64.
    pub queue: usize,
    /// How long they may wait. Default: 5 seconds.
    pub patience: Duration,
}

impl HashingLimits {
    fn threads(self) -> usize {
        self.threads.max(1)
    }
}

impl Default for HashingLimits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            threads: cores.saturating_sub(1).max(1),
            queue: 64,
            patience: Duration::from_secs(5),
        }
    }
}

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
            memory.keep(usual);
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
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::{Arc, mpsc};
    use std::task::{Context, Waker};
    use std::time::Duration;

    use super::{HashingLimits, HashingService};
    use crate::error::Result;
    use crate::password::Claimant;
    use crate::password::hash::Function;

    fn service(queue: usize, patience: Duration) -> HashingService {
        let limits = HashingLimits {
            threads: 1,
            queue,
            patience,
        };
        HashingService::new(limits, Function::Bcrypt { cost: 4 })
    }

    const LONG: Duration = Duration::from_secs(3_600);

    /// Takes the only thread until it is told to go on.
    async fn occupied(
        service: &HashingService,
    ) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<()>>) {
        let (release, wait) = mpsc::channel::<()>();
        let (began, has_begun) = tokio::sync::oneshot::channel();
        let service = service.clone();
        let running = tokio::spawn(async move {
            let work = move |_: &mut _| {
                began.send(()).unwrap();
                wait.recv().unwrap();
            };
            service.run(&Claimant::default(), work).await
        });
        has_begun.await.unwrap();
        (release, running)
    }

    #[tokio::test]
    async fn past_the_queue_the_answer_is_busy_and_later_there_is_place_again() {
        let service = service(1, LONG);
        let (release, running) = occupied(&service).await;
        let nobody = Claimant::default();
        let mut waiting = pin!(service.run(&nobody, |_| ()));
        let _ = waiting
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));

        let refused = service.run(&nobody, |_| ()).await.unwrap_err();
        release.send(()).unwrap();

        assert!(refused.is_busy());
        running.await.unwrap().unwrap();
        waiting.await.unwrap();
        service.run(&nobody, |_| ()).await.unwrap();
    }

    #[test]
    fn all_cores_but_one_hash_and_one_at_least() {
        let cores = std::thread::available_parallelism().unwrap().get();

        assert_eq!(HashingLimits::default().threads, (cores - 1).max(1));
        let none = HashingLimits {
            threads: 0,
            ..HashingLimits::default()
        };
        assert_eq!(none.threads(), 1);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn hashing_has_the_lowest_priority() {
        let niceness = || rustix::process::getpriority_process(Some(rustix::thread::gettid()));
        let here = niceness().unwrap();

        let there = service(1, LONG)
            .run(&Claimant::default(), move |_| niceness())
            .await;

        assert_eq!(there.unwrap().unwrap(), 19);
        assert_eq!(niceness().unwrap(), here, "those who serve keep theirs");
    }

    #[tokio::test]
    async fn whoever_goes_away_gives_the_place_back_and_costs_nothing() {
        let service = service(1, LONG);
        let (release, running) = occupied(&service).await;
        let nobody = Claimant::default();
        {
            let mut gone = pin!(service.run(&nobody, |_| panic!("nobody waits for this")));
            let _ = gone.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert_eq!(service.waiting(), 1);
        }

        assert_eq!(service.waiting(), 0);
        let mut waiting = pin!(service.run(&nobody, |_| ()));
        let _ = waiting
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        release.send(()).unwrap();
        waiting.await.unwrap();
        running.await.unwrap().unwrap();
        assert_eq!(service.runs(), 2);
    }

    #[tokio::test]
    async fn whoever_waits_too_long_is_told_so_though_the_thread_is_busy_and_keeps_no_place() {
        let service = service(1, Duration::from_secs(5));
        let (release, running) = occupied(&service).await;
        // From here on the clock goes on as soon as nobody has anything to do.
        tokio::time::pause();

        let came_at = tokio::time::Instant::now();

        let late = service.run(&Claimant::default(), |_| ()).await;

        assert!(late.unwrap_err().is_busy());
        assert!((5..10).contains(&came_at.elapsed().as_secs()));
        assert_eq!(service.waiting(), 0);
        release.send(()).unwrap();
        running.await.unwrap().unwrap();
        assert_eq!(service.runs(), 1);
    }

    #[tokio::test]
    async fn what_has_begun_is_finished_also_past_the_patience() {
        let service = service(1, LONG);

        let (release, running) = occupied(&service).await;
        tokio::time::pause();
        tokio::time::advance(LONG * 2).await;
        release.send(()).unwrap();

        running.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn without_a_queue_a_free_thread_is_used_and_the_next_one_refused() {
        let service = service(0, LONG);

        let (release, running) = occupied(&service).await;
        let refused = service.run(&Claimant::default(), |_| ()).await;
        release.send(()).unwrap();

        assert!(refused.unwrap_err().is_busy());
        running.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_the_next_one_is_served() {
        let service = service(9, LONG);
        let nobody = Claimant::default();

        let panicked = service.run(&nobody, |_| panic!("on purpose")).await;

        assert!(!panicked.unwrap_err().is_busy());
        service.run(&nobody, |_| ()).await.unwrap();
    }

    #[tokio::test]
    async fn the_threads_end_with_the_service() {
        let service = service(9, LONG);
        service.run(&Claimant::default(), |_| ()).await.unwrap();
        let shared = Arc::downgrade(&service.0.shared);

        drop(service);

        while shared.upgrade().is_some() {
            tokio::task::yield_now().await;
        }
    }
}
