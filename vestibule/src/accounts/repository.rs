//! Access to the stored accounts.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveModelTrait, ActiveValue, ColumnTrait, EntityTrait, QueryFilter, UpdateMany};

use crate::access::Rights;
use crate::accounts::account::{NewAccount, NewCredential};
use crate::accounts::entity::user;
use crate::accounts::passwords::password_row;
use crate::accounts::{Account, Actor, Administration, rows};
use crate::clock::{Clock, Regularly};
use crate::credentials::factors::Factors;
use crate::credentials::{EmailUsers, LoginName, Username};
use crate::crypto::ids::new_id;
use crate::crypto::random::Random;
use crate::database::{Database, Transaction, is_duplicate};
use crate::error::{Error, Result};
use crate::login::{SessionJoin, UserId, UserLoader};
use crate::mail::outbox::Outbox;
use crate::password::Passwords;
use crate::session::{InvalidationFeed, Session, SessionExpiry, SessionStore, SharedSessionStore};

/// The stored users. Clones share their state.
#[derive(Clone)]
pub struct Accounts {
    pub(super) inner: Arc<Inner>,
    pub(super) address: Option<IpAddr>,
}

/// Behind one pointer, because axum clones a router's state for each request.
#[derive(Clone)]
pub(super) struct Inner {
    pub(super) database: Database,
    pub(super) passwords: Passwords,
    pub(super) sessions: SharedSessionStore,
    pub(super) realm: String,
    pub(super) expiry: SessionExpiry,
    pub(super) clock: Clock,
    pub(super) random: Random,
    pub(super) log_retention: Duration,
    pub(super) log_swept: Arc<Regularly>,
    pub(super) outbox: Option<Outbox>,
    pub(super) factors: Option<Factors>,
    pub(super) log_in_with: LoginName,
    pub(super) waiting_swept: Arc<Regularly>,
    pub(super) approves_registrations: bool,
    pub(super) temporary_passwords_last: Duration,
}

impl Accounts {
    /// The accounts in `database`. A new password and disabling end the user's sessions in
    /// `sessions`.
    pub fn new(database: Database, passwords: Passwords, sessions: impl SessionStore) -> Self {
        Self::with_store(database, passwords, SharedSessionStore::new(sessions))
    }

    pub(crate) fn with_store(
        database: Database,
        passwords: Passwords,
        sessions: SharedSessionStore,
    ) -> Self {
        let inner = Inner {
            database,
            passwords,
            sessions,
            realm: String::new(),
            expiry: SessionExpiry::default(),
            clock: Clock::default(),
            random: Random::default(),
            log_retention: Self::SECURITY_LOG_RETENTION,
            log_swept: Arc::default(),
            outbox: None,
            factors: None,
            log_in_with: LoginName::default(),
            waiting_swept: Arc::default(),
            approves_registrations: false,
            temporary_passwords_last: Self::TEMPORARY_PASSWORDS_LAST,
        };
        Self {
            inner: Arc::new(inner),
            address: None,
        }
    }

    /// The [`realm`](crate::login::LoginManager::realm) of the sessions. Default: empty.
    pub fn realm(mut self, realm: &str) -> Self {
        realm.clone_into(&mut Arc::make_mut(&mut self.inner).realm);
        self
    }

    /// Where the second factors of these users are.
    pub(crate) fn factors(mut self, factors: Factors) -> Self {
        Arc::make_mut(&mut self.inner).factors = Some(factors);
        self
    }

    /// When sessions expire, as in [`LoginManager::expiry`](crate::login::LoginManager::expiry).
    /// Decides which ones are listed.
    pub fn expiry(mut self, expiry: SessionExpiry) -> Self {
        Arc::make_mut(&mut self.inner).expiry = expiry;
        self
    }

    /// What users log in with. Default: their username.
    pub fn log_in_with(mut self, log_in_with: LoginName) -> Self {
        Arc::make_mut(&mut self.inner).log_in_with = log_in_with;
        self
    }

