//! One request's answer to "who is this?", found when first asked.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use axum::response::Response;
use cookie::Cookie;
use http::header::{CACHE_CONTROL, Entry, VARY};
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderValue};

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::login::anonymous::SetValue;
use crate::login::data::DataRead;
use crate::login::event::Rejected;
use crate::login::layer::Serving;
use crate::login::protection::Sender;
use crate::login::refusal::original_path;
use crate::login::rule::Demand;
#[cfg(any(test, feature = "testing"))]
use crate::login::testing::TestLogin;
use crate::login::{Event, EventRecord, User, UserId};
use crate::session::{CookieToken, RememberToken, Session, SessionExpiry, SessionId, SessionToken};
use crate::web::cookies;

/// What the layer puts into a request: the tokens the browser brought, and who they stand for
/// once somebody asks.
pub(crate) struct Visit<U> {
    pub(crate) manager: Arc<Serving<U>>,
    /// That of the login manager around this one.
    around: Option<Innermost>,
    credentials: OnceLock<Credentials>,
    /// Whether another login manager around this one has its cookies or its user type.
    clashes: bool,
    #[cfg(any(test, feature = "testing"))]
    pub(crate) test_login: Option<TestLogin<U>>,
    /// Held while the visitor is being looked up, as that can begin a session.
    pub(super) looking_up: tokio::sync::Mutex<()>,
    pub(super) data: tokio::sync::Mutex<Option<Box<DataRead>>>,
    state: Mutex<State<U>>,
}

pub(crate) struct State<U> {
    pub(super) visitor: Visitor<U>,
    /// The anonymous session that this request leaves the browser with: not yet said, none, one.
    pub(super) anonymous_session: Option<Option<SessionId>>,
    /// Whether the response has begun, so that no cookie can go with it any more.
    pub(super) is_answered: bool,
    set_cookies: Option<Box<SetCookies>>,
}

/// The cookies that go with the response. Few have any.
#[derive(Default)]
pub(crate) struct SetCookies {
    pub(crate) session: Option<Cookie<'static>>,
    pub(crate) remember: Option<Cookie<'static>>,
    pub(crate) next: Option<Cookie<'static>>,
    pub(crate) messages: Option<Cookie<'static>>,
    pub(crate) anonymous: Option<Cookie<'static>>,
    /// By name.
    pub(crate) data: BTreeMap<String, SetValue>,
}

impl<U> State<U> {
    fn known(&self) -> Option<Option<Arc<LoggedIn<U>>>> {
        match &self.visitor {
            Visitor::NotAsked => None,
            Visitor::Anonymous => Some(None),
            Visitor::LoggedIn(logged_in) => Some(Some(logged_in.clone())),
        }
    }

    /// The values of an anonymous visitor that go with the response, by name.
    pub(crate) fn set_data(&self) -> impl Iterator<Item = (&String, &SetValue)> {
        self.set_cookies.iter().flat_map(|set| &set.data)
    }

    pub(crate) fn set_cookies(&mut self) -> &mut SetCookies {
        self.set_cookies.get_or_insert_default()
    }
}

#[derive(Clone)]
pub(super) enum Visitor<U> {
    NotAsked,
    Anonymous,
    LoggedIn(Arc<LoggedIn<U>>),
}

/// What the browser sent, as far as it matters here.
pub(crate) struct Credentials {
    pub(crate) token: Option<SessionToken>,
    pub(crate) remember_token: Option<RememberToken>,
    pub(crate) has_malformed_cookie: bool,
    pub(crate) sender: Sender,
}

/// The visit at the login manager whose layer a request has passed last.
#[derive(Clone)]
struct Innermost {
    visit: Arc<dyn AnyVisit>,
    /// The types of users for whom nobody may ask, as they are being looked up.
    hidden: Vec<TypeId>,
}

trait AnyVisit: Any + Send + Sync {
    fn realm(&self) -> &str;

    fn around(&self) -> Option<&Innermost>;
}

impl<U: User> AnyVisit for Visit<U> {
    fn realm(&self) -> &str {
        &self.manager.realm
    }

    fn around(&self) -> Option<&Innermost> {
        self.around.as_ref()
    }
}

impl Innermost {
    /// This one, or one around it, with users of this type.
    fn of<U: User>(&self) -> Option<Arc<Visit<U>>> {
        if self.hidden.contains(&TypeId::of::<U>()) {
            return None;
        }
        let visit: Arc<dyn Any + Send + Sync> = self.visit.clone();
        visit.downcast().ok().or_else(|| self.visit.around()?.of())
    }

    /// Whether this one, or one around it, has this realm, and so the same cookies, or this user
    /// type, and so hides the other.
    fn clashes_with<U: User>(&self, realm: &str) -> bool {
        let visit: &dyn Any = &*self.visit;
        self.visit.realm() == realm
            || visit.is::<Visit<U>>()
            || (self.visit.around()).is_some_and(|around| around.clashes_with::<U>(realm))
    }
}

