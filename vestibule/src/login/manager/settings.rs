//! The settings of a login manager, one struct per area.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use http::HeaderValue;

use crate::clock::Clock;
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::login::Epochs;
use crate::login::event::Listeners;
use crate::login::loader::SharedUserLoader;
use crate::login::logged_in::LoggedIn;
use crate::login::manager::origins::OriginSettings;
use crate::login::rejection::{Localize, RejectionHandler};
use crate::login::request_loader::SharedRequestLoader;
use crate::login::{AddressPrefix, LoginViews, SessionLimit, SessionProtection, UserLoader};
use crate::session::{InvalidationFeed, RememberCookie, SessionExpiry, SharedSessionStore};
use crate::web::{PublicUrl, TrustedProxies};

/// Everything an app can set. Nothing here changes at run time.
pub(crate) struct Settings<U> {
    pub(crate) loader: SharedUserLoader<U>,
    pub(crate) request_loader: Option<SharedRequestLoader<U>>,
    pub(crate) store: SharedSessionStore,
    pub(crate) epochs: Option<Epochs>,
    pub(crate) realm: Arc<str>,
    /// Whether a handle has this realm already.
    pub(crate) has_handle: AtomicBool,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) origins: OriginSettings,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) sessions: SessionSettings,
    pub(crate) cache: CacheSettings,
    pub(crate) cookies: CookieSettings,
    pub(crate) rejections: RejectionSettings<U>,
    pub(crate) listeners: Listeners,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
}

impl<U: crate::login::User> Settings<U> {
    pub(crate) fn new(loader: impl UserLoader<U>, store: SharedSessionStore) -> Self {
        Self {
            loader: SharedUserLoader::new(loader),
            request_loader: None,
            store,
            epochs: None,
            realm: Arc::default(),
            has_handle: AtomicBool::new(false),
            public_url: None,
            origins: OriginSettings::default(),
            trusted_proxies: TrustedProxies::default(),
            sessions: SessionSettings::default(),
            cache: CacheSettings::default(),
            cookies: CookieSettings::default(),
            rejections: RejectionSettings::default(),
            listeners: Listeners::default(),
            clock: Clock::default(),
            random: Random::default(),
        }
    }
}

/// How long sessions last and how many a user may have.
#[derive(Debug, Default)]
pub(crate) struct SessionSettings {
    pub(crate) expiry: SessionExpiry,
    pub(crate) remember: RememberCookie,
    pub(crate) fresh_for: Option<Duration>,
    pub(crate) limit: SessionLimit,
    pub(crate) protection: SessionProtection,
    pub(crate) protected_prefix: Option<AddressPrefix>,
}

/// The cache in this process between requests.
pub(crate) struct CacheSettings {
    pub(crate) max_sessions: usize,
    pub(crate) users_for: Option<Duration>,
    pub(crate) user_feed: InvalidationFeed,
}

impl CacheSettings {
    pub(crate) const MAX_SESSIONS: usize = 10_000;
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self {
            max_sessions: Self::MAX_SESSIONS,
            users_for: None,
            user_feed: InvalidationFeed::in_process(),
        }
    }
}

/// Which cookies exist besides those of sessions and remembered logins.
#[derive(Default)]
pub(crate) struct CookieSettings {
    pub(crate) messages_key: Option<SecretKey>,
    pub(crate) next_key: Option<SecretKey>,
    pub(crate) anonymous_data: AnonymousData,
}

/// Where the values of anonymous visitors are kept.
#[derive(Default)]
pub(crate) enum AnonymousData {
    #[default]
    Nowhere,
    InCookies(SecretKey),
    InStore,
}

/// Returns the page that a user must visit first, if any.
pub(crate) type MustVisit<U> = Arc<dyn Fn(&LoggedIn<U>) -> Option<FirstPage> + Send + Sync>;

/// A page that a user must visit first.
#[derive(Debug, Clone)]
pub(crate) struct FirstPage {
    pub(crate) path: Arc<str>,
    /// The paths that they can use besides.
    pub(crate) besides: Arc<[String]>,
    /// Whether they must add a second factor there.
    pub(crate) is_enrolment: bool,
}

/// How rejected visitors are answered.
pub(crate) struct RejectionSettings<U> {
    pub(crate) views: LoginViews,
    pub(crate) login_host: Option<String>,
    pub(crate) has_next: bool,
    pub(crate) challenge: Option<HeaderValue>,
    pub(crate) localize: Option<Localize>,
    pub(crate) on_unauthorized: Option<RejectionHandler>,
    pub(crate) on_needs_refresh: Option<RejectionHandler>,
    pub(crate) on_forbidden: Option<RejectionHandler>,
    pub(crate) must_visit: Option<MustVisit<U>>,
}

impl<U> Default for RejectionSettings<U> {
    fn default() -> Self {
        Self {
            views: LoginViews::of_manager(),
            login_host: None,
            has_next: true,
            challenge: None,
            localize: None,
            on_unauthorized: None,
            on_needs_refresh: None,
            on_forbidden: None,
            must_visit: None,
        }
    }
}
