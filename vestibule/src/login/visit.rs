//! One request's answer to "who is this?", found when first asked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::response::Response;
use cookie::Cookie;
use http::header::{CACHE_CONTROL, VARY};
use http::request::Parts;
use http::{Extensions, HeaderValue};

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::login::cookies::Cookies;
use crate::login::event::Refused;
use crate::login::protection::Sender;
use crate::login::refusal::original_path;
use crate::login::rule::Demand;
#[cfg(any(test, feature = "testing"))]
use crate::login::testing::TestLogin;
use crate::login::{Event, EventRecord, LoginManager, User, UserId};
use crate::session::{Brought, RememberToken, Session, SessionExpiry, SessionToken};
use crate::web::cookies;

/// What the layer puts into a request: the tokens the browser brought, and who they stand for
/// once somebody asks.
pub(crate) struct Visit<U> {
    pub(crate) manager: Arc<LoginManager<U>>,
    pub(crate) cookies: Arc<Cookies>,
    pub(crate) token: Option<SessionToken>,
    pub(crate) remember_token: Option<RememberToken>,
    pub(crate) has_rubbish: bool,
    /// Whether another login manager around this one has its cookies or its user type.
    is_mixed_up: bool,
    pub(crate) sender: Sender,
    #[cfg(any(test, feature = "testing"))]
    pub(crate) test_login: Option<TestLogin<U>>,
    /// Held while the visitor is being looked up, as that can begin a session.
    looking_up: tokio::sync::Mutex<()>,
    state: Mutex<State<U>>,
}

pub(crate) struct State<U> {
    pub(super) visitor: Visitor<U>,
    pub(super) session_cookie: Option<Cookie<'static>>,
    pub(crate) remember_cookie: Option<Cookie<'static>>,
    pub(crate) next_cookie: Option<Cookie<'static>>,
    pub(crate) messages_cookie: Option<Cookie<'static>>,
}

#[derive(Clone)]
pub(super) enum Visitor<U> {
    NotAsked,
    Anonymous,
    LoggedIn(Arc<LoggedIn<U>>),
}

/// The realm of the login manager whose layer a request has passed last.
#[derive(Clone)]
struct InRealm(Arc<str>);

/// A user, and the session that says so; a user of the request loader has none.
#[derive(Debug)]
pub(crate) struct LoggedIn<U> {
    pub(crate) user: U,
    pub(crate) session: Option<Arc<Session>>,
    pub(crate) is_fresh: bool,
    pub(crate) is_remembered: bool,
}

impl<U: User> Visit<U> {
    /// Reads our cookies and nothing else; the store is not asked yet.
    pub(crate) fn begin(
        manager: Arc<LoginManager<U>>,
        cookies: Arc<Cookies>,
        request: &mut axum::extract::Request,
    ) -> Arc<Self> {
        let mut has_rubbish = false;
        let token = known(cookies.session.read(request.headers()), &mut has_rubbish);
        let remember_token = known(cookies.remember.read(request.headers()), &mut has_rubbish);
        Arc::new(Self {
            token,
            remember_token,
            has_rubbish,
            is_mixed_up: Self::is_mixed_up(&manager.realm, request.extensions_mut()),
            sender: Sender::of(
                request.headers(),
                request.extensions(),
                &manager.trusted_proxies,
            ),
            #[cfg(any(test, feature = "testing"))]
            test_login: TestLogin::take(request.extensions_mut()),
            manager,
            cookies,
            looking_up: tokio::sync::Mutex::default(),
            state: Mutex::new(State {
                visitor: Visitor::NotAsked,
                session_cookie: None,
                remember_cookie: None,
                next_cookie: None,
                messages_cookie: None,
            }),
        })
    }

    /// Whether there is a login manager around this one with the same realm, which reads the
    /// same cookies, or the same user type, whose visitors nobody could ask for.
    fn is_mixed_up(realm: &Arc<str>, extensions: &mut Extensions) -> bool {
        let around = extensions.insert(InRealm(realm.clone()));
        around.is_some_and(|around| around.0 == *realm) || Self::of(extensions).is_some()
    }

    /// # Errors
    /// When it cannot be told whose visitor this is.
    pub(crate) fn check(&self) -> Result<()> {
        if !self.is_mixed_up {
            return Ok(());
        }
        Err(Error::config(format!(
            "two login managers on this route have one realm, or users of one type: give that of \
             `{}` a realm of its own (`LoginManager::realm`) and a user type of its own",
            std::any::type_name::<U>()
        )))
    }

    /// The visit that the layer put into this request.
    pub(crate) fn of(extensions: &Extensions) -> Option<Arc<Self>> {
        extensions.get::<Arc<Self>>().cloned()
    }

    /// Who this is. The store and the user loader are asked once a request.
    pub(crate) async fn resolve(&self, request: &Parts) -> Result<Option<Arc<LoggedIn<U>>>> {
        self.check()?;
        if let Some(known) = self.known() {
            return Ok(known);
        }
        let _alone = self.looking_up.lock().await;
        if let Some(known) = self.known() {
            return Ok(known);
        }
        #[cfg(any(test, feature = "testing"))]
        if let Some(test_login) = self.test_login.as_ref().filter(|login| login.begin()) {
            test_login.check(&self.manager).await?;
            self.log_in(&test_login.user, test_login.options()).await?;
            return Ok(self.known().flatten());
        }
        let found = self.look_up(request).await?;
        self.state().visitor = match &found {
            Some(logged_in) => Visitor::LoggedIn(logged_in.clone()),
            None => Visitor::Anonymous,
        };
        self.tell(Event::Accessed).await;
        Ok(found)
    }

