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
use http::Method;
use http::request::Parts;
use tower::{Layer, Service};

use crate::login::views::Needed;
use crate::login::visit::Visit;
use crate::login::{LoginRejection, User};

/// A layer that lets logged-in users pass and nobody else. Flask-Login's `@login_required`
/// for a whole router.
///
/// Put it inside the login manager's layer, by `route_layer` for the routes before it, or by
/// `layer` for a whole router and its fallback too; then name the public routes with
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
    LoginRequired::of(Needed::Login)
}

/// A layer that lets pass only users who have shown a credential recently, as
/// [`FreshUser`](crate::FreshUser) does. Flask-Login's `@fresh_login_required` for a whole
/// router.
pub fn fresh_login_required<U: User>() -> LoginRequired<U> {
    LoginRequired::of(Needed::FreshLogin)
}

/// The layer that [`login_required`] and [`fresh_login_required`] give.
#[must_use = "a layer does nothing until it is put on a router"]
pub struct LoginRequired<U> {
    rule: Arc<Rule>,
    user: PhantomData<fn() -> U>,
}

#[derive(Debug, Clone)]
struct Rule {
    needed: Needed,
    exempt_methods: Vec<Method>,
    public_routes: Vec<String>,
}

impl<U> LoginRequired<U> {
    fn of(needed: Needed) -> Self {
        Self {
            rule: Arc::new(Rule {
                needed,
                exempt_methods: Vec::new(),
                public_routes: Vec::new(),
            }),
            user: PhantomData,
        }
    }

    /// Lets everybody pass to these routes, by any method. They are written as they were put on
    /// the router, nested ones with what they are nested under: `/posts/{id}`.
    pub fn except<R: Into<String>>(mut self, routes: impl IntoIterator<Item = R>) -> Self {
        let routes = routes.into_iter().map(Into::into);
        Arc::make_mut(&mut self.rule).public_routes.extend(routes);
        self
    }

    /// Lets everybody pass with these methods. Flask-Login exempts `OPTIONS`, which Flask
    /// answers itself; a handler for `any` method answers it with the page.
    ///
    /// Browsers' preflights are better answered by a CORS layer outside of this one.
    pub fn exempt_methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        Arc::make_mut(&mut self.rule).exempt_methods.extend(methods);
        self
    }
}

impl Rule {
    fn is_exempt(&self, request: &Parts) -> bool {
        let route = request.extensions.get::<MatchedPath>();
        let is_public = route.is_some_and(|route| {
            let is_it = |public: &String| public == route.as_str();
            self.public_routes.iter().any(is_it)
        });
        is_public || self.exempt_methods.contains(&request.method)
    }

    async fn refuse<U: User>(&self, request: &Parts) -> Option<LoginRejection> {
        if self.is_exempt(request) {
            return None;
        }
        #[cfg(any(test, feature = "testing"))]
        if request
            .extensions
            .get::<crate::login::testing::WithoutLogin>()
            .is_some()
        {
            return None;
        }
        let Some(visit) = Visit::<U>::of(&request.extensions) else {
            return Some(LoginRejection::no_layer::<U>());
        };
        match visit.resolve(request).await {
            Ok(Some(user)) if user.is_fresh || self.needed == Needed::Login => None,
            Ok(Some(_)) => Some(visit.refuse(Needed::FreshLogin, request).await),
            Ok(None) => Some(visit.refuse(Needed::Login, request).await),
            Err(error) => Some(error.into()),
        }
    }
}

impl<U> Clone for LoginRequired<U> {
    fn clone(&self) -> Self {
        Self {
            rule: self.rule.clone(),
            user: PhantomData,
        }
    }
}

impl<U> fmt::Debug for LoginRequired<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LoginRequired").field(&self.rule).finish()
    }
}

impl<U, S> Layer<S> for LoginRequired<U> {
    type Service = LoginRequiredService<U, S>;

    fn layer(&self, inner: S) -> LoginRequiredService<U, S> {
        LoginRequiredService {
            inner,
            rule: self.rule.clone(),
            user: PhantomData,
        }
    }
}

/// The service that [`LoginRequired`] makes.
pub struct LoginRequiredService<U, S> {
    inner: S,
    rule: Arc<Rule>,
    user: PhantomData<fn() -> U>,
}

impl<U, S: Clone> Clone for LoginRequiredService<U, S> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            rule: self.rule.clone(),
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
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The service that was polled ready is the one to call; its copy waits for the next.
        let copy = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, copy);
        let rule = self.rule.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            match rule.refuse::<U>(&parts).await {
                None => inner.call(Request::from_parts(parts, body)).await,
                Some(rejection) => Ok(rejection.into_response()),
            }
        })
    }
}
