//! What a users table can do: one small trait for each capability.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::credentials::erased::{
    DynActivityLog, DynPasswordUsers, DynRegistrar, ErasedActivityLog, ErasedRegistrar,
    ErasedUsers, TableLoader,
};
use crate::error::Result;
use crate::login::{Epochs, Sender, User, UserId, UserLoader};
use crate::password::PasswordHash;

/// A users table with a password hash for each user.
///
/// The hash's text is one that [`Passwords`](crate::password::Passwords) reads: of Flask-Bcrypt,
/// Werkzeug, Django, passlib or ours. New ones have up to 255 characters.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a table of users of type `{U}` with passwords",
    note = "implement `vestibule::credentials::PasswordUsers<{U}>` for it"
)]
pub trait PasswordUsers<U: User>: UserLoader<U> {
    /// The canonical form of a typed name: two texts with one form are one name in this table.
    /// Default: the text without white space around it, as in a table where `Bob` and `bob`
    /// differ.
    fn canonical(&self, typed: &str) -> String {
        typed.trim().to_owned()
    }

    /// The user by what was typed as their name, and their password hash. The rules for new names
    /// do not apply: a name that is in the table is let in.
    ///
    /// # Errors
    /// When it could not look ([`Error::store`](crate::Error::store)). Never answer "none" for
    /// that.
    fn find_with_hash(
        &self,
        typed: &str,
    ) -> impl Future<Output = Result<Option<(U, Option<PasswordHash>)>>> + Send;

    /// The password hash of the user by this id; none if they have no password, or are gone.
    ///
    /// # Errors
    /// When it could not look.
    fn hash_of(&self, id: &UserId) -> impl Future<Output = Result<Option<PasswordHash>>> + Send;

    /// Writes `new` in place of `old`, if `old` still is the user's hash. Returns whether it was.
    /// It is the same password, so nothing else changes: no epoch that is counted, no session.
    ///
    /// # Errors
    /// When it could not write.
    fn replace_hash(
        &self,
        id: &UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Writes the hash of a password that the user has just chosen, if the user is as `user` says,
    /// and begins a new [`session_epoch`](User::session_epoch), where the table has one. Returns
    /// the user as they are now, or none if they are gone or have changed since. If the epoch is
    /// [`Epoch::of`](crate::login::Epoch::of) the hash, that is the user with the new hash.
    ///
    /// `from` is who sent the request, for a table that keeps a log.
    ///
    /// # Errors
    /// When it could not write; then nothing is written.
    fn set_hash(
        &self,
        user: &U,
        new: &PasswordHash,
        from: &Sender,
    ) -> impl Future<Output = Result<Option<U>>> + Send;

    /// Up to some thousand users who have a password, in the order of their ids, from the first
    /// after `after`; an empty list at the end.
    ///
    /// They are counted by kind, so that an unknown user's password costs what one of theirs
    /// costs. Default: none, and it costs what a new hash costs.
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

/// A users table to which visitors can add themselves.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not register users of type `{U}`",
    note = "implement `vestibule::credentials::Registrar<{U}>` for it"
)]
pub trait Registrar<U: User>: Send + Sync + 'static {
    /// Why this may not be a new username, as a sentence for the visitor; none if it may. Default:
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

    /// Whether somebody has this name.
    ///
    /// # Errors
    /// When it could not look.
    fn is_taken(&self, typed: &str) -> impl Future<Output = Result<bool>> + Send;

    /// Adds a user with this password hash. Returns the user, or none if somebody has the name: of
    /// any number of calls at once for one name, one succeeds.
    ///
    /// `from` is who sent the request, for a table that keeps a log.
    ///
    /// # Errors
    /// When it could not write; then nothing is written.
    fn register(
        &self,
        typed: &str,
        hash: &PasswordHash,
        from: &Sender,
    ) -> impl Future<Output = Result<Option<U>>> + Send;
}

/// A log of what users do with their own account.
#[diagnostic::on_unimplemented(
    message = "`{Self}` keeps no log of what users of type `{U}` do",
    note = "implement `vestibule::credentials::ActivityLog<{U}>` for it"
)]
pub trait ActivityLog<U: User>: Send + Sync + 'static {
    /// Writes down what `user` is about to do, and who sent the request. It is not done if this fails.
    /// Anybody can cause [`Activity::LoginFailed`] as often as they like: limit what you write.
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

/// What a user does with their own account, or what somebody tries in their name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Activity<'a> {
    /// They end one of their sessions, by its [`public_id`](crate::Session::public_id).
    SessionEnded(&'a str),
    /// They end all their sessions but one.
    OtherSessionsEnded,
    /// Somebody tried a wrong password of theirs. Noted after the response.
    LoginFailed,
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
}

impl<U: User> Users<U> {
    /// Users who log in by a password.
    pub fn new(table: impl PasswordUsers<U>) -> Self {
        Self {
            table: Arc::new(ErasedUsers::new(table)),
            registrar: None,
            log: None,
            epochs: None,
        }
    }

    /// Lets visitors register.
    pub fn registrar(mut self, registrar: impl Registrar<U>) -> Self {
        self.registrar = Some(Arc::new(ErasedRegistrar::new(registrar)));
        self
    }

    /// Keeps a log of what users do with their own account.
    pub fn activity_log(mut self, log: impl ActivityLog<U>) -> Self {
        self.log = Some(Arc::new(ErasedActivityLog::new(log)));
        self
    }

    /// Keeps an epoch for each user in a table of ours in `database`, besides that of the users
    /// table, if it has any. The table is made by [`MIGRATIONS`](crate::credentials::MIGRATIONS).
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
