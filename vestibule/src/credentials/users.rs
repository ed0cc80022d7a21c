//! The capabilities of a users table: one small trait for each.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

#[cfg(feature = "sql")]
use crate::credentials::email_users::{DynEmailUsers, EmailUsers, ErasedEmailUsers};
use crate::credentials::erased::{
    DynActivityLog, DynPasswordUsers, DynRegistrar, ErasedActivityLog, ErasedRegistrar,
    ErasedUsers, TableLoader,
};
use crate::error::Result;
use crate::login::{Epochs, Sender, User, UserId, UserLoader};
#[cfg(feature = "sql")]
use crate::mail::Email;
use crate::password::PasswordHash;

/// A users table with a password hash for each user.
///
/// The hash is one that [`Passwords`](crate::password::Passwords) reads: from Flask-Bcrypt,
/// Werkzeug, Django, passlib or ours. New ones have up to 255 characters.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a table of users of type `{U}` with passwords",
    note = "implement `vestibule::credentials::PasswordUsers<{U}>` for it"
)]
pub trait PasswordUsers<U: User>: UserLoader<U> {
    /// The canonical form of a typed name. In this table, two texts with one form are the same
    /// name. Default: the text without surrounding white space, for a table where `Bob` and `bob`
    /// differ.
    fn canonical(&self, typed: &str) -> String {
        typed.trim().to_owned()
    }

    /// The user with this typed name, and their password hash. Ignores the rules for new names:
    /// every name in the table can log in. If users may log in with their mail address
    /// ([`LoginName`](crate::credentials::LoginName)), it may be one: look for it too, and make the
    /// same queries whether or not there is such a user.
    ///
    /// # Errors
    /// When it could not look ([`Error::store`](crate::Error::store)). Never return `None` in that
    /// case.
    fn find_with_hash(
        &self,
        typed: &str,
    ) -> impl Future<Output = Result<Option<(U, Option<PasswordHash>)>>> + Send;

    /// The password hash of the user with this id; `None` if they have no password, or no longer
    /// exist.
    ///
    /// # Errors
    /// When it could not look.
    fn hash_of(&self, id: &UserId) -> impl Future<Output = Result<Option<PasswordHash>>> + Send;

