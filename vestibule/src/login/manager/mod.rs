//! The login manager: the settings of logging in, in one object.

mod context;
mod cookies;
mod settings;

pub(crate) use context::LoginContext;
pub(crate) use cookies::{AnonymousCookies, AnonymousSession};
pub(crate) use settings::Settings;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::response::IntoResponse;
use http::{HeaderMap, HeaderValue};

use crate::clock::Clock;
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::error::{Error, Result};
use crate::login::loader::UserLoader;
use crate::login::manager::settings::{AnonymousData, CacheSettings};
use crate::login::rejection::RejectionHandler;
use crate::login::request_loader::SharedRequestLoader;
use crate::login::{
    AddressPrefix, Epochs, EventRecord, LoginViews, RejectedRequest, RequestLoader, SessionLimit,
    SessionProtection, User,
};
use crate::session::{
    InvalidationFeed, MAX_REALM_CHARS, RememberCookie, SessionExpiry, SessionStore,
    SharedSessionStore,
};
use crate::web::{PublicUrl, TrustedProxies};

/// Holds the user loader, the session store and the settings of logging in; gives the layer.
/// Flask-Login's `LoginManager`.
///
/// ```no_run
/// use axum::Router;
/// use vestibule::login::LoginManager;
/// use vestibule::stores::MemoryStore;
/// # use vestibule::login::{User, UserId};
/// # #[derive(Clone)] struct Member;
/// # impl User for Member { fn id(&self) -> UserId { 1_i64.into() } }
/// # async fn find(id: UserId) -> Result<Option<Member>, std::io::Error> { Ok(None) }
///
/// # fn main() -> Result<(), vestibule::Error> {
/// let manager = LoginManager::new(find, MemoryStore::new())
///     .public_url("https://example.com".parse()?)
///     .login_view("/login");
/// let app: Router = Router::new().layer(manager.layer());
/// # Ok(())
/// # }
/// ```
#[must_use = "a login manager does nothing until its layer is on a router"]
pub struct LoginManager<U> {
    pub(crate) settings: Settings<U>,
}

impl<U: User> LoginManager<U> {
    /// How many sessions are kept between requests, unless
    /// [`cached_sessions`](Self::cached_sessions) says otherwise.
    pub const CACHED_SESSIONS: usize = CacheSettings::MAX_SESSIONS;

    /// A manager that finds users by `loader` and keeps sessions in `store`.
    ///
    /// Until [`public_url`](Self::public_url) is called the cookies are those for https.
    pub fn new(loader: impl UserLoader<U>, store: impl SessionStore) -> Self {
        Self::with_store(loader, SharedSessionStore::new(store))
    }

    pub(crate) fn with_store(loader: impl UserLoader<U>, store: SharedSessionStore) -> Self {
        Self {
            settings: Settings::new(loader, store),
        }
    }

    /// Keeps epochs of users beside their table.
    pub(crate) fn epochs(mut self, epochs: Epochs) -> Self {
        self.settings.epochs = Some(epochs);
        self
    }

    /// Another way to know the user, where no cookie says who it is: by an API key, Basic or
    /// Bearer. Flask-Login's `request_loader`.
    pub fn request_loader(mut self, loader: impl RequestLoader<U>) -> Self {
        self.settings.request_loader = Some(SharedRequestLoader::new(loader));
        self
    }

    /// The address at which browsers reach the app. It decides the cookies' names and
    /// attributes, and names the one origin that forms may come from when a proxy rewrites
    /// `Host`.
    pub fn public_url(mut self, public_url: PublicUrl) -> Self {
        if !public_url.is_https() {
            tracing::warn!(
                url = %public_url,
                "plain http on this machine only: cookies are neither Secure nor __Host-; \
                 set an https public URL before anybody else logs in"
            );
        }
        self.settings.public_url = Some(public_url);
        self
    }

