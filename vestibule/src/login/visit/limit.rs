//! Enforcing the session limit at a log-in.

use std::collections::HashSet;
use std::num::NonZeroU16;

use crate::clock::Timestamp;
use crate::error::Result;
use crate::login::visit::Visit;
use crate::login::{Event, SessionLimit, User, UserId};
use crate::session::{Replaced, Session};

impl<U: User> Visit<U> {
    /// Whether the user may have one more session, replacing the one in this browser.
    ///
    /// # Errors
    /// When the session store failed.
    pub(crate) async fn has_room_for(&self, user: &U, epoch: i64) -> Result<bool> {
        let now = self.settings().clock.now();
        let before = self.before_one_more(user, epoch, now).await?;
        Ok(self.may_begin(&before, self.replaced()))
    }

    /// The sessions of `user` before one more begins, as many as the limit needs to know; empty if
    /// there is no limit.
    ///
    /// # Errors
    /// When the session store failed and the limit rejects log-ins.
    pub(crate) async fn before_one_more(
        &self,
        user: &U,
        epoch: i64,
        now: Timestamp,
    ) -> Result<Vec<Session>> {
        match self.settings().sessions.limit {
            SessionLimit::None => Ok(Vec::new()),
            SessionLimit::EndOldest(limit) => {
                let alive = self.alive_within(limit, user, epoch, now).await;
                Ok(alive.unwrap_or_default())
            }
            SessionLimit::Reject(limit) => self.alive_within(limit, user, epoch, now).await,
        }
    }

    /// Emits that a log-in was rejected by the limit, if it is one that rejects.
    pub(crate) async fn emit_too_many(&self, user: UserId) {
        if matches!(self.settings().sessions.limit, SessionLimit::Reject(_)) {
            self.emit_for(Event::TooManySessions, Some(user)).await;
        }
    }

    /// Whether one more may begin besides those in `before`, replacing `replaced`.
    pub(crate) fn may_begin(&self, before: &[Session], replaced: Replaced) -> bool {
        let SessionLimit::Reject(limit) = self.settings().sessions.limit else {
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

    /// Ends the excess sessions, now that `session` has begun besides those in `before`. That may
    /// be `session` itself, if others began at the same moment. Returns whether it still exists.
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

    async fn try_keep_limit(
        &self,
        user: &U,
        session: &Session,
        before: &[Session],
        now: Timestamp,
    ) -> Result<bool> {
        let (limit, ends_oldest) = match self.settings().sessions.limit {
            SessionLimit::None => return Ok(true),
            SessionLimit::EndOldest(limit) => (limit, true),
            SessionLimit::Reject(limit) => (limit, false),
        };
        // Runs once, unless the user has more sessions than one query returns, such as from a time
        // without a limit.
        loop {
            let alive = self.alive_within(limit, user, session.user_epoch, now);
            let alive = alive.await?;
            let are_all = alive.len() < looked_at(limit);
            let others = one_of_each_browser(alive, Some(session));
            let room = usize::from(limit.get()) - 1;
            if !ends_oldest {
                let stays = others.len() <= room;
                if !stays {
                    self.settings().store.revoke(session.id).await?;
                }
                return Ok(stays);
            }
            let (stays, excess) = excess(&others, session, before, room);
            let mut has_ended = false;
            for ended in excess {
                if self.settings().store.revoke(ended.id).await? {
                    has_ended = true;
                    self.emit_for_session(Event::SessionEnded, ended).await;
                }
            }
            if are_all || !stays || !has_ended {
                return Ok(stays);
            }
        }
    }

    /// The valid sessions of `user`, most recently used first, as many as this limit needs to know.
    async fn alive_within(
        &self,
        limit: NonZeroU16,
        user: &U,
        epoch: i64,
        now: Timestamp,
    ) -> Result<Vec<Session>> {
        let most = looked_at(limit);
        self.alive(user, epoch, now, None, most).await
    }

    /// At most `limit` valid sessions of `user`, most recently used first. With `after`, those that
    /// follow the session with this public id.
    pub(super) async fn alive(
        &self,
        user: &U,
        epoch: i64,
        now: Timestamp,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Session>> {
        let (settings, id) = (self.settings(), user.id());
        let (of_user, lasts) = (
            (&*settings.realm, &id, epoch),
            (settings.sessions.expiry, now),
        );
        let store = &settings.store;
        store.list_alive(of_user, lasts, after, limit).await
    }
}

/// The number of a user's sessions to read to enforce a limit: two for each browser, and some more
/// that begin at the same moment.
fn looked_at(limit: NonZeroU16) -> usize {
    usize::from(limit.get()) * 2 + 100
}

/// Whether `session` stays if `others` leave room for so many, and the sessions to end.
///
/// Sessions that begin at the same moment each check themselves. A fixed order keeps two from
/// ending each other. Those that existed `before` count as older, even if the clocks disagree.
fn excess<'a>(
    others: &'a [Session],
    session: &'a Session,
    before: &[Session],
    room: usize,
) -> (bool, impl Iterator<Item = &'a Session>) {
    let begun = |session: &Session| (session.created_at, session.id);
    let was_there = |other: &Session| before.iter().any(|before| before.id == other.id);
    let (newer, older): (Vec<_>, Vec<_>) = others
        .iter()
        .partition(|other| !was_there(other) && begun(other) > begun(session));
    let room = room.checked_sub(newer.len());
    let stays = room.is_some();
    let too_old = older.into_iter().skip(room.unwrap_or(0));
    (stays, too_old.chain((!stays).then_some(session)))
}

/// One session per browser, the first in the list, excluding the browser of `this`. Sessions of one
/// remembered login are in one browser, and end together.
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