    /// Replaces the hash `old` by `new`, if the user still has `old`. Returns whether they had. The
    /// password is the same, so nothing else changes: no counted epoch, no session.
    ///
    /// # Errors
    /// When it could not write.
    fn replace_hash(
        &self,
        id: &UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Writes the hash of a newly chosen password, if the user is still the same as `user`, and
    /// begins a new [`session_epoch`](User::session_epoch), if the table has one. Returns the user
    /// as they are now, or `None` if they no longer exist or have changed. If the epoch is
    /// [`Epoch::of`](crate::login::Epoch::of) the hash, returns the user with the new hash.
    ///
    /// `from` is who sent the request, for a table that keeps a log.
    ///
    /// # Errors
    /// When it could not write. Nothing is written then.
    fn set_hash(
        &self,
        user: &U,
        new: &PasswordHash,
        from: &Sender,
    ) -> impl Future<Output = Result<Option<U>>> + Send;

    /// Opens the account of a [closed](User::is_closed) user again, who has shown their credentials.
    /// Returns the user as they are now, or `None` if the time for that is over or they have
    /// changed. Begins no new epoch. Default: `None`, for a table without closed accounts.
    ///
    /// `from` is who sent the request, for a table that keeps a log.
    ///
    /// # Errors
    /// When it could not write.
    fn reopen(&self, user: &U, from: &Sender) -> impl Future<Output = Result<Option<U>>> + Send {
        let _ = (user, from);
        async { Ok(None) }
    }

    /// Up to some thousand users with a password, ordered by id, starting after `after`; an empty
    /// list at the end.
    ///
    /// Vestibule counts the kinds of their hashes, so that an unknown user's password costs the
    /// same as a real one's. Default: none; an unknown user's password then costs the same as a new
    /// hash.
    ///
    /// # Errors
    /// When it could not look.
    fn hashes(
        &self,
        after: Option<&UserId>,
    ) -> impl Future<Output = Result<Vec<(UserId, PasswordHash)>>> + Send {
        let _ = after;
        async { Ok(Vec::new()) }
    }
}

/// A users table in which visitors can register.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not register users of type `{U}`",
    note = "implement `vestibule::credentials::Registrar<{U}>` for it"
)]
pub trait Registrar<U: User>: Send + Sync + 'static {
    /// Why this cannot be a new username, as a sentence for the visitor; `None` if it can. Default:
    /// the rules of [`Username`](crate::credentials::Username).
    fn objection(&self, typed: &str) -> Option<String> {
        #[cfg(feature = "sql")]
        let objection = typed.parse::<crate::credentials::Username>().err();
        #[cfg(not(feature = "sql"))]
        let objection = typed
            .trim()
            .is_empty()
            .then(|| "Enter a username.".to_owned());
        #[cfg(feature = "sql")]
        let objection = objection.map(|objection| objection.to_string());
        objection
    }

    /// Whether the name is taken.
    ///
    /// # Errors
    /// When it could not look.
    fn is_taken(&self, typed: &str) -> impl Future<Output = Result<bool>> + Send;

    /// Adds a user with this password hash. Returns the user, or `None` if the name is taken. Of
    /// parallel calls for one name, only one succeeds.
    ///
    /// `from` is who sent the request, for a table that keeps a log.
    ///
    /// # Errors
    /// When it could not write. Nothing is written then.
    fn register(
        &self,
        typed: &str,
        hash: &PasswordHash,
        from: &Sender,
    ) -> impl Future<Output = Result<Option<U>>> + Send;

    /// As [`register`](Self::register), for a user who has entered this mail address, of which
    /// nobody knows yet whether they read it. Never reject it because another user has it: the
    /// answer would tell that. Default: registers without the address. A mail goes there in any
    /// case, and [`EmailUsers::set_verified_email`](crate::credentials::EmailUsers::set_verified_email)
    /// writes it when its link is followed.
    ///
    /// # Errors
    /// As [`register`](Self::register).
    #[cfg(feature = "sql")]
    fn register_with_email(
        &self,
        typed: &str,
        email: &Email,
        hash: &PasswordHash,
        from: &Sender,
    ) -> impl Future<Output = Result<Option<U>>> + Send {
        let _ = email;
        self.register(typed, hash, from)
    }
}

/// A log of users' actions on their own accounts.
#[diagnostic::on_unimplemented(
    message = "`{Self}` keeps no log of what users of type `{U}` do",
    note = "implement `vestibule::credentials::ActivityLog<{U}>` for it"
)]
pub trait ActivityLog<U: User>: Send + Sync + 'static {
    /// Records what `user` is about to do, and who sent the request. If it fails, the action does not
    /// happen. Anybody can cause [`Activity::LoginFailed`] any number of times, so limit what you
    /// write.
    ///
    /// # Errors
    /// When it could not write.
    fn note(
        &self,
        user: &U,
        activity: Activity<'_>,
        from: &Sender,
    ) -> impl Future<Output = Result<()>> + Send;
}

