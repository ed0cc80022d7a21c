//! The complete app: users, sessions and pages, in one object.

mod open;

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use tower_http::catch_panic::CatchPanicLayer;

use crate::accounts::{Account, Accounts};
use crate::clock::{Clock, Regularly};
use crate::credentials::{Credentials, LoginName, ReservedNames};
use crate::error::{Error, Result};
use crate::flows::destination::Destinations;
use crate::flows::flow::Flow;
use crate::flows::mailing::Mailing;
use crate::flows::misplaced::{Told, warn_of_proxy};
use crate::flows::on_erase::EraseHook;
use crate::flows::on_export::ExportHook;
use crate::flows::on_register::RegisterHook;
use crate::flows::paths::Paths;
use crate::flows::readiness::Readiness;
use crate::flows::registration_fields::RegistrationFields;
use crate::flows::registration_mode::RegistrationMode;
use crate::flows::second_factor_for::FactorRequirement;
use crate::login::{LoginHandle, LoginLayer, PageUser, login_required};
use crate::pages::{
    Pages, StaticFiles, StrictTransport, add_security_headers, error_page, error_pages,
    security_headers,
};
use crate::password::PasswordPolicy;
use crate::web::{Client, ErrorId, Problem, PublicUrl, unexpected};

/// The complete app: users, sessions and pages. Clones share it.
///
/// [`Site::open`] keeps users in our own tables:
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
///     format!("Hello {}", user.name())
/// }
/// # Ok(()) }
/// ```
///
/// [`Site::over`] serves the same pages over the app's own users table, as in
/// `examples/own_table.rs`.
pub struct Site<U = Account>(Arc<Inner<U>>);

pub(super) struct Inner<U> {
    pub(super) credentials: Credentials<U>,
    pub(super) policy: PasswordPolicy,
    pub(super) reserved_names: ReservedNames,
    pub(super) ignored_fields: Arc<[String]>,
    pub(super) log_in_with: LoginName,
    pub(super) registration: RegistrationMode,
    pub(super) factor_requirement: FactorRequirement,
    pub(super) registration_fields: RegistrationFields,
    pub(super) on_register: Option<RegisterHook>,
    pub(super) on_erase: Option<EraseHook>,
    pub(super) on_export: Option<ExportHook<U>>,
    pub(super) close_grace: Duration,
    pub(super) erased: Regularly,
    pub(super) resets_checked: Regularly,
    pub(super) factors_reset_wait: Duration,
    pub(super) clock: Clock,
    pub(super) pages: Pages,
    pub(super) site_name: String,
    pub(super) public_url: PublicUrl,
    strict_transport: StrictTransport,
    unknown_addresses_need_login: bool,
    pub(super) mailing: Option<Mailing>,
    pub(super) notifies_new_device: bool,
    pub(super) flows: Vec<Flow<U>>,
    /// The paths of the pages as browsers see them.
    pub(super) paths: Paths,
    /// The same, as the app's router sees them.
    routes: Paths,
    pub(super) nesting_told: Told,
    pub(super) proxy_told: Told,
    pub(super) destinations: Destinations,
    static_files: StaticFiles,
    login: LoginLayer<U>,
    readiness: Readiness,
    /// Only set if the users are in our own tables.
    pub(super) accounts: Option<Accounts>,
}

/// The largest body that axum's extractors read, unless a route sets its own limit. Our own forms
/// accept less.
const MAX_BODY_BYTES: usize = 64 * 1024;

impl Site<Account> {
    /// The stored users.
    ///
    /// # Panics
    /// Never: only [`open`](Self::open) makes a site of accounts.
    pub fn accounts(&self) -> &Accounts {
        let accounts = self.0.accounts.as_ref();
        accounts.expect("`Site::over` takes no accounts")
    }
}

impl<U: PageUser> Site<U> {
    /// Our own accounts, for what only they can do.
    ///
    /// # Errors
    /// When the site has a users table of the app's own.
    pub(super) fn own_accounts(&self) -> Result<&Accounts> {
        let accounts = self.0.accounts.as_ref();
        accounts.ok_or_else(|| Error::internal("only our own accounts can do this"))
    }

    /// The routes of the ready-made pages, to which an app adds its own. They use `/`, `/register`,
    /// `/login`, `/welcome`, `/confirm-login`, `/change-password`, `/account/…`, `/admin/…`,
    /// `/logout` and `/static/…`, depending on the flows, each below the
    /// [path](PublicUrl::route_path) of the public URL and there below
    /// [`SiteConfig::path_prefix`]. axum panics at the start if a router merged with them has one
    /// of these too; an app with a `/` of its own sets [`SiteConfig::home`].
    ///
    /// Merge them, and do not nest them: the pages would not know where they are. The first request
    /// for a nested page logs an error that says what to set.
    pub fn routes(&self) -> Router {
        let flows = self.0.flows.iter();
        flows
            .fold(Router::new(), |router, flow| {
                router.merge((flow.routes)(&self.0.routes))
            })
            .with_state(self.clone())
            .merge(self.0.static_files.routes())
    }

    /// The public routes among [`routes`](Self::routes).
    pub fn public_routes(&self) -> impl Iterator<Item = &str> {
        let names = self.0.flows.iter().flat_map(|flow| flow.public);
        let of_flows = names.filter_map(|name| self.0.routes.get(name));
        let bare_index = self.0.routes.bare_index();
        of_flows
            .chain(bare_index)
            .chain([self.0.static_files.route()])
    }