    /// The clock; tests can set it.
    pub fn clock(mut self, clock: Clock) -> Self {
        Arc::make_mut(&mut self.inner).clock = clock;
        self
    }

    /// The source of randomness; tests can set it.
    pub fn random(mut self, random: Random) -> Self {
        Arc::make_mut(&mut self.inner).random = random;
        self
    }

    /// The same accounts, for a client at this address
    /// ([`Login::address`](crate::login::Login::address)). The security log records the address,
    /// and password hashing queues fairly by address.
    pub fn asked_from(&self, address: Option<IpAddr>) -> Self {
        Self {
            address,
            ..self.clone()
        }
    }

    /// Adds a user and their credential, or neither if the name, or one that looks like it, is taken,
    /// or somebody has this passkey.
    pub(super) async fn insert(
        &self,
        new: NewAccount<'_>,
        credential: NewCredential<'_>,
        transaction: &Transaction,
    ) -> Result<Option<Account>> {
        let NewAccount {
            username,
            email,
            has_verified_email,
            must_change_password,
            awaits_approval,
        } = new;
        let now = self.inner.clock.now();
        let id = new_id(now, &self.inner.random)?;
        let canonical_email = match email {
            Some(email) => {
                let owner = UserId::from(id.as_str());
                Some(self.claimed(email, &owner, transaction).await?.0)
            }
            None => None,
        };
        let (name, canonical, skeleton) = match username {
            Some(username) => (
                username.as_str().to_owned(),
                username.canonical().to_owned(),
                Username::skeleton_of(username.as_str()),
            ),
            // No name has a `#`.
            None => (String::new(), format!("#{id}"), format!("#{id}")),
        };
        let user = user::ActiveModel {
            id: ActiveValue::Set(id.clone()),
            username: ActiveValue::Set(name),
            canonical_username: ActiveValue::Set(canonical),
            skeleton: ActiveValue::Set(Some(skeleton)),
            email: ActiveValue::Set(email.map(|email| email.as_str().to_owned())),
            canonical_email: ActiveValue::Set(canonical_email),
            email_verified_at: ActiveValue::Set(has_verified_email.then(|| now.as_millis())),
            is_disabled: ActiveValue::Set(false),
            awaits_approval: ActiveValue::Set(awaits_approval),
            must_change_password: ActiveValue::Set(must_change_password),
            session_epoch: ActiveValue::Set(0),
            closes_at: ActiveValue::Set(None),
            erasing_until: ActiveValue::Set(None),
            created_at: ActiveValue::Set(now.as_millis()),
            updated_at: ActiveValue::Set(now.as_millis()),
        };
        let user = match user.insert(transaction).await {
            Ok(user) => user,
            Err(error) if is_duplicate(&error) => return Ok(None),
            Err(error) => return Err(Error::from_db(error)),
        };
        // After the insert: its former owner may have changed the name just now, and the insert has
        // waited for that.
        if let Some(username) = username
            && self.is_reserved(username, None, transaction).await?
        {
            return Ok(None);
        }
        let account = rows::account(user, Rights::none());
        match credential {
            NewCredential::Password(hash) => {
                let lasts = self.inner.temporary_passwords_last;
                let expires_at = must_change_password.then(|| now + lasts);
                password_row(&id, hash, now, expires_at)
                    .insert(transaction)
                    .await
                    .map_err(Error::from_db)?;
            }
            #[cfg(feature = "passkeys")]
            NewCredential::Passkey(passkey) => {
                let added = passkey.add_to(&account.id, transaction).await?;
                return Ok(added.map(|_| account));
            }
        }
        Ok(Some(account))
    }

