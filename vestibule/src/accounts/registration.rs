//! Registrations: with a username, and by mail address alone. The latter wait until the address is
//! verified, for a day at most.

use std::time::Duration;

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};

use crate::accounts::account::{NewAccount, NewCredential};
use crate::accounts::emails::owner_of;
use crate::accounts::entity::{password, user};
use crate::accounts::security_log::Entry;
use crate::accounts::{Account, Accounts, Action, Actor};
use crate::credentials::Username;
use crate::crypto::secret::Secret;
use crate::database::{Transaction, changed, delete_in_batches, retried};
use crate::error::{Error, Result};
use crate::login::{Sender, UserId};
use crate::mail::Email;
use crate::password::{Claimant, PasswordHash};
use crate::session::Invalidation;

/// The outcome of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Registration {
    /// The account was created.
    Registered(Account),
    /// Another user has this name, or one that looks the same.
    NameTaken,
}

/// How long a registration waits. Its link works for an hour, and a forgotten password can be
/// replaced as long as it waits.
const WAITS: Duration = Duration::from_hours(24);
const SWEEP_EVERY: Duration = Duration::from_hours(1);

/// How often a registration is tried while others name its address.
const REGISTRATION_TRIES: usize = 5;

/// The outcome of [`Accounts::begin_registration`].
pub(crate) enum NewRegistration {
    /// A new account waits for its address to be verified, once the transaction is committed.
    Waits(Account, Transaction),
    /// This account has the address.
    Known(Account),
    /// Somebody else registers with the address at this moment.
    None,
}

impl Accounts {
    /// Creates an account. Check `password` with the
    /// [`PasswordPolicy`](crate::password::PasswordPolicy) first.
    ///
    /// The user and the password are stored together or not at all. Of parallel registrations of
    /// one name, or of names that [look alike](Username::skeleton_of), only one succeeds.
    ///
    /// # Errors
    /// When the database failed or the hashing queue is full.
    pub async fn register(&self, username: &Username, password: &Secret) -> Result<Registration> {
        // Only saves the hashing; the unique indexes decide.
        if self.has_name_like(username.as_str()).await? {
            return Ok(Registration::NameTaken);
        }
        let claimant = Claimant {
            account: Some(username.canonical()),
            address: self.address,
        };
        let hash = self.inner.passwords.hash_for(&claimant, password).await?;
        let credential = NewCredential::Password(&hash);
        let registered = self
            .insert_registered(username, None, credential, &Sender::at(self.address))
            .await?;
        Ok(registered.map_or(Registration::NameTaken, Registration::Registered))
    }

    /// Adds a user who registers, with a line in the security log; `None` if the
    /// name is taken.
    async fn insert_registered(
        &self,
        username: &Username,
        email: Option<&Email>,
        credential: NewCredential<'_>,
        from: &Sender,
    ) -> Result<Option<Account>> {
        let transaction = self.inner.database.connection().begin().await;
        let transaction = transaction.map_err(Error::from_db)?;
        let new = NewAccount {
            email,
            awaits_approval: self.inner.approves_registrations,
            ..NewAccount::of(username)
        };
        let Some(account) = self.insert(new, credential, &transaction).await? else {
            return Ok(None);
        };
        let entry = Entry {
            action: Action::AccountAdded,
            user: Some(&account),
            detail: None,
        };
        if account.awaits_approval {
            self.put_approval_mails(&transaction).await?;
        }
        let themself = Actor::themself(&account).sent_by(from);
        self.commit(transaction, &themself, entry).await?;
        Ok(Some(account))
    }

