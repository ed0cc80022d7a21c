//! The only place that asks for the time.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A moment: milliseconds since the Unix epoch, the form in which every store keeps time.
///
/// Arithmetic saturates, so that no row and no clock step makes it panic or wrap.
///
/// ```
/// use std::time::Duration;
/// use vestibule::clock::Timestamp;
///
/// let noon = Timestamp::from_millis(1_000);
/// assert_eq!((noon + Duration::from_secs(1)).as_millis(), 2_000);
/// assert_eq!(noon.since(noon + Duration::from_secs(5)), Duration::ZERO);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment this many milliseconds after the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The time passed since `earlier`; zero where `earlier` lies in the future.
    pub fn since(self, earlier: Self) -> Duration {
        let millis = self.0.saturating_sub(earlier.0);
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }
}

/// As RFC 3339 writes it, in UTC and whole seconds: `2026-11-24T09:30:00Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.div_euclid(1_000);
        let Ok(moment) = time::OffsetDateTime::from_unix_timestamp(seconds) else {
            return write!(f, "{} ms after 1970", self.0);
        };
        let (date, time) = (moment.date(), moment.time());
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            date.year(),
            u8::from(date.month()),
            date.day(),
            time.hour(),
            time.minute(),
            time.second()
        )
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(millis))
    }
}

/// Milliseconds since some moment of this process: for how long something has taken, whatever
/// happens to the clock.
pub(crate) fn monotonic() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Work that is due again after a while, for whichever request comes first.
#[derive(Debug, Default)]
pub(crate) struct Regularly(AtomicI64);

impl Regularly {
    /// Whether `every` has passed since this was last true. Of calls at once, one gets true.
    pub(crate) fn is_due(&self, every: Duration, now: Timestamp) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        if now.since(Timestamp(last)) < every {
            return false;
        }
        let order = Ordering::Relaxed;
        let swapped = self.0.compare_exchange(last, now.0, order, order);
        swapped.is_ok()
    }
}

/// Where the time comes from: the system, or a test's hand.
///
/// Clones share the hand.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The system's clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still at `start` until [`advance`](Self::advance)d or
    /// [`set`](Self::set).
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start.as_millis()))))
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => system_now(),
            Source::Manual(millis) => Timestamp(millis.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock forward. The system's clock is not touched.
    pub fn advance(&self, by: Duration) {
        self.set(self.now() + by);
    }

    /// Sets a manual clock, backwards too. The system's clock is not touched.
    pub fn set(&self, to: Timestamp) {
        if let Source::Manual(millis) = &self.0 {
            millis.store(to.as_millis(), Ordering::SeqCst);
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::System => f.write_str("Clock(system)"),
            Source::Manual(_) => write!(f, "Clock(manual at {})", self.now().as_millis()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
fn system_now() -> Timestamp {
    // A system clock before 1970 reads as 1970: sessions then look future-dated and are refused.
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn a_moment_is_shown_as_rfc_3339_has_it() {
        for (millis, shown) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_800_000_000_999, "2027-01-15T08:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (i64::MAX, "9223372036854775807 ms after 1970"),
        ] {
            assert_eq!(Timestamp::from_millis(millis).to_string(), shown);
        }
    }
}
