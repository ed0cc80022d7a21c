//! How many sessions a user may have.

use std::num::NonZeroU16;

use crate::clock::Timestamp;
use crate::error::Result;
use crate::login::visit::Visit;
use crate::login::{Event, User};
use crate::session::{Replaced, Session, one_of_each_browser};

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
        let mut others = self.alive(user, now).await?;
        let is_replaced = |other: &Session| replaced.session == Some(other.id);
        let before = others.iter().filter(|other| is_replaced(other));
        let before: Vec<_> = before.filter_map(|before| before.remembered).collect();
        others.retain(|other| {
            let login = other.remembered;
            let ends = login.is_some_and(|login| before.contains(&login));
            !is_replaced(other) && !ends && (login.is_none() || login != replaced.remembered)
        });
        one_of_each_browser(&mut others, None);
        Ok(others.len() < usize::from(limit.get()))
    }

    /// Ends what is too much now that `session` has begun. Returns whether that is still there.
    pub(crate) async fn end_oldest(&self, user: &U, session: &Session, now: Timestamp) -> bool {
        let SessionLimit::EndOldest(limit) = self.manager.session_limit else {
            return true;
        };
        let stays = self.try_end_oldest(limit, user, session, now).await;
        stays_unless_known(stays, session)
    }

    /// Of log-ins at a time each looks after its session is there. So the last one sees them all,
    /// and none is left that is too much.
    async fn try_end_oldest(
        &self,
        limit: NonZeroU16,
        user: &U,
        session: &Session,
        now: Timestamp,
    ) -> Result<bool> {
        let others = self.other_browsers(user, session, now).await?;
        // Those that began after this one look for themselves: otherwise two would end one another,
        // as those of one millisecond may.
        let (newer, older): (Vec<_>, Vec<_>) = others
            .into_iter()
            .partition(|other| other.created_at > session.created_at);
        let room = usize::from(limit.get()).checked_sub(1 + newer.len());
        let stays = room.is_some();
        let too_old = older.iter().skip(room.unwrap_or(0));
        for ended in too_old.chain((!stays).then_some(session)) {
            if self.manager.store.revoke(ended.id).await? {
                self.tell_of_session(Event::SessionEnded, ended).await;
            }
        }
        Ok(stays)
    }

    /// Ends `session`, which has just begun, where others began at the same moment and it is one
    /// too many. Returns whether it is still there.
    pub(crate) async fn end_surplus(&self, user: &U, session: &Session, now: Timestamp) -> bool {
        let SessionLimit::Refuse(limit) = self.manager.session_limit else {
            return true;
        };
        let stays = async {
            let others = self.other_browsers(user, session, now).await?;
            let stays = others.len() < usize::from(limit.get());
            if !stays {
                self.manager.store.revoke(session.id).await?;
            }
            Ok(stays)
        };
        stays_unless_known(stays.await, session)
    }

    /// A session of each other browser of `user`, the last seen first.
    async fn other_browsers(
        &self,
        user: &U,
        session: &Session,
        now: Timestamp,
    ) -> Result<Vec<Session>> {
        let mut others = self.alive(user, now).await?;
        one_of_each_browser(&mut others, Some(session));
        others.retain(|other| other.id != session.id);
        Ok(others)
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

/// Where the store fails, a user may have too many sessions until the next log-in.
fn stays_unless_known(stays: Result<bool>, session: &Session) -> bool {
    stays.unwrap_or_else(|error| {
        let session = &session.public_id;
        tracing::warn!(%error, session, "a user may have too many sessions");
        true
    })
}
