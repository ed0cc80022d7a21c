//! The finished app: accounts, sessions, pages, in one object.

use std::any::Any;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use tower_http::catch_panic::CatchPanicLayer;

use crate::accounts::{self, Account, Accounts};
use crate::clock::Clock;
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::database::Database;
use crate::error::Result;
use crate::flows::notices::Notices;
use crate::flows::{CHANGE_PASSWORD_PATH, CONFIRM_LOGIN_PATH, FLOWS, LOGIN_PATH};
use crate::login::{LoginLayer, LoginManager, LoginViews, SessionLimit, SessionProtection};
use crate::mail::{Mailer, SharedMailer};
use crate::pages::{Pages, error_pages, security_headers, statics};
use crate::password::{HashingLimits, PasswordAlgorithm, PasswordPolicy, Passwords, Peppers};
use crate::session::{RememberCookie, SessionExpiry, SessionStore, SharedSessionStore};
use crate::stores::{SqlStore, sql};
use crate::web::{Flash, Flashes, PublicUrl, TrustedProxies};

/// The settings of a [`Site`]. Start from [`SiteConfig::new`] and set the fields you need.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SiteConfig {
    /// The address at which browsers reach the site.
    pub public_url: PublicUrl,
    /// What signed cookies are signed with. Whoever knows it can put messages on our pages.
    pub secret_key: SecretKey,
    /// The name in titles and on top of each page. Default: `Vestibule`.
    pub site_name: String,
    /// A folder whose templates go before the embedded ones of the same name.
    pub templates: Option<PathBuf>,
    /// How passwords are hashed.
    pub password_algorithm: PasswordAlgorithm,
    /// Secrets that are mixed into new passwords' hashes. Default: none.
    pub peppers: Peppers,
    /// Whether bcrypt's hashes are of the password's SHA-256 ([`Passwords::long_bcrypt`]).
    /// Default: no.
    pub long_bcrypt: bool,
    /// The highest cost of bcrypt that a stored hash may have ([`Passwords::max_bcrypt_cost`]).
    /// Default: 16.
    pub max_bcrypt_cost: u32,
    /// How much hashing there may be at a time.
    pub hashing: HashingLimits,
    /// Which passwords may be chosen.
    pub password_policy: PasswordPolicy,
    /// When a session ends by itself.
    pub session_expiry: SessionExpiry,
    /// How browsers are remembered whose users ask for it.
    pub remember: RememberCookie,
    /// How long after the password was shown a log-in is fresh. Default: 15 minutes.
    pub fresh_for: Duration,
    /// How many sessions a user may have at a time.
    pub session_limit: SessionLimit,
    /// How many sessions are kept in memory between requests
    /// ([`LoginManager::cached_sessions`]).
    pub cached_sessions: usize,
    /// What happens to a session that comes from another browser.
    pub session_protection: SessionProtection,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// Where the time comes from; a test sets it.
    pub clock: Clock,
    /// Where randomness comes from; a test sets it.
    pub random: Random,
    sessions: Option<SharedSessionStore>,
    mailer: Option<SharedMailer>,
    login: Vec<ConfigureLogin>,
}

/// What an app changes about the site's login manager.
#[derive(Clone)]
struct ConfigureLogin(Arc<Configure>);

type Configure = dyn Fn(LoginManager<Account>) -> Result<LoginManager<Account>> + Send + Sync;

impl fmt::Debug for ConfigureLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConfigureLogin")
    }
}

impl SiteConfig {
    /// The secure defaults for a site at `public_url`.
    pub fn new(public_url: PublicUrl, secret_key: SecretKey) -> Self {
        Self {
            public_url,
            secret_key,
            site_name: "Vestibule".to_owned(),
            templates: None,
            password_algorithm: PasswordAlgorithm::default(),
            peppers: Peppers::default(),
            long_bcrypt: false,
            max_bcrypt_cost: Passwords::MAX_BCRYPT_COST,
            hashing: HashingLimits::default(),
            password_policy: PasswordPolicy::default(),
            session_expiry: SessionExpiry::default(),
            remember: RememberCookie::default(),
            fresh_for: Duration::from_secs(15 * 60),
            session_limit: SessionLimit::default(),
            cached_sessions: LoginManager::<Account>::CACHED_SESSIONS,
            session_protection: SessionProtection::default(),
            trusted_proxies: TrustedProxies::default(),
            clock: Clock::default(),
            random: Random::default(),
            sessions: None,
            mailer: None,
            login: Vec::new(),
        }
    }

