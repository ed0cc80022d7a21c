//! Where the hashing happens: a few threads of its own, behind a queue that ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::clock::monotonic;
use crate::error::{Error, Result};
use crate::password::hash::{Function, Memory};
use crate::password::pool::claimant::Claimant;
use crate::password::pool::limits::HashingLimits;
use crate::password::pool::queue::{Job, Place, QueuedJob};
use crate::password::pool::threads::{Pool, queue_gauge};

/// Runs hashing off the async threads. Clones share the threads and the queue; the threads begin
/// with the first hash, and end with the last clone.
#[derive(Clone)]
pub(crate) struct HashingService(Arc<Handle>);

struct Handle {
    pool: Arc<Pool>,
    /// Whose memory the threads keep.
    typical: Function,
}

/// What a hash came to, and how long that took.
struct Completed<T> {
    result: T,
    waited: Duration,
    worked: Duration,
}

impl HashingService {
    /// A service whose threads keep the memory that `typical` takes.
    pub(crate) fn new(limits: HashingLimits, typical: Function) -> Self {
        Self(Arc::new(Handle {
            pool: Arc::new(Pool::new(limits)),
            typical,
        }))
    }

    pub(crate) fn limits(&self) -> HashingLimits {
        self.0.pool.limits
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
        let job: Job = Box::new(move |memory| {
            let done = memory.map(|memory| {
                let begun = Instant::now();
                let waited = monotonic().saturating_sub(arrived_at);
                let result = work(memory);
                Completed {
                    result,
                    waited: Duration::from_millis(waited),
                    worked: begun.elapsed(),
                }
            });
            // Nobody may be there any more.
            sender.send(done).ok();
        });
        let ticket = Ticket {
            pool: &self.0.pool,
            place: self.enqueue(QueuedJob::new(claimant, job))?,
        };
        let done = match timeout(self.limits().patience, &mut receiver).await {
            Ok(done) => done,
            Err(_) if ticket.leave_queue() => Ok(None),
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

    fn enqueue(&self, waiting: QueuedJob) -> Result<Place> {
        let pool = &self.0.pool;
        let (place, refused) = {
            let mut state = pool.state();
            while state.threads < pool.limits.effective_threads() {
                match self.start_thread() {
                    Ok(()) => state.threads += 1,
                    // Those that are there do the work.
                    Err(_) if state.threads > 0 => break,
                    Err(error) => return Err(Error::internal(error)),
                }
            }
            // One that goes to a thread at once does not wait.
            let idle = state.threads.saturating_sub(state.busy);
            state.queue.push(waiting, pool.limits.queue + idle)
        };
        pool.has_work.notify_one();
        match refused {
            Some(refused) => (refused.job)(None),
            None => queue_gauge().increment(1.0),
        }
        Ok(place)
    }

    fn start_thread(&self) -> std::io::Result<()> {
        let (pool, typical) = (self.0.pool.clone(), self.0.typical);
        let thread = std::thread::Builder::new().name("vestibule-hashing".to_owned());
        thread.spawn(move || pool.run_worker(typical)).map(drop)
    }

    /// How many hashes have been computed.
    #[cfg(test)]
    pub(crate) fn runs(&self) -> usize {
        self.0.pool.state().runs
    }

    #[cfg(test)]
    fn waiting(&self) -> usize {
        self.0.pool.state().queue.len()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.pool.state().is_closed = true;
        self.pool.has_work.notify_all();
    }
}

/// A place in the queue, given back when nobody waits in it any more.
struct Ticket<'a> {
    pool: &'a Pool,
    place: Place,
}

impl Ticket<'_> {
    /// Whether it was still in the queue.
    fn leave_queue(&self) -> bool {
        let was_waiting = {
            let mut state = self.pool.state();
            state.queue.remove(self.place).is_some()
        };
        if was_waiting {
            queue_gauge().decrement(1.0);
        }
        was_waiting
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.leave_queue();
    }
}

#[cfg(test)]
mod tests;
