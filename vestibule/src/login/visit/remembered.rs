//! Finding the user by the remember cookie.

use std::sync::Arc;

use http::HeaderMap;
use http::request::Parts;

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::login::logged_in::LoggedIn;
use crate::login::visit::Visit;
use crate::login::{Event, SessionLimit, User, UserId};
use crate::session::{
    DataValues, RememberToken, RememberedId, RememberedLogin, Session, SessionExpiry, TokenState,
};

impl<U: User> Visit<U> {
    /// Restarts the remember cookie's duration, in the store and in the browser.
    async fn remember_for_longer(&self, token: &RememberToken, now: Timestamp) -> Result<()> {
        let store = &self.settings().store;
        let Some(mut remembered) = store
            .load_remembered(token.id(&self.settings().realm))
            .await?
        else {
            return Ok(());
        };
        // If another request has changed the token, the browser gets that one.
        if remembered.token != token.digest() || !remembered.is_alive(now) {
            return Ok(());
        }
        let before = remembered.expires_at;
        remembered.expires_at = now + remembered.duration;
        // Write to the store only occasionally, as for the last-seen time.
        let lag = SessionExpiry::TOUCH_EVERY.min(remembered.duration / 4);
        if remembered.expires_at.since(before) >= lag {
            store
                .extend_remembered(remembered.id, remembered.expires_at)
                .await?;
        }
        self.state().set_cookies().remember =
            Some(self.context.cookies.remember.set(token, &remembered, now));
        Ok(())
    }

