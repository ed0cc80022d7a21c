//! Waiting for the end of a session, in a socket or a stream.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::request::Parts;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use crate::error::Result;
use crate::login::visit::Visit;
use crate::login::{User, UserId};
use crate::session::{InvalidationFeed, Session, Slots};

/// How often to check whether the session has expired. Without a feed of changes, also how often to
/// ask the stores.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// After this many checks, the stores are asked even if no change was reported: once a minute, as
/// for cached sessions.
const MAX_LOOKS: u32 = 12;

/// After this many failures in a row, one at each check, the session counts as ended.
const MAX_FAILURES: u32 = 12;

/// Changes of other sessions wake the waiting ones too. This limits how often.
const WAKE_EVERY: Duration = Duration::from_millis(50);

impl<U: User> Visit<U> {
    /// Returns when the current user's session has ended, or when the stores have not answered for
    /// about a minute.
    pub(crate) async fn until_logged_out(&self, request: &Parts) {
        let Ok(Some(logged_in)) = self.resolve(request).await else {
            return;
        };
        let (user, feeds) = (logged_in.user.id(), self.feeds());
        let mut session = logged_in.session.clone();
        let (mut looks, mut wakes) = (every(LOOK_EVERY), every(WAKE_EVERY));
        let (mut failures, mut looked) = (0, 0);
        let (mut seen, mut were_complete) = (None, false);
        loop {
            wakes.tick().await;
            // Listen before reading, so that no change falls between.
            let changed = feeds.changed();
            let slots = session.as_deref().map(Slots::of);
            let version = slots.as_ref().map(|slots| feeds.version(slots));
            let are_complete = slots.is_some() && feeds.are_complete();
            let is_doubtful = seen != Some(version)
                || looked >= MAX_LOOKS
                || (looked > 0 && !(were_complete && are_complete))
                || session
                    .as_deref()
                    .is_some_and(|known| !self.is_alive(known));
            if is_doubtful {
                match timeout(LOOK_EVERY, self.still(&user, session.as_deref(), request)).await {
                    Ok(Ok(Still::LoggedOut)) => return,
                    Ok(Ok(Still::LoggedIn(found))) => {
                        let id = |session: &Option<Arc<Session>>| session.as_ref().map(|s| s.id);
                        let is_renewed = id(&found) != id(&session);
                        session = found;
                        (failures, looked) = (0, 0);
                        (seen, were_complete) = (Some(version), are_complete);
                        if is_renewed {
                            // Nothing listened to this session's changes during the read.
                            seen = None;
                            continue;
                        }
                    }
                    Ok(Err(_)) | Err(_) => {
                        failures += 1;
                        if failures >= MAX_FAILURES {
                            return;
                        }
                        seen = None;
                        looks.tick().await;
                        continue;
                    }
                }
            }
            looked += u32::from(look_is_due(changed, &mut looks).await);
        }
    }

    fn is_alive(&self, session: &Session) -> bool {
        let settings = self.settings();
        settings
            .sessions
            .expiry
            .is_alive(session, settings.clock.now())
    }

    /// Asks the stores. Unlike a request, this does not count as a use of the session.
    async fn still(
        &self,
        user: &UserId,
        session: Option<&Session>,
        request: &Parts,
    ) -> Result<Still> {
        let settings = self.settings();
        let Some(session) = session else {
            let found = self.load_by_request(request).await?;
            let is_same = found.is_some_and(|found| found.id() == *user);
            return Ok(if is_same {
                Still::LoggedIn(None)
            } else {
                Still::LoggedOut
            });
        };
        // Its public id stays when it is renewed.
        let found = settings
            .store
            .load_by_public_id(&settings.realm, user, &session.public_id)
            .await?;
        let Some(found) = found.filter(|found| self.is_alive(found)) else {
            return Ok(Still::LoggedOut);
        };
        let loaded = settings.loader.load(user.clone()).await?;
        let loaded = self.if_in_epoch(loaded, found.user_epoch).await?;
        Ok(match loaded.is_some_and(|user| user.is_active()) {
            true => Still::LoggedIn(Some(Arc::new(found))),
            false => Still::LoggedOut,
        })
    }

    fn feeds(&self) -> Feeds<'_> {
        let settings = self.settings();
        let of_app = &settings.cache.user_feed;
        let (sessions, users) = (settings.store.feed(), settings.loader.feed());
        let epochs = settings.epochs.as_ref().map(|epochs| epochs.feed());
        let knows_epochs = epochs.is_none_or(|epochs| sessions.is_some_and(|s| s.is_same(epochs)));
        Feeds {
            sessions: sessions.unwrap_or(of_app),
            users: users.unwrap_or(of_app),
            has_all: sessions.is_some() && users.is_some() && knows_epochs,
        }
    }
}

/// The answer of the stores.
enum Still {
    /// With this session, if the user has one.
    LoggedIn(Option<Arc<Session>>),
    LoggedOut,
}

/// The feeds of a login manager.
struct Feeds<'a> {
    sessions: &'a InvalidationFeed,
    users: &'a InvalidationFeed,
    /// Whether every change of a session or a user arrives here.
    has_all: bool,
}

impl Feeds<'_> {
    /// Resolves at the next change, counted from this call.
    fn changed(&self) -> impl Future<Output = ()> {
        let (sessions, users) = (self.sessions.changed(), self.users.changed());
        async {
            let (mut sessions, mut users) = (pin!(sessions), pin!(users));
            poll_fn(|cx| match sessions.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(()),
                Poll::Pending => users.as_mut().poll(cx),
            })
            .await;
        }
    }

    fn version(&self, slots: &Slots) -> u64 {
        let (sessions, users) = (self.sessions.version(slots), self.users.version(slots));
        sessions.wrapping_add(users)
    }

    /// Whether every change arrives here now. Begins to watch the stores.
    fn are_complete(&self) -> bool {
        let are_up = self.sessions.snapshot().is_some() & self.users.snapshot().is_some();
        self.has_all && are_up
    }
}

fn every(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// Waits for a change or the next check. Returns whether it was the check.
async fn look_is_due(changed: impl Future<Output = ()>, looks: &mut Interval) -> bool {
    let mut changed = pin!(changed);
    poll_fn(|cx| match changed.as_mut().poll(cx) {
        Poll::Ready(()) => Poll::Ready(false),
        Poll::Pending => looks.poll_tick(cx).map(|_| true),
    })
    .await
}
