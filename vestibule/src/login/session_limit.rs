//! How many sessions a user may have.

use std::collections::HashSet;
use std::num::NonZeroU16;

use crate::clock::Timestamp;
use crate::error::Result;
use crate::login::visit::Visit;
use crate::login::{Event, User};
use crate::session::{Replaced, Session};

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

    /// [`Refuse`](Self::Reject) with this many; with none, no limit.
    pub fn reject(sessions: u16) -> Self {
        NonZeroU16::new(sessions).map_or(Self::None, Self::Reject)
    }
}

impl<U: User> Visit<U> {
    /// The sessions of `user` before one more begins; none where there is no limit.
    ///
    /// # Errors
    /// When the session store failed, and it has to be known whether one more may begin.
    pub(crate) async fn before_one_more(&self, user: &U, now: Timestamp) -> Result<Vec<Session>> {
        match self.manager.session_limit {
            SessionLimit::None => Ok(Vec::new()),
            SessionLimit::EndOldest(_) => Ok(self.alive(user, now).await.unwrap_or_default()),
            SessionLimit::Reject(_) => self.alive(user, now).await,
        }
    }

    /// Whether one more may begin beside those `before`, in the place of `replaced`.
    pub(crate) fn may_begin(&self, before: &[Session], replaced: Replaced) -> bool {
        let SessionLimit::Reject(limit) = self.manager.session_limit else {
            return true;
        };
        let is_replaced = |session: &Session| replaced.session == Some(session.id);
        let ended = before.iter().filter(|session| is_replaced(session));
        let ended = ended.filter_map(|session| session.remembered);
        let ended: Vec<_> = ended.chain(replaced.remembered).collect();
        let others = before.iter().filter(|session| {
            let ends = session
                .remembered
                .is_some_and(|login| ended.contains(&login));
            !is_replaced(session) && !ends
        });
        one_of_each_browser(others.cloned(), None).len() < usize::from(limit.get())
    }

    /// Ends what is too much now that `session` has begun, beside those `before`; that may be
    /// itself, where others began at the same moment. Returns whether it is still there.
    pub(crate) async fn keep_limit(
        &self,
        user: &U,
        session: &Session,
        before: &[Session],
        now: Timestamp,
    ) -> bool {
        let kept = self.try_keep_limit(user, session, before, now).await;
        kept.unwrap_or_else(|error| {
            let session = &session.public_id;
            tracing::warn!(%error, session, "a user may have too many sessions until the next log-in");
            true
        })
    }

    /// Of log-ins at a time each looks after its session is there. So the last one sees them all,
    /// and none is left that is too much.
    async fn try_keep_limit(
        &self,
        user: &U,
        session: &Session,
        before: &[Session],
        now: Timestamp,
    ) -> Result<bool> {
        let (limit, ends_oldest) = match self.manager.session_limit {
            SessionLimit::None => return Ok(true),
            SessionLimit::EndOldest(limit) => (limit, true),
            SessionLimit::Reject(limit) => (limit, false),
        };
        let alive = self.alive(user, now).await?;
        let others = one_of_each_browser(alive, Some(session));
        let room = usize::from(limit.get()) - 1;
        if !ends_oldest {
            let stays = others.len() <= room;
            if !stays {
                self.manager.store.revoke(session.id).await?;
            }
            return Ok(stays);
        }
        // Those that begin at the same moment look for themselves, and have an order, or two would
        // end one another. What was there before is older, whatever the clocks say.
        let begun = |session: &Session| (session.created_at, session.id);
        let was_there = |other: &Session| before.iter().any(|before| before.id == other.id);
        let (newer, older): (Vec<_>, Vec<_>) = others
            .into_iter()
            .partition(|other| !was_there(other) && begun(other) > begun(session));
        let room = room.checked_sub(newer.len());
        let stays = room.is_some();
        let too_old = older.iter().skip(room.unwrap_or(0));
        for ended in too_old.chain((!stays).then_some(session)) {
            if self.manager.store.revoke(ended.id).await? {
                self.emit_for_session(Event::SessionEnded, ended).await;
            }
        }
        Ok(stays)
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

/// One session of each browser, the first in the list, without that of `this`: those that came of
/// one remembered login are of one browser, and end together.
fn one_of_each_browser(
    sessions: impl IntoIterator<Item = Session>,
    this: Option<&Session>,
) -> Vec<Session> {
    let mut logins: HashSet<_> = this.and_then(|this| this.remembered).into_iter().collect();
    let others = sessions.into_iter().filter(|session| {
        this.is_none_or(|this| this.id != session.id)
            && session.remembered.is_none_or(|login| logins.insert(login))
    });
    others.collect()
}
