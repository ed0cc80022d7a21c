//! The threads that hash, and the queue that they take jobs from.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::password::hash::{Function, Memory};
use crate::password::pool::limits::HashingLimits;
use crate::password::pool::queue::{FairQueue, Job};

pub(super) struct Pool {
    pub(super) limits: HashingLimits,
    state: Mutex<State>,
    pub(super) has_work: Condvar,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) queue: FairQueue,
    pub(super) threads: usize,
    /// How many of them have work.
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
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn run_worker(&self, typical: Function) {
        lower_thread_priority();
        let mut memory = Memory::default();
        while let Some(next) = self.next_job() {
            // One that panics is answered: its sender is dropped.
            let outcome = catch_unwind(AssertUnwindSafe(|| next(Some(&mut memory))));
            if outcome.is_err() {
                tracing::error!("a password hash panicked");
                memory = Memory::default();
            }
            memory.keep(typical.blocks());
            self.state().busy -= 1;
        }
    }

    /// Waits for the next one; none when the service has ended.
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

/// Of the queue, for whoever watches. It is changed by comings and goings, as nobody knows which
/// of two who are not under the lock says so first; and not under it, as nobody here knows whose
/// exporter this is.
pub(super) fn queue_gauge() -> metrics::Gauge {
    metrics::gauge!("vestibule_hashing_queue")
}

/// Hashing takes what processor time the others leave. Where the system cannot do that, it is a
/// thread like all.
fn lower_thread_priority() {
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
