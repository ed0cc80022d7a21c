//! Registration.

use tracing::Instrument;

use crate::credentials::throttle::{Permit, Try};
use crate::credentials::{Credentials, Proof, Throttled};
use crate::crypto::secret::Secret;
use crate::error::{Error, Result};
#[cfg(feature = "sql")]
use crate::login::UserId;
use crate::login::{Login, User};
#[cfg(feature = "sql")]
use crate::mail::Email;
use crate::password::Claimant;
#[cfg(feature = "sql")]
use crate::password::PasswordHash;
use crate::session::Methods;

/// The outcome of a registration.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum Registration<U> {
    /// The user was added, with a proof of who they are.
    Registered(Proof<U>),
    /// The name is taken, or another user's name looks like it.
    NameTaken,
    /// Too many registrations came from this network, or from all networks. Answer 429.
    Throttled(Throttled),
}

/// Who registers.
#[derive(Clone, Copy)]
pub(crate) struct NewUser<'a> {
    /// The name as it was typed.
    pub(crate) name: &'a str,
    /// The mail address that they have entered.
    #[cfg(feature = "sql")]
    pub(crate) email: Option<&'a Email>,
}

impl<U: User> Credentials<U> {
    /// Adds a user. Does not check whether the name and the password are allowed:
    /// [`objection_to`](Self::objection_to) and the
    /// [`PasswordPolicy`](crate::password::PasswordPolicy) do. Each call counts as a registration
    /// at the [throttle](crate::credentials::throttle).
    ///
    /// # Errors
    /// When the users table failed, the hashing queue is full, or users cannot register
    /// ([`Error::is_config`]).
    pub async fn register(
        &self,
        login: &Login<U>,
        typed: &str,
        password: &Secret,
    ) -> Result<Registration<U>> {
        let tried = match self.begin_registration(login).await? {
            Permit::Granted(tried) => tried,
            Permit::Denied(throttled) => return Ok(Registration::Throttled(throttled)),
        };
        let new = NewUser {
            name: typed,
            #[cfg(feature = "sql")]
            email: None,
        };
        let added = self.register_counted(login, tried, new, password).await?;
        Ok(added.map_or(Registration::NameTaken, Registration::Registered))
    }

    /// Counts a registration, before any other step of it.
    pub(crate) async fn begin_registration(&self, login: &Login<U>) -> Result<Permit> {
        let now = login.visit().settings().clock.now();
        let throttle = &self.0.throttle;
        let permit = throttle.begin_registration(login.address(), now).await?;
        if matches!(permit, Permit::Denied(_)) {
            throttle.give_way().await;
        }
        Ok(permit)
    }

    /// As [`register`](Self::register), for a registration that is already counted. `None` if the
    /// name is taken.
    pub(crate) async fn register_counted(
        &self,
        login: &Login<U>,
        tried: Try,
        new: NewUser<'_>,
        password: &Secret,
    ) -> Result<Option<Proof<U>>> {
        let (from, typed) = (login.sender(), new.name);
        // Only saves the hashing; the table decides.
        if self.is_taken(typed).await? {
            tried.cost_no_hash();
            return Ok(None);
        }
        let canonical = self.0.users.table().canonical(typed);
        let claimant = Claimant {
            account: Some(&canonical),
            address: from.address(),
        };
        let hash = self.0.passwords.hash_for(&claimant, password).await?;
        let (credentials, typed) = (self.clone(), typed.to_owned());
        #[cfg(feature = "sql")]
        let email = new.email.cloned();
        let add = async move {
            let registrar = credentials.registrar()?;
            #[cfg(feature = "sql")]
            let added = match &email {
                Some(email) => registrar.register_with_email(&typed, email, &hash, &from),
                None => registrar.register(&typed, &hash, &from),
            };
            #[cfg(not(feature = "sql"))]
            let added = registrar.register(&typed, &hash, &from);
            let Some(user) = added.await? else {
                return Ok(None);
            };
            // The id may have belonged to another user.
            credentials.forget(&user.id()).await?;
            Ok(Some(user))
        };
        // Runs in its own task. If a closed connection stopped it between the two steps, the new
        // user would inherit the former one's sessions.
        let added = tokio::spawn(add.in_current_span()).await;
        let Some(user) = added.map_err(Error::internal)?? else {
            return Ok(None);
        };
        let epoch = self.epoch_of(&user).await?;
        Ok(Some(Proof::new(user, epoch, Methods::PASSWORD)))
    }

    /// The hash of a new user's password.
    ///
    /// # Errors
    /// When the hashing queue is full.
    #[cfg(feature = "sql")]
    pub(crate) async fn hash_of_new(
        &self,
        login: &Login<U>,
        canonical: &str,
        password: &Secret,
    ) -> Result<PasswordHash> {
        let claimant = Claimant {
            account: Some(canonical),
            address: login.address(),
        };
        self.0.passwords.hash_for(&claimant, password).await
    }

    /// As [`register_counted`](Self::register_counted), where `add` adds the user with the new hash
    /// and returns their id, or why it did not. `canonical` is their name or their address.
    #[cfg(feature = "sql")]
    pub(crate) async fn register_by<E, F, Fut>(
        &self,
        login: &Login<U>,
        (canonical, password): (&str, &Secret),
        add: F,
    ) -> Result<std::result::Result<Proof<U>, E>>
    where
        E: Send + 'static,
        F: FnOnce(PasswordHash) -> Fut + Send + 'static,
        Fut: Future<Output = Result<std::result::Result<UserId, E>>> + Send,
    {
        let hash = self.hash_of_new(login, canonical, password).await?;
        let credentials = self.clone();
        let add = async move {
            let id = match add(hash).await? {
                Ok(id) => id,
                Err(reason) => return Ok(Err(reason)),
            };
            // As in `register_counted`.
            credentials.forget(&id).await?;
            let user = credentials.load(id).await?;
            user.map(Ok)
                .ok_or_else(|| Error::internal("the account was deleted meanwhile"))
        };
        let added = tokio::spawn(add.in_current_span()).await;
        let user = match added.map_err(Error::internal)?? {
            Ok(user) => user,
            Err(reason) => return Ok(Err(reason)),
        };
        let epoch = self.epoch_of(&user).await?;
        Ok(Ok(Proof::new(user, epoch, Methods::PASSWORD)))
    }

    /// A proof of a user who has just registered with a passkey that verified them.
    ///
    /// # Errors
    /// When the users table failed.
    #[cfg(feature = "passkeys")]
    pub(crate) async fn registered_by_passkey(&self, id: UserId) -> Result<Proof<U>> {
        let user = self.load(id).await?;
        let user = user.ok_or_else(|| Error::internal("the account was deleted meanwhile"))?;
        let epoch = self.epoch_of(&user).await?;
        Ok(Proof::new(user, epoch, Methods::VERIFIED_PASSKEY))
    }

    /// Why this cannot be a new username, as a sentence for the visitor; `None` if it can.
    ///
    /// # Errors
    /// When users cannot register ([`Error::is_config`]).
    pub fn objection_to(&self, typed: &str) -> Result<Option<String>> {
        Ok(self.registrar()?.objection(typed))
    }

    /// Whether the name is taken.
    ///
    /// # Errors
    /// When the users table failed, or users cannot register ([`Error::is_config`]).
    pub async fn is_taken(&self, typed: &str) -> Result<bool> {
        self.registrar()?.is_taken(typed).await
    }

    fn registrar(&self) -> Result<&dyn super::erased::DynRegistrar<U>> {
        self.0.users.registration().ok_or_else(|| {
            Error::config("users cannot register: give `Users::registrar` a `Registrar`")
        })
    }
}
