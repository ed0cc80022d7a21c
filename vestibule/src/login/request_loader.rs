//! Loading users by a request's own credential: API keys, Basic, Bearer.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use http::request::Parts;

use crate::error::{Error, Result};
use crate::login::User;

/// Loads a user by a credential in the request: an API key, `Authorization`. Flask-Login's
/// `request_loader`.
///
/// It is called at every request that no session and no remember cookie identifies. Its users are
/// never fresh. It gets the request without the login. So an extractor of the current user fails in
/// it, as on a route without the layer, with 500. Implement it, or pass a closure:
///
/// ```
/// use std::convert::Infallible;
/// use http::request::Parts;
/// # use vestibule::login::{User, UserId};
/// # use vestibule::stores::MemoryStore;
/// # use vestibule::LoginManager;
/// # #[derive(Clone)] struct Member;
/// # impl User for Member { fn id(&self) -> UserId { 1_i64.into() } }
/// # async fn find(id: UserId) -> Result<Option<Member>, Infallible> { Ok(None) }
/// # async fn find_by_key(key: &str) -> Result<Option<Member>, Infallible> { Ok(None) }
///
/// let by_api_key = async |request: Parts| match request.headers.get("x-api-key") {
///     Some(key) => find_by_key(key.to_str().unwrap_or_default()).await,
///     None => Ok(None),
/// };
/// let manager = LoginManager::new(find, MemoryStore::new()).request_loader(by_api_key);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not load users of type `{U}` from requests",
    note = "it takes a type that implements `RequestLoader<{U}>`, or a closure that can be cloned, \
            `FnOnce(http::request::Parts) -> impl Future<Output = Result<Option<{U}>, _>> + Send`"
)]
pub trait RequestLoader<U: User>: Send + Sync + 'static {
    /// The user whose credential the request has, or `None`.
    ///
    /// # Errors
    /// When it could not look ([`Error::store`]).
    fn load(&self, request: Parts) -> impl Future<Output = Result<Option<U>>> + Send;
}

impl<U, F, Fut, E> RequestLoader<U> for F
where
    U: User,
    F: FnOnce(Parts) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<U>, E>> + Send,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    async fn load(&self, request: Parts) -> Result<Option<U>> {
        self.clone()(request).await.map_err(Error::store)
    }
}

type BoxFuture<'a, U> = Pin<Box<dyn Future<Output = Result<Option<U>>> + Send + 'a>>;

/// Any request loader behind one pointer.
pub(crate) struct SharedRequestLoader<U>(Arc<dyn DynRequestLoader<U>>);

impl<U: User> SharedRequestLoader<U> {
    pub(crate) fn new(loader: impl RequestLoader<U>) -> Self {
        Self(Arc::new(Erased {
            loader,
            user: PhantomData,
        }))
    }

    pub(crate) async fn load(&self, request: Parts) -> Result<Option<U>> {
        self.0.load(request).await
    }
}

/// The object-safe twin of [`RequestLoader`].
trait DynRequestLoader<U>: Send + Sync {
    fn load(&self, request: Parts) -> BoxFuture<'_, U>;
}

struct Erased<L, U> {
    loader: L,
    user: PhantomData<fn() -> U>,
}

impl<U: User, L: RequestLoader<U>> DynRequestLoader<U> for Erased<L, U> {
    fn load(&self, request: Parts) -> BoxFuture<'_, U> {
        Box::pin(self.loader.load(request))
    }
}
