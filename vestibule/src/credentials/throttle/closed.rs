//! Counters that were not open a moment ago, so that a flood of tries that are rejected does not ask
//! the store for each.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::credentials::throttle::{Counter, CounterKey, Limit};

/// How long a store's answer counts. Another process may clear the counter meanwhile.
const KEPT_FOR: Duration = Duration::from_secs(1);

/// How many are kept. Past it, all are forgotten, and the store is asked.
const MAX_KEPT: usize = 10_000;

/// Counters that were not open a moment ago.
#[derive(Debug, Default)]
pub(super) struct Closed(Mutex<HashMap<CounterKey, Noted>>);

#[derive(Debug, Clone, Copy)]
struct Noted {
    open_at: i64,
    at: Timestamp,
}

impl Closed {
    /// When the last of these counters opens, if one of them was not open a moment ago.
    pub(super) fn open_at(&self, limits: &[Limit], now: Timestamp) -> Option<i64> {
        let kept = self.kept();
        let noted = limits.iter().filter_map(|limit| kept.get(&limit.key));
        let fresh = noted.filter(|noted| {
            noted.open_at > now.as_millis() && noted.at <= now && now < noted.at + KEPT_FOR
        });
        fresh.map(|noted| noted.open_at).max()
    }

    pub(super) fn note(&self, counter: &Counter, now: Timestamp) {
        let mut kept = self.kept();
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        let noted = Noted {
            open_at: counter.tally.open_at,
            at: now,
        };
        kept.insert(counter.key.clone(), noted);
    }

    pub(super) fn forget<'a>(&self, keys: impl IntoIterator<Item = &'a CounterKey>) {
        let mut kept = self.kept();
        for key in keys {
            kept.remove(key);
        }
    }

    /// No call panics during a change, so the data is consistent.
    fn kept(&self) -> MutexGuard<'_, HashMap<CounterKey, Noted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
