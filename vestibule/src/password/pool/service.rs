//! [`HashingService`]: runs hashes on dedicated threads, behind a bounded queue.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::clock::monotonic;
use crate::error::{Error, Result};
use crate::hang_up::client_hung_up;
use crate::password::hash::{Function, Memory};
use crate::password::pool::claimant::Claimant;
use crate::password::pool::limits::HashingLimits;
use crate::password::pool::queue::{Job, Place, QueuedJob};
use crate::password::pool::slow_build::SlowBuild;
use crate::password::pool::threads::{Pool, queue_gauge};

/// Runs hashing off the async threads. Clones share the threads and the queue. The threads start
/// with the first hash, and end when the last clone is dropped.
#[derive(Clone)]
pub(crate) struct HashingService(Arc<Handle>);

/// Closes the pool when the last clone of the service is dropped. The threads hold only the pool,
/// not this handle.
struct Handle {
    pool: Arc<Pool>,
    /// The threads keep the memory that this function needs.
    typical: Function,
    slow_build: SlowBuild,
}

/// The result of a job, and how long it waited and ran.
struct Completed<T> {
    result: T,
    waited: Duration,
    worked: Duration,
}

impl HashingService {
    /// A service whose threads keep the memory that `typical` needs from one hash to the next.
    pub(crate) fn new(limits: HashingLimits, typical: Function) -> Self {
        Self(Arc::new(Handle {
            pool: Arc::new(Pool::new(limits)),
            typical,
            slow_build: SlowBuild::default(),
        }))
    }

    pub(crate) fn limits(&self) -> HashingLimits {
        self.0.pool.limits
    }

    /// Runs `work` on a hashing thread. If the future is dropped, or the client hangs up, the job
    /// leaves the queue.
    ///
    /// Metrics, by the `metrics` crate: `vestibule_hashing_queue` (how many wait),
    /// `vestibule_hashing_wait_seconds`, `vestibule_hashing_seconds`,
    /// `vestibule_hashing_refused_total`.
    ///
    /// # Errors
    /// When the queue is full, or the job waited longer than [`HashingLimits::patience`]
    /// ([`Error::is_busy`]).
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        claimant: &Claimant<'_>,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T> {
        let done = self.complete(claimant, work).await?;
        metrics::histogram!("vestibule_hashing_wait_seconds").record(done.waited);
        metrics::histogram!("vestibule_hashing_seconds").record(done.worked);
        let slow_build = &self.0.slow_build;
        slow_build.note(done.worked, cfg!(debug_assertions));
        Ok(done.result)
    }

    /// As [`run`](Self::run), for work other than hashing. No metric includes its time.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    #[cfg(feature = "sql")]
    pub(crate) async fn run_beside<T: Send + 'static>(
        &self,
        claimant: &Claimant<'_>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let done = self.complete(claimant, |_| work()).await?;
        Ok(done.result)
    }

    async fn complete<T: Send + 'static>(
        &self,
        claimant: &Claimant<'_>,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<Completed<T>> {
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
            // The caller may have stopped waiting.
            sender.send(done).ok();
        });
        let ticket = Ticket {
            pool: &self.0.pool,
            place: self.enqueue(QueuedJob::new(claimant, job))?,
        };
        let done = timeout(self.limits().patience, async {
            tokio::select! {
                done = &mut receiver => Some(done),
                () = client_hung_up() => None,
            }
        });
        let done = match done.await {
            Ok(Some(done)) => done,
            Ok(None) if ticket.leave_queue() => {
                return Err(Error::busy("the client hung up while its password waited"));
            }
            Err(_) if ticket.leave_queue() => Ok(None),
            // The hash has started, so its result comes soon.
            Ok(None) | Err(_) => receiver.await,
        };
        done.map_err(|_| Error::internal("a hashing thread panicked"))?
            .ok_or_else(|| {
                metrics::counter!("vestibule_hashing_refused_total").increment(1);
                self.0.pool.warn_of_refusals();
                Error::busy("too many log-ins at once; the hashing queue is full or too slow")
            })
    }

    fn enqueue(&self, job: QueuedJob) -> Result<Place> {
        let pool = &self.0.pool;
        let (place, evicted) = {
            let mut state = pool.state();
            while state.threads < pool.limits.effective_threads() {
                match self.start_thread() {
                    Ok(()) => state.threads += 1,
                    // Fewer threads than configured can do the work too.
                    Err(_) if state.threads > 0 => break,
                    Err(error) => return Err(Error::internal(error)),
                }
            }
            // A job for an idle thread does not wait, so it does not count towards the limit.
            let idle = state.threads.saturating_sub(state.busy);
            state.queue.push(job, pool.limits.queue + idle)
        };
        pool.has_work.notify_one();
        match evicted {
            Some(evicted) => (evicted.job)(None),
            None => queue_gauge().increment(1.0),
        }
        Ok(place)
    }

    fn start_thread(&self) -> std::io::Result<()> {
        let (pool, typical) = (self.0.pool.clone(), self.0.typical);
        let thread = std::thread::Builder::new().name("vestibule-hashing".to_owned());
        thread.spawn(move || pool.run_worker(typical)).map(drop)
    }

    /// The number of hashes computed so far.
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

/// Removes a job from the queue when the caller stops waiting for it.
struct Ticket<'a> {
    pool: &'a Pool,
    place: Place,
}

impl Ticket<'_> {
    /// Returns whether the job was still in the queue.
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
