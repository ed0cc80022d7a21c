//! Credentials: everything that proves who a user is.
//!
//! [`Credentials`] checks passwords against any users table, and logs in users who have proved who
//! they are.
//!
//! # Steps
//! 1. [`check_password`](Credentials::check_password) checks the typed name and password against
//!    the users table, at the same cost whether or not the user exists. It returns a [`Check`]: a
//!    [`Proof`], or that something was wrong.
//! 2. [`proceed`](Credentials::proceed) uses up the proof and returns the next [`Step`]: the user
//!    is logged in, must show a second factor, is not active, or has too many sessions.
//! 3. A log-in that still needs a second factor is a [`PendingLogin`](crate::login::PendingLogin).
//!    [`second_factor_shown`](Credentials::second_factor_shown) turns it into a proof again.
//!
//! # Your own users table
//! A table implements the traits that it supports: [`PasswordUsers`], [`Registrar`]. [`Users`]
//! combines them. [`Accounts`](crate::accounts::Accounts) implements all of them.
//!
//! # What it protects against
//! - Finding out by time or answer who has an account.
//! - Guessing passwords: see [`throttle`].
//! - Log-ins that skip the second factor.
//! - A second use of a proof or a pending log-in.
//! - Log-ins with a password that was changed meanwhile.
//! - Outdated hashes: each is replaced at its user's next log-in.

mod change_password;
mod check;
#[cfg(feature = "sql")]
mod email_users;
#[cfg(feature = "sql")]
mod epochs;
mod erased;
#[cfg(feature = "sql")]
mod factor_resets;
#[cfg(feature = "sql")]
pub(crate) mod factors;
mod forget;
mod hashes;
mod kinds;
mod log_in;
mod login_name;
#[cfg(feature = "passkeys")]
pub(crate) mod passkeys;
mod proof;
#[cfg(feature = "sql")]
mod recovery_codes;
mod register;
#[cfg(feature = "sql")]
mod reserved_names;
#[cfg(feature = "sql")]
mod reset_password;
mod sessions;
#[cfg(feature = "sql")]
mod skeleton;
pub mod throttle;
mod throttled;
#[cfg(feature = "sql")]
pub(crate) mod tokens;
#[cfg(feature = "sql")]
pub(crate) mod totp;
mod tries;
#[cfg(feature = "sql")]
mod trusted_browsers;
#[cfg(feature = "sql")]
mod username;
mod users;
#[cfg(feature = "sql")]
mod verify_email;

pub use change_password::PasswordChange;
pub use check::Check;
#[cfg(feature = "sql")]
pub use email_users::{EmailChange, EmailUsers};
#[cfg(feature = "sql")]
pub use epochs::MIGRATIONS;
#[cfg(feature = "sql")]
pub use factors::{FACTOR_MIGRATIONS, Factor, FactorKind};
pub use hashes::HashReview;
pub use log_in::Step;
pub use login_name::{LoginName, NoLoginName};
#[cfg(feature = "passkeys")]
pub use passkeys::{PASSKEY_MIGRATIONS, PasskeyAuthenticators};
pub use proof::Proof;
#[cfg(feature = "sql")]
pub(crate) use register::NewUser;
pub use register::Registration;
#[cfg(feature = "sql")]
pub use reserved_names::ReservedNames;
#[cfg(feature = "sql")]
pub(crate) use reset_password::{Link, LinkCheck, TokenTry};
pub use throttle::Throttle;
pub use throttled::Throttled;
pub use tries::{FactorTry, SecondFactor};
#[cfg(feature = "sql")]
pub(crate) use username::is_visible;
#[cfg(feature = "sql")]
pub use username::{Username, UsernameObjection};
pub use users::{Activity, ActivityLog, PasswordUsers, Registrar, Users};

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

#[cfg(feature = "sql")]
use crate::crypto::secret::Secret;
use crate::error::{Error, Result};
#[cfg(feature = "sql")]
use crate::login::UserId;
use crate::login::{Login, LoginManager, User};
#[cfg(feature = "sql")]
use crate::mail::outbox::Outbox;
#[cfg(feature = "sql")]
use crate::password::Claimant;
use crate::password::Passwords;
use crate::session::{SessionStore, SharedSessionStore};
use kinds::KindsRead;
#[cfg(feature = "sql")]
pub use tokens::TOKEN_MIGRATIONS;
#[cfg(feature = "sql")]
use tokens::Tokens;

