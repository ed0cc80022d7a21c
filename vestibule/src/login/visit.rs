//! One request's answer to "who is this?", found when first asked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::response::Response;
use cookie::Cookie;
use data_encoding::HEXLOWER;
use http::header::{CACHE_CONTROL, VARY};
use http::{Extensions, HeaderMap, HeaderValue};

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::login::{LoginManager, User, UserId};
use crate::session::{Session, SessionStore, SessionToken};
use crate::web::cookies;

/// What the layer puts into a request: the token the browser brought, and who it stands for
/// once somebody asks.
pub(crate) struct Visit<U> {
    pub(crate) manager: Arc<LoginManager<U>>,
    token: Option<SessionToken>,
    state: Mutex<State<U>>,
}

struct State<U> {
    visitor: Visitor<U>,
    set_cookie: Option<Cookie<'static>>,
}

#[derive(Clone)]
enum Visitor<U> {
    NotAsked,
    Anonymous,
    LoggedIn(Arc<LoggedIn<U>>),
}

/// A user and the session that says so.
#[derive(Debug)]
pub(crate) struct LoggedIn<U> {
    pub(crate) user: U,
    pub(crate) session: Session,
}

impl<U: User> Visit<U> {
    /// Reads our cookie and nothing else; the store is not asked yet.
    pub(crate) fn begin(manager: Arc<LoginManager<U>>, headers: &HeaderMap) -> Arc<Self> {
        Arc::new(Self {
            token: manager.cookie.read(headers),
            manager,
            state: Mutex::new(State {
                visitor: Visitor::NotAsked,
                set_cookie: None,
            }),
        })
    }

    /// The visit that the layer put into this request.
    pub(crate) fn of(extensions: &Extensions) -> Option<Arc<Self>> {
        extensions.get::<Arc<Self>>().cloned()
    }

    /// Who this is. The store and the user loader are asked once a request.
    pub(crate) async fn resolve(&self) -> Result<Option<Arc<LoggedIn<U>>>> {
        let known = self.state().visitor.clone();
        match known {
            Visitor::LoggedIn(logged_in) => Ok(Some(logged_in)),
            Visitor::Anonymous => Ok(None),
            Visitor::NotAsked => {
                let found = self.look_up().await?.map(Arc::new);
                self.state().visitor = match &found {
                    Some(logged_in) => Visitor::LoggedIn(logged_in.clone()),
                    None => Visitor::Anonymous,
                };
                Ok(found)
            }
        }
    }

    /// From token to session to user: the one place where a session is judged.
    async fn look_up(&self) -> Result<Option<LoggedIn<U>>> {
        let Some(token) = &self.token else {
            return Ok(None);
        };
        let manager = &*self.manager;
        let Some(session) = manager.store.load(token.id()).await? else {
            return Ok(None);
        };
        let now = manager.clock.now();
        if !manager.expiry.is_alive(&session, now) {
            return Ok(None);
        }
        let Some(user) = manager.loader.load(session.user_id.clone()).await? else {
            tracing::info!(session = session.public_id, "ended: its user is gone");
            manager.store.revoke(session.id).await?;
            return Ok(None);
        };
        if user.session_epoch() != session.user_epoch {
            tracing::info!(
                session = session.public_id,
                "ended: it is of an epoch before"
            );
            manager.store.revoke(session.id).await?;
            return Ok(None);
        }
        if !user.is_active() {
            return Ok(None);
        }
        if manager.expiry.is_touch_due(&session, now) {
            self.touch(&session, now).await;
        }
        Ok(Some(LoggedIn { user, session }))
    }

    /// Writes the last-seen time. Where that fails the session only idles out earlier, so the
    /// request goes on.
    async fn touch(&self, session: &Session, now: Timestamp) {
        if let Err(error) = self.manager.store.touch(session.id, now).await {
            tracing::warn!(session = session.public_id, %error, "last-seen time not written");
        }
    }

    /// Begins a session for `user` under a new token and ends the one the browser brought.
    pub(crate) async fn log_in(&self, user: &U, remember: bool) -> Result<()> {
        let manager = &*self.manager;
        let user_id = user.id();
        if user_id.as_str().is_empty() || user_id.as_str().chars().count() > UserId::MAX_CHARS {
            return Err(Error::config(format!(
                "a user's id has 1 to {} characters",
                UserId::MAX_CHARS
            )));
        }
        let token = SessionToken::generate(&manager.random)?;
        let public_id = HEXLOWER.encode(&manager.random.bytes::<12>()?);
        let now = manager.clock.now();
        let lifetime = manager.expiry.absolute;
        let epoch = user.session_epoch();
        let session = Session::new(token.id(), public_id, user_id, epoch, now, lifetime);
        let replaced = self
            .logged_in()
            .map(|before| before.session.id)
            .or_else(|| self.token.as_ref().map(SessionToken::id));
        manager.store.create(session.clone(), replaced).await?;
        manager.sweep_if_due();
        tracing::info!(user = %session.user_id, session = session.public_id, "logged in");
        let mut state = self.state();
        state.set_cookie = Some(
            manager
                .cookie
                .set(&token, remember.then_some(manager.expiry.absolute)),
        );
        state.visitor = Visitor::LoggedIn(Arc::new(LoggedIn {
            user: user.clone(),
            session,
        }));
        Ok(())
    }

    /// Ends the session on the server and in the browser.
    ///
    /// Both the session of this very request's log-in, if there was one, and the session whose
    /// token the browser brought.
    pub(crate) async fn log_out(&self) -> Result<()> {
        let brought = self.token.as_ref().map(SessionToken::id);
        if let Some(id) = brought {
            self.manager.store.revoke(id).await?;
        }
        if let Some(logged_in) = self.logged_in() {
            let session = &logged_in.session;
            if brought != Some(session.id) {
                self.manager.store.revoke(session.id).await?;
            }
            tracing::info!(user = %session.user_id, session = session.public_id, "logged out");
        }
        let mut state = self.state();
        state.visitor = Visitor::Anonymous;
        state.set_cookie = Some(self.manager.cookie.remove());
        Ok(())
    }

    /// Writes on the response what came of it: the cookie, and that no cache may keep a page
    /// that depends on who asked.
    pub(crate) fn finish(&self, response: &mut Response) {
        let mut state = self.state();
        let set_cookie = state.set_cookie.take();
        if set_cookie.is_none() && matches!(state.visitor, Visitor::NotAsked) {
            return;
        }
        let headers = response.headers_mut();
        headers.append(VARY, HeaderValue::from_static("cookie"));
        // Whatever the handler thinks: what depends on who asks is nobody else's.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(cookie) = set_cookie {
            cookies::append(headers, &cookie);
        }
    }

    /// Who is logged in, as far as somebody has asked or logged in.
    fn logged_in(&self) -> Option<Arc<LoggedIn<U>>> {
        match &self.state().visitor {
            Visitor::LoggedIn(logged_in) => Some(logged_in.clone()),
            Visitor::NotAsked | Visitor::Anonymous => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State<U>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<U> std::fmt::Debug for Visit<U> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Visit")
    }
}
