//! Pages for logged-in users only, as a layer on a router.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{Method, StatusCode};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::login::route::Route;
use crate::login::rule::Rule;
use crate::login::visit::Visit;
use crate::login::{LoginRejection, User};

/// A layer that accepts only logged-in users. Flask-Login's `@login_required` for a whole router.
///
/// Add it inside the login manager's layer: with `route_layer` for the routes added so far, or with
/// `layer` for a whole router including its fallback. Name the public routes with
/// [`except`](LoginRequired::except).
///
/// ```
/// use axum::Router;
/// use axum::routing::get;
/// use vestibule::login::login_required;
/// # use vestibule::login::{LoginManager, User, UserId};
/// # use vestibule::stores::MemoryStore;
/// # #[derive(Clone)] struct Member;
/// # impl User for Member { fn id(&self) -> UserId { 1_i64.into() } }
/// # async fn find(id: UserId) -> Result<Option<Member>, std::io::Error> { Ok(None) }
///
/// let manager = LoginManager::new(find, MemoryStore::new()).login_view("/login");
/// let app: Router = Router::new()
///     .route("/report", get(|| async { "for members" }))
///     .route("/about", get(|| async { "for everybody" }))
///     .route("/login", get(|| async { "for everybody" }))
///     .layer(login_required::<Member>().except(["/about", "/login"]))
///     .layer(manager.layer());
/// ```
pub fn login_required<U: User>() -> LoginRequired<U> {
    LoginRequired::of(Rule::Login)
}

/// A layer that accepts only users who have shown a credential recently, as
/// [`FreshUser`](crate::FreshUser) does. Flask-Login's `@fresh_login_required` for a whole router.
pub fn fresh_login_required<U: User>() -> LoginRequired<U> {
    LoginRequired::of(Rule::FreshLogin)
}

/// The layer from [`login_required`], [`fresh_login_required`] and
/// [`access_required`](crate::access::access_required).
#[must_use = "a layer does nothing until it is put on a router"]
pub struct LoginRequired<U> {
    gate: Arc<Gate>,
    user: PhantomData<fn() -> U>,
}

/// What browsers and search engines ask for by themselves.
const ASKED_FOR_UNASKED: [&str; 2] = ["/robots.txt", "/favicon.ico"];

/// What the layer requires, and what is exempt.
#[derive(Debug, Clone)]
struct Gate {
    rule: Rule,
    exempt_methods: Vec<Method>,
    public_routes: Vec<Route>,
    hides_unknown: bool,
}

impl<U> LoginRequired<U> {
    pub(crate) fn of(rule: Rule) -> Self {
        Self {
            gate: Arc::new(Gate {
                rule,
                exempt_methods: Vec::new(),
                public_routes: Vec::new(),
                hides_unknown: false,
            }),
            user: PhantomData,
        }
    }

    /// Makes these routes public, for all methods or for one. Write them as on the router, nested
    /// ones with the prefix: `/login`, or `GET /posts/{id}`.
    pub fn except<R: Into<String>>(mut self, routes: impl IntoIterator<Item = R>) -> Self {
        let routes = routes.into_iter().map(|route| Route::from(route.into()));
        let routes = routes.inspect(|route| {
            if let Err(error) = route.check() {
                tracing::warn!("{error}");
            }
        });
        Arc::make_mut(&mut self.gate).public_routes.extend(routes);
        self
    }

    /// Answers 404 at an address without a route, instead of asking to log in. A fallback of the
    /// router's own still needs the log-in, and is 404 for all others.
    ///
    /// Visitors can then find out which addresses exist. For `/robots.txt` and `/favicon.ico`, which
    /// browsers and search engines ask for by themselves, it is always so.
    pub fn unknown_is_not_found(mut self) -> Self {
        Arc::make_mut(&mut self.gate).hides_unknown = true;
        self
    }

    /// Exempts requests with these methods. Flask-Login exempts `OPTIONS`, which Flask answers
    /// itself. In axum, a handler for `any` method would answer it with the page.
    ///
    /// For browsers' preflights, prefer a CORS layer outside of this one.
    pub fn exempt_methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        Arc::make_mut(&mut self.gate).exempt_methods.extend(methods);
        self
    }
}

