//! Where the hashing happens: a few threads of its own, behind a queue that ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::clock::monotonic;
use crate::error::{Error, Result};
use crate::password::function::{Function, Memory};
use crate::password::queue::{Claimant, FairQueue, Place, Start, Waiting};

/// How much hashing there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HashingLimits {
    /// How many threads hash. Default: one fewer than there are cores, at least one: the others
    /// keep serving.
    pub threads: usize,
    /// How many log-ins may wait for them. Default: 64.
    pub queue: usize,
    /// How long they may wait. Default: 5 seconds.
    pub patience: Duration,
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
pub(super) struct HashingService(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    limits: HashingLimits,
    /// Whose memory the threads keep.
    usual: Function,
}

struct Shared {
    state: Mutex<State>,
    has_work: Condvar,
}

#[derive(Default)]
struct State {
    queue: FairQueue,
    threads: usize,
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
    pub(super) fn new(limits: HashingLimits, usual: Function) -> Self {
        Self(Arc::new(Handle {
            shared: Arc::new(Shared {
                state: Mutex::default(),
                has_work: Condvar::new(),
            }),
            limits,
            usual,
        }))
    }

    pub(super) fn limits(&self) -> HashingLimits {
        self.0.limits
    }

    /// Runs `work`, or says that there is no place left, or no time. Whoever stops waiting gives
    /// the place back.
    ///
    /// Metrics, by the `metrics` crate: `vestibule_hashing_queue` (how many wait),
    /// `vestibule_hashing_wait_seconds`, `vestibule_hashing_seconds`,
    /// `vestibule_hashing_refused_total`.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        claimant: &Claimant<'_>,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = oneshot::channel();
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
        let patience = u64::try_from(self.0.limits.patience.as_millis()).unwrap_or(u64::MAX);
        let until = arrived_at.saturating_add(patience);
        let place = self.enqueue(Waiting::new(claimant, until, start))?;
        let ticket = Ticket {
            shared: &self.0.shared,
            place,
        };
        let done = receiver.await;
        drop(ticket);
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
            let pushed = state.queue.push(waiting, self.0.limits.queue);
            shared.note_length(&state);
            while state.threads < self.0.limits.threads.max(1) {
                let started = self.start_thread();
                match started {
                    Ok(()) => state.threads += 1,
                    // Those that are there do the work.
                    Err(_) if state.threads > 0 => break,
                    Err(error) => {
                        state.queue.remove(pushed.0);
                        return Err(Error::internal(error));
                    }
                }
            }
            pushed
        };
        shared.has_work.notify_one();
        if let Some(refused) = refused {
            (refused.start)(None);
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
    pub(super) fn runs(&self) -> usize {
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

    #[expect(clippy::cast_precision_loss, reason = "a few dozen at the most")]
    fn note_length(&self, state: &State) {
        metrics::gauge!("vestibule_hashing_queue").set(state.queue.len() as f64);
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
        }
    }

    /// Waits for the next one; none when the service has ended.
    fn next(&self) -> Option<Start> {
        let mut state = self.state();
        loop {
            for late in state.queue.remove_late(monotonic()) {
                (late.start)(None);
            }
            let next = state.queue.pop();
            self.note_length(&state);
            if let Some(next) = next {
                #[cfg(test)]
                {
                    state.runs += 1;
                }
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

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        if state.queue.remove(self.place).is_some() {
            self.shared.note_length(&state);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::mpsc;
    use std::sync::{Arc, Mutex};
    use std::task::{Context, Waker};
    use std::time::Duration;

    use super::{HashingLimits, HashingService};
    use crate::error::Result;
    use crate::password::Claimant;
    use crate::password::function::Function;

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

    fn from(address: &str) -> Claimant<'static> {
        Claimant {
            account: None,
            address: Some(address.parse().unwrap()),
        }
    }

    fn of(account: &'static str) -> Claimant<'static> {
        Claimant {
            account: Some(account),
            address: None,
        }
    }

    /// The order in which these are served, and which of them are refused.
    async fn served(queue: usize, claimants: &[Claimant<'static>]) -> (Vec<usize>, Vec<usize>) {
        let service = service(queue, LONG);
        let (release, running) = occupied(&service).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = Vec::new();
        for (at, claimant) in claimants.iter().copied().enumerate() {
            let (order, service) = (order.clone(), service.clone());
            let work = move |_: &mut _| order.lock().unwrap().push(at);
            waiting.push(tokio::spawn(
                async move { service.run(&claimant, work).await },
            ));
            // On one thread: so they come in this order.
            tokio::task::yield_now().await;
        }
        release.send(()).unwrap();
        let mut refused = Vec::new();
        for (at, run) in waiting.into_iter().enumerate() {
            if let Err(error) = run.await.unwrap() {
                assert!(error.is_busy());
                refused.push(at);
            }
        }
        running.await.unwrap().unwrap();
        let order = order.lock().unwrap().clone();
        (order, refused)
    }

    #[tokio::test]
    async fn those_who_ask_once_are_served_in_the_order_in_which_they_came() {
        let claimants = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(from);

        assert_eq!(served(9, &claimants).await, (vec![0, 1, 2], vec![]));
    }

    #[tokio::test]
    async fn a_flooding_address_waits_behind_itself() {
        let flood = from("192.0.2.1");
        let network = [
            from("2001:db8::1"),
            from("2001:db8::2"),
            from("2001:db8::3"),
        ];

        let claimants = [flood, flood, flood, from("192.0.2.2")];
        assert_eq!(served(9, &claimants).await.0, [0, 3, 1, 2]);
        let claimants = [network[0], network[1], network[2], from("2001:db8:1::1")];
        assert_eq!(served(9, &claimants).await.0, [0, 3, 1, 2]);
    }

    #[tokio::test]
    async fn a_flooded_account_does_not_keep_the_others_waiting() {
        let claimants = [of("alice"), of("alice"), of("alice"), of("bob")];

        assert_eq!(served(9, &claimants).await.0, [0, 3, 1, 2]);
    }

    #[tokio::test]
    async fn past_the_end_of_the_queue_a_flood_is_refused_and_not_the_others() {
        let flood = from("192.0.2.1");
        let claimants = [flood, flood, flood, flood, from("192.0.2.2")];

        assert_eq!(served(3, &claimants).await, (vec![0, 4, 1], vec![2, 3]));
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
    async fn for_whom_it_is_too_late_the_answer_is_busy() {
        let service = service(9, Duration::ZERO);

        let late = service.run(&Claimant::default(), |_| ()).await;

        assert!(late.unwrap_err().is_busy());
        assert_eq!(service.runs(), 0);
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
