//! When the kinds of password hashes are read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::clock::monotonic;

/// Says when to read them, to one at a time: an hour after the last time at the soonest, and for no
/// more than a thousandth of the time.
pub(super) struct KindsRead {
    /// By [`monotonic`].
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
    const SELDOM: u64 = 1_000;

    /// Whether to read them now: until what is returned is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Option<Reading> {
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
        })
    }

    /// Waits until they were read once, or for so long.
    pub(super) async fn read_once(&self, patience: Duration) {
        if *self.was_read.borrow() {
            return;
        }
        let mut was_read = self.was_read.subscribe();
        let first = was_read.wait_for(|was_read| *was_read);
        if timeout(patience, first).await.is_err() {
            tracing::warn!("the kinds of password hashes take long to read");
        }
    }

    /// They are due now.
    #[cfg(test)]
    pub(super) fn forget(&self) {
        self.due.store(0, Ordering::Relaxed);
    }
}

/// They are being read.
pub(super) struct Reading {
    kinds: Arc<KindsRead>,
    began_at: u64,
}

impl Drop for Reading {
    fn drop(&mut self) {
        let now = monotonic();
        let pause = now
            .saturating_sub(self.began_at)
            .saturating_mul(KindsRead::SELDOM);
        let hour = u64::try_from(KindsRead::PAUSE.as_millis()).unwrap_or(u64::MAX);
        let due = now.saturating_add(pause.max(hour));
        self.kinds.due.store(due, Ordering::Relaxed);
        self.kinds.was_read.send_replace(true);
    }
}