/// An action of a user on their own account, or an attempt in their name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Activity<'a> {
    /// The user ends one of their sessions, by its [`public_id`](crate::Session::public_id).
    SessionEnded(&'a str),
    /// The user ends all their sessions but one.
    OtherSessionsEnded,
    /// Somebody tried a wrong password for the account. Recorded after the response.
    LoginFailed,
    /// Somebody asked for a link to choose a new password, and it was sent to the user's address.
    /// Recorded after the response.
    ResetRequested,
    /// The user has added a second factor: its kind and its name.
    FactorAdded(&'a str),
    /// The user has removed a second factor: its kind and its name.
    FactorRemoved(&'a str),
    /// The user has a new set of recovery codes.
    RecoveryCodesRenewed,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// The user has shown a second factor, or has said that they have not lost it, so a planned reset
    /// of their factors does not take place.
    FactorsResetCancelled,
}

/// A users table and its capabilities.
///
/// ```
/// # use vestibule::accounts::Accounts;
/// use vestibule::credentials::Users;
///
/// # fn sample(table: Accounts) {
/// let users = Users::new(table.clone()).registrar(table);
/// # let _ = users;
/// # }
/// ```
pub struct Users<U> {
    table: Arc<dyn DynPasswordUsers<U>>,
    registrar: Option<Arc<dyn DynRegistrar<U>>>,
    log: Option<Arc<dyn DynActivityLog<U>>>,
    epochs: Option<Epochs>,
    #[cfg(feature = "sql")]
    emails: Option<Arc<dyn DynEmailUsers<U>>>,
}

impl<U: User> Users<U> {
    /// Users who log in with a password.
    pub fn new(table: impl PasswordUsers<U>) -> Self {
        Self {
            table: Arc::new(ErasedUsers::new(table)),
            registrar: None,
            log: None,
            epochs: None,
            #[cfg(feature = "sql")]
            emails: None,
        }
    }

    /// Lets visitors register.
    pub fn registrar(mut self, registrar: impl Registrar<U>) -> Self {
        self.registrar = Some(Arc::new(ErasedRegistrar::new(registrar)));
        self
    }

    /// Lets users get a forgotten password back by mail, and verify and change their address.
    #[cfg(feature = "sql")]
    pub fn emails(mut self, emails: impl EmailUsers<U>) -> Self {
        self.emails = Some(Arc::new(ErasedEmailUsers::new(emails)));
        self
    }

    /// Sets a log of users' actions on their own accounts.
    pub fn activity_log(mut self, log: impl ActivityLog<U>) -> Self {
        self.log = Some(Arc::new(ErasedActivityLog::new(log)));
        self
    }

    /// Keeps an epoch for each user in our table in `database`, in addition to that of the users
    /// table, if it has any. [`MIGRATIONS`](crate::credentials::MIGRATIONS) create our table.
    #[cfg(feature = "sql")]
    pub fn epochs_in(mut self, database: &crate::database::Database) -> Self {
        self.epochs = Some(crate::credentials::epochs::in_database(database));
        self
    }

    pub(super) fn table(&self) -> &dyn DynPasswordUsers<U> {
        &*self.table
    }

    pub(super) fn registration(&self) -> Option<&dyn DynRegistrar<U>> {
        self.registrar.as_deref()
    }

    pub(super) fn log(&self) -> Option<&dyn DynActivityLog<U>> {
        self.log.as_deref()
    }

    pub(super) fn loader(&self) -> TableLoader<U> {
        TableLoader(self.table.clone())
    }

    pub(super) fn epochs(&self) -> Option<Epochs> {
        self.epochs.clone()
    }

    #[cfg(feature = "sql")]
    pub(super) fn by_email(&self) -> Option<&dyn DynEmailUsers<U>> {
        self.emails.as_deref()
    }

    /// Whether users are known by their mail address.
    #[cfg(feature = "sql")]
    pub fn have_emails(&self) -> bool {
        self.emails.is_some()
    }

    /// Whether visitors can register.
    pub fn can_register(&self) -> bool {
        self.registrar.is_some()
    }
}

impl<U> Clone for Users<U> {
    fn clone(&self) -> Self {
        Self {
            table: self.table.clone(),
            registrar: self.registrar.clone(),
            log: self.log.clone(),
            epochs: self.epochs.clone(),
            #[cfg(feature = "sql")]
            emails: self.emails.clone(),
        }
    }
}

impl<U> fmt::Debug for Users<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Users")
            .field("can_register", &self.registrar.is_some())
            .field("epochs", &self.epochs)
            .finish_non_exhaustive()
    }
}
