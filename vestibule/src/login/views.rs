//! Where visitors go who have to log in, and what they are told.

use std::task::{Context, Poll};

use http::Request;
use tower::{Layer, Service};

use crate::web::Flash;

/// The login and the refresh page, and the messages on the way there: of a login manager, or
/// of one router where they differ. Flask-Login's `login_view`, `blueprint_login_views`,
/// `refresh_view`, `login_message`, `needs_refresh_message`, and their categories.
///
/// As a layer on a router it holds for all that is within, guards too. What is not set here is
/// that of the router around, and in the end the login manager's.
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
    login_view: Option<Option<String>>,
    refresh_view: Option<Option<String>>,
    login_message: Option<Option<Flash>>,
    refresh_message: Option<Option<Flash>>,
    lost_message: Option<Option<Flash>>,
    copied_message: Option<Option<Flash>>,
}

impl LoginViews {
    /// Nothing that differs from the login manager's.
    pub fn new() -> Self {
        Self::default()
    }

    /// What a login manager begins with: no pages, Flask-Login's messages, and one of ours.
    pub(crate) fn of_manager() -> Self {
        let message = |text| Some(Some(Flash::new("message", text)));
        Self {
            login_view: None,
            refresh_view: None,
            login_message: message("Please log in to access this page."),
            refresh_message: message("Please reauthenticate to access this page."),
            lost_message: message("What you sent was not saved. Log in first, then send it again."),
            copied_message: message(
                "You were logged out, as somebody used a copy of what your browser remembers.",
            ),
        }
    }

    /// The login page: a path, or an address on another host.
    pub fn login_view(mut self, view: impl Into<String>) -> Self {
        self.login_view = Some(Some(view.into()));
        self
    }

    /// No login page: 401.
    pub fn no_login_view(mut self) -> Self {
        self.login_view = Some(None);
        self
    }

    /// The page that asks for the credential again: a path, or an address on another host.
    pub fn refresh_view(mut self, view: impl Into<String>) -> Self {
        self.refresh_view = Some(Some(view.into()));
        self
    }

    /// The message for visitors who are sent to the login page; none for none.
    pub fn login_message(mut self, message: Option<Flash>) -> Self {
        self.login_message = Some(message);
        self
    }

    /// The message for visitors who are sent to the refresh page; none for none.
    pub fn refresh_message(mut self, message: Option<Flash>) -> Self {
        self.refresh_message = Some(message);
        self
    }

    /// The message for visitors who sent a form that was not carried out; none for none.
    pub fn lost_message(mut self, message: Option<Flash>) -> Self {
        self.lost_message = Some(message);
        self
    }

    /// The message for visitors whose remember cookie was used before, so that what it stood for
    /// was ended; none for none.
    pub fn copied_message(mut self, message: Option<Flash>) -> Self {
        self.copied_message = Some(message);
        self
    }

    /// The message of a login manager for those whose remember cookie was copied.
    pub(crate) fn copied(&self) -> Option<Flash> {
        self.copied_message.clone().flatten()
    }

    /// These, and what they leave open as in `manager`.
    pub(crate) fn or(self, manager: &Self) -> Self {
        Self {
            login_view: self.login_view.or_else(|| manager.login_view.clone()),
            refresh_view: self.refresh_view.or_else(|| manager.refresh_view.clone()),
            login_message: self.login_message.or_else(|| manager.login_message.clone()),
            refresh_message: self
                .refresh_message
                .or_else(|| manager.refresh_message.clone()),
            lost_message: self.lost_message.or_else(|| manager.lost_message.clone()),
            copied_message: self
                .copied_message
                .or_else(|| manager.copied_message.clone()),
        }
    }

    /// The page for those who lack this, and the message on the way there: the first, or for
    /// those who sent something the second.
    pub(crate) fn page(self, needed: Needed<'_>) -> (Option<String>, Option<Flash>, Option<Flash>) {
        let (view, message) = match needed {
            Needed::Login => (self.login_view.flatten(), self.login_message.flatten()),
            Needed::FreshLogin => (self.refresh_view.flatten(), self.refresh_message.flatten()),
            Needed::Visit(page) => (Some(page.to_owned()), None),
            Needed::Right | Needed::NotToKnow => (None, None),
        };
        (view, message, self.lost_message.flatten())
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

/// What a request lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needed<'a> {
    Login,
    FreshLogin,
    /// A role, a permission, or what else a guard asks. No page gives it.
    Right,
    /// The same, of somebody who must not learn that there is something.
    NotToKnow,
    /// A look at this page first.
    Visit(&'a str),
}
