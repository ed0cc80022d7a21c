//! The login manager: the settings of logging in, in one object.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::clock::{Clock, Timestamp};
use crate::crypto::random::Random;
use crate::login::loader::SharedUserLoader;
use crate::login::{LoginLayer, User, UserLoader};
use crate::session::{SessionCookie, SessionExpiry, SessionStore, SharedSessionStore};
use crate::web::PublicUrl;

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
pub struct LoginManager<U> {
    pub(crate) loader: SharedUserLoader<U>,
    pub(crate) store: SharedSessionStore,
    pub(crate) cookie: SessionCookie,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) expiry: SessionExpiry,
    pub(crate) login_view: Option<String>,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    swept_at: AtomicI64,
}

impl<U: User> LoginManager<U> {
    const SWEEP_EVERY: Duration = Duration::from_secs(10 * 60);

    /// A manager that finds users by `loader` and keeps sessions in `store`.
    ///
    /// Until [`public_url`](Self::public_url) is called the cookies are those for https.
    pub fn new(loader: impl UserLoader<U>, store: impl SessionStore) -> Self {
        Self {
            loader: SharedUserLoader::new(loader),
            store: SharedSessionStore::new(store),
            cookie: SessionCookie::new(None),
            public_url: None,
            expiry: SessionExpiry::default(),
            login_view: None,
            clock: Clock::default(),
            random: Random::default(),
            swept_at: AtomicI64::new(0),
        }
    }

    /// The address at which browsers reach the app. It decides the cookie's name and
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
        self.cookie = SessionCookie::new(Some(&public_url));
        self.public_url = Some(public_url);
        self
    }

    /// The path of the login page, where browsers that need to log in are sent with `next`.
    /// Flask-Login's `login_view`. Without it they get 401.
    pub fn login_view(mut self, path: impl Into<String>) -> Self {
        self.login_view = Some(path.into());
        self
    }

    /// When a session ends by itself.
    pub fn expiry(mut self, expiry: SessionExpiry) -> Self {
        self.expiry = expiry;
        self
    }

    /// Where the time comes from; a test sets it.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Where randomness comes from; a test sets it.
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// The layer that goes on the router, around every route that asks for the current user.
    ///
    /// It also refuses requests from other origins with 403, on every method but GET, HEAD and
    /// OPTIONS.
    pub fn layer(self) -> LoginLayer<U> {
        LoginLayer::new(Arc::new(self))
    }

    /// Removes expired sessions in the background, at most once in [`Self::SWEEP_EVERY`].
    ///
    /// Called at each log-in: sessions become more at no other time.
    pub(crate) fn sweep_if_due(&self) {
        let now = self.clock.now();
        let last = self.swept_at.load(Ordering::Relaxed);
        if now.since(Timestamp::from_millis(last)) < Self::SWEEP_EVERY {
            return;
        }
        let ours = self.swept_at.compare_exchange(
            last,
            now.as_millis(),
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        if ours.is_err() {
            return;
        }
        let (store, expiry) = (self.store.clone(), self.expiry);
        tokio::spawn(async move {
            match store.sweep(expiry, now).await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "expired sessions swept"),
                Err(error) => tracing::warn!(%error, "expired sessions not swept"),
            }
        });
    }
}

impl<U> fmt::Debug for LoginManager<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginManager")
            .field("cookie", &self.cookie)
            .field("expiry", &self.expiry)
            .field("login_view", &self.login_view)
            .finish_non_exhaustive()
    }
}