    /// The proxies in front of the app, whose `X-Forwarded-For` is believed. Default: none, and
    /// the visitor's address is the connection's.
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.settings.trusted_proxies = proxies;
        self
    }

    /// What tells this login manager from others of the same app, such as `admin`: it goes into
    /// the names of its cookies and marks its sessions, so that several can share a store.
    /// Default: empty.
    ///
    /// Each needs a realm and a user type of its own. Two in one realm read one cookie: the
    /// customer 1 of one would be the admin 1 of the other. On one route that is refused with
    /// 500; on routes apart nobody can see it.
    ///
    /// # Errors
    /// When it has anything but up to 32 ASCII letters, digits and `-`
    /// ([`Error::is_config`]).
    pub fn realm(mut self, realm: &str) -> Result<Self> {
        let is_name = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
        if realm.len() > MAX_REALM_CHARS || !realm.bytes().all(is_name) {
            return Err(Error::config(format!(
                "`{realm}` cannot be a realm: write up to {MAX_REALM_CHARS} letters, digits and `-`"
            )));
        }
        self.settings.realm = realm.into();
        Ok(self)
    }

    /// When a session ends by itself.
    pub fn expiry(mut self, expiry: SessionExpiry) -> Self {
        self.settings.sessions.expiry = expiry;
        self
    }

    /// How browsers are remembered whose users ask for it. Flask-Login's `REMEMBER_COOKIE_…`.
    ///
    /// # Errors
    /// When no browser would take such a cookie ([`Error::is_config`]).
    pub fn remember(mut self, remember: RememberCookie) -> Result<Self> {
        remember.check()?;
        self.settings.sessions.remember = remember;
        Ok(self)
    }

    /// How long after a credential was shown a log-in is fresh. Default, as Flask-Login's:
    /// until the session ends. A longer time lets whoever finds a browser unlocked do what
    /// should need the password.
    pub fn fresh_for(mut self, duration: Duration) -> Self {
        self.settings.sessions.fresh_for = Some(duration);
        self
    }

    /// How many sessions a user may have at a time. Default: as many as they like, and a thief's
    /// among them goes unseen.
    pub fn session_limit(mut self, limit: SessionLimit) -> Self {
        self.settings.sessions.limit = limit;
        self
    }

    /// How many sessions are kept in this process between requests, with their users; the least
    /// used go first. Default: [`CACHED_SESSIONS`](Self::CACHED_SESSIONS); 0 for none.
    ///
    /// Nothing is kept that may have changed: what this process changes counts at once, what others
    /// change within [`InvalidationFeed::BOUND`] and one look at the store, and in practice much sooner.
    /// Needs a store with a [feed](SessionStore::feed); all of ours have one.
    pub fn cached_sessions(mut self, sessions: usize) -> Self {
        self.settings.cache.max_sessions = sessions;
        self
    }

    /// Keeps users for this long between requests, at most for about a minute, where the user
    /// loader has no [feed](UserLoader::feed) of its own. Whoever changes a user tells
    /// [`user_feed`](Self::user_feed), on each node; what nobody tells of counts when the
    /// time is over. Default: each request loads its user.
    pub fn cache_users_for(mut self, duration: Duration) -> Self {
        self.settings.cache.users_for = Some(duration);
        self
    }

    /// What the app tells of users it has changed, where it keeps them by
    /// [`cache_users_for`](Self::cache_users_for).
    ///
    /// ```
    /// use std::time::Duration;
    /// use vestibule::session::Invalidation;
    /// # use vestibule::login::{LoginManager, User};
    /// # fn sample<U: User>(manager: LoginManager<U>) {
    ///
    /// let manager = manager.cache_users_for(Duration::from_secs(10));
    /// let changes = manager.user_feed();
    /// // Wherever user 7 is changed:
    /// changes.invalidate(Invalidation::User(&7_i64.into()));
    /// # }
    /// ```
    pub fn user_feed(&self) -> InvalidationFeed {
        self.settings.cache.user_feed.clone()
    }

    /// What happens to a session that comes from another browser. Default:
    /// [`Basic`](SessionProtection::Basic).
    pub fn session_protection(mut self, protection: SessionProtection) -> Self {
        self.settings.sessions.protection = protection;
        self
    }

    /// Session protection looks at the visitor's network too. Default: not, as phones change it
    /// all the time. Needs the connection's address, by axum's
    /// `into_make_service_with_connect_info`.
    pub fn protect_address(mut self, prefix: AddressPrefix) -> Self {
        self.settings.sessions.protected_prefix = Some(prefix);
        self
    }

    /// The login page, where browsers that need to log in are sent with `next`: a path, or an
    /// address on another host, which then gets the whole address as `next`. Flask-Login's
    /// `login_view`. Without it they get 401.
    pub fn login_view(self, view: impl Into<String>) -> Self {
        self.views(LoginViews::new().login_view(view))
    }

    /// The page that asks for the credential again, where browsers are sent that need a fresh
    /// log-in. Flask-Login's `refresh_view`. Without it they get 401.
    pub fn refresh_view(self, view: impl Into<String>) -> Self {
        self.views(LoginViews::new().refresh_view(view))
    }

    /// The page that asks for a second factor, where browsers are sent whose user has shown none
    /// ([`Rule::SecondFactor`](crate::access::Rule::SecondFactor)). Without it they get 403.
    pub fn second_factor_view(self, view: impl Into<String>) -> Self {
        self.views(LoginViews::new().second_factor_view(view))
    }

    /// Pages and messages together. A router with others has [`LoginViews`] of its own.
    pub fn views(mut self, views: LoginViews) -> Self {
        self.settings.rejections.views = views.or(&self.settings.rejections.views);
        self
    }

    /// Sends visitors to the login and refresh pages on this host, whatever host they came by:
    /// `example.com`, or `example.com:8443`. Flask-Login's `FORCE_HOST_FOR_REDIRECTS`.
    ///
    /// # Errors
    /// When it is no host, with or without a port ([`Error::is_config`]).
    pub fn login_host(mut self, host: &str) -> Result<Self> {
        let url = url::Url::parse(&format!("https://{host}/"));
        let is_host = url.is_ok_and(|url| {
            url[url::Position::BeforeHost..url::Position::AfterPort] == *host && url.path() == "/"
        });
        if !is_host {
            return Err(Error::config(format!(
                "`{host}` is no host: write it like `example.com` or `example.com:8443`"
            )));
        }
        self.settings.rejections.login_host = Some(host.to_owned());
        Ok(self)
    }

    /// Gives visitors who are sent to the login or refresh page a message, in a short-lived
    /// cookie signed by `key`; read it with
    /// [`Login::take_messages`](crate::Login::take_messages) or
    /// [`Flashes`](crate::web::Flashes). Default: no messages.
    pub fn messages(mut self, key: &SecretKey) -> Self {
        self.settings.cookies.messages_key = Some(key.clone());
        self
    }

    /// Keeps `next` in a short-lived cookie signed by `key`, and not in the address. Read it
    /// with [`Login::next`](crate::Login::next). Flask-Login's `USE_SESSION_FOR_NEXT`.
    pub fn next_in_cookie(mut self, key: &SecretKey) -> Self {
        self.settings.cookies.next_key = Some(key.clone());
        self
    }

    /// Keeps the values of anonymous visitors ([`SessionData`](crate::login::SessionData)) in
    /// cookies encrypted by `key`, for as long as a session may last
    /// ([`SessionExpiry::absolute`]) and the browser is open. Default: they cannot have any.
    pub fn anonymous_data(mut self, key: &SecretKey) -> Self {
        self.settings.cookies.anonymous_data = AnonymousData::InCookies(key.clone());
        self
    }

    /// Keeps the values of anonymous visitors in the session store, where there is room for more
    /// of them: as those of a session that is nobody's, under a token in a cookie, and for as long
    /// as a session may last. No visitor can bring an older value back into such a session, but
    /// each can throw the cookie away and begin anew, or keep several: count nothing there that is
    /// worth cheating with. Whoever makes visitors' values without end fills the store. Default:
    /// they cannot have any.
    pub fn anonymous_data_in_store(mut self) -> Self {
        self.settings.cookies.anonymous_data = AnonymousData::InStore;
        self
    }

    /// Keeps no `next` at all: every log-in leads to the same page.
    pub fn without_next(mut self) -> Self {
        self.settings.rejections.has_next = false;
        self
    }

    /// The `WWW-Authenticate` header of every 401, which tells clients of an API how to
    /// authenticate: `Bearer`, or `Basic realm="shop"`. With `Basic`, browsers ask for a
    /// password in a window of their own. Default: none.
    pub fn challenge(mut self, challenge: HeaderValue) -> Self {
        self.settings.rejections.challenge = Some(challenge);
        self
    }

    /// Says a message in the visitor's language, from the message and the request's headers.
    /// Flask-Login's `localize_callback`.
    pub fn localize(
        mut self,
        localize: impl Fn(&str, &HeaderMap) -> String + Send + Sync + 'static,
    ) -> Self {
        self.settings.rejections.localize = Some(Arc::new(localize));
        self
    }

    /// Answers those who need to log in, in place of the redirect, the message and the 401.
    /// Flask-Login's `unauthorized_handler`.
    pub fn on_unauthorized<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn(RejectedRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: IntoResponse> + Send + 'static,
    {
        self.settings.rejections.on_unauthorized = Some(RejectionHandler::new(handler));
        self
    }

    /// Answers those who need a fresh log-in, in place of the redirect, the message and the
    /// 401. Flask-Login's `needs_refresh_handler`.
    pub fn on_needs_refresh<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn(RejectedRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: IntoResponse> + Send + 'static,
    {
        self.settings.rejections.on_needs_refresh = Some(RejectionHandler::new(handler));
        self
    }

    /// Answers those who are logged in and lack the right to what they ask for, in place of the
    /// 403. [`RejectedRequest::login_url`] is none: no page gives the right.
    pub fn on_forbidden<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn(RejectedRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: IntoResponse> + Send + 'static,
    {
        self.settings.rejections.on_forbidden = Some(RejectionHandler::new(handler));
        self
    }

    /// Sends users who have something to do first, such as choosing a new password, to a page of
    /// this app: `must_visit` says which, by its path as it stands on the router. Wherever a user is asked for
    /// ([`CurrentUser`](crate::CurrentUser), [`login_required`](crate::login::login_required) and
    /// their like) they are let through to that page alone. Scripts get 403.
    ///
    /// What asks for no user, such as a page that takes `Option<CurrentUser<U>>`, sees them
    /// logged in.
    pub fn must_visit<P: Into<Arc<str>>>(
        mut self,
        must_visit: impl Fn(&U) -> Option<P> + Send + Sync + 'static,
    ) -> Self {
        let must_visit = move |user: &U| must_visit(user).map(Into::into);
        self.settings.rejections.must_visit = Some(Arc::new(must_visit));
        self
    }

    /// Tells `listener` of each [`Event`](crate::login::Event) as it happens. It must not block.
    /// Flask-Login's signals.
    pub fn on_event(mut self, listener: impl Fn(&EventRecord) + Send + Sync + 'static) -> Self {
        self.settings.listeners.add(listener);
        self
    }

    /// As [`on_event`](Self::on_event), for a listener that waits: the request waits for it.
    /// Anonymous visitors cause events too: choose what to write down.
    pub fn on_event_async<F, Fut>(mut self, listener: F) -> Self
    where
        F: Fn(EventRecord) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.settings.listeners.add_async(listener);
        self
    }

    /// Where the time comes from; a test sets it.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Where randomness comes from; a test sets it.
    pub fn random(mut self, random: Random) -> Self {
        self.settings.random = random;
        self
    }
}

impl<U> fmt::Debug for LoginManager<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginManager")
            .field("realm", &self.settings.realm)
            .field("public_url", &self.settings.public_url)
            .field("expiry", &self.settings.sessions.expiry)
            .field("remember", &self.settings.sessions.remember)
            .field("fresh_for", &self.settings.sessions.fresh_for)
            .field("protection", &self.settings.sessions.protection)
            .field("views", &self.settings.rejections.views)
            .finish_non_exhaustive()
    }
}
