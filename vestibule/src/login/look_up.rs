//! From what a request brings to its user: the one place where sessions, remembered logins and
//! requests are judged.

use std::sync::Arc;

use http::request::Parts;

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::login::cache::{Cached, LoginCache};
use crate::login::visit::{LoggedIn, Visit};
use crate::login::{Event, SessionLimit, SessionProtection, User};
use crate::session::{
    RememberToken, RememberedLogin, Session, SessionExpiry, SessionId, TokenState,
};

impl<U: User> Visit<U> {
    /// Who this is: by the session, or else by the remember cookie, or else by the request
    /// itself.
    pub(crate) async fn look_up(&self, request: &Parts) -> Result<Option<Arc<LoggedIn<U>>>> {
        if self.credentials().has_malformed_cookie {
            self.emit_for(Event::MalformedCookie, None, None).await;
        }
        if let Some(logged_in) = self.by_session().await? {
            return Ok(Some(logged_in));
        }
        if let Some(logged_in) = self.by_remember_cookie(request).await? {
            return Ok(Some(Arc::new(logged_in)));
        }
        Ok(self.by_request(request).await?.map(Arc::new))
    }

    /// The sessions of whoever is logged in, as far as they are alive.
    pub(crate) async fn sessions(&self, request: &Parts) -> Result<Vec<Session>> {
        let Some(logged_in) = self.resolve(request).await? else {
            return Ok(Vec::new());
        };
        self.alive(&logged_in.user, self.manager.clock.now()).await
    }

    /// Whether the session of whoever is logged in is still in the store, and alive.
    pub(crate) async fn is_still_logged_in(&self) -> Result<bool> {
        let Some(logged_in) = self.known().flatten() else {
            return Ok(false);
        };
        let Some(session) = &logged_in.session else {
            return Ok(true);
        };
        let manager = &*self.manager;
        let found = manager.store.load(session.id).await?;
        Ok(found.is_some_and(|found| manager.expiry.is_alive(&found, manager.clock.now())))
    }

    pub(super) async fn by_session(&self) -> Result<Option<Arc<LoggedIn<U>>>> {
        let Some(token) = &self.credentials().token else {
            return Ok(None);
        };
        let manager = &*self.manager;
        let (id, now) = (token.id(&manager.realm), manager.clock.now());
        match self.cached(id, now) {
            Some(Cached::LoggedIn(known)) => {
                if let Some(logged_in) = self.still_good(known, now) {
                    return Ok(Some(logged_in));
                }
            }
            // Its user is loaded at each request.
            Some(Cached::Session(session)) if self.is_good(&session, now) => {
                if let Some(user) = manager.loader.load(session.user_id.clone()).await?
                    && user.session_epoch() == session.user_epoch
                    && user.is_active()
                {
                    return Ok(Some(Arc::new(self.logged_in(user, session, now).await?)));
                }
            }
            Some(Cached::Session(_)) | None => {}
        }
        let before = manager.cache.as_ref().and_then(LoginCache::snapshot);
        let Some((mut session, loaded)) = manager.load(id, now).await? else {
            return Ok(None);
        };
        if !manager.expiry.is_alive(&session, now) {
            return Ok(None);
        }
        let Some(user) = loaded.filter(|user| user.session_epoch() == session.user_epoch) else {
            manager.store.revoke(session.id).await?;
            self.emit_for_session(Event::SessionEnded, &session).await;
            return Ok(None);
        };
        if !user.is_active() || !self.protect(&mut session).await? {
            return Ok(None);
        }
        if manager.expiry.is_touch_due(&session, now) {
            self.touch(&mut session, now).await;
        }
        let logged_in = Arc::new(self.logged_in(user, Arc::new(session), now).await?);
        if let (Some(cache), Some(before)) = (&manager.cache, before) {
            cache.keep(&logged_in, before, now);
        }
        Ok(Some(logged_in))
    }

    /// Who this is by a session and its user in the cache, where there is nothing to do but to go
    /// on, and nothing to wait for. In all other cases the stores are asked.
    pub(crate) fn by_cache(&self) -> Option<Arc<LoggedIn<U>>> {
        let token = self.credentials().token.as_ref()?;
        let now = self.manager.clock.now();
        match self.cached(token.id(&self.manager.realm), now)? {
            Cached::LoggedIn(known) => self.still_good(known, now),
            Cached::Session(_) => None,
        }
    }

    fn cached(&self, id: SessionId, now: Timestamp) -> Option<Cached<U>> {
        let cache = self.manager.cache.as_ref();
        // Rubbish is told of first.
        cache
            .filter(|_| !self.credentials().has_malformed_cookie)?
            .get(id, now)
    }

