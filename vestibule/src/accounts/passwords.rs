//! Passwords of accounts: checked, changed, and hashed anew where the old hash will not do.

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, TransactionTrait,
};

use crate::accounts::entity::{password, user};
use crate::accounts::security_log::Entry;
use crate::accounts::{Account, Accounts, Action, Actor, Username, rows};
use crate::clock::Timestamp;
use crate::crypto::secret::Secret;
use crate::database::changed;
use crate::error::{Error, Result};
use crate::login::{UserId, UserLoader};
use crate::password::{Claimant, HashCheck, PasswordHash};

/// What came of checking a username and a password.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum PasswordCheck {
    /// They belong together.
    Right(Account),
    /// They do not: no such user, another password, no password, or a disabled account. Which
    /// of these it is, nobody is told.
    Wrong,
}

impl Accounts {
    /// How long what is known of the kinds of hashes is good for.
    const KINDS_FOR: Duration = Duration::from_hours(1);

    /// Of how many places of the table hashes are read to know their kinds, and how many of each.
    const SAMPLES: u64 = 16;
    const SAMPLE: u64 = 64;

    /// Whether a username and a password belong together, in the same time whether or not
    /// there is such a user.
    ///
    /// Where they do, and the hash is not what it would be today, it is made anew: users who log
    /// in leave no weak hash behind.
    ///
    /// # Errors
    /// When the database failed or the hashing queue is full.
    pub async fn check_password(&self, username: &str, password: &Secret) -> Result<PasswordCheck> {
        self.learn_kinds().await?;
        let username = username.parse::<Username>().ok();
        let found = match &username {
            Some(username) => {
                let by_name = user::Column::CanonicalUsername.eq(username.canonical());
                rows::find_with_password(by_name.into(), self.inner.database.connection()).await?
            }
            None => None,
        };
        let claimant = self.claimant(username.as_ref());
        let (account, hash) = found.unzip();
        let hash = hash.flatten();
        let passwords = &self.inner.passwords;
        let check = match passwords.check(&claimant, password, hash.as_ref()).await {
            // For the visitor it is as if there were none.
            Err(error) if error.is_unusable_hash() => {
                let user = account.as_ref().map(|account| account.id.as_str());
                let name = account.as_ref().map(|account| &*account.username);
                tracing::error!(user, name, %error, "this user cannot log in");
                passwords.check(&claimant, password, None).await?
            }
            check => check?,
        };
        let Some(account) = account.filter(|account| !account.is_disabled) else {
            return Ok(PasswordCheck::Wrong);
        };
        match (check, hash) {
            (HashCheck::Wrong, _) | (_, None) => return Ok(PasswordCheck::Wrong),
            (HashCheck::Right, _) => {}
            (HashCheck::Outdated, Some(old)) => self.rehash(&account, password, &old).await,
        }
        Ok(PasswordCheck::Right(account))
    }

    /// Hashes a password as today, unless it was changed since `old` was read. That it does not
    /// come to that keeps nobody from logging in.
    async fn rehash(&self, account: &Account, password: &Secret, old: &PasswordHash) {
        let user = account.id.as_str();
        match self.try_rehash(account, password, old).await {
            Ok(true) => tracing::info!(user, "password hashed anew"),
            Ok(false) => tracing::info!(user, "password changed meanwhile, not hashed anew"),
            Err(error) => tracing::warn!(user, %error, "password not hashed anew"),
        }
    }

    pub(super) async fn try_rehash(
        &self,
        account: &Account,
        password: &Secret,
        old: &PasswordHash,
    ) -> Result<bool> {
        let hash = self.hash_for(account, password).await?;
        let update = password::Entity::update_many()
            .col_expr(password::Column::Hash, Expr::value(hash.as_str()))
            .filter(password::Column::UserId.eq(account.id.as_str()))
            .filter(password::Column::Hash.eq(old.as_str()));
        changed(update, self.inner.database.connection()).await
    }

    async fn hash_for(&self, account: &Account, password: &Secret) -> Result<PasswordHash> {
        let username = account.username.parse::<Username>().ok();
        let claimant = self.claimant(username.as_ref());
        self.inner.passwords.hash_for(&claimant, password).await
    }

