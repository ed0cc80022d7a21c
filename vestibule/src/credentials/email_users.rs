//! What a users table can do with mail addresses.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use crate::error::Result;
use crate::login::{Sender, User};
use crate::mail::Email;

/// A users table with mail addresses, of which at most one user owns each: for forgotten passwords,
/// and for [verifying](User::has_verified_email) and changing addresses.
///
/// [`PageUser::email`](crate::login::PageUser::email) says a user's address, and
/// [`User::has_verified_email`] whether they have shown that they read mail there.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not look up users of type `{U}` by their mail address",
    note = "implement `vestibule::credentials::EmailUsers<{U}>` for it"
)]
pub trait EmailUsers<U: User>: Send + Sync + 'static {
    /// The user who owns this address, whether or not it is verified. Compare the
    /// [canonical](Email::canonical) form. `None` if nobody owns it, or several users have it and
    /// none has verified it.
    ///
    /// # Errors
    /// When it could not look. Never return `None` in that case.
    fn find_by_email(&self, email: &Email) -> impl Future<Output = Result<Option<U>>> + Send;

    /// Writes that `user` has shown that they read mail at `email`, and makes it their address, in
    /// place of any other. A user who had it without having verified it loses it.
    ///
    /// `from` is who sent the request, for a table that keeps a log.
    ///
    /// # Errors
    /// When it could not write. Nothing is written then.
    fn set_verified_email(
        &self,
        user: &U,
        email: &Email,
        from: &Sender,
    ) -> impl Future<Output = Result<EmailChange<U>>> + Send;
}

/// The outcome of [`EmailUsers::set_verified_email`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum EmailChange<U> {
    /// The user has the address; they are as they are now.
    Changed(U),
    /// Another user has verified it. Nothing happened.
    Taken,
    /// The user no longer exists.
    Gone,
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// The object-safe twin of [`EmailUsers`].
pub(super) trait DynEmailUsers<U>: Send + Sync {
    fn find_by_email<'a>(&'a self, email: &'a Email) -> BoxFuture<'a, Option<U>>;
    fn set_verified_email<'a>(
        &'a self,
        user: &'a U,
        email: &'a Email,
        from: &'a Sender,
    ) -> BoxFuture<'a, EmailChange<U>>;
}

pub(super) struct ErasedEmailUsers<T, U> {
    table: T,
    user: PhantomData<fn() -> U>,
}

impl<T, U> ErasedEmailUsers<T, U> {
    pub(super) fn new(table: T) -> Self {
        let user = PhantomData;
        Self { table, user }
    }
}

impl<U: User, T: EmailUsers<U>> DynEmailUsers<U> for ErasedEmailUsers<T, U> {
    fn find_by_email<'a>(&'a self, email: &'a Email) -> BoxFuture<'a, Option<U>> {
        Box::pin(self.table.find_by_email(email))
    }

    fn set_verified_email<'a>(
        &'a self,
        user: &'a U,
        email: &'a Email,
        from: &'a Sender,
    ) -> BoxFuture<'a, EmailChange<U>> {
        Box::pin(self.table.set_verified_email(user, email, from))
    }
}