    /// What the cache has, if it is good for this request as it is, and nobody need be asked.
    fn still_good(&self, known: Arc<LoggedIn<U>>, now: Timestamp) -> Option<Arc<LoggedIn<U>>> {
        let manager = &*self.manager;
        let is_theirs = |session: &&Arc<Session>| {
            self.is_good(session, now)
                && known.user.is_active()
                && known.user.session_epoch() == session.user_epoch
        };
        let session = known.session.as_ref().filter(is_theirs)?;
        let is_remembered = self.is_of_remembered(session);
        if is_remembered && manager.remember.refresh_each_request {
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

    /// Whether a session from the cache may be used without a word to the store.
    fn is_good(&self, session: &Session, now: Timestamp) -> bool {
        let expiry = self.manager.expiry;
        expiry.is_alive(session, now)
            && !expiry.is_touch_due(session, now)
            && !self.must_protect(session)
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

    /// Whether what remembers this browser is what its session came of.
    fn is_of_remembered(&self, session: &Session) -> bool {
        let token = self.credentials().remember_token.as_ref();
        token.is_some_and(|token| Some(token.id(&self.manager.realm)) == session.remembered)
    }

    /// The same; and its time counts anew, where asked to.
    async fn is_remembered(&self, session: &Session, now: Timestamp) -> Result<bool> {
        let is_remembered = self.is_of_remembered(session);
        if is_remembered
            && self.manager.remember.refresh_each_request
            && let Some(token) = &self.credentials().remember_token
        {
            self.remember_for_longer(token, now).await?;
        }
        Ok(is_remembered)
    }

    /// Whether session protection has something to do about a session: it comes from another
    /// browser, and still has something that can be taken away.
    fn must_protect(&self, session: &Session) -> bool {
        let manager = &*self.manager;
        let may_lose = match manager.protection {
            SessionProtection::Off => false,
            // Told once: at the next request of that browser there is nothing left.
            SessionProtection::Basic => session.is_fresh,
            SessionProtection::Strong => true,
        };
        may_lose
            && !self
                .credentials()
                .sender
                .may_have_begun(session, manager.protected_prefix)
    }

    /// Does what session protection says where a session comes from another browser. Returns
    /// whether the session goes on.
    async fn protect(&self, session: &mut Session) -> Result<bool> {
        if !self.must_protect(session) {
            return Ok(true);
        }
        let manager = &*self.manager;
        if manager.protection == SessionProtection::Strong {
            manager.store.revoke(session.id).await?;
            self.forget();
        } else {
            manager.store.mark_stale(session.id).await?;
            session.is_fresh = false;
        }
        self.emit_for_session(Event::SessionProtected, session)
            .await;
        Ok(manager.protection != SessionProtection::Strong)
    }

    /// Writes the last-seen time. Where that fails the session only idles out earlier, so the
    /// request goes on.
    pub(super) async fn touch(&self, session: &mut Session, now: Timestamp) {
        let manager = &*self.manager;
        match manager.touches.touch(&manager.store, session.id, now).await {
            Ok(()) => session.last_seen_at = now,
            Err(error) => {
                tracing::warn!(session = session.public_id, %error, "last-seen time not written");
            }
        }
    }

    /// Counts the remember cookie's duration anew, in the store and in the browser.
    async fn remember_for_longer(&self, token: &RememberToken, now: Timestamp) -> Result<()> {
        let store = &self.manager.store;
        let Some(mut remembered) = store.load_remembered(token.id(&self.manager.realm)).await?
        else {
            return Ok(());
        };
        // Another request may have changed the token; then the browser gets that one.
        if remembered.token != token.digest() || !remembered.is_alive(now) {
            return Ok(());
        }
        let before = remembered.expires_at;
        remembered.expires_at = now + remembered.duration;
        // The store lags behind the cookie by as much as for the last-seen time.
        let lag = SessionExpiry::TOUCH_EVERY.min(remembered.duration / 4);
        if remembered.expires_at.since(before) >= lag {
            store
                .extend_remembered(remembered.id, remembered.expires_at)
                .await?;
        }
        self.state().set_cookies().remember =
            Some(self.manager.cookies.remember.set(token, &remembered, now));
        Ok(())
    }

    async fn by_remember_cookie(&self, request: &Parts) -> Result<Option<LoggedIn<U>>> {
        let Some(token) = &self.credentials().remember_token else {
            return Ok(None);
        };
        if self.state().is_answered {
            // The next token would not reach the browser, which would come back with this one,
            // like a thief.
            return Ok(None);
        }
        let manager = &*self.manager;
        // Of requests that use one token at a time one is the first; the others find at the
        // second look that it was just replaced, or ended.
        for _ in 0..3 {
            let now = manager.clock.now();
            let Some(remembered) = manager
                .store
                .load_remembered(token.id(&manager.realm))
                .await?
            else {
                return Ok(None);
            };
            if !remembered.is_alive(now) {
                return Ok(None);
            }
            let (rotated, successor) = match remembered.judge(token, now, manager.remember.grace) {
                TokenState::Current => remembered.rotated(token, &manager.random, now)?,
                TokenState::JustReplaced(successor) => (remembered.clone(), successor),
                TokenState::Reused => {
                    self.end(&remembered, Event::RememberCookieReused).await?;
                    self.forget();
                    self.leave_message(manager.views.copied(), &request.headers);
                    return Ok(None);
                }
            };
            let loaded = manager.loader.load(remembered.user_id.clone()).await?;
            let Some(user) = loaded.filter(|user| user.session_epoch() == remembered.user_epoch)
            else {
                self.end(&remembered, Event::SessionEnded).await?;
                return Ok(None);
            };
            if !user.is_active() {
                return Ok(None);
            }
            if let Some(session) = self
                .resume(&user, &remembered, rotated, (&successor, now), request)
                .await?
            {
                let logged_in = LoggedIn {
                    is_fresh: false,
                    is_remembered: true,
                    user,
                    session: Some(Arc::new(session)),
                };
                return Ok(Some(logged_in));
            }
        }
        Err(Error::store(
            "a remembered login changes faster than it can be read",
        ))
    }

    /// Begins a session from a remembered login, if nobody else has changed that since.
    async fn resume(
        &self,
        user: &U,
        seen: &RememberedLogin,
        mut rotated: RememberedLogin,
        (successor, now): (&RememberToken, Timestamp),
        request: &Parts,
    ) -> Result<Option<Session>> {
        let manager = &*self.manager;
        let (session_token, mut session) = self.new_session(user, now)?;
        session.is_fresh = false;
        session.remembered = Some(seen.id);
        session.authenticated_at = seen.created_at;
        // However often it is resumed, a log-in without a credential lasts no longer than the
        // log-in with one could have, or than the browser is remembered.
        let latest = (seen.created_at + manager.expiry.absolute).max(seen.expires_at);
        session.expires_at = session.expires_at.min(latest);
        if manager.remember.refresh_each_request {
            rotated.expires_at = now + rotated.duration;
        }
        let remember_cookie = self.manager.cookies.remember.set(successor, &rotated, now);
        // A limit that refuses lets a remembered browser come back.
        let ends_oldest = matches!(manager.session_limit, SessionLimit::EndOldest(_));
        let before = match ends_oldest {
            true => self.before_one_more(user, now).await?,
            false => Vec::new(),
        };
        let kept = self.kept_data(&request.headers).await?;
        let resumed = manager
            .store
            .resume(session.clone(), kept, rotated, seen.token)
            .await?;
        if !resumed {
            return Ok(None);
        }
        // The token has changed, and must reach the browser whatever else fails.
        self.set_session_cookie(&session_token);
        self.state().set_cookies().remember = Some(remember_cookie);
        self.drop_data(&request.headers).await;
        if ends_oldest && !self.keep_limit(user, &session, &before, now).await {
            self.forget();
            return Ok(None);
        }
        manager.sweep_if_due();
        self.emit_for_session(Event::LoadedFromCookie, &session)
            .await;
        Ok(Some(session))
    }

    async fn end(&self, remembered: &RememberedLogin, event: Event) -> Result<()> {
        self.manager.store.revoke_remembered(remembered.id).await?;
        let user = Some(remembered.user_id.clone());
        self.emit_for(event, user, None).await;
        Ok(())
    }

    async fn by_request(&self, request: &Parts) -> Result<Option<LoggedIn<U>>> {
        let Some(loader) = &self.manager.request_loader else {
            return Ok(None);
        };
        let mut request = request.clone();
        Self::hide(&mut request.extensions);
        let loaded = loader.load(request).await?;
        let Some(user) = loaded.filter(User::is_active) else {
            return Ok(None);
        };
        self.emit_for(Event::LoadedFromRequest, Some(user.id()), None)
            .await;
        Ok(Some(LoggedIn {
            user,
            session: None,
            is_fresh: false,
            is_remembered: false,
        }))
    }

    pub(super) async fn emit_for_session(&self, event: Event, session: &Session) {
        let user = Some(session.user_id.clone());
        self.emit_for(event, user, Some(session.public_id.clone()))
            .await;
    }
}
