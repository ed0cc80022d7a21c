//! Finding the user by their session: from the cache, or else from the stores.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::request::Parts;

use crate::clock::Timestamp;
use crate::error::Result;
use crate::login::cache::{Cached, LoginCache};
use crate::login::logged_in::LoggedIn;
use crate::login::visit::Visit;
use crate::login::{Event, User};
use crate::session::{Session, SessionExpiry, SessionId};

/// A session that ends this soon because of another epoch is probably a mistake in the app.
const JUST_BEGUN: Duration = Duration::from_secs(10);

const STALE_USER: &str = "a session has just begun and ends: its user has another `session_epoch` \
    than the user that `log_in` got; if the log-in replaced the password's hash, pass the user \
    with the new hash to `log_in`";

/// The cache's result for a session.
pub(super) enum Lookup<U> {
    /// The session and its user, ready to use without waiting.
    Hit(Arc<LoggedIn<U>>),
    /// The session, ready to use, and its user's epoch in the users table. The user is loaded at
    /// each request.
    SessionOnly(Arc<Session>, i64),
    /// No usable session.
    Miss(SessionId),
    /// The request has no session.
    NoSession,
}

impl<U: User> Visit<U> {
    /// Looks only in the cache.
    pub(super) fn look_in_cache(&self, request: Option<&Parts>) -> Lookup<U> {
        let tokens = self.tokens();
        let Some(id) = tokens.session else {
            return Lookup::NoSession;
        };
        // Report a malformed cookie before using the cache.
        let cache = self.context.cache.as_ref();
        let Some(cache) = cache.filter(|_| !tokens.has_malformed_cookie) else {
            return Lookup::Miss(id);
        };
        let now = self.settings().clock.now();
        match cache.get(id, now) {
            Some(Cached::LoggedIn(known)) => match self.still_good(known, request, now) {
                Some(logged_in) => Lookup::Hit(logged_in),
                None => Lookup::Miss(id),
            },
            Some(Cached::Session(session, epoch)) if self.is_good(&session, request, now) => {
                Lookup::SessionOnly(session, epoch)
            }
            Some(Cached::Session(..)) | None => Lookup::Miss(id),
        }
    }

    /// The user of the session, after `lookup` in the cache. `headers` are the request's, if there
    /// may be a message for the visitor.
    pub(super) async fn by_session(
        &self,
        lookup: Lookup<U>,
        headers: Option<&HeaderMap>,
    ) -> Result<Option<Arc<LoggedIn<U>>>> {
        let now = self.settings().clock.now();
        let id = match lookup {
            Lookup::Hit(logged_in) => return Ok(Some(logged_in)),
            Lookup::NoSession => return Ok(None),
            Lookup::Miss(id) => id,
            Lookup::SessionOnly(session, epoch) => {
                let loaded = self.settings().loader.load(session.user_id.clone()).await?;
                if let Some(user) = loaded
                    && i64::from(user.session_epoch()) == epoch
                    && user.is_active()
                {
                    return Ok(Some(Arc::new(self.logged_in(user, session, now).await?)));
                }
                session.id
            }
        };
        self.load_session(id, now, headers).await
    }

    /// The only place that decides whether a session from the store is valid.
    async fn load_session(
        &self,
        id: SessionId,
        now: Timestamp,
        headers: Option<&HeaderMap>,
    ) -> Result<Option<Arc<LoggedIn<U>>>> {
        let (context, settings) = (&*self.context, self.settings());
        let expiry = settings.sessions.expiry;
        let before = context.cache.as_ref().and_then(LoginCache::snapshot);
        let Some((mut session, loaded)) = context.load(id, now).await? else {
            return Ok(None);
        };
        if !expiry.is_alive(&session, now) {
            if SessionExpiry::is_of_the_future(&session, now) {
                context.warn_of_clock(&session, now);
            }
            return Ok(None);
        }
        let exists = loaded.is_some();
        let Some(user) = self.if_in_epoch(loaded, session.user_epoch).await? else {
            if exists && session.created_at + JUST_BEGUN > now {
                let user = session.user_id.as_str();
                tracing::warn!(user, "{STALE_USER}");
            }
            settings.store.revoke(session.id).await?;
            self.emit_for_session(Event::SessionEnded, &session).await;
            return Ok(None);
        };
        if !user.is_active() || !self.protect(&mut session).await? {
            return Ok(None);
        }
        if expiry.is_touch_due(&session, now) {
            if self.is_of_copied_cookie(&session, headers).await? {
                return Ok(None);
            }
            self.touch(&mut session, now).await;
        }
        let logged_in = Arc::new(self.logged_in(user, Arc::new(session), now).await?);
        if let (Some(cache), Some(before)) = (&context.cache, before) {
            cache.keep(&logged_in, before, now);
        }
        Ok(Some(logged_in))
    }

