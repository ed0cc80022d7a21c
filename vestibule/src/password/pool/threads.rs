//! [`Pool`]: what the hashing threads share, and what each of them does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Regularly};
use crate::password::hash::{Function, Memory};
use crate::password::pool::limits::HashingLimits;
use crate::password::pool::queue::{FairQueue, Job};

pub(super) struct Pool {
    pub(super) limits: HashingLimits,
    state: Mutex<State>,
    pub(super) has_work: Condvar,
    refusals: Refusals,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) queue: FairQueue,
    pub(super) threads: usize,
    /// How many threads are running a job.
    pub(super) busy: usize,
    pub(super) is_closed: bool,
    #[cfg(test)]
    pub(super) runs: usize,
}

impl Pool {
    pub(super) fn new(limits: HashingLimits) -> Self {
        Self {
            limits,
            state: Mutex::default(),
            has_work: Condvar::new(),
            refusals: Refusals::default(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn run_worker(&self, typical: Function) {
        lower_thread_priority();
        let mut memory = Memory::default();
        while let Some(next) = self.next_job() {
            // A panic drops the sender of the job, so the caller gets an error.
            let outcome = catch_unwind(AssertUnwindSafe(|| next(Some(&mut memory))));
            if outcome.is_err() {
                tracing::error!("a password hash panicked");
                memory = Memory::default();
            }
            memory.keep(typical.blocks());
            self.state().busy -= 1;
        }
    }

    /// Waits for the next job. Returns `None` when the service has been dropped.
    fn next_job(&self) -> Option<Job> {
        let mut state = self.state();
        loop {
            if let Some(next) = state.queue.pop() {
                state.busy += 1;
                #[cfg(test)]
                {
                    state.runs += 1;
                }
                drop(state);
                queue_gauge().decrement(1.0);
                return Some(next.job);
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

/// At most one warning in this time says that the queue is full, so that a flood does not fill the
/// log.
const WARN_EVERY: Duration = Duration::from_mins(1);

/// How many jobs were rejected since the last warning.
#[derive(Debug, Default)]
struct Refusals {
    count: AtomicU64,
    warned: Regularly,
}

impl Pool {
    /// Counts a rejected job, and logs the count at most once a minute.
    pub(super) fn warn_of_refusals(&self) {
        let refusals = &self.refusals;
        refusals.count.fetch_add(1, Ordering::Relaxed);
        if refusals.warned.is_due(WARN_EVERY, Clock::system().now()) {
            let count = refusals.count.swap(0, Ordering::Relaxed);
            tracing::warn!(
                count,
                "log-ins rejected: the hashing queue is full or too slow"
            );
        }
    }
}

/// The gauge of the queue length. It is incremented and decremented rather than set, because
/// threads may report out of order: they report without the lock, since a metrics exporter can be
/// slow.
pub(super) fn queue_gauge() -> metrics::Gauge {
    metrics::gauge!("vestibule_hashing_queue")
}

/// Gives hashing only the processor time that other threads leave. If the system does not allow
/// that, the thread keeps its normal priority.
fn lower_thread_priority() {
    #[cfg(target_os = "linux")]
    if let Err(error) =
        rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS)
    {
        tracing::debug!(%error, "a hashing thread keeps the normal priority");
    }
}

/// The lowest priority.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 19;