    /// Denies by default: accepts only logged-in users on each of `routes`, except the site's
    /// [public ones](Self::public_routes) and those in `public`, written as for
    /// [`LoginRequired::except`](crate::login::LoginRequired::except). An address without a route is
    /// 404, or needs the log-in too ([`SiteConfig::unknown_addresses_need_login`]).
    ///
    /// ```
    /// # use axum::Router;
    /// # use axum::routing::get;
    /// # use vestibule::flows::Site;
    /// # fn sample(site: &Site) -> Router {
    /// let mine = Router::new()
    ///     .route("/about", get(|| async { "for everybody" }))
    ///     .route("/report", get(|| async { "for members" }));
    /// site.wrap(site.deny_by_default(site.routes().merge(mine), ["/about"]))
    /// # }
    /// ```
    pub fn deny_by_default<R: Into<String>>(
        &self,
        routes: Router,
        public: impl IntoIterator<Item = R>,
    ) -> Router {
        let of_site = self.public_routes().map(str::to_owned);
        let public = of_site.chain(public.into_iter().map(Into::into));
        let denied = login_required::<U>().except(public);
        routes.layer(match self.0.unknown_addresses_need_login {
            true => denied,
            false => denied.unknown_is_not_found(),
        })
    }

    /// Whether a ready-made page has this route.
    pub(super) fn has_route(&self, path: &str) -> bool {
        self.0.routes.iter().any(|(_, route)| route == path)
    }

    /// The path of a ready-made page as browsers see it, by its name, as `url_for` in templates;
    /// `None` if there is no such page.
    pub fn path(&self, name: &str) -> Option<&str> {
        self.0.paths.get(name)
    }

    /// The path of a ready-made page as the app's router sees it.
    #[cfg(feature = "testing")]
    pub(crate) fn route(&self, name: &str) -> Option<&str> {
        self.0.routes.get(name)
    }

    /// Adds to `routes` what all pages need: the current user, the origin check, security headers,
    /// pages for errors and panics, a limit on the body's size.
    pub fn wrap(&self, routes: Router) -> Router {
        let wrapped = self.wrap_all(routes);
        match self.0.public_url.path() {
            "" => wrapped,
            _ => wrapped.layer(from_fn_with_state(self.clone(), warn_of_proxy)),
        }
    }

    fn wrap_all(&self, routes: Router) -> Router {
        routes
            // Inside the login layer, so that a page that panics keeps its cookies; and outside.
            .layer(CatchPanicLayer::custom(panicked))
            .layer(self.0.login.clone())
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(from_fn_with_state(self.0.pages.clone(), error_pages))
            .layer(from_fn_with_state(
                self.0.strict_transport,
                security_headers,
            ))
    }

    /// The answer to a request that a layer outside of [`wrap`](Self::wrap) rejects: the site's error
    /// page, or problem+json for scripts. `headers` are the request's.
    pub fn error_page(&self, problem: Problem, headers: &HeaderMap) -> Response {
        let (client, failed) = (Client::of_failed(headers), (problem.status(), problem));
        let language = self.0.pages.texts().language_of(headers);
        let mut response = error_page(&self.0.pages, client, language, failed, false);
        add_security_headers(self.0.strict_transport, response.headers_mut());
        response
    }

    /// The ready-made pages only, ready to be served.
    pub fn router(&self) -> Router {
        self.wrap(self.routes())
    }

    /// The address at which browsers reach the site.
    pub fn public_url(&self) -> &PublicUrl {
        &self.0.public_url
    }

    /// Checks credentials and logs users in.
    pub fn credentials(&self) -> &Credentials<U> {
        &self.0.credentials
    }

    /// Lists and ends sessions of users outside of requests. Unlike the changes of
    /// [`Accounts::by`](crate::accounts::Accounts::by), it leaves no line in the security log.
    pub fn login_handle(&self) -> LoginHandle<U> {
        self.0.login.handle()
    }

    /// The rules for new passwords.
    pub fn password_policy(&self) -> &PasswordPolicy {
        &self.0.policy
    }

    /// Whether users can log in: the database and the session store accept a write, which leaves
    /// nothing behind. Asks them at most once a second, however often it is called, so that a
    /// monitor's address may be public.
    ///
    /// # Errors
    /// When one of them is read-only or full, or does not respond within 5 seconds.
    pub async fn is_ready(&self) -> Result<()> {
        self.0.readiness.check().await
    }

    /// Returns once the requests that change something are finished, including those whose clients
    /// have hung up, and what responses do not wait for: lines of the security log, the settling of
    /// right passwords, the mails that are being sent. Await it after a graceful shutdown of the server, with a time-out: a
    /// runtime that ends before cuts them off.
    pub async fn finish(&self) {
        self.0.login.finish_requests().await;
        self.0.credentials.settled().await;
        if let Some(mailing) = &self.0.mailing {
            mailing.delivery.stop().await;
        }
    }

    pub(super) fn inner(&self) -> &Inner<U> {
        &self.0
    }
}

/// The panic is on standard error; the visitor gets the usual error page.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    let id = ErrorId::generate();
    tracing::error!(
        error_id = id.as_ref().map(tracing::field::display),
        "a handler panicked"
    );
    unexpected(StatusCode::INTERNAL_SERVER_ERROR, id).into_response()
}

impl<U> Clone for Site<U> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<U> fmt::Debug for Site<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site")
            .field("public_url", &self.0.public_url)
            .finish_non_exhaustive()
    }
}