    /// Keeps the sessions in `store`. Default: in the database, beside the users.
    pub fn sessions(&mut self, store: impl SessionStore) {
        self.sessions = Some(SharedSessionStore::new(store));
    }

    /// Sends mail to users who have an address: so far, that somebody has a copy of their
    /// login. Default: no mail.
    pub fn mailer(&mut self, mailer: impl Mailer) {
        self.mailer = Some(SharedMailer::new(mailer));
    }

    /// Changes what the fields here do not have of the site's login manager: listeners, a
    /// request loader, handlers of the app's own.
    ///
    /// ```
    /// # fn sample(mut config: vestibule::flows::SiteConfig) {
    /// config.login(|manager| Ok(manager.on_event(|record| println!("{:?}", record.event))));
    /// # }
    /// ```
    pub fn login(
        &mut self,
        change: impl Fn(LoginManager<Account>) -> Result<LoginManager<Account>> + Send + Sync + 'static,
    ) {
        self.login.push(ConfigureLogin(Arc::new(change)));
    }
}

/// The finished app: users and sessions in one database, and the pages. Clones share it.
///
/// ```
/// use axum::routing::get;
/// use axum::Router;
/// use vestibule::accounts::Account;
/// use vestibule::crypto::{key::SecretKey, random::Random};
/// use vestibule::database::Database;
/// use vestibule::flows::{Site, SiteConfig};
/// use vestibule::CurrentUser;
///
/// # #[tokio::main] async fn main() -> Result<(), vestibule::Error> {
/// let database = Database::connect("sqlite::memory:").await?;
/// let key = SecretKey::generate(&Random::system())?;
/// let site = Site::open(database, SiteConfig::new("http://127.0.0.1:3000".parse()?, key)).await?;
///
/// let mine = Router::new().route("/hello", get(hello));
/// let app = site.wrap(site.routes().merge(mine));
/// # let _ = app;
///
/// async fn hello(user: CurrentUser<Account>) -> String {
///     format!("Hello {}", user.username)
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Site(Arc<Inner>);

pub(super) struct Inner {
    pub(super) accounts: Accounts,
    pub(super) policy: PasswordPolicy,
    pub(super) pages: Pages,
    pub(super) flashes: Flashes,
    pub(super) site_name: String,
    login: LoginLayer<Account>,
    pub(super) database: Database,
    public_url: PublicUrl,
}

const STATIC_PATH: &str = "/static/{file}";

/// The largest body that an extractor of axum's reads, unless a route sets a limit of its own.
/// Our own forms take less.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The pages say themselves why the visitor is there, but for what only the page before knew.
fn views() -> LoginViews {
    let lost = "What you sent was not saved. Do first what this page asks, then send it again.";
    let copied = "You were logged out, as somebody used a copy of what this browser remembers. Log \
                  in, and choose another password.";
    LoginViews::new()
        .login_view(LOGIN_PATH)
        .refresh_view(CONFIRM_LOGIN_PATH)
        .login_message(None)
        .refresh_message(None)
        .lost_message(Some(Flash::new("info", lost)))
        .copied_message(Some(Flash::new("error", copied)))
}

/// Whoever was told to chooses another password before anything else.
fn must_visit(account: &Account) -> Option<&'static str> {
    account.must_change_password.then_some(CHANGE_PASSWORD_PATH)
}

/// The panic itself is on standard error; the visitor gets a page like for any other failure.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