    /// The account with this username as typed: surrounding white space is ignored, and names that
    /// look the same are equal. The rules for new names do not apply.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn find(&self, typed: &str) -> Result<Option<Account>> {
        match rows::by_name(typed) {
            Some(by_name) => rows::find_one(by_name, self.inner.database.connection()).await,
            None => Ok(None),
        }
    }

    /// The account that a user means by this text: the one with this username, or else the one that
    /// owns this mail address. For the operator and for admins; the log-in follows
    /// [`log_in_with`](Self::log_in_with).
    ///
    /// # Errors
    /// When the database failed.
    pub async fn find_by_name_or_email(&self, typed: &str) -> Result<Option<Account>> {
        if let Some(account) = self.find(typed).await? {
            return Ok(Some(account));
        }
        match typed.parse() {
            Ok(email) => self.find_by_email(&email).await,
            Err(_) => Ok(None),
        }
    }

    /// The account with this id.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn find_by_id(&self, id: &UserId) -> Result<Option<Account>> {
        rows::find(id, self.inner.database.connection()).await
    }

    /// At most `limit` valid sessions of a user, most recently used first. With `after`, a session's
    /// [`public_id`](Session::public_id), those that follow it; the first ones if the user has no
    /// such session.
    ///
    /// # Errors
    /// When the session store failed.
    pub async fn sessions(
        &self,
        account: &Account,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Session>> {
        let inner = &self.inner;
        let of_user = (&*inner.realm, &account.id, account.session_epoch);
        let lasts = (inner.expiry, inner.clock.now());
        inner
            .sessions
            .list_alive(of_user, lasts, after, limit)
            .await
    }

    /// Removes expired sessions and remembered logins, in batches. Returns the number removed.
    /// Log-ins also do this from time to time, and security does not depend on it.
    ///
    /// # Errors
    /// When the session store failed.
    pub async fn sweep_sessions(&self) -> Result<u64> {
        let now = self.inner.clock.now();
        self.inner
            .sessions
            .sweep_all(&self.inner.realm, self.inner.expiry, now)
            .await
    }

    /// Changes to accounts and roles by `actor`.
    ///
    /// ```no_run
    /// use vestibule::accounts::{Accounts, Actor, ChangeOutcome};
    ///
    /// # async fn sample(accounts: Accounts) -> Result<(), Box<dyn std::error::Error>> {
    /// let alice = accounts.find("alice").await?.ok_or("no alice")?;
    /// let change = accounts
    ///     .by(Actor::operator())
    ///     .grant_role(&alice.id, &"admin".parse()?)
    ///     .await?;
    /// assert_eq!(change, ChangeOutcome::Done);
    /// # Ok(()) }
    /// ```
    pub fn by(&self, actor: Actor) -> Administration<'_> {
        Administration::new(self, actor)
    }

    /// Begins a new session epoch of a user, optionally with another change.
    ///
    /// Revoking the existing sessions is not enough: a log-in whose password was checked before
    /// this may create one afterwards.
    pub(super) fn new_epoch(&self, id: &UserId) -> UpdateMany<user::Entity> {
        let next_epoch = Expr::col(user::Column::SessionEpoch).add(1);
        self.update(id)
            .col_expr(user::Column::SessionEpoch, next_epoch)
    }

    /// An update of a user.
    pub(super) fn update(&self, id: &UserId) -> UpdateMany<user::Entity> {
        let now = self.inner.clock.now().as_millis();
        user::Entity::update_many()
            .col_expr(user::Column::UpdatedAt, Expr::value(now))
            .filter(user::Column::Id.eq(id.as_str()))
    }
}

impl UserLoader<Account> for Accounts {
    async fn load(&self, id: UserId) -> Result<Option<Account>> {
        self.find_by_id(&id).await
    }

    fn feed(&self) -> Option<&InvalidationFeed> {
        Some(self.inner.database.feed())
    }

    fn session_join(&self) -> Option<SessionJoin<Account>> {
        let database = self.inner.database.clone();
        let feed = database.feed().clone();
        Some(SessionJoin::new(feed, move |id| {
            let database = database.clone();
            async move { rows::find_with_session(id, database.connection()).await }
        }))
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts")
            .field("database", &self.inner.database)
            .finish_non_exhaustive()
    }
}
