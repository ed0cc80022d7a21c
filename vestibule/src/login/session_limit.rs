//! How many sessions a user may have.

use std::num::NonZeroU16;

use crate::clock::Timestamp;
use crate::error::Result;
use crate::login::visit::Visit;
use crate::login::{Event, User};
use crate::session::{Replaced, Session};

/// How many sessions a user may have at a time, and what happens to one more (OWASP ASVS 5.0,
/// 7.1.2).
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
    /// At most this many: one more log-in is refused. A remembered browser comes back all the
    /// same, with one session more. A browser that was closed without logging out counts until its
    /// session idles out: whoever loses a device can then not log in until somebody ends it.
    Refuse(NonZeroU16),
}

impl SessionLimit {
    /// [`EndOldest`](Self::EndOldest) of this many; of none, no limit.
    pub fn end_oldest(sessions: u16) -> Self {
        NonZeroU16::new(sessions).map_or(Self::None, Self::EndOldest)
    }

    /// [`Refuse`](Self::Refuse) with this many; with none, no limit.
    pub fn refuse(sessions: u16) -> Self {
        NonZeroU16::new(sessions).map_or(Self::None, Self::Refuse)
    }
}

impl<U: User> Visit<U> {
    /// Whether `user` may have one session more, which takes the place of `replaced`.
    pub(crate) async fn may_begin(
        &self,
        user: &U,
        replaced: Replaced,
        now: Timestamp,
    ) -> Result<bool> {
        let SessionLimit::Refuse(limit) = self.manager.session_limit else {
            return Ok(true);
        };
        let alive = self.alive(user, now).await?;
        let others = alive
            .iter()
            .filter(|other| Some(other.id) != replaced.session);
        Ok(others.count() < usize::from(limit.get()))
    }

    /// Ends what is too much now that `session` has begun. Two log-ins at a time both look, and
    /// end the same ones. Where the store fails, those that are left end with the next log-in.
    pub(crate) async fn end_oldest(&self, user: &U, session: &Session, now: Timestamp) {
        if let Err(error) = self.try_end_oldest(user, session, now).await {
            let session = &session.public_id;
            tracing::warn!(%error, session, "a user may have too many sessions");
        }
    }

    async fn try_end_oldest(&self, user: &U, session: &Session, now: Timestamp) -> Result<()> {
        let SessionLimit::EndOldest(limit) = self.manager.session_limit else {
            return Ok(());
        };
        let alive = self.alive(user, now).await?;
        let others = alive.into_iter().filter(|other| other.id != session.id);
        for other in others.skip(usize::from(limit.get()) - 1) {
            if self.manager.store.revoke(other.id).await? {
                let user = Some(other.user_id.clone());
                self.tell_of(Event::SessionEnded, user, Some(other.public_id))
                    .await;
            }
        }
        Ok(())
    }

    /// The sessions of `user` that are alive, the last seen first.
    pub(crate) async fn alive(&self, user: &U, now: Timestamp) -> Result<Vec<Session>> {
        let manager = &*self.manager;
        let (realm, id, epoch) = (&manager.realm, user.id(), user.session_epoch());
        let store = &manager.store;
        store
            .list_alive(realm, &id, epoch, manager.expiry, now)
            .await
    }
}
