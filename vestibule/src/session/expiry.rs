//! When a session ends by itself.

use std::time::Duration;

use serde::Deserialize;

use crate::clock::Timestamp;
use crate::session::Session;

/// When a session ends by itself: after idling, and in any case.
///
/// Checked on the server at each use; the cookie's own expiry is never relied on
/// (OWASP ASVS 5.0, 7.3.1 and 7.3.2; NIST SP 800-63B-4, 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionExpiry {
    /// A session not used for this long is over. Default: 14 days.
    /// A longer time gives a forgotten browser longer to be found by somebody else.
    pub idle: Duration,
    /// A session is over this long after the log-in, however busy. Default: 30 days,
    /// NIST's limit for a password alone. A longer time gives a stolen cookie a longer life.
    pub absolute: Duration,
}

impl Default for SessionExpiry {
    fn default() -> Self {
        Self {
            idle: Duration::from_hours(14 * 24),
            absolute: Duration::from_hours(30 * 24),
        }
    }
}

impl SessionExpiry {
    /// How long a session may be used before its last-seen time is written again.
    pub const TOUCH_EVERY: Duration = Duration::from_secs(60);

    /// How far in the future a row may be dated: another node's clock, not another day.
    pub(crate) const MAX_CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);

    /// Whether `session` may still be used.
    ///
    /// The policy of today also rules the rows of yesterday: a shortened limit takes effect at
    /// once, a row that promises itself more than the limit does not get it, and a row dated
    /// in the future (a clock that was wrong, a forged row) is refused.
    pub fn is_alive(&self, session: &Session, now: Timestamp) -> bool {
        let newest = now + Self::MAX_CLOCK_SKEW;
        session.created_at <= newest
            && session.last_seen_at <= newest
            && !self.is_over(session, now)
    }

    /// Whether `session` has come to its end. One that is dated in the future has not: another
    /// node may have made it, whose clock is ahead.
    pub(crate) fn is_over(&self, session: &Session, now: Timestamp) -> bool {
        session.expires_at <= now
            || session.created_at + self.absolute <= now
            || session.last_seen_at + self.idle <= now
    }

    /// Whether the last-seen time is old enough to be written again.
    pub(crate) fn is_touch_due(&self, session: &Session, now: Timestamp) -> bool {
        // A short idle limit must not run out between two writes.
        now.since(session.last_seen_at) >= Self::TOUCH_EVERY.min(self.idle / 4)
    }
}