/// Checks passwords against any users table, and logs in users who have proved who they are. Clones
/// share their state.
///
/// ```no_run
/// use axum::response::Redirect;
/// use vestibule::accounts::{Account, Accounts};
/// use vestibule::credentials::{Check, Credentials, Step, Users};
/// use vestibule::password::Passwords;
/// use vestibule::stores::SqlStore;
/// use vestibule::{Error, Login};
///
/// fn credentials(accounts: Accounts, passwords: Passwords, store: SqlStore) -> Credentials<Account> {
///     Credentials::new(Users::new(accounts), passwords, store)
/// }
///
/// async fn log_in(
///     credentials: Credentials<Account>,
///     login: Login<Account>,
///     (name, password): (String, String),
/// ) -> Result<Redirect, Error> {
///     if let Check::Proved(proof) =
///         credentials.check_password(&login, &name, &password.into()).await?
///         && let Step::LoggedIn { next, .. } = credentials.proceed(&login, proof).await?
///     {
///         return Ok(Redirect::to(next.or("/")));
///     }
///     Ok(Redirect::to("/login"))
/// }
/// ```
pub struct Credentials<U>(Arc<Inner<U>>);

struct Inner<U> {
    users: Users<U>,
    passwords: Passwords,
    sessions: SharedSessionStore,
    realm: String,
    kinds: Arc<KindsRead>,
    second_factor: Option<NeedsSecondFactor<U>>,
    throttle: Throttle,
    #[cfg(feature = "sql")]
    mail: Option<MailTokens>,
    #[cfg(feature = "sql")]
    factors: Option<factors::Factors>,
    #[cfg(feature = "sql")]
    mail_codes: bool,
    #[cfg(feature = "sql")]
    may_lack_passwords: bool,
}

/// What a site with mail has: tokens, and where the mails with them go.
#[cfg(feature = "sql")]
#[derive(Clone)]
pub(crate) struct MailTokens {
    pub(crate) tokens: Tokens,
    pub(crate) outbox: Outbox,
}

type NeedsSecondFactor<U> = Arc<dyn Fn(U) -> BoxFuture<bool> + Send + Sync>;

type BoxFuture<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

impl<U: User> Credentials<U> {
    /// The credentials of these users, hashed by `passwords`. `sessions` holds their sessions, so
    /// that a new password can end them.
    pub fn new(users: Users<U>, passwords: Passwords, sessions: impl SessionStore) -> Self {
        Self::with_store(users, passwords, SharedSessionStore::new(sessions))
    }

    pub(crate) fn with_store(
        users: Users<U>,
        passwords: Passwords,
        sessions: SharedSessionStore,
    ) -> Self {
        Self(Arc::new(Inner {
            users,
            passwords,
            sessions,
            realm: String::new(),
            kinds: Arc::default(),
            second_factor: None,
            throttle: Throttle::in_memory(),
            #[cfg(feature = "sql")]
            mail: None,
            #[cfg(feature = "sql")]
            factors: None,
            #[cfg(feature = "sql")]
            mail_codes: false,
            #[cfg(feature = "sql")]
            may_lack_passwords: false,
        }))
    }

    /// The [`realm`](LoginManager::realm), which must be that of the login manager. Default: empty.
    pub fn realm(mut self, realm: &str) -> Self {
        realm.clone_into(&mut self.settings().realm);
        self
    }

    /// Sets which users need a second factor of the app's own. `needs` is called for each user who
    /// has shown only one factor. Users with a factor of the ready-made pages need one in any case.
    /// Default: no others.
    ///
    /// # Errors
    /// If `needs` fails, the response to the log-in is 503, and nobody is logged in.
    pub fn second_factor<F, Fut>(mut self, needs: F) -> Self
    where
        F: FnOnce(U) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<bool>> + Send + 'static,
    {
        let needs = move |user| -> BoxFuture<bool> { Box::pin(needs.clone()(user)) };
        self.settings().second_factor = Some(Arc::new(needs));
        self
    }