/// A user, and the session that says so; a user of the request loader has none.
#[derive(Debug)]
pub(crate) struct LoggedIn<U> {
    pub(crate) user: U,
    pub(crate) session: Option<Arc<Session>>,
    pub(crate) is_fresh: bool,
    pub(crate) is_remembered: bool,
}

impl Credentials {
    fn nothing() -> Self {
        Self {
            token: None,
            remember_token: None,
            has_malformed_cookie: false,
            sender: Sender::nobody(),
        }
    }
}

impl<U: User> Visit<U> {
    /// Puts a visit into the request. Nothing is read yet: most pages may never ask.
    pub(crate) fn begin(
        manager: Arc<Serving<U>>,
        request: &mut axum::extract::Request,
    ) -> Arc<Self> {
        let extensions = request.extensions_mut();
        let around = extensions.remove::<Innermost>();
        let visit = Arc::new(Self {
            credentials: OnceLock::new(),
            clashes: around
                .as_ref()
                .is_some_and(|around| around.clashes_with::<U>(&manager.realm)),
            around,
            #[cfg(any(test, feature = "testing"))]
            test_login: TestLogin::take(extensions),
            manager,
            looking_up: tokio::sync::Mutex::default(),
            data: tokio::sync::Mutex::default(),
            state: Mutex::new(State {
                visitor: Visitor::NotAsked,
                anonymous_session: None,
                is_answered: false,
                set_cookies: None,
            }),
        });
        extensions.insert(Innermost {
            visit: visit.clone(),
            hidden: Vec::new(),
        });
        visit
    }

    /// # Errors
    /// When it cannot be told whose visitor this is.
    pub(crate) fn check(&self) -> Result<()> {
        if !self.clashes {
            return Ok(());
        }
        Err(Error::config(format!(
            "two login managers on this route have one realm, or users of one type: give that of \
             `{}` a realm of its own (`LoginManager::realm`) and a user type of its own",
            std::any::type_name::<U>()
        )))
    }

    /// # Errors
    /// When the response has begun: a token that is made now would not reach the browser.
    pub(super) fn check_unanswered(&self) -> Result<()> {
        if !self.state().is_answered {
            return Ok(());
        }
        Err(Error::config(
            "the response has begun, and the cookie of a log-in cannot go with it: log in and \
             confirm before the handler returns, and not in a stream",
        ))
    }

    /// The visit that the layer put into this request, which has been read.
    pub(crate) fn of(headers: &HeaderMap, extensions: &Extensions) -> Option<Arc<Self>> {
        let visit = extensions.get::<Innermost>()?.of::<U>()?;
        visit
            .credentials
            .get_or_init(|| visit.read(headers, extensions));
        Some(visit)
    }

    /// Takes the user away from a request with which they are looked up: whoever asked it for them
    /// would wait for themselves.
    pub(super) fn hide(extensions: &mut Extensions) {
        if let Some(innermost) = extensions.get_mut::<Innermost>() {
            innermost.hidden.push(TypeId::of::<U>());
        }
    }

    /// Reads our cookies and nothing else; the store is not asked yet.
    fn read(&self, headers: &HeaderMap, extensions: &Extensions) -> Credentials {
        let mut has_malformed_cookie = false;
        Credentials {
            token: known(
                self.manager.cookies.session.read(headers),
                &mut has_malformed_cookie,
            ),
            remember_token: known(
                self.manager.cookies.remember.read(headers),
                &mut has_malformed_cookie,
            ),
            has_malformed_cookie,
            sender: Sender::of(headers, extensions, &self.manager.trusted_proxies),
        }
    }

    /// What the browser sent. Whoever got the visit by [`of`](Self::of) finds it read.
    pub(crate) fn credentials(&self) -> &Credentials {
        self.credentials.get_or_init(Credentials::nothing)
    }

    /// Who this is. The store and the user loader are asked once a request.
    pub(crate) async fn resolve(&self, request: &Parts) -> Result<Option<Arc<LoggedIn<U>>>> {
        self.check()?;
        match self.known_at_once() {
            Some(known) => Ok(known),
            // Much larger, and boxed so that most requests do not carry it.
            None => Box::pin(self.resolve_by_stores(request)).await,
        }
    }

    /// Who this is, if that is known already or can be told from the cache, and there is nobody to
    /// be told of it.
    pub(super) fn known_at_once(&self) -> Option<Option<Arc<LoggedIn<U>>>> {
        let mut state = self.state();
        if matches!(state.visitor, Visitor::NotAsked)
            && !self.has_test_login()
            && !self.manager.listeners.want(Event::Accessed)
            && let Some(logged_in) = self.by_cache()
        {
            state.visitor = Visitor::LoggedIn(logged_in);
        }
        state.known()
    }

