//! The limit of a user's sessions.

use std::num::NonZeroU16;

/// How many sessions a user may have at a time, and what happens to one more (OWASP ASVS 5.0,
/// 7.1.2). Sessions of one remembered login count as one, because they are in one browser.
///
/// ```
/// use vestibule::login::SessionLimit;
///
/// assert_eq!(SessionLimit::end_oldest(0), SessionLimit::None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SessionLimit {
    /// No limit.
    #[default]
    None,
    /// At most this many. One more ends the least recently used one, with its remembered login.
    EndOldest(NonZeroU16),
    /// At most this many. One more log-in is rejected; of several at the same moment, perhaps more
    /// than necessary. Remembered browsers can still resume. A browser closed without a log-out
    /// counts until its session idles out, so a user who loses a device may be unable to log in
    /// until somebody ends that session.
    Reject(NonZeroU16),
}

impl SessionLimit {
    /// [`EndOldest`](Self::EndOldest) with this many; 0 means no limit.
    pub fn end_oldest(sessions: u16) -> Self {
        NonZeroU16::new(sessions).map_or(Self::None, Self::EndOldest)
    }

    /// [`Reject`](Self::Reject) with this many; 0 means no limit.
    pub fn reject(sessions: u16) -> Self {
        NonZeroU16::new(sessions).map_or(Self::None, Self::Reject)
    }
}
