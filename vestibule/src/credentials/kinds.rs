//! When to read the kinds of password hashes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::clock::monotonic;

/// Decides when to read them, by one caller at a time: at most once an hour, at most a thousandth
/// of the time, and a minute after a failure.
pub(crate) struct KindsRead {
    /// In [`monotonic`] time.
    due: AtomicU64,
    was_read: watch::Sender<bool>,
}

impl Default for KindsRead {
    fn default() -> Self {
        Self {
            due: AtomicU64::new(0),
            was_read: watch::Sender::new(false),
        }
    }
}

impl KindsRead {
    const PAUSE: Duration = Duration::from_hours(1);
    const PAUSE_AFTER_FAILURE: Duration = Duration::from_mins(1);
    const SELDOM: u32 = 1_000;

    /// How long to wait after a read that took this long.
    fn pause(took: Duration) -> Duration {
        took.saturating_mul(Self::SELDOM).max(Self::PAUSE)
    }

    /// Whether to read them now. The read lasts until the returned value is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Option<Reading> {
        let (now, due) = (monotonic(), self.due.load(Ordering::Relaxed));
        let order = Ordering::Relaxed;
        let is_ours = || {
            self.due
                .compare_exchange(due, u64::MAX, order, order)
                .is_ok()
        };
        (now >= due && is_ours()).then(|| Reading {
            kinds: self.clone(),
            began_at: now,
            is_done: false,
        })
    }

    /// Waits until they have been read once, or for this long.
    pub(crate) async fn read_once(&self, patience: Duration) {
        if *self.was_read.borrow() {
            return;
        }
        let mut was_read = self.was_read.subscribe();
        let first = was_read.wait_for(|was_read| *was_read);
        if timeout(patience, first).await.is_err() {
            tracing::warn!("the kinds of password hashes take long to read");
        }
    }

    /// Reads are due from now on.
    #[cfg(test)]
    pub(crate) fn forget(&self) {
        self.due.store(0, Ordering::Relaxed);
    }
}

/// A read in progress.
pub(crate) struct Reading {
    kinds: Arc<KindsRead>,
    began_at: u64,
    is_done: bool,
}

impl Reading {
    /// The read succeeded. If this is not called, it has failed.
    pub(crate) fn done(mut self) {
        self.is_done = true;
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let now = monotonic();
        let took = Duration::from_millis(now.saturating_sub(self.began_at));
        let pause = match self.is_done {
            true => KindsRead::pause(took),
            false => KindsRead::PAUSE_AFTER_FAILURE,
        };
        let pause = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        let due = now.saturating_add(pause);
        self.kinds.due.store(due, Ordering::Relaxed);
        self.kinds.was_read.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use super::KindsRead;
    use crate::clock::monotonic;

    #[test]
    fn one_reads_at_a_time_and_after_that_nobody_for_an_hour() {
        let kinds = Arc::new(KindsRead::default());

        let reading = kinds.begin().unwrap();
        assert!(kinds.begin().is_none());
        reading.done();

        assert!(kinds.begin().is_none());
        assert_eq!(minutes_to_go(&kinds), 60);
    }

    #[test]
    fn what_failed_is_read_again_after_a_minute() {
        let kinds = Arc::new(KindsRead::default());

        drop(kinds.begin().unwrap());

        assert!(kinds.begin().is_none());
        assert_eq!(minutes_to_go(&kinds), 1);
    }

    fn minutes_to_go(kinds: &KindsRead) -> u64 {
        let due = kinds.due.load(Ordering::Relaxed);
        (due - monotonic()).div_ceil(60_000)
    }

    #[test]
    fn what_takes_long_is_seldom_read() {
        assert_eq!(KindsRead::pause(Duration::from_secs(1)), KindsRead::PAUSE);
        let pause = KindsRead::pause(Duration::from_mins(1));
        assert_eq!(pause, Duration::from_mins(1_000));
    }

    #[tokio::test]
    async fn all_wait_for_the_first_reading_and_nobody_for_the_next() {
        let kinds = Arc::new(KindsRead::default());
        let reading = kinds.begin().unwrap();
        // Tokio's paused clock advances when all tasks are idle.
        tokio::time::pause();
        let started = tokio::time::Instant::now();
        let patience = Duration::from_secs(2);

        kinds.read_once(patience).await;
        let waited = started.elapsed();
        assert!(waited >= patience && waited < patience * 2, "{waited:?}");

        reading.done();
        kinds.read_once(patience).await;
        kinds.forget();
        let _next = kinds.begin().unwrap();
        kinds.read_once(patience).await;
        assert_eq!(started.elapsed(), waited);
    }
}
