//! The layer that each request and each response passes through.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use http::header::{HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use http::{Method, StatusCode};
use pin_project_lite::pin_project;
use tower::{Layer, Service, ServiceExt};
use tower_http::csrf::{CsrfLayer, ProtectionError};

#[cfg(feature = "sql")]
use crate::login::LoginHandle;
use crate::login::manager::LoginContext;
use crate::login::route::Route;
use crate::login::visit::Visit;
use crate::login::{LoginManager, User};
use crate::web::PublicUrl;
use crate::web::handshake::is_handshake;

/// Makes the current user available on a router. From [`LoginManager::layer`].
#[must_use = "a layer does nothing until it is put on a router"]
pub struct LoginLayer<U>(Arc<Shared<U>>);

/// Behind one `Arc`: axum clones the service per request, and contended reference counts are
/// expensive.
struct Shared<U> {
    context: Arc<LoginContext<U>>,
    check_origin: CsrfLayer<fn(ProtectionError) -> Response>,
}

impl<U> Shared<U> {
    /// Whether the app accepts this request from any origin.
    fn is_exempt(&self, request: &Request) -> bool {
        let Some(path) = request.extensions().get::<MatchedPath>() else {
            return false;
        };
        let is_it = |route: &Route| route.is(request.method().as_str(), path.as_str());
        self.context.settings.origins.exempt.iter().any(is_it)
    }
}

impl<U: User> LoginManager<U> {
    /// The layer for the router, around every route that uses the current user.
    ///
    /// For every method but GET, HEAD and OPTIONS, and for a WebSocket handshake, it also rejects
    /// requests from other origins with 403, except from [trusted ones](Self::trusted_origin) and
    /// at [exempt routes](Self::allow_cross_origin). It runs each of these requests to its end in
    /// its own task, even if the client hangs up. So [task-local](tokio::task_local) values of
    /// outer layers are not visible inside, and a time-out outside stops no handler: put time-outs
    /// on the routes inside.
    pub fn layer(self) -> LoginLayer<U> {
        let settings = self.settings;
        if settings.public_url.is_none() {
            tracing::warn!(
                "no public URL: cookies are for https, and forms from http are rejected; say the \
                 app's address with `LoginManager::public_url`"
            );
        }
        let own = settings.public_url.as_ref().map(PublicUrl::origin);
        let origins = own.iter().chain(&settings.origins.trusted);
        let check_origin = origins.fold(CsrfLayer::new(), |check_origin, origin| {
            let check_origin = check_origin.add_trusted_origin(origin);
            check_origin.expect("a `PublicUrl` was checked to be an origin")
        });
        LoginLayer(Arc::new(Shared {
            context: Arc::new(LoginContext::new(settings)),
            check_origin: check_origin.with_rejection_response(cross_origin),
        }))
    }
}

impl<U: User> LoginLayer<U> {
    /// Returns once the requests that the layer carries out are finished, those of clients that have
    /// hung up included. Await it after a graceful shutdown of the server, with a time-out: a
    /// runtime that ends before cuts them off.
    pub async fn finish_requests(&self) {
        self.0.context.hang_ups.finished().await;
    }
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Marks forms from plain http as cross-site if the app is on https. An attacker on the network can
/// write pages of the same host on plain http, but the origin check compares only hosts. Browsers
/// that send `Sec-Fetch-Site` report this; for older ones, we set it.
///
/// On plain http, also marks forms for a host other than the app's. A page of such a host, whose
/// name resolves to this machine, would otherwise pass the check.
fn mark_insecure_origin(public_url: Option<&PublicUrl>, headers: &mut HeaderMap) {
    if let Some(loopback) = public_url.filter(|url| !url.is_https()) {
        let host = headers.get(HOST).map(HeaderValue::as_bytes);
        let host = host.and_then(|host| str::from_utf8(host).ok());
        if !host.is_some_and(|host| loopback.is_at(host)) {
            headers.insert(SEC_FETCH_SITE, HeaderValue::from_static("cross-site"));
        }
        return;
    }
    let is_https = public_url.is_none_or(PublicUrl::is_https);
    let is_insecure = headers
        .get(ORIGIN)
        .is_some_and(|origin| origin.as_bytes().starts_with(b"http:"));
    if is_https && is_insecure && !headers.contains_key(SEC_FETCH_SITE) {
        headers.insert(SEC_FETCH_SITE, HeaderValue::from_static("cross-site"));
    }
}

/// Marks headers with a credential as sensitive, so that `Debug` does not show them.
fn mark_secrets(headers: &mut HeaderMap) {
    for (name, value) in headers.iter_mut() {
        if matches!(
            name.as_str(),
            "cookie" | "authorization" | "proxy-authorization"
        ) {
            value.set_sensitive(true);
        }
    }
}

/// Marks the response of the origin check.
#[derive(Debug, Clone, Copy)]
struct CrossOrigin;

/// The visit replaces this response.
fn cross_origin(_: ProtectionError) -> Response {
    let mut response = StatusCode::FORBIDDEN.into_response();
    response.extensions_mut().insert(CrossOrigin);
    response
}

#[cfg(feature = "sql")]
impl<U: User> LoginLayer<U> {
    /// As [`LoginManager::handle`].
    pub(crate) fn handle(&self) -> LoginHandle<U> {
        LoginHandle::of(&self.0.context.settings)
    }
}

impl<U> Clone for LoginLayer<U> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<U> fmt::Debug for LoginLayer<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginLayer")
            .field("realm", &self.0.context.settings.realm)
            .finish_non_exhaustive()
    }
}