    /// Whoever asks, as the hashing queue knows them; what cannot be a username is one account.
    pub(super) fn claimant<'a>(&self, username: Option<&'a Username>) -> Claimant<'a> {
        Claimant {
            account: Some(username.map_or("?", Username::canonical)),
            address: self.address,
        }
    }

    /// Learns now and then what kinds of hashes there are, so that an unknown user costs what one
    /// of the others does. The first one waits for it.
    async fn learn_kinds(&self) -> Result<()> {
        let now = self.inner.clock.now();
        let before = {
            let mut learnt_at = self.learnt_at();
            if learnt_at.is_some_and(|at| now.since(at) < Self::KINDS_FOR) {
                return Ok(());
            }
            learnt_at.replace(now)
        };
        if before.is_none() {
            let noted = self.note_kinds().await;
            if noted.is_err() {
                *self.learnt_at() = None;
            }
            return noted;
        }
        let accounts = self.clone();
        tokio::spawn(async move {
            if let Err(error) = accounts.note_kinds().await {
                tracing::warn!(%error, "the kinds of password hashes were not read");
            }
        });
        Ok(())
    }

    fn learnt_at(&self) -> MutexGuard<'_, Option<Timestamp>> {
        let learnt_at = self.inner.learnt_at.lock();
        learnt_at.unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn note_kinds(&self) -> Result<()> {
        let connection = self.inner.database.connection();
        let count = password::Entity::find().count(connection).await;
        let count = count.map_err(Error::from_db)?;
        let mut hashes = Vec::new();
        // Where one sample has them all, there is one.
        let others = count.saturating_sub(Self::SAMPLE);
        let samples = if others == 0 { 1 } else { Self::SAMPLES };
        for _ in 0..samples {
            let random = u64::from_le_bytes(self.inner.random.bytes()?);
            let offset = random.checked_rem(others).unwrap_or(0);
            let page = password::Entity::find()
                .order_by_asc(password::Column::UserId)
                .offset(offset)
                .limit(Self::SAMPLE);
            let page = page.all(connection).await.map_err(Error::from_db)?;
            hashes.extend(
                page.into_iter()
                    .map(|row| PasswordHash::from_stored(row.hash)),
            );
        }
        self.inner.passwords.note_stored(&hashes);
        Ok(())
    }

    /// Whether every stored hash has a pepper that is set, or none.
    ///
    /// # Errors
    /// When one has another ([`Error::is_config`]): its user, and perhaps all, could not log in.
    /// When the database failed.
    pub async fn check_peppers(&self) -> Result<()> {
        let versions = self.inner.passwords.pepper_versions();
        let known = versions
            .iter()
            .map(|version| format!("{{pepper:{version}}}%"));
        let known = known.fold(Condition::any(), |any, known| {
            any.add(password::Column::Hash.like(known))
        });
        let unknown = Condition::all()
            .add(password::Column::Hash.starts_with("{pepper:"))
            .add_option((!versions.is_empty()).then(|| known.not()));
        let found = password::Entity::find().filter(unknown);
        let found = found.one(self.inner.database.connection()).await;
        let Some(found) = found.map_err(Error::from_db)? else {
            return Ok(());
        };
        // The rest of the text is a secret, also where it is damaged.
        let version = found.hash.split(['{', ':', '}']).nth(2);
        let version = version.and_then(|version| version.parse::<u32>().ok());
        let user = found.user_id;
        Err(Error::config(match version {
            Some(version) => format!(
                "the password of user {user} is under the pepper of version {version}, which is \
                 not among those that are set; add its key to the pepper file"
            ),
            None => format!(
                "the password of user {user} is under a pepper of no version, and so damaged; \
                 correct or remove that row of the table `passwords`"
            ),
        }))
    }

    /// Gives a user another password, which they chose themself, and ends all their sessions:
    /// log them in anew. Returns the account as it is now, or none if it is gone, or was changed
    /// since `account` was read: then the password that was shown may be no longer theirs.
    ///
    /// Whether they have shown the one before is yours to check, and whether this one may be
    /// chosen the [`PasswordPolicy`](crate::password::PasswordPolicy)'s to say.
    ///
    /// # Errors
    /// When the database or the session store failed, or the hashing queue is full. Where the
    /// sessions could not be ended the new password stands.
    pub async fn change_password(
        &self,
        account: &Account,
        password: &Secret,
    ) -> Result<Option<Account>> {
        let hash = self.hash_for(account, password).await?;
        let transaction = self.inner.database.connection().begin().await;
        let transaction = transaction.map_err(Error::from_db)?;
        let unchanged = user::Column::SessionEpoch
            .eq(account.session_epoch)
            .and(user::Column::MustChangePassword.eq(account.must_change_password));
        let update = self
            .new_epoch(&account.id)
            .col_expr(user::Column::MustChangePassword, Expr::value(false))
            .filter(unchanged);
        if !changed(update, &transaction).await? {
            return Ok(None);
        }
        self.write_password(&account.id, &hash, &transaction)
            .await?;
        let entry = Entry {
            action: Action::PasswordChanged,
            user: Some(account),
            detail: None,
        };
        let themself = Actor::themself(account, self.address);
        self.commit(transaction, &themself, entry).await?;
        self.inner
            .sessions
            .revoke_user(&self.inner.realm, &account.id, None)
            .await?;
        self.load(account.id.clone()).await
    }

    pub(super) async fn write_password(
        &self,
        id: &UserId,
        hash: &PasswordHash,
        connection: &impl ConnectionTrait,
    ) -> Result<()> {
        let row = password_row(id.as_str(), hash, self.inner.clock.now());
        let replace = sea_orm::sea_query::OnConflict::column(password::Column::UserId)
            .update_columns([password::Column::Hash, password::Column::ChangedAt])
            .to_owned();
        password::Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(connection)
            .await
            .map_err(Error::from_db)?;
        Ok(())
    }
}

pub(super) fn password_row(
    user_id: &str,
    hash: &PasswordHash,
    now: Timestamp,
) -> password::ActiveModel {
    password::ActiveModel {
        user_id: ActiveValue::Set(user_id.to_owned()),
        hash: ActiveValue::Set(hash.as_str().to_owned()),
        changed_at: ActiveValue::Set(now.as_millis()),
    }
}