    /// Begins a session if the remember cookie is valid, and replaces its token.
    pub(super) async fn by_remember_cookie(&self, request: &Parts) -> Result<Option<LoggedIn<U>>> {
        let Some(token) = &self.tokens().remember else {
            return Ok(None);
        };
        if self.state().is_answered {
            // The next token would not reach the browser. It would then send this one again, which
            // looks like theft.
            return Ok(None);
        }
        let settings = self.settings();
        // Of parallel requests with one token, one succeeds. The others try again, and find that
        // the token was just replaced, or the login ended.
        for _ in 0..3 {
            let now = settings.clock.now();
            let Some(remembered) = settings
                .store
                .load_remembered(token.id(&settings.realm))
                .await?
            else {
                return Ok(None);
            };
            if !remembered.is_alive(now) {
                return Ok(None);
            }
            let (rotated, successor) =
                match remembered.judge(token, now, settings.sessions.remember.grace) {
                    TokenState::Current => {
                        let (rotated, successor) =
                            remembered.rotated(token, &settings.random, now)?;
                        (Some(rotated), successor)
                    }
                    TokenState::JustReplaced(successor)
                        if !self.is_replaced_elsewhere(&remembered).await? =>
                    {
                        (None, successor)
                    }
                    TokenState::JustReplaced(_) | TokenState::Reused => {
                        let headers = Some(&request.headers);
                        self.end_copied(&remembered.user_id, remembered.id, headers)
                            .await?;
                        return Ok(None);
                    }
                };
            let loaded = settings.loader.load(remembered.user_id.clone()).await?;
            let Some(user) = self.if_in_epoch(loaded, remembered.user_epoch).await? else {
                let user = &remembered.user_id;
                self.end(remembered.id, user, Event::SessionEnded).await?;
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

    /// Begins a session from a remembered login, unless it has changed since it was read. `rotated`
    /// is the login with its next token, unless the presented token had just been replaced.
    async fn resume(
        &self,
        user: &U,
        seen: &RememberedLogin,
        rotated: Option<RememberedLogin>,
        (successor, now): (&RememberToken, Timestamp),
        request: &Parts,
    ) -> Result<Option<Session>> {
        let settings = self.settings();
        let (session_token, mut session) = self.new_session(user.id(), seen.user_epoch, now)?;
        session.is_fresh = false;
        session.remembered = Some(seen.id);
        session.authenticated_at = seen.created_at;
        session.methods = seen.methods;
        session.confirmed_by = seen.confirmed_by;
        // A session without a credential must not outlast the longest session of the original
        // log-in, or the remembered login, whichever is later, however often it is resumed.
        let latest = (seen.created_at + settings.sessions.expiry.absolute).max(seen.expires_at);
        session.expires_at = session.expires_at.min(latest);
        session.is_from_replaced_token = rotated.is_none();
        if session.is_from_replaced_token {
            let soon = now + Session::FROM_REPLACED_TOKEN_LASTS;
            session.expires_at = session.expires_at.min(soon);
        }
        let mut rotated = rotated.unwrap_or_else(|| seen.clone());
        if settings.sessions.remember.refresh_each_request {
            rotated.expires_at = now + rotated.duration;
        }
        let remember_cookie = self.context.cookies.remember.set(successor, &rotated, now);
        // A limit that rejects log-ins still lets a remembered browser resume.
        let ends_oldest = matches!(settings.sessions.limit, SessionLimit::EndOldest(_));
        let before = match ends_oldest {
            true => self.before_one_more(user, seen.user_epoch, now).await?,
            false => Vec::new(),
        };
        let kept = match self.data_of_replaced(seen).await? {
            Some(data) => data,
            None => self.kept_data(&request.headers).await?,
        };
        let resumed = settings
            .store
            .resume(session.clone(), kept, rotated, seen.token)
            .await?;
        if !resumed {
            return Ok(None);
        }
        // The token has changed, so the browser must get it even if something else fails.
        self.set_session_cookie(&session_token);
        self.state().set_cookies().remember = Some(remember_cookie);
        self.drop_data(&request.headers).await;
        if ends_oldest && !self.keep_limit(user, &session, &before, now).await {
            self.forget();
            return Ok(None);
        }
        self.context.sweep_if_due();
        self.emit_for_session(Event::LoadedFromCookie, &session)
            .await;
        Ok(Some(session))
    }

    /// The app's values of the browser's own session, if a just-replaced token began it. That
    /// session ends soon, and its values continue in the next one.
    async fn data_of_replaced(&self, login: &RememberedLogin) -> Result<Option<DataValues>> {
        let store = &self.settings().store;
        let Some(id) = self.tokens().session else {
            return Ok(None);
        };
        let before = store.load(id).await?;
        let is_its = |session: &Session| {
            session.is_from_replaced_token && session.remembered == Some(login.id)
        };
        match before.filter(is_its) {
            Some(session) => store.load_data(session.id).await.map(Some),
            None => Ok(None),
        }
    }

    async fn end(&self, id: RememberedId, user: &UserId, event: Event) -> Result<()> {
        self.settings().store.revoke_remembered(id).await?;
        self.emit_for(event, Some(user.clone())).await;
        Ok(())
    }

    /// Ends a remembered login whose cookie somebody has copied.
    async fn end_copied(
        &self,
        user: &UserId,
        id: RememberedId,
        headers: Option<&HeaderMap>,
    ) -> Result<()> {
        self.end(id, user, Event::RememberCookieReused).await?;
        self.forget();
        if let Some(headers) = headers {
            self.leave_message(self.settings().rejections.views.copied(), headers);
        }
        Ok(())
    }

    /// Whether another browser has just replaced the token that this one sent. One browser always
    /// sends the same user agent.
    async fn is_replaced_elsewhere(&self, remembered: &RememberedLogin) -> Result<bool> {
        let sessions = self.settings().store.list_remembered(remembered.id).await?;
        let replaced_it = sessions
            .iter()
            .find(|session| !session.is_from_replaced_token);
        Ok(replaced_it.is_some_and(|session| !self.sender().may_have_begun(session, None)))
    }

    /// Checks for a second browser with a copy of the remember cookie, and if there is one, ends
    /// the login. Called when a session that a just-replaced token began is used again after the
    /// grace period. A browser has one session cookie, so if the session begun by the current token
    /// was used after this one, two browsers have the login.
    pub(super) async fn is_of_copied_cookie(
        &self,
        session: &Session,
        headers: Option<&HeaderMap>,
    ) -> Result<bool> {
        let settings = self.settings();
        let Some(login) = session.remembered else {
            return Ok(false);
        };
        let remember = &settings.sessions.remember;
        let over_at = session.created_at + remember.grace;
        // Its first use may be late, because its cookie replaced the other one's a moment ago. And
        // hosts that share a remember cookie each have their own session cookie.
        let is_first_use = session.last_seen_at <= session.created_at;
        if !session.is_from_replaced_token || is_first_use || remember.domain.is_some() {
            return Ok(false);
        }
        let used_before = over_at.max(session.last_seen_at);
        let sessions = settings.store.list_remembered(login).await?;
        let are_both_used = sessions
            .iter()
            .any(|other| !other.is_from_replaced_token && other.last_seen_at >= used_before);
        if are_both_used {
            self.end_copied(&session.user_id, login, headers).await?;
        }
        Ok(are_both_used)
    }

    /// Whether the session belongs to this browser's remembered login.
    pub(super) fn is_of_remembered(&self, session: &Session) -> bool {
        let token = self.tokens().remember.as_ref();
        token.is_some_and(|token| Some(token.id(&self.settings().realm)) == session.remembered)
    }

    /// As [`is_of_remembered`](Self::is_of_remembered); also restarts the duration, if configured.
    pub(super) async fn is_remembered(&self, session: &Session, now: Timestamp) -> Result<bool> {
        let is_remembered = self.is_of_remembered(session);
        if is_remembered
            && self.settings().sessions.remember.refresh_each_request
            && let Some(token) = &self.tokens().remember
        {
            self.remember_for_longer(token, now).await?;
        }
        Ok(is_remembered)
    }

    /// Whether the browser may have a remember cookie, valid or not. A cookie with its own path is
    /// not sent to the login page.
    pub(super) fn may_have_remember_cookie(&self) -> bool {
        let tokens = self.tokens();
        tokens.remember.is_some()
            || tokens.has_malformed_cookie
            || self.settings().sessions.remember.path != "/"
    }
}