    /// The user, if their epoch is still `epoch`.
    pub(super) async fn if_in_epoch(&self, user: Option<U>, epoch: i64) -> Result<Option<U>> {
        let Some(user) = user else {
            return Ok(None);
        };
        let is_in_it = self.context.epoch_of(&user).await? == epoch;
        Ok(is_in_it.then_some(user))
    }

    /// The cache's result, if this request can use it unchanged.
    fn still_good(
        &self,
        known: Arc<LoggedIn<U>>,
        request: Option<&Parts>,
        now: Timestamp,
    ) -> Option<Arc<LoggedIn<U>>> {
        let session = known.session.as_ref()?;
        if !self.is_good(session, request, now) || !known.user.is_active() {
            return None;
        }
        let is_remembered = self.is_of_remembered(session);
        if is_remembered && self.settings().sessions.remember.refresh_each_request {
            return None;
        }
        let is_fresh = self.is_fresh(session, now);
        if known.is_fresh == is_fresh && known.is_remembered == is_remembered {
            return Some(known);
        }
        Some(Arc::new(LoggedIn {
            is_fresh,
            is_remembered,
            user: known.user.clone(),
            session: Some(session.clone()),
        }))
    }

    /// Whether a cached session may be used without a store call.
    fn is_good(&self, session: &Session, request: Option<&Parts>, now: Timestamp) -> bool {
        let expiry = self.settings().sessions.expiry;
        expiry.is_alive(session, now)
            && !expiry.is_touch_due(session, now)
            && !self.must_protect(session, request)
    }

    async fn logged_in(
        &self,
        user: U,
        session: Arc<Session>,
        now: Timestamp,
    ) -> Result<LoggedIn<U>> {
        Ok(LoggedIn {
            is_fresh: self.is_fresh(&session, now),
            is_remembered: self.is_remembered(&session, now).await?,
            user,
            session: Some(session),
        })
    }

    /// Whether the credential of a session was shown recently enough.
    pub(super) fn is_fresh(&self, session: &Session, now: Timestamp) -> bool {
        let shown_at = session.authenticated_at;
        let limit = self.settings().sessions.fresh_for;
        session.is_fresh
            && shown_at <= now + SessionExpiry::MAX_CLOCK_SKEW
            && limit.is_none_or(|limit| now.since(shown_at) < limit)
    }

    /// Writes the last-seen time. If that fails, the session only idles out earlier, so the
    /// request continues.
    pub(super) async fn touch(&self, session: &mut Session, now: Timestamp) {
        let (touches, store) = (&self.context.touches, &self.settings().store);
        match touches.touch(store, session.id, now).await {
            Ok(()) => session.last_seen_at = now,
            Err(error) => {
                tracing::warn!(session = session.public_id, %error, "last-seen time not written");
            }
        }
    }

    /// At most `limit` of the current user's valid sessions, after the one with this public id.
    pub(crate) async fn sessions(
        &self,
        request: &Parts,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Session>> {
        let Some(logged_in) = self.resolve(request).await? else {
            return Ok(Vec::new());
        };
        let epoch = match &logged_in.session {
            Some(session) => session.user_epoch,
            None => self.context.epoch_of(&logged_in.user).await?,
        };
        let now = self.settings().clock.now();
        self.alive(&logged_in.user, epoch, now, after, limit).await
    }

    /// Whether the current user's session is still in the store, and valid.
    pub(crate) async fn is_still_logged_in(&self) -> Result<bool> {
        let Some(logged_in) = self.known().flatten() else {
            return Ok(false);
        };
        let Some(session) = &logged_in.session else {
            return Ok(true);
        };
        let settings = self.settings();
        let found = settings.store.load(session.id).await?;
        let now = settings.clock.now();
        Ok(found.is_some_and(|found| settings.sessions.expiry.is_alive(&found, now)))
    }
}
