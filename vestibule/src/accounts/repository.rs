//! What the app does with accounts.

use std::fmt;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, TransactionTrait,
};

use crate::accounts::entity::{password, user};
use crate::accounts::{Account, Email, Username};
use crate::clock::{Clock, Timestamp};
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;
use crate::database::{Database, is_duplicate};
use crate::error::{Error, Result};
use crate::login::{UserId, UserLoader};
use crate::password::{PasswordHash, Passwords};
use crate::session::{SessionStore, SharedSessionStore};

/// The stored users. Clones share everything.
#[derive(Clone)]
pub struct Accounts {
    database: Database,
    passwords: Passwords,
    sessions: SharedSessionStore,
    realm: String,
    clock: Clock,
    random: Random,
}

/// What came of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Registration {
    /// The account was made.
    Registered(Account),
    /// Somebody has this name, or one that reads like it.
    NameTaken,
}

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
    /// The accounts in `database`, whose sessions are kept in `sessions`: a new password and a
    /// disabled account end them.
    pub fn new(database: Database, passwords: Passwords, sessions: impl SessionStore) -> Self {
        Self {
            database,
            passwords,
            sessions: SharedSessionStore::new(sessions),
            realm: String::new(),
            clock: Clock::default(),
            random: Random::default(),
        }
    }

    /// The [`realm`](crate::login::LoginManager::realm) of the sessions. Default: empty.
    pub fn realm(mut self, realm: &str) -> Self {
        realm.clone_into(&mut self.realm);
        self
    }

    /// Where the time comes from; a test sets it.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Where randomness comes from; a test sets it.
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// Makes an account. Whether `password` may be chosen is the
    /// [`PasswordPolicy`](crate::password::PasswordPolicy)'s to say, before.
    ///
    /// The user and the password are written together or not at all, and of any number of
    /// registrations of one name at once one succeeds.
    ///
    /// # Errors
    /// When the database failed or the hashing queue is full.
    pub async fn register(&self, username: &Username, password: &Secret) -> Result<Registration> {
        // Asked first only to save the hashing; it is the unique index that decides.
        if self.find(username).await?.is_some() {
            return Ok(Registration::NameTaken);
        }
        let hash = self.passwords.hash(password).await?;
        let now = self.clock.now();
        let id = self.new_id(now)?;
        let user = user::ActiveModel {
            id: ActiveValue::Set(id.clone()),
            username: ActiveValue::Set(username.as_str().to_owned()),
            canonical_username: ActiveValue::Set(username.canonical().to_owned()),
            email: ActiveValue::Set(None),
            is_disabled: ActiveValue::Set(false),
            session_epoch: ActiveValue::Set(0),
            created_at: ActiveValue::Set(now.as_millis()),
            updated_at: ActiveValue::Set(now.as_millis()),
        };
        let transaction = self.database.connection().begin().await;
        let transaction = transaction.map_err(Error::from_db)?;
        let user = match user.insert(&transaction).await {
            Ok(user) => user,
            Err(error) if is_duplicate(&error) => return Ok(Registration::NameTaken),
            Err(error) => return Err(Error::from_db(error)),
        };
        password_row(&id, &hash, now)
            .insert(&transaction)
            .await
            .map_err(Error::from_db)?;
        transaction.commit().await.map_err(Error::from_db)?;
        tracing::info!(user = user.id, "registered");
        Ok(Registration::Registered(user.into()))
    }

    /// Whether a username and a password belong together, in the same time whether or not
    /// there is such a user.
    ///
    /// # Errors
    /// When the database failed or the hashing queue is full.
    pub async fn check_password(&self, username: &str, password: &Secret) -> Result<PasswordCheck> {
        let found = match username.parse::<Username>() {
            Ok(username) => user::Entity::find()
                .filter(user::Column::CanonicalUsername.eq(username.canonical()))
                .find_also_related(password::Entity)
                .one(self.database.connection())
                .await
                .map_err(Error::from_db)?,
            Err(_) => None,
        };
        let (account, hash) = match found {
            Some((user, row)) => (
                Some(Account::from(user)),
                row.map(|row| PasswordHash::from_stored(row.hash)),
            ),
            None => (None, None),
        };
        let is_right = self.passwords.verify(password, hash.as_ref()).await?;
        Ok(match account {
            Some(account) if is_right && !account.is_disabled => PasswordCheck::Right(account),
            _ => PasswordCheck::Wrong,
        })
    }

    /// The account by this name or one that reads like it.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn find(&self, username: &Username) -> Result<Option<Account>> {
        let found = user::Entity::find()
            .filter(user::Column::CanonicalUsername.eq(username.canonical()))
            .one(self.database.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(found.map(Account::from))
    }

    /// Up to `limit` accounts in the order of their canonical names, from the first after
    /// `after`.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn list(&self, after: Option<&Username>, limit: u64) -> Result<Vec<Account>> {
        let after = after.map_or("", Username::canonical);
        let found = user::Entity::find()
            .filter(user::Column::CanonicalUsername.gt(after))
            .order_by_asc(user::Column::CanonicalUsername)
            .limit(limit)
            .all(self.database.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(found.into_iter().map(Account::from).collect())
    }

    /// Gives an account a new password and ends all its sessions.
    ///
    /// # Errors
    /// When the database or the session store failed, or the hashing queue is full. Where the
    /// sessions could not be ended the new password stands; call it again.
    pub async fn set_password(&self, id: &UserId, password: &Secret) -> Result<()> {
        let hash = self.passwords.hash(password).await?;
        let row = password_row(id.as_str(), &hash, self.clock.now());
        let replace = sea_orm::sea_query::OnConflict::column(password::Column::UserId)
            .update_columns([password::Column::Hash, password::Column::ChangedAt])
            .to_owned();
        let transaction = self.database.connection().begin().await;
        let transaction = transaction.map_err(Error::from_db)?;
        password::Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(&transaction)
            .await
            .map_err(Error::from_db)?;
        self.change(id, None, &transaction).await?;
        transaction.commit().await.map_err(Error::from_db)?;
        self.sessions.revoke_user(&self.realm, id, None).await?;
        tracing::info!(user = %id, "password set");
        Ok(())
    }

    /// Gives an account an email address, or takes it away. Nobody has shown that they read it.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn set_email(&self, id: &UserId, email: Option<&Email>) -> Result<()> {
        let email = email.map(Email::as_str);
        user::Entity::update_many()
            .col_expr(user::Column::Email, Expr::value(email))
            .col_expr(
                user::Column::UpdatedAt,
                Expr::value(self.clock.now().as_millis()),
            )
            .filter(user::Column::Id.eq(id.as_str()))
            .exec(self.database.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(())
    }

    /// Shuts an account, ending all its sessions, or opens it again.
    ///
    /// # Errors
    /// When the database or the session store failed. A shut account's user is refused at the
    /// very next request in any case.
    pub async fn set_disabled(&self, id: &UserId, is_disabled: bool) -> Result<()> {
        self.change(id, Some(is_disabled), self.database.connection())
            .await?;
        if is_disabled {
            self.sessions.revoke_user(&self.realm, id, None).await?;
        }
        let change = if is_disabled { "disabled" } else { "enabled" };
        tracing::info!(user = %id, "account {change}");
        Ok(())
    }

    /// Begins a new epoch of a user's sessions, with or without another change.
    ///
    /// Revoking the sessions that are there is not enough: a log-in whose password was checked
    /// before this may create one after it.
    async fn change(
        &self,
        id: &UserId,
        is_disabled: Option<bool>,
        connection: &impl ConnectionTrait,
    ) -> Result<()> {
        let next_epoch = Expr::col(user::Column::SessionEpoch).add(1);
        let now = self.clock.now().as_millis();
        let mut update = user::Entity::update_many()
            .col_expr(user::Column::SessionEpoch, next_epoch)
            .col_expr(user::Column::UpdatedAt, Expr::value(now))
            .filter(user::Column::Id.eq(id.as_str()));
        if let Some(is_disabled) = is_disabled {
            update = update.col_expr(user::Column::IsDisabled, Expr::value(is_disabled));
        }
        update.exec(connection).await.map_err(Error::from_db)?;
        Ok(())
    }

    /// A UUID, version 7 (RFC 9562): random, and in the order of time for the index's sake.
    fn new_id(&self, now: Timestamp) -> Result<String> {
        let millis = u64::try_from(now.as_millis()).unwrap_or(0);
        let random = self.random.bytes::<10>()?;
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        Ok(id.to_string())
    }
}

fn password_row(user_id: &str, hash: &PasswordHash, now: Timestamp) -> password::ActiveModel {
    password::ActiveModel {
        user_id: ActiveValue::Set(user_id.to_owned()),
        hash: ActiveValue::Set(hash.as_str().to_owned()),
        changed_at: ActiveValue::Set(now.as_millis()),
    }
}

impl UserLoader<Account> for Accounts {
    async fn load(&self, id: UserId) -> Result<Option<Account>> {
        let found = user::Entity::find_by_id(id.as_str())
            .one(self.database.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(found.map(Account::from))
    }
}

impl From<user::Model> for Account {
    fn from(user: user::Model) -> Self {
        Self {
            id: user.id.into(),
            username: user.username,
            email: user.email,
            is_disabled: user.is_disabled,
            session_epoch: user.session_epoch,
            created_at: Timestamp::from_millis(user.created_at),
            updated_at: Timestamp::from_millis(user.updated_at),
        }
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts")
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}