    /// Advice on the password that a user has just chosen, if there is any. `words` are related to
    /// the account.
    #[cfg(feature = "sql")]
    pub(crate) async fn advice(
        &self,
        login: &Login<U>,
        username: &str,
        password: Secret,
        words: Vec<String>,
    ) -> Option<String> {
        let claimant = Claimant {
            account: Some(username),
            address: login.address(),
        };
        self.0.passwords.advice(&claimant, password, words).await
    }

    /// Sets the throttle. Default: [in memory](Throttle::in_memory), with the default limits.
    pub fn throttle(mut self, throttle: Throttle) -> Self {
        self.settings().throttle = throttle;
        self
    }

    /// Sends links by mail.
    #[cfg(feature = "sql")]
    pub(crate) fn mail(mut self, mail: MailTokens) -> Self {
        self.settings().mail = Some(mail);
        self
    }

    /// Asks users without a second factor, who have verified their address, for a code from a mail.
    #[cfg(feature = "sql")]
    pub(crate) fn mail_codes(mut self, are_on: bool) -> Self {
        self.settings().mail_codes = are_on;
        self
    }

    /// Users without a password hash log in by a passkey alone.
    #[cfg(feature = "sql")]
    pub(crate) fn may_lack_passwords(mut self, may: bool) -> Self {
        self.settings().may_lack_passwords = may;
        self
    }

    /// Whether users without a second factor are asked for a code from a mail.
    #[cfg(feature = "sql")]
    pub(crate) fn sends_codes(&self) -> bool {
        self.0.mail_codes
    }

    #[cfg(feature = "sql")]
    pub(crate) fn mail_tokens(&self) -> Result<&MailTokens> {
        let mail = self.0.mail.as_ref();
        mail.ok_or_else(|| Error::config("this site has no mail: set `SiteConfig::mailer`"))
    }

    #[cfg(test)]
    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    #[cfg(test)]
    pub(crate) fn kinds(&self) -> &Arc<KindsRead> {
        &self.0.kinds
    }

    /// The user with this id.
    #[cfg(feature = "sql")]
    pub(crate) async fn load(&self, id: UserId) -> Result<Option<U>> {
        self.0.users.table().load(id).await
    }

    /// A login manager for these users, their sessions and their epochs.
    pub fn login_manager(&self) -> LoginManager<U> {
        let manager = LoginManager::with_store(self.0.users.loader(), self.0.sessions.clone());
        let manager = manager.in_realm_of_credentials(&self.0.realm);
        match self.0.users.epochs() {
            Some(epochs) => manager.epochs(epochs),
            None => manager,
        }
    }

    /// # Errors
    /// When the login manager of `login` has another realm, because a new password would not end
    /// its sessions.
    pub(crate) fn check_realm(&self, login: &Login<U>) -> Result<()> {
        let (ours, theirs) = (&*self.0.realm, &*login.visit().settings().realm);
        if ours == theirs {
            return Ok(());
        }
        Err(Error::config(format!(
            "the credentials have the realm `{ours}`, and this login manager has `{theirs}`: make \
             it by `Credentials::login_manager`, or set `Credentials::realm`"
        )))
    }

    /// The settings, before the credentials are shared.
    fn settings(&mut self) -> &mut Inner<U> {
        Arc::make_mut(&mut self.0)
    }
}

impl<U> Clone for Inner<U> {
    fn clone(&self) -> Self {
        Self {
            users: self.users.clone(),
            passwords: self.passwords.clone(),
            sessions: self.sessions.clone(),
            realm: self.realm.clone(),
            kinds: self.kinds.clone(),
            second_factor: self.second_factor.clone(),
            throttle: self.throttle.clone(),
            #[cfg(feature = "sql")]
            mail: self.mail.clone(),
            #[cfg(feature = "sql")]
            factors: self.factors.clone(),
            #[cfg(feature = "sql")]
            mail_codes: self.mail_codes,
            #[cfg(feature = "sql")]
            may_lack_passwords: self.may_lack_passwords,
        }
    }
}

impl<U> Clone for Credentials<U> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<U> fmt::Debug for Credentials<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("realm", &self.0.realm)
            .finish_non_exhaustive()
    }
}
