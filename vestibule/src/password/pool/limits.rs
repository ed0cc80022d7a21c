//! How much hashing there may be.

use std::time::Duration;

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
    pub(super) fn effective_threads(self) -> usize {
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
