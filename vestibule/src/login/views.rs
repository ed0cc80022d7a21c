//! Where rejected visitors are redirected, and with which message.

use std::task::{Context, Poll};

use http::Request;
use tower::{Layer, Service};

use crate::web::Flash;

/// The login and refresh pages, and the messages for visitors redirected there, of a login manager
/// or of one router. Flask-Login's `login_view`, `blueprint_login_views`, `refresh_view`,
/// `login_message`, `needs_refresh_message`, and their categories.
///
/// As a layer, it applies to everything inside the router, including guards. Unset fields are taken
/// from the outer router, and finally from the login manager.
///
/// ```
/// use axum::Router;
/// use axum::routing::get;
/// use vestibule::login::LoginViews;
///
/// let admin: Router = Router::new()
///     .route("/reports", get(|| async { "reports" }))
///     .layer(LoginViews::new().login_view("/admin/login"));
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "views do nothing until they are on a router or a login manager"]
pub struct LoginViews {
    login_view: Setting<String>,
    refresh_view: Setting<String>,
    second_factor_view: Setting<String>,
    verified_email_view: Setting<String>,
    login_message: Setting<Flash>,
    refresh_message: Setting<Flash>,
    lost_message: Setting<Flash>,
    copied_message: Setting<Flash>,
    is_api: bool,
}

/// One view or message.
#[derive(Debug, Clone, Default)]
enum Setting<T> {
    /// From the outer router, and finally from the login manager.
    #[default]
    Inherit,
    /// Explicitly none.
    Off,
    /// This value.
    To(T),
}

impl<T: Clone> Setting<T> {
    fn or(self, outer: &Self) -> Self {
        match self {
            Self::Inherit => outer.clone(),
            set => set,
        }
    }

    fn get(&self) -> Option<T> {
        match self {
            Self::To(value) => Some(value.clone()),
            Self::Inherit | Self::Off => None,
        }
    }
}

impl<T> From<Option<T>> for Setting<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Off, Self::To)
    }
}

impl LoginViews {
    /// Views without any field set.
    pub fn new() -> Self {
        Self::default()
    }

    /// A login manager's defaults: no pages, Flask-Login's messages, and two of ours.
    pub(crate) fn of_manager() -> Self {
        let message = |text| Setting::To(Flash::new("message", text));
        Self {
            login_view: Setting::Off,
            refresh_view: Setting::Off,
            second_factor_view: Setting::Off,
            verified_email_view: Setting::Off,
            login_message: message("Please log in to access this page."),
            refresh_message: message("Please reauthenticate to access this page."),
            lost_message: message(
                "What you sent may not have been saved. Log in first, then check.",
            ),
            copied_message: message(
                "You were logged out, as somebody used a copy of what your browser remembers.",
            ),
            is_api: false,
        }
    }

    /// The login page: a path, or an address on another host.
    pub fn login_view(mut self, view: impl Into<String>) -> Self {
        self.login_view = Setting::To(view.into());
        self
    }

    /// No login page: visitors get 401.
    pub fn no_login_view(mut self) -> Self {
        self.login_view = Setting::Off;
        self
    }

    /// Treats every client as a script: rejected ones get 401 or 403 as problem+json, and no
    /// redirect, message or `next`, whatever they accept. For the routes of an API, which clients
    /// such as curl call without an `Accept` header. It holds for all routers inside.
    ///
    /// ```
    /// use axum::Router;
    /// use axum::routing::get;
    /// use vestibule::login::{LoginViews, login_required};
    /// # use vestibule::login::{User, UserId};
    /// # #[derive(Clone)] struct Member;
    /// # impl User for Member { fn id(&self) -> UserId { 1_i64.into() } }
    ///
    /// let api: Router = Router::new()
    ///     .route("/orders", get(|| async { "[]" }))
    ///     .route_layer(login_required::<Member>())
    ///     .layer(LoginViews::new().api());
    /// let app: Router = Router::new().nest("/api", api);
    /// ```
    pub fn api(mut self) -> Self {
        self.is_api = true;
        self
    }

    pub(crate) fn is_api(&self) -> bool {
        self.is_api
    }

    /// The page that asks for the credential again: a path, or an address on another host.
    pub fn refresh_view(mut self, view: impl Into<String>) -> Self {
        self.refresh_view = Setting::To(view.into());
        self
    }

