//! The object-safe twins of the traits of a users table.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use crate::credentials::{Activity, ActivityLog, PasswordUsers, Registrar};
use crate::error::Result;
use crate::login::{Sender, SessionJoin, User, UserId, UserLoader};
#[cfg(feature = "sql")]
use crate::mail::Email;
use crate::password::PasswordHash;
use crate::session::InvalidationFeed;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// The twin of [`PasswordUsers`].
pub(super) trait DynPasswordUsers<U>: Send + Sync {
    fn canonical(&self, typed: &str) -> String;
    fn find_with_hash<'a>(
        &'a self,
        typed: &'a str,
    ) -> BoxFuture<'a, Option<(U, Option<PasswordHash>)>>;
    fn hash_of<'a>(&'a self, id: &'a UserId) -> BoxFuture<'a, Option<PasswordHash>>;
    fn replace_hash<'a>(
        &'a self,
        id: &'a UserId,
        old: &'a PasswordHash,
        new: &'a PasswordHash,
    ) -> BoxFuture<'a, bool>;
    fn set_hash<'a>(
        &'a self,
        user: &'a U,
        new: &'a PasswordHash,
        from: &'a Sender,
    ) -> BoxFuture<'a, Option<U>>;
    fn reopen<'a>(&'a self, user: &'a U, from: &'a Sender) -> BoxFuture<'a, Option<U>>;
    fn hashes<'a>(
        &'a self,
        after: Option<&'a UserId>,
    ) -> BoxFuture<'a, Vec<(UserId, PasswordHash)>>;
    fn load(&self, id: UserId) -> BoxFuture<'_, Option<U>>;
    fn feed(&self) -> Option<&InvalidationFeed>;
    fn session_join(&self) -> Option<SessionJoin<U>>;
}

/// The twin of [`Registrar`].
pub(super) trait DynRegistrar<U>: Send + Sync {
    fn objection(&self, typed: &str) -> Option<String>;
    fn is_taken<'a>(&'a self, typed: &'a str) -> BoxFuture<'a, bool>;
    fn register<'a>(
        &'a self,
        typed: &'a str,
        hash: &'a PasswordHash,
        from: &'a Sender,
    ) -> BoxFuture<'a, Option<U>>;
    #[cfg(feature = "sql")]
    fn register_with_email<'a>(
        &'a self,
        typed: &'a str,
        email: &'a Email,
        hash: &'a PasswordHash,
        from: &'a Sender,
    ) -> BoxFuture<'a, Option<U>>;
}

pub(super) struct ErasedUsers<T, U> {
    table: T,
    user: PhantomData<fn() -> U>,
}

impl<T, U> ErasedUsers<T, U> {
    pub(super) fn new(table: T) -> Self {
        let user = PhantomData;
        Self { table, user }
    }
}

impl<U: User, T: PasswordUsers<U>> DynPasswordUsers<U> for ErasedUsers<T, U> {
    fn canonical(&self, typed: &str) -> String {
        self.table.canonical(typed)
    }

    fn find_with_hash<'a>(
        &'a self,
        typed: &'a str,
    ) -> BoxFuture<'a, Option<(U, Option<PasswordHash>)>> {
        Box::pin(self.table.find_with_hash(typed))
    }

    fn hash_of<'a>(&'a self, id: &'a UserId) -> BoxFuture<'a, Option<PasswordHash>> {
        Box::pin(self.table.hash_of(id))
    }

    fn replace_hash<'a>(
        &'a self,
        id: &'a UserId,
        old: &'a PasswordHash,
        new: &'a PasswordHash,
    ) -> BoxFuture<'a, bool> {
        Box::pin(self.table.replace_hash(id, old, new))
    }

    fn set_hash<'a>(
        &'a self,
        user: &'a U,
        new: &'a PasswordHash,
        from: &'a Sender,
    ) -> BoxFuture<'a, Option<U>> {
        Box::pin(self.table.set_hash(user, new, from))
    }

    fn reopen<'a>(&'a self, user: &'a U, from: &'a Sender) -> BoxFuture<'a, Option<U>> {
        Box::pin(self.table.reopen(user, from))
    }

    fn hashes<'a>(
        &'a self,
        after: Option<&'a UserId>,
    ) -> BoxFuture<'a, Vec<(UserId, PasswordHash)>> {
        Box::pin(self.table.hashes(after))
    }

    fn load(&self, id: UserId) -> BoxFuture<'_, Option<U>> {
        Box::pin(self.table.load(id))
    }

    fn feed(&self) -> Option<&InvalidationFeed> {
        self.table.feed()
    }

    fn session_join(&self) -> Option<SessionJoin<U>> {
        self.table.session_join()
    }
}

pub(super) struct ErasedRegistrar<R, U> {
    registrar: R,
    user: PhantomData<fn() -> U>,
}

impl<R, U> ErasedRegistrar<R, U> {
    pub(super) fn new(registrar: R) -> Self {
        let user = PhantomData;
        Self { registrar, user }
    }
}

impl<U: User, R: Registrar<U>> DynRegistrar<U> for ErasedRegistrar<R, U> {
    fn objection(&self, typed: &str) -> Option<String> {
        self.registrar.objection(typed)
    }

    fn is_taken<'a>(&'a self, typed: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(self.registrar.is_taken(typed))
    }

    fn register<'a>(
        &'a self,
        typed: &'a str,
        hash: &'a PasswordHash,
        from: &'a Sender,
    ) -> BoxFuture<'a, Option<U>> {
        Box::pin(self.registrar.register(typed, hash, from))
    }

    #[cfg(feature = "sql")]
    fn register_with_email<'a>(
        &'a self,
        typed: &'a str,
        email: &'a Email,
        hash: &'a PasswordHash,
        from: &'a Sender,
    ) -> BoxFuture<'a, Option<U>> {
        Box::pin(self.registrar.register_with_email(typed, email, hash, from))
    }
}

/// The twin of [`ActivityLog`].
pub(super) trait DynActivityLog<U>: Send + Sync {
    fn note<'a>(
        &'a self,
        user: &'a U,
        activity: Activity<'a>,
        from: &'a Sender,
    ) -> BoxFuture<'a, ()>;
}

pub(super) struct ErasedActivityLog<L, U> {
    log: L,
    user: PhantomData<fn() -> U>,
}

impl<L, U> ErasedActivityLog<L, U> {
    pub(super) fn new(log: L) -> Self {
        let user = PhantomData;
        Self { log, user }
    }
}

impl<U: User, L: ActivityLog<U>> DynActivityLog<U> for ErasedActivityLog<L, U> {
    fn note<'a>(
        &'a self,
        user: &'a U,
        activity: Activity<'a>,
        from: &'a Sender,
    ) -> BoxFuture<'a, ()> {
        Box::pin(self.log.note(user, activity, from))
    }
}

/// Loads users from a users table.
pub(super) struct TableLoader<U>(pub(super) Arc<dyn DynPasswordUsers<U>>);

impl<U: User> UserLoader<U> for TableLoader<U> {
    async fn load(&self, id: UserId) -> Result<Option<U>> {
        self.0.load(id).await
    }

    fn feed(&self) -> Option<&InvalidationFeed> {
        self.0.feed()
    }

    fn session_join(&self) -> Option<SessionJoin<U>> {
        self.0.session_join()
    }
}
