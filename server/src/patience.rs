//! Waiting at the start for a database or a session store that is not up yet.

use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::time::{MissedTickBehavior, interval};

/// How long to wait for all stores together.
pub(crate) struct Patience {
    whole: Duration,
    until: Instant,
}

/// How often to try.
const TRY_EVERY: Duration = Duration::from_millis(500);

/// How often the log says that the program waits.
const SAY_EVERY: Duration = Duration::from_secs(5);

impl Patience {
    pub(crate) fn of(whole: Duration) -> Self {
        Self {
            whole,
            until: Instant::now() + whole,
        }
    }

    /// Connects to `store`, and keeps trying while it is not up yet. Returns any other error at
    /// once.
    pub(crate) async fn connect<T>(
        &self,
        store: &str,
        connect: impl AsyncFn() -> vestibule::Result<T>,
    ) -> anyhow::Result<T> {
        let mut again = interval(TRY_EVERY);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut said_at: Option<Instant> = None;
        loop {
            again.tick().await;
            let error = match connect().await {
                Err(error) if error.is_store() => error,
                outcome => return Ok(outcome?),
            };
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let waited = humantime::format_duration(self.whole);
                let said = format!("the {store} is not up; gave up after {waited}");
                return Err(error).with_context(|| said);
            }
            if said_at.is_none_or(|at| at.elapsed() >= SAY_EVERY) {
                said_at = Some(Instant::now());
                let seconds = left.as_secs_f64().ceil();
                tracing::warn!(
                    %error,
                    "the {store} is not up yet: trying again for {seconds} s (--wait-for-stores)"
                );
            }
        }
    }
}