    /// Tells what happened to whoever is logged in.
    pub(crate) async fn tell(&self, event: Event) {
        if !self.manager.listeners.want(event) {
            return;
        }
        let (user, session) = self.known_ids();
        self.tell_of(event, user, session).await;
    }

    /// Whoever is logged in, and the public id of the session.
    fn known_ids(&self) -> (Option<UserId>, Option<String>) {
        let Some(logged_in) = self.known().flatten() else {
            return (None, None);
        };
        let session = logged_in.session.as_ref();
        let session = session.map(|session| session.public_id.clone());
        (Some(logged_in.user.id()), session)
    }

    /// Tells what happened to somebody.
    pub(crate) async fn tell_of(
        &self,
        event: Event,
        user: Option<UserId>,
        session: Option<String>,
    ) {
        let record = self.record(event, user, session);
        self.manager.listeners.tell(record).await;
    }

    /// Tells that whoever is logged in, or nobody, was refused.
    pub(crate) async fn tell_refused(&self, event: Event, demand: Demand, request: &Parts) {
        if !self.manager.listeners.want(event) {
            return;
        }
        let (user, session) = self.known_ids();
        let mut record = self.record(event, user, session);
        let path = original_path(request).split('?').next();
        record.refused = Some(Refused {
            rule: demand.to_string(),
            method: request.method.to_string(),
            path: path
                .into_iter()
                .flat_map(str::chars)
                .take(Refused::MAX_PATH_CHARS)
                .collect(),
        });
        self.manager.listeners.tell(record).await;
    }

    fn record(&self, event: Event, user: Option<UserId>, session: Option<String>) -> EventRecord {
        let manager = &*self.manager;
        EventRecord {
            event,
            at: manager.clock.now(),
            realm: manager.realm.to_string(),
            user,
            session,
            address: self.sender.address,
            user_agent: self.sender.user_agent(),
            refused: None,
        }
    }

    /// Whether a session's credential was shown recently enough.
    pub(crate) fn is_fresh(&self, session: &Session, now: Timestamp) -> bool {
        let shown_at = session.authenticated_at;
        let limit = self.manager.fresh_for;
        session.is_fresh
            && shown_at <= now + SessionExpiry::MAX_CLOCK_SKEW
            && limit.is_none_or(|limit| now.since(shown_at) < limit)
    }

    pub(crate) fn set_session_cookie(&self, token: &SessionToken) {
        self.state().session_cookie = Some(self.cookies.session.set(token));
    }

    /// Writes on the response what came of it: the cookies, and that no cache may keep a page
    /// that depends on who asked.
    pub(crate) fn finish(&self, response: &mut Response) {
        let mut state = self.state();
        let is_asked = !matches!(state.visitor, Visitor::NotAsked);
        let state = &mut *state;
        let mut cookies = [
            &mut state.session_cookie,
            &mut state.remember_cookie,
            &mut state.next_cookie,
            &mut state.messages_cookie,
        ]
        .into_iter()
        .filter_map(Option::take)
        .peekable();
        if !is_asked && cookies.peek().is_none() {
            return;
        }
        let headers = response.headers_mut();
        if !headers.get_all(VARY).iter().any(|vary| vary == "cookie") {
            headers.append(VARY, HeaderValue::from_static("cookie"));
        }
        // Whatever the handler thinks: what depends on who asks is nobody else's.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for cookie in cookies {
            cookies::append(headers, &cookie);
        }
    }

    /// Whether the browser may have a remember cookie, in whatever state; one under a path of
    /// its own is not sent to the login page.
    pub(super) fn may_have_remember_cookie(&self) -> bool {
        self.remember_token.is_some() || self.has_rubbish || self.manager.remember.path != "/"
    }

    /// The session of this request, as far as somebody has asked or logged in.
    pub(super) fn session(&self) -> Option<Arc<Session>> {
        self.known().flatten()?.session.clone()
    }

    /// Who is logged in, if that is known already.
    pub(super) fn known(&self) -> Option<Option<Arc<LoggedIn<U>>>> {
        match &self.state().visitor {
            Visitor::NotAsked => None,
            Visitor::Anonymous => Some(None),
            Visitor::LoggedIn(logged_in) => Some(Some(logged_in.clone())),
        }
    }

    #[cfg(any(test, feature = "testing"))]
    pub(super) fn test_login_is_done(&self) {
        if let Some(test_login) = &self.test_login {
            test_login.begin();
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State<U>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn known<T>(brought: Brought<T>, has_rubbish: &mut bool) -> Option<T> {
    match brought {
        Brought::Nothing => None,
        Brought::Token(token) => Some(token),
        Brought::Rubbish => {
            *has_rubbish = true;
            None
        }
    }
}

impl<U> std::fmt::Debug for Visit<U> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Visit")
    }
}