impl Gate {
    fn is_exempt(&self, request: &Parts) -> bool {
        let route = request.extensions.get::<MatchedPath>();
        let is_public = route.is_some_and(|route| {
            let is_it = |public: &Route| public.is(request.method.as_str(), route.as_str());
            self.public_routes.iter().any(is_it)
        });
        if is_public || self.exempt_methods.contains(&request.method) {
            return true;
        }
        #[cfg(any(test, feature = "testing"))]
        if request
            .extensions
            .get::<crate::login::testing::WithoutLogin>()
            .is_some()
        {
            return true;
        }
        false
    }

    /// Whether the request is accepted without looking up the user.
    fn is_open_to<U: User>(&self, request: &Parts) -> bool {
        self.is_exempt(request)
            || Visit::<U>::of(&request.headers, &request.extensions)
                .is_some_and(|visit| visit.is_known_to_pass(self.rule, request))
    }

    async fn require<U: User>(&self, request: &Parts) -> Result<(), LoginRejection> {
        let visit = Visit::<U>::of(&request.headers, &request.extensions)
            .ok_or_else(LoginRejection::no_layer::<U>)?;
        let demand = self.rule.into();
        if !self.is_hidden(request) {
            visit.require(demand, request).await?;
        } else if !visit.passes(demand, request).await? {
            let mut not_found = StatusCode::NOT_FOUND.into_response();
            not_found.extensions_mut().insert(demand);
            return Err(LoginRejection::LoginRequired(Box::new(not_found)));
        }
        Ok(())
    }

    /// Whether the request is for nothing that visitors may know of.
    fn is_hidden(&self, request: &Parts) -> bool {
        let is_unknown = request.extensions.get::<MatchedPath>().is_none();
        let path = request.uri.path();
        is_unknown && (self.hides_unknown || ASKED_FOR_UNASKED.contains(&path))
    }
}

impl<U> Clone for LoginRequired<U> {
    fn clone(&self) -> Self {
        Self {
            gate: self.gate.clone(),
            user: PhantomData,
        }
    }
}

impl<U> fmt::Debug for LoginRequired<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LoginRequired").field(&self.gate).finish()
    }
}

impl<U, S> Layer<S> for LoginRequired<U> {
    type Service = LoginRequiredService<U, S>;

    fn layer(&self, inner: S) -> LoginRequiredService<U, S> {
        LoginRequiredService {
            inner,
            gate: self.gate.clone(),
            user: PhantomData,
        }
    }
}

/// The service that [`LoginRequired`] makes.
pub struct LoginRequiredService<U, S> {
    inner: S,
    gate: Arc<Gate>,
    user: PhantomData<fn() -> U>,
}

impl<U, S: Clone> Clone for LoginRequiredService<U, S> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            gate: self.gate.clone(),
            user: PhantomData,
        }
    }
}

impl<U, S> fmt::Debug for LoginRequiredService<U, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginRequiredService")
    }
}

impl<U, S> Service<Request> for LoginRequiredService<U, S>
where
    U: User,
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = LoginRequiredFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (parts, body) = request.into_parts();
        // Inside another guard the user is already known, so this one costs almost nothing.
        if self.gate.is_open_to::<U>(&parts) {
            return LoginRequiredFuture::Open {
                inner: self.inner.call(Request::from_parts(parts, body)),
            };
        }
        // Call the service that was polled ready; its clone serves the next request.
        let copy = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, copy);
        let gate = self.gate.clone();
        let asked = Box::pin(async move {
            match gate.require::<U>(&parts).await {
                Ok(()) => inner.call(Request::from_parts(parts, body)).await,
                Err(rejection) => Ok(rejection.into_response()),
            }
        });
        LoginRequiredFuture::Asked { asked }
    }
}

pin_project! {
    /// The future of [`LoginRequiredService`].
    #[project = LoginRequiredFutureProjection]
    pub enum LoginRequiredFuture<F> {
        Open { #[pin] inner: F },
        Asked { asked: Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>> },
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for LoginRequiredFuture<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            LoginRequiredFutureProjection::Open { inner } => inner.poll(cx),
            LoginRequiredFutureProjection::Asked { asked } => asked.as_mut().poll(cx),
        }
    }
}

impl<F> fmt::Debug for LoginRequiredFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginRequiredFuture")
    }
}