    /// As [`insert_registered`](Self::insert_registered), while others may name the same address.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn register_with(
        &self,
        username: &Username,
        email: Option<&Email>,
        credential: NewCredential<'_>,
        from: &Sender,
    ) -> Result<Option<Account>> {
        let add = || self.insert_registered(username, email, credential, from);
        if email.is_none() {
            return add().await;
        }
        for _ in 0..REGISTRATION_TRIES {
            let added = retried(add).await?;
            if added.is_some() || self.has_name_like(username.as_str()).await? {
                return Ok(added);
            }
            // The name is free: somebody else named the address at the same moment.
        }
        match credential {
            NewCredential::Password(_) => Err(Error::internal(
                "an address is named by others again and again",
            )),
            // Or somebody has registered with the same passkey at the same moment.
            #[cfg(feature = "passkeys")]
            NewCredential::Passkey(_) => Ok(None),
        }
    }

    /// Deletes an account whose registration the app rejected, and ends its sessions.
    pub(crate) async fn undo_registration(&self, account: &Account, from: &Sender) -> Result<()> {
        let transaction = self.inner.database.connection().begin().await;
        let transaction = transaction.map_err(Error::from_db)?;
        user::Entity::delete_by_id(account.id.as_str())
            .exec(&transaction)
            .await
            .map_err(Error::from_db)?;
        self.reopen_invitation(&account.id, &transaction).await?;
        if let Some(factors) = &self.inner.factors {
            factors.forget_in(&account.id, &transaction).await?;
        }
        let entry = Entry {
            action: Action::AccountDeleted,
            user: Some(account),
            detail: Some("registration rejected".to_owned()),
        };
        let themself = Actor::themself(account).sent_by(from);
        self.commit(transaction, &themself, entry).await?;
        let (sessions, realm) = (&self.inner.sessions, &self.inner.realm);
        sessions
            .revoke_user_and_pending(realm, &account.id, None)
            .await?;
        Ok(())
    }

    /// Adds an account that has only this mail address, in place of one that still waits.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn begin_registration(
        &self,
        email: &Email,
        hash: &PasswordHash,
        from: &Sender,
    ) -> Result<NewRegistration> {
        self.sweep_waiting_if_due();
        let transaction = self.inner.database.connection().begin().await;
        let transaction = transaction.map_err(Error::from_db)?;
        if let Some(owner) = owner_of(email, &transaction).await? {
            if !owner.is_waiting() {
                return Ok(NewRegistration::Known(owner));
            }
            // The older one's password must not get in when the address is verified.
            let replace = user::Entity::delete_many()
                .filter(user::Column::Id.eq(owner.id.as_str()))
                .filter(user::Column::EmailVerifiedAt.is_null())
                .exec(&transaction)
                .await
                .map_err(Error::from_db)?;
            if replace.rows_affected == 0 {
                return Ok(NewRegistration::None);
            }
            let action = (Action::AccountDeleted, Some("registered again"));
            self.add_stranger_line(&owner, action, from, &transaction)
                .await?;
        }
        let new = NewAccount {
            username: None,
            email: Some(email),
            has_verified_email: false,
            awaits_approval: self.inner.approves_registrations,
            must_change_password: false,
        };
        let Some(account) = self
            .insert(new, NewCredential::Password(hash), &transaction)
            .await?
        else {
            return Ok(NewRegistration::None);
        };
        let action = (Action::AccountAdded, None);
        self.add_stranger_line(&account, action, from, &transaction)
            .await?;
        Ok(NewRegistration::Waits(account, transaction))
    }

    async fn add_stranger_line(
        &self,
        account: &Account,
        (action, detail): (Action, Option<&str>),
        from: &Sender,
        transaction: &Transaction,
    ) -> Result<()> {
        let entry = Entry {
            action,
            user: Some(account),
            detail: detail.map(str::to_owned),
        };
        let actor = Actor::stranger().sent_by(from);
        self.add_line(transaction, &actor, &entry, None).await
    }

    /// Deletes registrations that have waited too long, in the background, at most every hour.
    fn sweep_waiting_if_due(&self) {
        let now = self.inner.clock.now();
        if !self.inner.waiting_swept.is_due(SWEEP_EVERY, now) {
            return;
        }
        let this = self.clone();
        tokio::spawn(async move {
            match this.sweep_waiting().await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "registrations that nobody verified swept"),
                Err(error) => tracing::warn!(%error, "registrations not swept"),
            }
        });
    }

    pub(crate) async fn sweep_waiting(&self) -> Result<u64> {
        let connection = self.inner.database.connection();
        let before = (self.inner.clock.now() - WAITS).as_millis();
        let waits = Condition::all()
            // By the index of the names.
            .add(user::Column::CanonicalUsername.starts_with("#"))
            .add(user::Column::Username.eq(""))
            .add(user::Column::EmailVerifiedAt.is_null())
            .add(user::Column::CreatedAt.lte(before));
        delete_in_batches::<user::Entity>(user::Column::Id, waits, connection).await
    }

    /// Writes another password for an account that waits, whose visitor has registered again.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn replace_password(&self, id: &UserId, hash: &PasswordHash) -> Result<()> {
        let connection = self.inner.database.connection();
        self.write_password(id, hash, None, connection).await
    }

    /// Drops the password of an account that waits: the user who verifies the address did not choose it.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn drop_password(&self, id: &UserId) -> Result<()> {
        let transaction = self.inner.database.connection().begin().await;
        let transaction = transaction.map_err(Error::from_db)?;
        let feed = self.inner.database.feed();
        let _invalidated = feed.invalidate_on_drop(Invalidation::User(id));
        self.drop_password_in(id, &transaction).await?;
        transaction.commit().await.map_err(Error::from_db)
    }

    pub(super) async fn drop_password_in(
        &self,
        id: &UserId,
        transaction: &Transaction,
    ) -> Result<()> {
        changed(self.new_epoch(id), transaction).await?;
        password::Entity::delete_by_id(id.as_str())
            .exec(transaction)
            .await
            .map_err(Error::from_db)?;
        Ok(())
    }
}
