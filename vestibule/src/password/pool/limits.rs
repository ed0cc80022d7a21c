//! [`HashingLimits`]: how many passwords are hashed at once, and how many wait.

use std::time::Duration;

/// Limits for the hashing threads and the queue before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HashingLimits {
    /// The number of hashing threads. Default: one fewer than there are cores, and at least one, so
    /// that a core is left to serve requests.
    pub threads: usize,
    /// How many log-ins may wait for a thread, not counting those being hashed. Default: 64.
    pub queue: usize,
    /// How long a log-in may wait for a thread. Default: 5 seconds.
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
