//! A store of counters in memory, which is lost when the process ends.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Timestamp;
use crate::credentials::throttle::{
    Attempt, By, Counted, Counter, CounterKey, CounterKind, Counters, Limit, Settlement, Tally,
};
use crate::error::Result;

/// Counts wrong tries in memory, for tests and for apps with one process. Clones share the
/// counters.
#[derive(Clone, Default)]
pub struct MemoryCounters(Arc<Mutex<BTreeMap<CounterKey, Tally>>>);

impl MemoryCounters {
    /// The maximum number of counters, of some 200 bytes each. Above it, those with the fewest
    /// tries are removed.
    pub const MAX_COUNTERS: usize = 100_000;

    /// No counters.
    pub fn new() -> Self {
        Self::default()
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<CounterKey, Tally>> {
        // No call panics during a change, so the data is consistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes forgotten counters. If there are still too many, removes a tenth of all: those with the
/// fewest tries, so that an attacker cannot clear their own counters by trying many names. Known
/// browsers stay longest, because they need a log-in.
fn make_room(kept: &mut BTreeMap<CounterKey, Tally>, now: Timestamp) {
    kept.retain(|_, tally| !tally.is_forgotten(now));
    if kept.len() < MemoryCounters::MAX_COUNTERS {
        return;
    }
    let worth = |key: &CounterKey, tally: &Tally| {
        let is_device = key.kind() == CounterKind::Device;
        (is_device, tally.tries, tally.forgotten_at)
    };
    let mut worths: Vec<_> = kept.iter().map(|(key, tally)| worth(key, tally)).collect();
    let mut left = worths.len() / 10;
    let (_, last, _) = worths.select_nth_unstable(left);
    let last = *last;
    kept.retain(|key, tally| {
        let is_kept = left == 0 || worth(key, tally) > last;
        left -= usize::from(!is_kept);
        is_kept
    });
}

impl Counters for MemoryCounters {
    async fn count(&self, attempt: Attempt<'_>, now: Timestamp) -> Result<Counted> {
        let mut kept = self.kept();
        for (index, limit) in attempt.known.iter().enumerate() {
            let Some(tally) = kept.get_mut(&limit.key) else {
                continue;
            };
            if tally.is_forgotten(now) || tally.open_at == Tally::CLOSED {
                continue;
            }
            if !tally.is_open(now) {
                let (key, tally) = (limit.key.clone(), *tally);
                return Ok(Counted::Closed(Counter { key, tally }));
            }
            *tally = tally.counted(&limit.rule, now);
            return Ok(Counted::Passed(vec![*tally], By::Known(index)));
        }
        let limits = attempt.otherwise;
        let tally_of = |limit: &Limit| {
            let tally = kept.get(&limit.key).copied();
            tally
                .filter(|tally| !tally.is_forgotten(now))
                .unwrap_or_default()
        };
        let before: Vec<_> = limits.iter().map(tally_of).collect();
        if let Some(closed) = Counter::opens_last(limits, &before, now) {
            return Ok(Counted::Closed(closed));
        }
        if kept.len() + limits.len() > Self::MAX_COUNTERS {
            make_room(&mut kept, now);
        }
        let mut tallies = Vec::with_capacity(limits.len());
        for (limit, before) in limits.iter().zip(before) {
            let tally = before.counted(&limit.rule, now);
            kept.insert(limit.key.clone(), tally);
            tallies.push(tally);
        }
        Ok(Counted::Passed(tallies, By::Otherwise))
    }

    async fn settle(&self, settlement: &Settlement, now: Timestamp) -> Result<()> {
        let mut kept = self.kept();
        for limit in &settlement.taken_back {
            if let Some(tally) = kept.get_mut(&limit.key) {
                *tally = tally.taken_back(&limit.rule, now);
            }
        }
        for key in &settlement.cleared {
            kept.remove(key);
        }
        for (key, until) in &settlement.known {
            kept.insert(key.clone(), Tally::known_until(*until));
        }
        Ok(())
    }

    async fn clear(&self, keys: &[CounterKey]) -> Result<u64> {
        let mut kept = self.kept();
        let cleared = keys.iter().filter(|key| kept.remove(key).is_some());
        Ok(cleared.count() as u64)
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&CounterKey>,
        limit: u64,
    ) -> Result<Vec<Counter>> {
        let kept = self.kept();
        let prefix_key = CounterKey::from_stored(prefix);
        let from = match after {
            Some(after) => Bound::Excluded(after),
            None => Bound::Included(&prefix_key),
        };
        let listed = kept
            .range((from, Bound::Unbounded))
            .take_while(|(key, _)| key.as_str().starts_with(prefix))
            .take(usize::try_from(limit).unwrap_or(usize::MAX));
        let listed = listed.map(|(key, tally)| Counter {
            key: key.clone(),
            tally: *tally,
        });
        Ok(listed.collect())
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64> {
        let mut kept = self.kept();
        let before = kept.len();
        kept.retain(|_, tally| !tally.is_forgotten(now));
        Ok((before - kept.len()) as u64)
    }
}

impl fmt::Debug for MemoryCounters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCounters").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::MemoryCounters;
    use crate::clock::Timestamp;
    use crate::credentials::throttle::{Attempt, Counted, CounterKey, Counters, Limit, LimitRule};
    use crate::credentials::throttle::{Settlement, Tally, ThrottleLimits};

    #[tokio::test]
    async fn many_names_take_bounded_memory_and_clear_nobody_under_attack() {
        let counters = MemoryCounters::new();
        let limit = |name: String| Limit {
            key: CounterKey::from_stored(name),
            rule: LimitRule::Streak(ThrottleLimits::default().account),
        };
        let mut now = Timestamp::from_millis(1_800_000_000_000);
        let hot = [limit("account//hot".to_owned())];
        fn attempt(limits: &[Limit]) -> Attempt<'_> {
            Attempt {
                known: &[],
                otherwise: limits,
            }
        }
        let device = CounterKey::from_stored("device/of-the-owner");
        let later = Timestamp::from_millis(2_800_000_000_000);
        let known = Settlement {
            known: vec![(device.clone(), later)],
            ..Settlement::default()
        };
        counters.settle(&known, now).await.unwrap();
        while let Counted::Passed(..) = counters.count(attempt(&hot), now).await.unwrap() {}

        for index in 0..MemoryCounters::MAX_COUNTERS * 3 {
            now = Timestamp::from_millis(now.as_millis() + 1);
            let name = [limit(format!("name//{index}"))];
            counters.count(attempt(&name), now).await.unwrap();
        }

        let kept = counters.list("", None, u64::MAX).await.unwrap();
        assert!(kept.len() <= MemoryCounters::MAX_COUNTERS);
        let tally = |key: &CounterKey| -> Option<Tally> {
            let found = kept.iter().find(|counter| counter.key == *key);
            found.map(|counter| counter.tally)
        };
        assert_eq!(tally(&hot[0].key).unwrap().tries, 20);
        assert!(tally(&device).is_some(), "a known browser stays known");
    }
}