impl<U: User, S> Layer<S> for LoginLayer<U> {
    type Service = LoginService<U, S>;

    fn layer(&self, inner: S) -> LoginService<U, S> {
        LoginService {
            shared: self.0.clone(),
            inner,
        }
    }
}

/// The service that [`LoginLayer`] makes.
///
/// Written by hand because it runs on every request. A middleware function would be shorter, but
/// would box two more futures.
pub struct LoginService<U, S> {
    shared: Arc<Shared<U>>,
    inner: S,
}

impl<U, S: Clone> Clone for LoginService<U, S> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            inner: self.inner.clone(),
        }
    }
}

impl<U, S> fmt::Debug for LoginService<U, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginService")
    }
}

impl<U, S> Service<Request> for LoginService<U, S>
where
    U: User,
    S: Service<Request, Response = Response>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = ResponseFuture<U, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        mark_secrets(request.headers_mut());
        let visit = Visit::begin(self.shared.context.clone(), &mut request);
        // The origin check accepts these methods in any case. But browsers let a page of another
        // origin open a WebSocket and read from it, with cookies if the site is the same.
        let is_safe = matches!(
            *request.method(),
            Method::GET | Method::HEAD | Method::OPTIONS
        ) && !is_handshake(request.method(), request.headers());
        let inner = if is_safe {
            Inner::Safe {
                future: self.inner.call(request),
            }
        } else if self.shared.is_exempt(&request) {
            let outcome = self.inner.call(request);
            Inner::Carried {
                future: Box::pin(self.shared.context.hang_ups.carry_out(outcome)),
            }
        } else {
            let public_url = self.shared.context.settings.public_url.as_ref();
            mark_insecure_origin(public_url, request.headers_mut());
            // For the response, if the check rejects it.
            let (mut parts, body) = request.into_parts();
            let kept = Box::new(parts.clone());
            // The check skips GET, so show it a handshake as CONNECT, which HTTP/2 uses for one.
            let method = std::mem::replace(&mut parts.method, Method::CONNECT);
            let inner = (&mut self.inner).map_request(move |mut request: Request| {
                request.method_mut().clone_from(&method);
                request
            });
            let mut checked = self.shared.check_origin.layer(inner);
            let checked = checked.call(Request::from_parts(parts, body));
            let rejecting = visit.clone();
            let outcome = async move {
                let mut response = checked.await?;
                if response.extensions_mut().remove::<CrossOrigin>().is_some() {
                    response = rejecting.reject_cross_origin(&kept).await;
                }
                Ok(response)
            };
            Inner::Carried {
                future: Box::pin(self.shared.context.hang_ups.carry_out(outcome)),
            }
        };
        ResponseFuture { inner, visit }
    }
}

pin_project! {
    /// The future of [`LoginService`].
    pub struct ResponseFuture<U, F: Future> {
        #[pin]
        inner: Inner<F>,
        visit: Arc<Visit<U>>,
    }
}

pin_project! {
    #[project = PinnedInner]
    enum Inner<F: Future> {
        Safe { #[pin] future: F },
        // Continues when the client hangs up.
        Carried { #[pin] future: Pin<Box<dyn Future<Output = F::Output> + Send>> },
    }
}

impl<U, F: Future> fmt::Debug for ResponseFuture<U, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture")
    }
}

impl<U, F, E> Future for ResponseFuture<U, F>
where
    U: User,
    F: Future<Output = Result<Response, E>>,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(match this.inner.project() {
            PinnedInner::Safe { future } => future.poll(cx),
            PinnedInner::Carried { future } => future.poll(cx),
        })?;
        this.visit.finish(&mut response);
        Poll::Ready(Ok(response))
    }
}
