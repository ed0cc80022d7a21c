//! From a user id to the user.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::login::{User, UserId};
use crate::session::{InvalidationFeed, Session, SessionId};

/// Finds a user by id. Flask-Login's `user_loader`.
///
/// Implement it, or pass an async closure. A closure that uses something of its own clones it
/// into the future it returns:
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
/// let loader = move |id: UserId| {
///     let members = members.clone();
///     async move { Ok::<_, Infallible>(members.get(&id).cloned()) }
/// };
/// let manager = LoginManager::new(loader, MemoryStore::new());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not load users of type `{U}`",
    note = "it takes a type that implements `UserLoader<{U}>`, or a closure \
            `Fn(UserId) -> impl Future<Output = Result<Option<{U}>, _>> + Send`"
)]
pub trait UserLoader<U: User>: Send + Sync + 'static {
    /// The user by this id, or none if there is no such user any more.
    ///
    /// # Errors
    /// When it could not look ([`Error::store`]). Never answer "none" for that: the visitor
    /// would be taken for somebody who is not logged in.
    fn load(&self, id: UserId) -> impl Future<Output = Result<Option<U>>> + Send;

    /// What tells of changed users, so that they can be kept between requests. Default: none, and
    /// each request loads its user, unless
    /// [`LoginManager::cache_users_for`](crate::LoginManager::cache_users_for) says otherwise.
    fn feed(&self) -> Option<&InvalidationFeed> {
        None
    }

    /// Whether [`load_with_session`](Self::load_with_session) finds the sessions of a store that
    /// keeps them beside the users ([`SessionStore::is_table_beside`]). Default: not.
    ///
    /// [`SessionStore::is_table_beside`]: crate::session::SessionStore::is_table_beside
    fn finds_sessions(&self) -> bool {
        false
    }

    /// The session by this id and its user, or none if there is no such user any more, in one
    /// round trip. Asked only where [`finds_sessions`](Self::finds_sessions) says so.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn load_with_session(
        &self,
        id: SessionId,
    ) -> impl Future<Output = Result<Option<(Session, Option<U>)>>> + Send {
        let _ = id;
        async { Err(Error::internal("this loader finds no sessions")) }
    }
}

impl<U, F, Fut, E> UserLoader<U> for F
where
    U: User,
    F: Fn(UserId) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<U>, E>> + Send,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    async fn load(&self, id: UserId) -> Result<Option<U>> {
        self(id).await.map_err(Error::store)
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<Option<T>>> + Send + 'a>>;

/// A user loader of any kind behind one pointer.
pub(crate) struct SharedUserLoader<U>(Arc<dyn DynUserLoader<U>>);

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

    pub(crate) fn finds_sessions(&self) -> bool {
        self.0.finds_sessions()
    }

    pub(crate) async fn load_with_session(
        &self,
        id: SessionId,
    ) -> Result<Option<(Session, Option<U>)>> {
        self.0.load_with_session(id).await
    }
}

/// The object-safe twin of [`UserLoader`].
trait DynUserLoader<U>: Send + Sync {
    fn load(&self, id: UserId) -> BoxFuture<'_, U>;
    fn feed(&self) -> Option<&InvalidationFeed>;
    fn finds_sessions(&self) -> bool;
    fn load_with_session(&self, id: SessionId) -> BoxFuture<'_, (Session, Option<U>)>;
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

    fn finds_sessions(&self) -> bool {
        self.loader.finds_sessions()
    }

    fn load_with_session(&self, id: SessionId) -> BoxFuture<'_, (Session, Option<U>)> {
        Box::pin(self.loader.load_with_session(id))
    }
}