    /// The page that asks for a second factor: a path, or an address on another host.
    pub fn second_factor_view(mut self, view: impl Into<String>) -> Self {
        self.second_factor_view = Setting::To(view.into());
        self
    }

    /// The page where users verify their mail address: a path, or an address on another host.
    pub fn verified_email_view(mut self, view: impl Into<String>) -> Self {
        self.verified_email_view = Setting::To(view.into());
        self
    }

    /// The message for visitors redirected to the login page; `None` for no message.
    pub fn login_message(mut self, message: Option<Flash>) -> Self {
        self.login_message = message.into();
        self
    }

    /// The message for visitors redirected to the refresh page; `None` for no message.
    pub fn refresh_message(mut self, message: Option<Flash>) -> Self {
        self.refresh_message = message.into();
        self
    }

    /// The message for visitors whose form was not saved; `None` for no message.
    pub fn lost_message(mut self, message: Option<Flash>) -> Self {
        self.lost_message = message.into();
        self
    }

    /// The message for visitors whose remember cookie was used twice, which ended the remembered
    /// login; `None` for no message.
    pub fn copied_message(mut self, message: Option<Flash>) -> Self {
        self.copied_message = message.into();
        self
    }

    /// The login manager's message for a copied remember cookie.
    pub(crate) fn copied(&self) -> Option<Flash> {
        self.copied_message.get()
    }

    /// These views, with unset fields taken from `outer`.
    pub(crate) fn or(self, outer: &Self) -> Self {
        Self {
            login_view: self.login_view.or(&outer.login_view),
            refresh_view: self.refresh_view.or(&outer.refresh_view),
            second_factor_view: self.second_factor_view.or(&outer.second_factor_view),
            verified_email_view: self.verified_email_view.or(&outer.verified_email_view),
            login_message: self.login_message.or(&outer.login_message),
            refresh_message: self.refresh_message.or(&outer.refresh_message),
            lost_message: self.lost_message.or(&outer.lost_message),
            copied_message: self.copied_message.or(&outer.copied_message),
            is_api: self.is_api || outer.is_api,
        }
    }

    /// The page for a visitor with this need.
    pub(crate) fn view(&self, needed: Needed<'_>) -> Option<String> {
        match needed {
            Needed::Login => self.login_view.get(),
            Needed::FreshLogin => self.refresh_view.get(),
            Needed::SecondFactor => self.second_factor_view.get(),
            Needed::VerifiedEmail => self.verified_email_view.get(),
            Needed::Visit(page) | Needed::Enrolment(page) => Some(page.to_owned()),
            Needed::Right | Needed::HiddenRight => None,
        }
    }

    /// The message for the redirect. `is_form` says whether the visitor sent a form, which is lost.
    pub(crate) fn message(&self, needed: Needed<'_>, is_form: bool) -> Option<Flash> {
        let lost = is_form.then(|| self.lost_message.get()).flatten();
        lost.or_else(|| match needed {
            Needed::Login => self.login_message.get(),
            Needed::FreshLogin => self.refresh_message.get(),
            Needed::SecondFactor
            | Needed::VerifiedEmail
            | Needed::Visit(_)
            | Needed::Enrolment(_)
            | Needed::Right
            | Needed::HiddenRight => None,
        })
    }
}

impl<S> Layer<S> for LoginViews {
    type Service = LoginViewsService<S>;

    fn layer(&self, inner: S) -> LoginViewsService<S> {
        LoginViewsService {
            inner,
            views: self.clone(),
        }
    }
}

/// The service that [`LoginViews`] makes.
#[derive(Debug, Clone)]
pub struct LoginViewsService<S> {
    inner: S,
    views: LoginViews,
}

impl<S, B> Service<Request<B>> for LoginViewsService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let around = request.extensions().get::<LoginViews>();
        let views = match around {
            Some(around) => self.views.clone().or(around),
            None => self.views.clone(),
        };
        request.extensions_mut().insert(views);
        self.inner.call(request)
    }
}

/// The reason why a request is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needed<'a> {
    Login,
    FreshLogin,
    SecondFactor,
    VerifiedEmail,
    /// A role, a permission, or another check of a guard. No page can grant it.
    Right,
    /// As `Right`, but answered with 404 to hide that the resource exists.
    HiddenRight,
    /// The user must visit this page first.
    Visit(&'a str),
    /// The user must add a second factor on this page first.
    Enrolment(&'a str),
}
