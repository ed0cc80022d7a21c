//! When a session expires.

use std::time::Duration;

use serde::Deserialize;

use crate::clock::Timestamp;
use crate::session::Session;

/// When a session expires: after idling, and at the latest after a fixed time.
///
/// Checked on the server at each use; the cookie's own expiry is never relied on
/// (OWASP ASVS 5.0, 7.3.1 and 7.3.2; NIST SP 800-63B-4, 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionExpiry {
    /// A session unused for this long expires. Default: 14 days. With a longer time, a forgotten
    /// browser stays logged in longer, for anybody to use.
    pub idle: Duration,
    /// A session expires this long after the log-in, even if in use. Default: 30 days, NIST's limit
    /// for a password alone. With a longer time, a stolen cookie works longer.
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

    /// How far in the future a row may be dated, because another node's clock may be ahead.
    pub(crate) const MAX_CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);

    /// Whether `session` may still be used.
    ///
    /// Today's limits also apply to older rows. A shortened limit takes effect immediately, even if
    /// the row has a later `expires_at`. A row dated in the future (wrong clock, forged row) is
    /// rejected.
    pub fn is_alive(&self, session: &Session, now: Timestamp) -> bool {
        !Self::is_of_the_future(session, now) && !self.is_over(session, now)
    }

    /// Whether `session` is dated further in the future than clocks may differ.
    pub(crate) fn is_of_the_future(session: &Session, now: Timestamp) -> bool {
        session.created_at.max(session.last_seen_at) > now + Self::MAX_CLOCK_SKEW
    }

    /// Whether `session` has expired. Unlike [`is_alive`](Self::is_alive), accepts dates in the
    /// future: the row may come from a node whose clock is ahead.
    pub fn is_over(&self, session: &Session, now: Timestamp) -> bool {
        session.expires_at <= now
            || session.created_at + self.absolute <= now
            || session.last_seen_at + self.idle <= now
    }

    /// Whether to write the last-seen time again.
    pub(crate) fn is_touch_due(&self, session: &Session, now: Timestamp) -> bool {
        // Write more often under a short idle limit, or it would run out between two writes.
        now.since(session.last_seen_at) >= Self::TOUCH_EVERY.min(self.idle / 4)
    }
}
