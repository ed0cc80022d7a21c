//! The rules of one counter: how many wrong tries pass, and how long the next one then waits.
//!
//! All stores follow these rules. The conformance suite checks those that count with their own
//! script, such as Redis.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::credentials::throttle::CounterKey;

/// A counter and its rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The counter.
    pub key: CounterKey,
    /// Its rule.
    pub rule: LimitRule,
}

/// The rule of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitRule {
    /// Counts wrong tries in a row. Each makes the next one wait longer.
    Streak(Streak),
    /// Counts wrong tries in a period, not in a row.
    Rate(Rate),
}

/// The rule for wrong tries in a row. The first `free` pass; each further one doubles the wait, up
/// to `longest`. After `closed_after` tries none passes until the counter is cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streak {
    /// The number of tries before the first wait, at least 1.
    pub free: u32,
    /// The first wait.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// The number of tries after which none passes. `None`: no limit.
    pub closed_after: Option<u32>,
    /// How long after the last try the counter is forgotten. `None`: never.
    pub forgotten_after: Option<Duration>,
}

/// The rule for wrong tries in a period: `burst` of them pass at once, and then one per `each`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The number of tries that pass at once, at least 1.
    pub burst: u32,
    /// The time until one more is allowed.
    pub each: Duration,
}

/// A counter's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// The number of wrong tries that count.
    pub tries: u32,
    /// No try passes before this time, in milliseconds since the Unix epoch. At [`Tally::CLOSED`],
    /// none passes until the counter is cleared.
    pub open_at: i64,
    /// When the counter is forgotten, in milliseconds since the Unix epoch.
    pub forgotten_at: i64,
}

impl Tally {
    /// The [`open_at`](Self::open_at) of a counter that is closed until it is cleared: the end of
    /// the year 9999, which every store keeps exactly.
    pub const CLOSED: i64 = 253_402_300_799_000;

    /// Whether a try passes now.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.open_at <= now.as_millis()
    }

    /// Whether the counter counts as one that does not exist.
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.forgotten_at <= now.as_millis()
    }

    /// A counter without tries, which lasts until this time.
    pub fn known_until(until: Timestamp) -> Self {
        Self {
            forgotten_at: until.as_millis(),
            ..Self::default()
        }
    }

    /// The tally after one more try, which passed now.
    #[must_use]
    pub fn counted(self, rule: &LimitRule, now: Timestamp) -> Self {
        let now = now.as_millis();
        let before = match self.forgotten_at <= now {
            true => Self::default(),
            false => self,
        };
        let tries = before.tries.saturating_add(1);
        match rule {
            LimitRule::Streak(streak) => Self {
                tries,
                open_at: streak.open_at(tries, now),
                forgotten_at: streak.forgotten_at(now),
            },
            LimitRule::Rate(rate) => {
                let open_at = before.open_at.max(now - rate.window()) + millis(rate.each);
                Self {
                    tries,
                    open_at,
                    forgotten_at: open_at + rate.window(),
                }
            }
        }
    }

    /// The tally without one of its tries, which was correct.
    #[must_use]
    pub fn taken_back(self, rule: &LimitRule, now: Timestamp) -> Self {
        let tries = self.tries.saturating_sub(1);
        let open_at = match rule {
            LimitRule::Streak(streak) => self.open_at.min(streak.open_at(tries, now.as_millis())),
            LimitRule::Rate(rate) => self.open_at - millis(rate.each),
        };
        let forgotten_at = match rule {
            LimitRule::Streak(_) => self.forgotten_at,
            LimitRule::Rate(rate) => open_at + rate.window(),
        };
        Self {
            tries,
            open_at,
            forgotten_at,
        }
    }
}

impl Streak {
    /// When the next try passes, after this many wrong ones, the last of which was at `now`.
    fn open_at(&self, tries: u32, now: i64) -> i64 {
        if self.closed_after.is_some_and(|closed| tries >= closed) {
            return Tally::CLOSED;
        }
        now.saturating_add(millis(self.wait(tries)))
    }

    /// The wait after this many wrong tries.
    pub fn wait(&self, tries: u32) -> Duration {
        let Some(doublings) = tries.checked_sub(self.free.max(1)) else {
            return Duration::ZERO;
        };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.longest)
    }

    fn forgotten_at(&self, now: i64) -> i64 {
        match self.forgotten_after {
            Some(after) => now.saturating_add(millis(after)),
            None => Tally::CLOSED,
        }
    }
}

impl Rate {
    /// The time until all tries of the burst but one are allowed again.
    fn window(&self) -> i64 {
        let but_one = i64::from(self.burst.saturating_sub(1));
        millis(self.each).saturating_mul(but_one)
    }
}

/// In whole milliseconds, at most some hundred years, so that adding it to a time does not
/// overflow.
pub(crate) fn millis(duration: Duration) -> i64 {
    const LONGEST: i64 = 1 << 43;
    i64::try_from(duration.as_millis()).map_or(LONGEST, |millis| millis.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LimitRule, Rate, Tally};
    use crate::clock::Timestamp;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    #[test]
    fn a_rate_is_forgotten_once_its_whole_burst_is_free_again() {
        let each = Duration::from_secs(10);
        let rule = LimitRule::Rate(Rate { burst: 3, each });
        let forgotten_after = |tally: Tally| tally.forgotten_at - NOW.as_millis();

        let once = Tally::default().counted(&rule, NOW);
        let twice = once.counted(&rule, NOW);

        assert_eq!(forgotten_after(once), 10_000);
        assert_eq!(forgotten_after(twice), 20_000);
        assert_eq!(twice.taken_back(&rule, NOW), once);
    }
}
