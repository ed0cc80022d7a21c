//! State shared by all requests of one login layer: the settings, and what changes at run time.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::clock::{Regularly, Timestamp, monotonic};
use crate::error::Result;
use crate::hang_up::HangUps;
use crate::login::cache::{LoginCache, Touches, Users};
use crate::login::loader::SessionJoin;
use crate::login::manager::cookies::Cookies;
use crate::login::manager::settings::Settings;
use crate::login::{Epochs, User};
use crate::session::{Session, SessionId};

/// State shared by all requests of one login layer.
///
/// Behind one `Arc`: axum clones the service per request, and contended reference counts are
/// expensive.
pub(crate) struct LoginContext<U> {
    pub(crate) settings: Settings<U>,
    pub(crate) cookies: Cookies,
    pub(crate) cache: Option<LoginCache<U>>,
    pub(crate) touches: Touches,
    /// Reads a session and its user by one query, if both are in the same database.
    join: Option<SessionJoin<U>>,
    sweeper: Sweeper,
    pub(crate) hang_ups: HangUps,
    pub(crate) warned_of_other_app: AtomicBool,
    /// When the log last named the origin of a rejected request.
    pub(crate) cross_origin_told: Regularly,
    warned_of_clock: Regularly,
}

impl<U: User> LoginContext<U> {
    pub(crate) fn new(settings: Settings<U>) -> Self {
        Self {
            cookies: Cookies::of(&settings),
            cache: new_cache(&settings),
            touches: Touches::default(),
            join: settings
                .loader
                .session_join()
                .filter(|join| settings.store.is_in_database_of(join.feed())),
            sweeper: Sweeper::default(),
            hang_ups: HangUps::new(),
            warned_of_other_app: AtomicBool::new(false),
            cross_origin_told: Regularly::default(),
            warned_of_clock: Regularly::default(),
            settings,
        }
    }

    /// The session with this id and its user, from the stores. The user is not loaded if the
    /// session has expired at `now`.
    pub(crate) async fn load(
        &self,
        id: SessionId,
        now: Timestamp,
    ) -> Result<Option<(Session, Option<U>)>> {
        if let Some(join) = &self.join {
            return join.load(id).await;
        }
        let settings = &self.settings;
        let Some(session) = settings.store.load(id).await? else {
            return Ok(None);
        };
        let user = match settings.sessions.expiry.is_alive(&session, now) {
            true => settings.loader.load(session.user_id.clone()).await?,
            false => None,
        };
        Ok(Some((session, user)))
    }

    /// The user's epoch, combined from the users table and our epochs table.
    pub(crate) async fn epoch_of(&self, user: &U) -> Result<i64> {
        Epochs::of(self.settings.epochs.as_ref(), user).await
    }

    /// Logs, at most once a minute, that a session is rejected because its dates are in the future at
    /// `now`. Until the clock has caught up, that happens to every session used before it jumped.
    pub(crate) fn warn_of_clock(&self, session: &Session, now: Timestamp) {
        const EVERY: Duration = Duration::from_secs(60);
        // Not by the clock that is wrong.
        let monotonic = i64::try_from(monotonic()).unwrap_or(i64::MAX);
        let since_start = Timestamp::from_millis(monotonic) + EVERY;
        if self.warned_of_clock.is_due(EVERY, since_start) {
            let ahead = session.created_at.max(session.last_seen_at).since(now);
            tracing::warn!(
                ahead_seconds = ahead.as_secs(),
                "sessions are rejected because they are dated in the future: this machine's clock \
                 was set back, or another node's is ahead; set the clocks right, or log in again"
            );
        }
    }

    /// Removes expired sessions in the background, at most every ten minutes.
    ///
    /// Called when a session begins, because only then does the number of sessions grow.
    pub(crate) fn sweep_if_due(&self) {
        self.sweeper.sweep_if_due(&self.settings);
    }
}

fn new_cache<U: User>(settings: &Settings<U>) -> Option<LoginCache<U>> {
    let (feed, cache) = (settings.store.feed()?, &settings.cache);
    // A cached session must be invalidated when its user's epoch changes.
    let knows_epochs = |epochs: &Epochs| epochs.feed().is_same(feed);
    if !settings.epochs.as_ref().is_none_or(knows_epochs) {
        return None;
    }
    let users = match (settings.loader.feed(), cache.users_for) {
        (Some(users), _) if users.is_same(feed) => Users::SameFeed,
        (Some(users), _) => Users::Until(users.clone()),
        (None, Some(duration)) => Users::For(duration, cache.user_feed.clone()),
        (None, None) => Users::NotKept,
    };
    let capacity = cache.max_sessions;
    (capacity > 0).then(|| LoginCache::new(capacity, feed.clone(), users))
}

/// Removes expired sessions from time to time.
#[derive(Default)]
struct Sweeper {
    swept: Regularly,
    /// Held by the running sweep; the next one waits for it.
    running: Arc<tokio::sync::Mutex<()>>,
}

impl Sweeper {
    const EVERY: Duration = Duration::from_secs(10 * 60);

    fn sweep_if_due<U>(&self, settings: &Settings<U>) {
        let now = settings.clock.now();
        if !self.swept.is_due(Self::EVERY, now) {
            return;
        }
        let (store, realm) = (settings.store.clone(), settings.realm.clone());
        let (expiry, running) = (settings.sessions.expiry, self.running.clone());
        tokio::spawn(async move {
            let _turn = running.lock().await;
            match store.sweep_all(&realm, expiry, now).await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "expired sessions swept"),
                Err(error) => tracing::warn!(%error, "expired sessions not swept"),
            }
        });
    }
}
