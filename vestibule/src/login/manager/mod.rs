//! The login manager: all settings for logging in, in one object.

mod context;
mod cookies;
mod not_a_layer;
mod origins;
mod settings;

pub(crate) use context::LoginContext;
pub(crate) use cookies::{AnonymousCookies, AnonymousSession};
pub(crate) use settings::{FirstPage, Settings};

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::response::IntoResponse;
use http::{HeaderMap, HeaderValue};

use crate::clock::Clock;
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::error::{Error, Result};
use crate::login::loader::UserLoader;
use crate::login::logged_in::LoggedIn;
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

/// Holds the user loader, the session store and the settings, and creates the layer.
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
    /// The default number of sessions cached between requests, see
    /// [`cached_sessions`](Self::cached_sessions).
    pub const CACHED_SESSIONS: usize = CacheSettings::MAX_SESSIONS;

    /// A manager that loads users with `loader` and keeps sessions in `store`.
    ///
    /// Until you call [`public_url`](Self::public_url), it uses the cookies for https.
    pub fn new(loader: impl UserLoader<U>, store: impl SessionStore) -> Self {
        Self::with_store(loader, SharedSessionStore::new(store))
    }

    pub(crate) fn with_store(loader: impl UserLoader<U>, store: SharedSessionStore) -> Self {
        Self {
            settings: Settings::new(loader, store),
        }
    }

    /// Keeps epochs of users in a separate table.
    pub(crate) fn epochs(mut self, epochs: Epochs) -> Self {
        self.settings.epochs = Some(epochs);
        self
    }

    /// Identifies users of requests without a login cookie: by an API key, Basic or Bearer.
    /// Flask-Login's `request_loader`.
    pub fn request_loader(mut self, loader: impl RequestLoader<U>) -> Self {
        self.settings.request_loader = Some(SharedRequestLoader::new(loader));
        self
    }

    /// The address at which browsers reach the app. It decides the cookies' names and attributes,
    /// and is the only origin that forms may come from if a proxy rewrites `Host`, besides
    /// [trusted ones](Self::trusted_origin). If it has a path, the cookies are for that path alone,
    /// and no `next` leads outside of it; the pages in [`LoginViews`] are given with it, as browsers
    /// see them.
    ///
    /// **If another app with a login manager runs on the same host, under the same path or under
    /// another port, give each a [`realm`](Self::realm) of its own**, or they overwrite each other's
    /// cookies.
    pub fn public_url(self, public_url: PublicUrl) -> Self {
        match (public_url.is_https(), public_url.is_loopback()) {
            (true, _) => {}
            (false, true) => tracing::warn!(
                url = %public_url,
                "plain http works for browsers on this machine only: set an https public URL before \
                 other people use the site"
            ),
            (false, false) => tracing::warn!(
                url = %public_url,
                "DANGER: plain http on a network: anybody in it can read every password and \
                 cookie, and take over every session; put a proxy with a certificate in front"
            ),
        }
        self.unserved_at(public_url)
    }

    /// As [`public_url`](Self::public_url), without its warnings, for a process that serves nothing.
    pub(crate) fn unserved_at(mut self, public_url: PublicUrl) -> Self {
        self.settings.public_url = Some(public_url);
        self
    }

    /// The proxies whose `X-Forwarded-For` is trusted. Default: none, so the visitor's address is
    /// the connection's.
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.settings.trusted_proxies = proxies;
        self
    }

    /// A name such as `admin` that separates this login manager from others of the same app, and
    /// this app from others on the same host. It is part of the cookie names and stored with the
    /// sessions, so several managers can share a store. Default: empty.
    ///
    /// **Two apps on one host need a realm each, unless the path of their
    /// [public URLs](Self::public_url) differs: browsers do not separate their cookies, so with one
    /// realm a log-in to one app silently ends the log-in to the other.** If it happens, a warning in
    /// the log says so.
    ///
    /// Give each manager its own realm and its own user type. Two managers in one realm would read
    /// the same cookie, so customer 1 of one would be admin 1 of the other. If both are on one
    /// route, it responds with 500; on separate routes, the mistake cannot be detected.
    ///
    /// # Errors
    /// When it is not up to 32 ASCII letters, digits and `-`, or a [handle](Self::handle) has the
    /// realm before this one ([`Error::is_config`]).
    pub fn realm(mut self, realm: &str) -> Result<Self> {
        if self.settings.has_handle.load(Ordering::Relaxed) {
            return Err(Error::config(
                "set `LoginManager::realm` before `handle`: the handle has the realm before it, \
                 and would end no session of this one",
            ));
        }
        let is_name = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
        if realm.len() > MAX_REALM_CHARS || !realm.bytes().all(is_name) {
            return Err(Error::config(format!(
                "`{realm}` cannot be a realm: write up to {MAX_REALM_CHARS} letters, digits and `-`"
            )));
        }
        self.settings.realm = realm.into();
        Ok(self)
    }

    /// Sets the realm to that of the credentials.
    pub(crate) fn in_realm_of_credentials(mut self, realm: &str) -> Self {
        self.settings.realm = realm.into();
        self
    }

    /// When sessions expire.
    pub fn expiry(mut self, expiry: SessionExpiry) -> Self {
        self.settings.sessions.expiry = expiry;
        self
    }

    /// How browsers are remembered after the session. Flask-Login's `REMEMBER_COOKIE_…`.
    ///
    /// # Errors
    /// When browsers would reject such a cookie ([`Error::is_config`]).
    pub fn remember(mut self, remember: RememberCookie) -> Result<Self> {
        remember.check()?;
        self.settings.sessions.remember = remember;
        Ok(self)
    }

    /// How long a log-in is fresh after the user showed a credential. Default, as in Flask-Login:
    /// until the session ends. With a longer time, an unlocked browser can be misused longer for
    /// actions that should need the password.
    pub fn fresh_for(mut self, duration: Duration) -> Self {
        self.settings.sessions.fresh_for = Some(duration);
        self
    }

    /// How many sessions a user may have at a time. Default: no limit, so a thief's session among
    /// them is easily missed.
    pub fn session_limit(mut self, limit: SessionLimit) -> Self {
        self.settings.sessions.limit = limit;
        self
    }

    /// How many sessions are cached in this process between requests, with their users. The least
    /// used are evicted. Default: [`CACHED_SESSIONS`](Self::CACHED_SESSIONS); 0 for none.
    ///
    /// Changes invalidate the cache: those of this process immediately, those of others within
    /// [`InvalidationFeed::BOUND`] plus one look at the store, and usually much sooner. Needs a
    /// store with a [feed](SessionStore::feed); all of ours have one.
    pub fn cached_sessions(mut self, sessions: usize) -> Self {
        self.settings.cache.max_sessions = sessions;
        self
    }

    /// Caches users for this long, at most for about a minute, if the user loader has no
    /// [feed](UserLoader::feed). When you change a user, invalidate it in
    /// [`user_feed`](Self::user_feed), on each node; other changes take effect when the time is
    /// over. Default: each request loads its user.
    pub fn cache_users_for(mut self, duration: Duration) -> Self {
        self.settings.cache.users_for = Some(duration);
        self
    }

    /// The feed in which the app invalidates the users it changes, with
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

    /// What happens to a session used by another browser. Default:
    /// [`Basic`](SessionProtection::Basic).
    pub fn session_protection(mut self, protection: SessionProtection) -> Self {
        self.settings.sessions.protection = protection;
        self
    }

    /// Makes session protection check the visitor's network too. Default: off, because phones
    /// change networks often. Needs the connection's address, from axum's
    /// `into_make_service_with_connect_info`.
    pub fn protect_address(mut self, prefix: AddressPrefix) -> Self {
        self.settings.sessions.protected_prefix = Some(prefix);
        self
    }

    /// The login page, to which browsers are redirected with `next`. It is a path, or an address on
    /// another host, which then gets `next` as a full address. Flask-Login's `login_view`. Without
    /// it they get 401.
    pub fn login_view(self, view: impl Into<String>) -> Self {
        self.views(LoginViews::new().login_view(view))
    }

    /// The page that asks for the credential again, to which browsers without a fresh log-in are
    /// redirected. Flask-Login's `refresh_view`. Without it they get 401.
    pub fn refresh_view(self, view: impl Into<String>) -> Self {
        self.views(LoginViews::new().refresh_view(view))
    }

    /// The page that asks for a second factor, to which browsers without one are redirected
    /// ([`Rule::SecondFactor`](crate::access::Rule::SecondFactor)). Without it they get 403.
    pub fn second_factor_view(self, view: impl Into<String>) -> Self {
        self.views(LoginViews::new().second_factor_view(view))
    }

    /// The page where users verify their mail address, to which browsers of users who have not are
    /// redirected ([`Rule::VerifiedEmail`](crate::access::Rule::VerifiedEmail)). Without it they get
    /// 403.
    pub fn verified_email_view(self, view: impl Into<String>) -> Self {
        self.views(LoginViews::new().verified_email_view(view))
    }

    /// Sets pages and messages together. A router can override them with its own [`LoginViews`].
    pub fn views(mut self, views: LoginViews) -> Self {
        self.settings.rejections.views = views.or(&self.settings.rejections.views);
        self
    }

    /// Redirects to the login and refresh pages on this host, whichever host the request was for:
    /// `example.com`, or `example.com:8443`. Flask-Login's `FORCE_HOST_FOR_REDIRECTS`.
    ///
    /// # Errors
    /// When it is not a host with an optional port ([`Error::is_config`]).
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

    /// Adds a message when a visitor is redirected to the login or refresh page, in a short-lived
    /// cookie signed with `key`. Read it with [`Login::take_messages`](crate::Login::take_messages)
    /// or [`Flashes`](crate::web::Flashes), and add your own with
    /// [`Login::flash`](crate::Login::flash). Default: no messages.
    pub fn messages(mut self, key: &SecretKey) -> Self {
        self.settings.cookies.messages_key = Some(key.clone());
        self
    }

    /// Keeps `next` in a short-lived cookie signed with `key` instead of the address. Read it with
    /// [`Login::next`](crate::Login::next). Flask-Login's `USE_SESSION_FOR_NEXT`.
    pub fn next_in_cookie(mut self, key: &SecretKey) -> Self {
        self.settings.cookies.next_key = Some(key.clone());
        self
    }

    /// Keeps the values of anonymous visitors ([`SessionData`](crate::login::SessionData)) in
    /// cookies encrypted with `key`, until [`SessionExpiry::absolute`] has passed or the browser
    /// closes. Default: anonymous visitors cannot have values.
    pub fn anonymous_data(mut self, key: &SecretKey) -> Self {
        self.settings.cookies.anonymous_data = AnonymousData::InCookies(key.clone());
        self
    }

    /// Keeps the values of anonymous visitors in the session store, under a token in a cookie, for
    /// as long as a session may last. The store has room for more than cookies. Visitors cannot
    /// bring back an older value, but can delete the cookie and start again, or keep several. So do
    /// not enforce limits with these values. A client that creates visitors without end fills the
    /// store. Default: anonymous visitors cannot have values.
    pub fn anonymous_data_in_store(mut self) -> Self {
        self.settings.cookies.anonymous_data = AnonymousData::InStore;
        self
    }

    /// Never keeps `next`: every log-in leads to the same page.
    pub fn without_next(mut self) -> Self {
        self.settings.rejections.has_next = false;
        self
    }

    /// The `WWW-Authenticate` header of every 401, for API clients, such as `Bearer` or
    /// `Basic realm="shop"`. With `Basic`, browsers ask for a password in a dialog of their own.
    /// Default: none.
    pub fn challenge(mut self, challenge: HeaderValue) -> Self {
        self.settings.rejections.challenge = Some(challenge);
        self
    }

    /// Translates a message for the visitor, given the message and the request's headers.
    /// Flask-Login's `localize_callback`.
    pub fn localize(
        mut self,
        localize: impl Fn(&str, &HeaderMap) -> String + Send + Sync + 'static,
    ) -> Self {
        self.settings.rejections.localize = Some(Arc::new(localize));
        self
    }

    /// The response if the visitor must log in, in place of the redirect, the message and the 401.
    /// Flask-Login's `unauthorized_handler`.
    pub fn on_unauthorized<F, Fut>(mut self, handler: F) -> Self
    where
        F: FnOnce(RejectedRequest) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: IntoResponse> + Send + 'static,
    {
        self.settings.rejections.on_unauthorized = Some(RejectionHandler::new(handler));
        self
    }

    /// The response if the user needs a fresh log-in, in place of the redirect, the message and the
    /// 401. Flask-Login's `needs_refresh_handler`.
    pub fn on_needs_refresh<F, Fut>(mut self, handler: F) -> Self
    where
        F: FnOnce(RejectedRequest) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: IntoResponse> + Send + 'static,
    {
        self.settings.rejections.on_needs_refresh = Some(RejectionHandler::new(handler));
        self
    }

    /// The response if the user is logged in but lacks the permission, in place of the 403.
    /// [`RejectedRequest::login_url`] is `None`, because no page grants permissions.
    pub fn on_forbidden<F, Fut>(mut self, handler: F) -> Self
    where
        F: FnOnce(RejectedRequest) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: IntoResponse> + Send + 'static,
    {
        self.settings.rejections.on_forbidden = Some(RejectionHandler::new(handler));
        self
    }

    /// Redirects users who must do something first, such as choose a new password, to a page of
    /// this app. `must_visit` returns its path exactly as on the router. Until then, that is the
    /// only page they can use that requires a user ([`CurrentUser`](crate::CurrentUser),
    /// [`login_required`](crate::login::login_required) and similar). Scripts get 403.
    ///
    /// A page that does not require a user, such as one that takes `Option<CurrentUser<U>>`, sees
    /// them as logged in.
    pub fn must_visit<P: Into<Arc<str>>>(
        self,
        must_visit: impl Fn(&U) -> Option<P> + Send + Sync + 'static,
    ) -> Self {
        let alone = Arc::<[String]>::default();
        self.first_page(move |user: &LoggedIn<U>| {
            Some(FirstPage {
                path: must_visit(&user.user)?.into(),
                besides: alone.clone(),
                is_enrolment: false,
            })
        })
    }

    /// As [`must_visit`](Self::must_visit), with other pages that the users can use besides.
    pub(crate) fn first_page(
        mut self,
        first_page: impl Fn(&LoggedIn<U>) -> Option<FirstPage> + Send + Sync + 'static,
    ) -> Self {
        self.settings.rejections.must_visit = Some(Arc::new(first_page));
        self
    }

    /// Calls `listener` for each [`Event`](crate::login::Event). It must not block.
    /// Flask-Login's signals.
    pub fn on_event(mut self, listener: impl Fn(&EventRecord) + Send + Sync + 'static) -> Self {
        self.settings.listeners.add(listener);
        self
    }

    /// As [`on_event`](Self::on_event), for an async listener. The request waits for it. Anonymous
    /// visitors cause events too, so choose which ones to store.
    pub fn on_event_async<F, Fut>(mut self, listener: F) -> Self
    where
        F: FnOnce(EventRecord) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.settings.listeners.add_async(listener);
        self
    }

    /// The clock; tests can set it.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// The source of randomness; tests can set it.
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
