//! How many sessions a user may have.

use std::num::NonZeroU16;

/// How many sessions a user may have at a time, and what happens to one more (OWASP ASVS 5.0,
/// 7.1.2). Those that came of one remembered login count as one: they are of one browser.
///
/// ```
/// use vestibule::login::SessionLimit;
///
/// assert_eq!(SessionLimit::end_oldest(0), SessionLimit::None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SessionLimit {
    /// As many as they like.
    #[default]
    None,
    /// At most this many: with one more, the one that was seen longest ago ends, and what
    /// remembers its browser.
    EndOldest(NonZeroU16),
    /// At most this many: one more log-in is refused, and of those that come at the same moment
    /// more than need be. A remembered browser comes back all the same. A browser that was closed
    /// without logging out counts until its session idles out: whoever loses a device can then not
    /// log in until somebody ends it.
    Reject(NonZeroU16),
}

impl SessionLimit {
    /// [`EndOldest`](Self::EndOldest) of this many; of none, no limit.
    pub fn end_oldest(sessions: u16) -> Self {
        NonZeroU16::new(sessions).map_or(Self::None, Self::EndOldest)
    }

    /// [`Reject`](Self::Reject) with this many; with none, no limit.
    pub fn reject(sessions: u16) -> Self {
        NonZeroU16::new(sessions).map_or(Self::None, Self::Reject)
    }
}
