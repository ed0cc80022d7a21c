//! Loading users by id.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::login::{User, UserId};
use crate::session::{InvalidationFeed, Session, SessionId};

/// Loads a user by id. Flask-Login's `user_loader`.
///
/// Implement it, or pass an `async fn` or an async closure. A closure is cloned for each call, with
/// what it captures; write the type of its argument, which the compiler does not infer:
///
/// ```
/// use std::collections::HashMap;
/// use std::convert::Infallible;
/// use std::sync::Arc;
/// # use vestibule::login::{LoginManager, User, UserId};
/// # use vestibule::stores::MemoryStore;
/// # #[derive(Clone)] struct Member;
/// # impl User for Member { fn id(&self) -> UserId { 1_i64.into() } }
///
/// let members: Arc<HashMap<UserId, Member>> = Arc::default();
/// let loader = async move |id: UserId| Ok::<_, Infallible>(members.get(&id).cloned());
/// let manager = LoginManager::new(loader, MemoryStore::new());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not load users of type `{U}`",
    note = "it takes a type that implements `UserLoader<{U}>`, or a closure \
            such as `async move |id: UserId| pool.find(id.as_str()).await`; what it captures can be \
            cloned, and its result is `Result<Option<{U}>, _>`"
)]
pub trait UserLoader<U: User>: Send + Sync + 'static {
    /// The user with this id, or `None` if the user no longer exists.
    ///
    /// # Errors
    /// When it could not look ([`Error::store`]). Never return `None` in that case: the visitor
    /// would be treated as not logged in.
    fn load(&self, id: UserId) -> impl Future<Output = Result<Option<U>>> + Send;

    /// The feed that is invalidated when users change, so that they can be cached. Default: none,
    /// so each request loads its user, unless you set
    /// [`LoginManager::cache_users_for`](crate::LoginManager::cache_users_for).
    fn feed(&self) -> Option<&InvalidationFeed> {
        None
    }

    /// Our single query for a session and its user. No other crate can create one.
    #[doc(hidden)]
    fn session_join(&self) -> Option<SessionJoin<U>> {
        None
    }
}

impl<U, F, Fut, E> UserLoader<U> for F
where
    U: User,
    F: FnOnce(UserId) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<U>, E>> + Send,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    async fn load(&self, id: UserId) -> Result<Option<U>> {
        self.clone()(id).await.map_err(Error::store)
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<Option<T>>> + Send + 'a>>;

/// Any user loader behind one pointer.
pub(crate) struct SharedUserLoader<U>(Arc<dyn DynUserLoader<U>>);

impl<U> Clone for SharedUserLoader<U> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<U: User> SharedUserLoader<U> {
    pub(crate) fn new(loader: impl UserLoader<U>) -> Self {
        Self(Arc::new(Erased {
            loader,
            user: PhantomData,
        }))
    }

    pub(crate) async fn load(&self, id: UserId) -> Result<Option<U>> {
        self.0.load(id).await
    }

    pub(crate) fn feed(&self) -> Option<&InvalidationFeed> {
        self.0.feed()
    }

    pub(crate) fn session_join(&self) -> Option<SessionJoin<U>> {
        self.0.session_join()
    }
}

/// The object-safe twin of [`UserLoader`].
trait DynUserLoader<U>: Send + Sync {
    fn load(&self, id: UserId) -> BoxFuture<'_, U>;
    fn feed(&self) -> Option<&InvalidationFeed>;
    fn session_join(&self) -> Option<SessionJoin<U>>;
}

struct Erased<L, U> {
    loader: L,
    user: PhantomData<fn() -> U>,
}

impl<U: User, L: UserLoader<U>> DynUserLoader<U> for Erased<L, U> {
    fn load(&self, id: UserId) -> BoxFuture<'_, U> {
        Box::pin(self.loader.load(id))
    }

    fn feed(&self) -> Option<&InvalidationFeed> {
        self.loader.feed()
    }

    fn session_join(&self) -> Option<SessionJoin<U>> {
        self.loader.session_join()
    }
}

/// Reads a session and its user by one query, if both are in the same database.
pub struct SessionJoin<U> {
    feed: InvalidationFeed,
    load: Box<Load<U>>,
}

type Load<U> = dyn Fn(SessionId) -> BoxFuture<'static, (Session, Option<U>)> + Send + Sync;

impl<U> SessionJoin<U> {
    /// `feed` is the database's feed.
    #[cfg(feature = "sql")]
    pub(crate) fn new<F, Fut>(feed: InvalidationFeed, load: F) -> Self
    where
        F: Fn(SessionId) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<(Session, Option<U>)>>> + Send + 'static,
    {
        let load = Box::new(move |id| -> BoxFuture<'static, _> { Box::pin(load(id)) });
        Self { feed, load }
    }

    pub(crate) fn feed(&self) -> &InvalidationFeed {
        &self.feed
    }

    /// The session with this id, and its user if they still exist.
    pub(crate) async fn load(&self, id: SessionId) -> Result<Option<(Session, Option<U>)>> {
        (self.load)(id).await
    }
}

impl<U> std::fmt::Debug for SessionJoin<U> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionJoin")
    }
}
