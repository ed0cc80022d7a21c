//! Counters that were not open a moment ago. They save asking the store for each try in a flood of
//! rejected ones.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ipnet::IpNet;

use crate::clock::Timestamp;
use crate::credentials::throttle::{Counter, CounterKey};

/// How long a store's answer is used. Another process may clear the counter meanwhile.
const KEPT_FOR: Duration = Duration::from_secs(1);

/// The maximum number kept. After that, all are forgotten, and the store is asked.
const MAX_KEPT: usize = 10_000;

/// Counters that were not open a moment ago.
#[derive(Debug, Default)]
pub(super) struct Closed(Mutex<HashMap<CounterKey, Noted>>);

/// Not the name of a counter, but a typed name in one network. Saves looking up the user in a
/// flood.
fn claim_key(realm: &str, canonical: &str, network: Option<IpNet>) -> Option<CounterKey> {
    let network = network.map(|network| network.to_string());
    let network = network.unwrap_or_default();
    let is_short = canonical.len() <= CounterKey::MAX_CHARS;
    is_short.then(|| CounterKey::from_stored(format!("claim/{realm}/{network}/{canonical}")))
}

#[derive(Debug, Clone, Copy)]
struct Noted {
    open_at: i64,
    at: Timestamp,
}

impl Noted {
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.open_at > now.as_millis() && self.at <= now && now < self.at + KEPT_FOR
    }
}

impl Closed {
    /// When the last of these counters opens, if any of them was not open a moment ago.
    pub(super) fn open_at<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a CounterKey>,
        now: Timestamp,
    ) -> Option<i64> {
        let kept = self.kept();
        let noted = keys.into_iter().filter_map(|key| kept.get(key));
        let fresh = noted.filter(|noted| noted.is_fresh(now));
        fresh.map(|noted| noted.open_at).max()
    }

    pub(super) fn note(&self, counter: &Counter, now: Timestamp) {
        let open_at = counter.tally.open_at;
        self.keep(counter.key.clone(), Noted { open_at, at: now });
    }

    pub(super) fn forget<'a>(&self, keys: impl IntoIterator<Item = &'a CounterKey>) {
        let mut kept = self.kept();
        for key in keys {
            kept.remove(key);
        }
    }

    /// When a stranger in this network may try this name again, if they had to wait a moment ago.
    pub(super) fn claim_opens_at(
        &self,
        realm: &str,
        canonical: &str,
        network: Option<IpNet>,
        now: Timestamp,
    ) -> Option<i64> {
        let kept = self.kept();
        let claim = claim_key(realm, canonical, network);
        let noted = claim.and_then(|claim| kept.get(&claim).copied());
        noted
            .filter(|noted| noted.is_fresh(now))
            .map(|noted| noted.open_at)
    }

    pub(super) fn note_claim(
        &self,
        realm: &str,
        canonical: &str,
        network: Option<IpNet>,
        (open_at, now): (i64, Timestamp),
    ) {
        if let Some(key) = claim_key(realm, canonical, network) {
            self.keep(key, Noted { open_at, at: now });
        }
    }

    /// Forgets everything, because counters were cleared by hand.
    pub(super) fn forget_all(&self) {
        self.kept().clear();
    }

    fn keep(&self, key: CounterKey, noted: Noted) {
        let mut kept = self.kept();
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(key, noted);
    }

    /// No call panics during a change, so the data is consistent.
    fn kept(&self) -> MutexGuard<'_, HashMap<CounterKey, Noted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Closed, KEPT_FOR, MAX_KEPT};
    use crate::clock::Timestamp;
    use crate::credentials::throttle::{Counter, CounterKey, Tally};

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn noted(canonical: &str, asked_at: Timestamp) -> Option<i64> {
        let (closed, open_at) = (Closed::default(), NOW.as_millis() + 60_000);
        closed.note_claim("", canonical, None, (open_at, NOW));
        closed.claim_opens_at("", canonical, None, asked_at)
    }

    #[test]
    fn a_closed_name_is_known_for_a_second_and_no_longer() {
        assert!(noted("alice", NOW).is_some());
        assert_eq!(noted("alice", NOW + KEPT_FOR), None);
    }

    #[test]
    fn at_the_time_it_opens_a_name_is_not_closed() {
        let (closed, soon) = (Closed::default(), NOW + KEPT_FOR / 2);
        closed.note_claim("", "alice", None, (soon.as_millis(), NOW));

        assert!(closed.claim_opens_at("", "alice", None, NOW).is_some());
        assert_eq!(closed.claim_opens_at("", "alice", None, soon), None);
    }

    /// A log-in that passed before the note clears it.
    #[test]
    fn a_counter_that_is_cleared_is_not_closed() {
        let (closed, key) = (Closed::default(), CounterKey::from_stored("account//1"));
        let tally = Tally {
            open_at: NOW.as_millis() + 60_000,
            ..Tally::default()
        };
        closed.note(
            &Counter {
                key: key.clone(),
                tally,
            },
            NOW,
        );
        assert!(closed.open_at([&key], NOW).is_some());

        closed.forget([&key]);

        assert_eq!(closed.open_at([&key], NOW), None);
    }

    #[test]
    fn many_names_do_not_take_memory_without_end() {
        let (closed, open_at) = (Closed::default(), NOW.as_millis() + 60_000);
        let note = |number| closed.note_claim("", &format!("{number}"), None, (open_at, NOW));
        let is_closed = || closed.claim_opens_at("", "0", None, NOW).is_some();

        (0..MAX_KEPT).for_each(note);
        assert!(is_closed());
        note(MAX_KEPT);

        assert!(!is_closed(), "all are forgotten");
    }

    /// Otherwise a flood of long names would take memory without limit.
    #[test]
    fn a_name_longer_than_any_is_not_kept() {
        let longest = CounterKey::MAX_CHARS;

        assert!(noted(&"a".repeat(longest), NOW).is_some());
        assert_eq!(noted(&"a".repeat(longest + 1), NOW), None);
    }
}