    async fn resolve_by_stores(&self, request: &Parts) -> Result<Option<Arc<LoggedIn<U>>>> {
        let _alone = self.looking_up.lock().await;
        if let Some(known) = self.known() {
            return Ok(known);
        }
        #[cfg(any(test, feature = "testing"))]
        if let Some(test_login) = self.test_login.as_ref().filter(|login| login.begin()) {
            test_login.check(&self.manager).await?;
            let options = test_login.options();
            self.log_in(&test_login.user, options, &request.headers)
                .await?;
            return Ok(self.known().flatten());
        }
        let found = self.look_up(request).await?;
        self.note(match &found {
            Some(logged_in) => Visitor::LoggedIn(logged_in.clone()),
            None => Visitor::Anonymous,
        });
        self.emit(Event::Accessed).await;
        Ok(self.known().flatten())
    }

    /// Notes who this is, unless somebody has logged in meanwhile.
    fn note(&self, visitor: Visitor<U>) {
        let mut state = self.state();
        if !matches!(state.visitor, Visitor::LoggedIn(_)) {
            state.visitor = visitor;
        }
    }

    /// Tells what happened to whoever is logged in.
    pub(crate) async fn emit(&self, event: Event) {
        if !self.manager.listeners.want(event) {
            return;
        }
        let (user, session) = self.known_ids();
        self.emit_for(event, user, session).await;
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
    pub(crate) async fn emit_for(
        &self,
        event: Event,
        user: Option<UserId>,
        session: Option<String>,
    ) {
        let record = self.record(event, user, session);
        self.manager.listeners.emit(record).await;
    }

    /// Tells that whoever is logged in, or nobody, was refused.
    pub(crate) async fn emit_rejected(&self, event: Event, demand: Demand, request: &Parts) {
        if !self.manager.listeners.want(event) {
            return;
        }
        let (user, session) = self.known_ids();
        let mut record = self.record(event, user, session);
        let path = original_path(request).split('?').next();
        record.rejected = Some(Rejected {
            rule: demand.to_string(),
            method: request.method.to_string(),
            path: path
                .into_iter()
                .flat_map(str::chars)
                .take(Rejected::MAX_PATH_CHARS)
                .collect(),
        });
        self.manager.listeners.emit(record).await;
    }

    fn record(&self, event: Event, user: Option<UserId>, session: Option<String>) -> EventRecord {
        let manager = &*self.manager;
        EventRecord {
            event,
            at: manager.clock.now(),
            realm: manager.realm.to_string(),
            user,
            session,
            address: self.credentials().sender.address,
            user_agent: self.credentials().sender.user_agent(),
            rejected: None,
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
        self.state().set_cookies().session = Some(self.manager.cookies.session.set(token));
    }

    /// Writes on the response what came of it: the cookies, and that no cache may keep a page
    /// that depends on who asked.
    pub(crate) fn finish(&self, response: &mut Response) {
        let mut state = self.state();
        state.is_answered = true;
        if state.set_cookies.is_none() && matches!(state.visitor, Visitor::NotAsked) {
            return;
        }
        let headers = response.headers_mut();
        let cookie = HeaderValue::from_static("cookie");
        match headers.entry(VARY) {
            Entry::Vacant(vary) => drop(vary.insert(cookie)),
            Entry::Occupied(mut vary) => {
                if vary.iter().all(|vary| *vary != cookie) {
                    vary.append(cookie);
                }
            }
        }
        // Whatever the handler thinks: what depends on who asks is nobody else's.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let Some(set) = &state.set_cookies else {
            return;
        };
        let cookies = [
            &set.session,
            &set.remember,
            &set.next,
            &set.messages,
            &set.anonymous,
        ];
        let data = set.data.values().map(|set| &set.cookie);
        for cookie in cookies.into_iter().flatten().chain(data) {
            cookies::append(headers, cookie);
        }
    }

    /// Whether the browser may have a remember cookie, in whatever state; one under a path of
    /// its own is not sent to the login page.
    pub(super) fn may_have_remember_cookie(&self) -> bool {
        let sent = self.credentials();
        sent.remember_token.is_some()
            || sent.has_malformed_cookie
            || self.manager.remember.path != "/"
    }

    /// The session of this request, as far as somebody has asked or logged in.
    pub(super) fn session(&self) -> Option<Arc<Session>> {
        self.known().flatten()?.session.clone()
    }

    /// Who is logged in, if that is known already.
    pub(super) fn known(&self) -> Option<Option<Arc<LoggedIn<U>>>> {
        self.state().known()
    }

    /// Whether a test says who this is.
    #[cfg(any(test, feature = "testing"))]
    fn has_test_login(&self) -> bool {
        self.test_login.is_some()
    }

    #[cfg(not(any(test, feature = "testing")))]
    #[expect(
        clippy::unused_self,
        reason = "its twin in tests has something to look at"
    )]
    fn has_test_login(&self) -> bool {
        false
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

fn known<T>(brought: CookieToken<T>, has_malformed_cookie: &mut bool) -> Option<T> {
    match brought {
        CookieToken::Absent => None,
        CookieToken::Valid(token) => Some(token),
        CookieToken::Malformed => {
            *has_malformed_cookie = true;
            None
        }
    }
}

impl<U> std::fmt::Debug for Visit<U> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Visit")
    }
}