impl Site {
    /// Brings the tables of `database` up to date and puts the site together.
    ///
    /// # Errors
    /// When the database failed, a template does not compile or a parameter is out of range.
    pub async fn open(database: Database, config: SiteConfig) -> Result<Self> {
        database.migrate(accounts::MIGRATIONS).await?;
        let sessions = match config.sessions {
            Some(sessions) => sessions,
            None => {
                database.migrate(sql::MIGRATIONS).await?;
                SharedSessionStore::new(SqlStore::new(database.clone()))
            }
        };
        let passwords = Passwords::with_random(config.password_algorithm, config.random.clone())?
            .peppers(config.peppers)
            .long_bcrypt(config.long_bcrypt)
            .max_bcrypt_cost(config.max_bcrypt_cost)
            .limits(config.hashing)
            .secret_key(&config.secret_key);
        let accounts = Accounts::with_store(database.clone(), passwords.clone(), sessions.clone())
            .clock(config.clock.clone())
            .random(config.random.clone());
        accounts.check_peppers().await?;
        accounts.read_kinds_if_due();
        let login = LoginManager::with_store(accounts.clone(), sessions)
            .public_url(config.public_url.clone())
            .trusted_proxies(config.trusted_proxies)
            .views(views())
            .messages(&config.secret_key)
            .anonymous_data(&config.secret_key)
            .expiry(config.session_expiry)
            .remember(config.remember)?
            .fresh_for(config.fresh_for)
            .session_limit(config.session_limit)
            .cached_sessions(config.cached_sessions)
            .session_protection(config.session_protection)
            .clock(config.clock.clone())
            .random(config.random);
        let login = config
            .login
            .iter()
            .try_fold(login, |manager, change| (change.0)(manager))?;
        let accounts = accounts
            .realm(&login.settings.realm)
            .expiry(login.settings.sessions.expiry);
        // A new password comes before what else the app wants first.
        let theirs = login.settings.rejections.must_visit.clone();
        let login = login.must_visit(move |account| {
            must_visit(account).or_else(|| theirs.as_ref().and_then(|theirs| theirs(account)))
        });
        let login = match config.mailer {
            Some(mailer) => {
                let notices = Notices {
                    accounts: accounts.clone(),
                    mailer,
                    site_name: config.site_name.clone(),
                    public_url: config.public_url.clone(),
                };
                login.on_event(move |record| notices.hear(record))
            }
            None => login,
        };
        let login = login.layer();
        let templates: Vec<_> = FLOWS
            .iter()
            .flat_map(|flow| flow.templates)
            .copied()
            .collect();
        let names: Vec<_> = FLOWS.iter().flat_map(|flow| flow.pages).copied().collect();
        let overrides = config.templates.as_deref();
        Ok(Self(Arc::new(Inner {
            pages: Pages::new(&templates, overrides, &names, &config.site_name)?,
            flashes: Flashes::new(&config.secret_key, &config.public_url, config.clock),
            policy: config.password_policy.hashed_by(&passwords),
            site_name: config.site_name,
            accounts,
            login,
            database,
            public_url: config.public_url,
        })))
    }

    /// The routes of the ready-made pages, to which an app adds its own: `/`, `/register`,
    /// `/login`, `/welcome`, `/confirm-login`, `/change-password`, `/account/…`, `/admin/…`, `/logout` and
    /// `/static/…` are taken, and axum panics at start-up when another router it is merged with
    /// has one of them too.
    pub fn routes(&self) -> Router {
        FLOWS
            .iter()
            .fold(Router::new(), |router, flow| router.merge((flow.routes)()))
            .route(STATIC_PATH, get(statics::serve))
            .with_state(self.clone())
    }

    /// Which of [`routes`](Self::routes) are everybody's: the list for
    /// [`login_required().except(…)`](crate::login::LoginRequired::except), with the app's own.
    ///
    /// ```
    /// # use axum::Router;
    /// # use axum::routing::get;
    /// # use vestibule::accounts::Account;
    /// # use vestibule::flows::Site;
    /// use vestibule::login::login_required;
    ///
    /// # fn sample(site: &Site) -> Router {
    /// let mine = Router::new().route("/about", get(|| async { "for everybody" }));
    /// let public = Site::public_routes().chain(["/about"]);
    /// site.wrap(site.routes().merge(mine).layer(login_required::<Account>().except(public)))
    /// # }
    /// ```
    pub fn public_routes() -> impl Iterator<Item = &'static str> {
        let of_flows = FLOWS.iter().flat_map(|flow| flow.public).copied();
        of_flows.chain([STATIC_PATH])
    }

    /// Puts around `routes` what all pages need: the current user, the origin check, security
    /// headers, pages for errors and panics, a limit on what may be sent.
    pub fn wrap(&self, routes: Router) -> Router {
        routes
            // Within, so that a page that panics does not lose its cookies; and without.
            .layer(CatchPanicLayer::custom(panicked))
            .layer(self.0.login.clone())
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(from_fn_with_state(self.0.pages.clone(), error_pages))
            .layer(from_fn_with_state(
                self.0.public_url.is_https(),
                security_headers,
            ))
    }

    /// The ready-made pages and nothing else, ready to be served.
    pub fn router(&self) -> Router {
        self.wrap(self.routes())
    }

    /// The stored users.
    pub fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    /// Which passwords may be chosen.
    pub fn password_policy(&self) -> &PasswordPolicy {
        &self.0.policy
    }

    /// Whether the site can serve: the database answers, and the session store.
    ///
    /// # Errors
    /// When one of them does not.
    pub async fn is_ready(&self) -> Result<()> {
        self.0.database.ping().await?;
        self.0.accounts.ping_sessions().await
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.0
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site")
            .field("public_url", &self.0.public_url)
            .field("database", &self.0.database)
            .finish_non_exhaustive()
    }
}
