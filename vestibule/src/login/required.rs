//! Pages for logged-in users only, as a layer on a router.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use tower::{Layer, Service};

use crate::login::visit::Visit;
use crate::login::{LoginRejection, User};

/// A layer that lets logged-in users pass and nobody else. Flask-Login's `@login_required`
/// for a whole router.
///
/// Put it inside the login manager's layer. No method is exempt: for requests from other
/// origins put a CORS layer outside, which answers a browser's preflight before this one.
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
///     .route_layer(login_required::<Member>())
///     .route("/about", get(|| async { "for everybody" }))
///     .layer(manager.layer());
/// ```
pub fn login_required<U: User>() -> LoginRequired<U> {
    LoginRequired(PhantomData)
}

/// The layer that [`login_required`] gives.
#[must_use = "a layer does nothing until it is put on a router"]
pub struct LoginRequired<U>(PhantomData<fn() -> U>);

impl<U> Clone for LoginRequired<U> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

impl<U> fmt::Debug for LoginRequired<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginRequired")
    }
}

impl<U, S> Layer<S> for LoginRequired<U> {
    type Service = LoginRequiredService<U, S>;

    fn layer(&self, inner: S) -> LoginRequiredService<U, S> {
        LoginRequiredService {
            inner,
            user: PhantomData,
        }
    }
}

/// The service that [`LoginRequired`] makes.
pub struct LoginRequiredService<U, S> {
    inner: S,
    user: PhantomData<fn() -> U>,
}

impl<U, S: Clone> Clone for LoginRequiredService<U, S> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
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
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            match refuse::<U>(&parts).await {
                None => inner.call(Request::from_parts(parts, body)).await,
                Some(rejection) => Ok(rejection.into_response()),
            }
        })
    }
}

async fn refuse<U: User>(parts: &http::request::Parts) -> Option<LoginRejection> {
    let Some(visit) = Visit::<U>::of(&parts.extensions) else {
        return Some(LoginRejection::no_layer::<U>());
    };
    match visit.resolve().await {
        Ok(Some(_)) => None,
        Ok(None) => Some(LoginRejection::login_required(&visit.manager, parts)),
        Err(error) => Some(error.into()),
    }
}
