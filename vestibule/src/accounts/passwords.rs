//! Passwords of accounts: checked, changed, and hashed anew where the old hash will not do.

use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, TransactionTrait,
};

use crate::accounts::entity::{password, user};
use crate::accounts::security_log::Entry;
use crate::accounts::{Account, Accounts, Action, Actor, Username, rows};
use crate::clock::Timestamp;
use crate::crypto::secret::Secret;
use crate::database::changed;
use crate::error::{Error, Result};
use crate::login::UserId;
use crate::password::{Claimant, HashCheck, Kinds, PasswordHash, Passwords};

/// What came of checking a username and a password.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum PasswordCheck {
    /// They belong together.
    Right(Account),
    /// They do not: no such user, another password, no password, or a disabled account. The user
    /// of that name, if there is one, and the password was worth a look, is for the log alone:
    /// whoever asks is never told which it is.
    Wrong(Option<UserId>),
}

/// How stored passwords are hashed, from [`Accounts::review_hashes`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct HashReview {
    /// How many are hashed otherwise than new ones: each is hashed anew at the next log-in of its
    /// user.
    pub outdated: u64,
    /// The usernames of those whose password cannot be checked, as its hash is malformed, of an
    /// unknown kind or asks for too much: they cannot log in.
    pub unusable: Vec<String>,
}

impl Accounts {
    /// How long the first log-ins wait for the kinds of hashes to be read.
    const FIRST_READ: Duration = Duration::from_secs(2);

    /// How many hashes are read at once.
    const PAGE: u64 = 1_000;

    /// Whether a username and a password belong together, in the same time whether or not
    /// there is such a user.
    ///
    /// Where they do, and the hash is not what it would be today, it is made anew: users who log
    /// in leave no weak hash behind.
    ///
    /// # Errors
    /// When the database failed or the hashing queue is full.
    pub async fn check_password(&self, username: &str, password: &Secret) -> Result<PasswordCheck> {
        self.know_kinds().await;
        if Passwords::is_too_long(password) {
            return Ok(PasswordCheck::Wrong(None));
        }
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
        let tried = account.as_ref().map(|account| account.id.clone());
        let Some(account) = account.filter(|account| !account.is_disabled) else {
            return Ok(PasswordCheck::Wrong(tried));
        };
        match (check, hash) {
            (HashCheck::Wrong, _) | (_, None) => return Ok(PasswordCheck::Wrong(tried)),
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
    /// of the others does. The first log-ins wait for it, but not long.
    async fn know_kinds(&self) {
        self.read_kinds_if_due();
        self.inner.kinds.read_once(Self::FIRST_READ).await;
    }

    /// Begins to read what kinds of hashes there are, so that the first log-in need not wait.
    pub(crate) fn read_kinds_if_due(&self) {
        let Some(reading) = self.inner.kinds.begin() else {
            return;
        };
        let accounts = self.clone();
        tokio::spawn(async move {
            match accounts.note_kinds().await {
                Ok(()) => reading.done(),
                Err(error) => tracing::warn!(%error, "the kinds of password hashes were not read"),
            }
        });
    }

    /// Counts all passwords by their kinds, in the order of their users: a sample would move names
    /// from one kind to another each time, and miss the rare ones.
    pub(super) async fn note_kinds(&self) -> Result<()> {
        let passwords = &self.inner.passwords;
        let mut kinds = Kinds::default();
        let count = |_: &str, hash: &PasswordHash| passwords.count(hash, &mut kinds);
        self.read_hashes(count).await?;
        passwords.note(kinds);
        Ok(())
    }

    /// How the stored passwords are hashed. Reads all of them, page by page.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn review_hashes(&self) -> Result<HashReview> {
        let mut review = HashReview::default();
        let mut unusable = Vec::new();
        let look = |user: &str, hash: &PasswordHash| match self.inner.passwords.is_outdated(hash) {
            Ok(is_outdated) => review.outdated += u64::from(is_outdated),
            // What Django writes for those who are to have no password.
            Err(_) if hash.as_str().starts_with('!') => {}
            Err(_) => unusable.push(user.to_owned()),
        };
        self.read_hashes(look).await?;
        for users in unusable.chunks(500) {
            let names: Vec<String> = user::Entity::find()
                .select_only()
                .column(user::Column::Username)
                .filter(user::Column::Id.is_in(users))
                .order_by_asc(user::Column::Username)
                .into_tuple()
                .all(self.inner.database.connection())
                .await
                .map_err(Error::from_db)?;
            review.unusable.extend(names);
        }
        Ok(review)
    }

    async fn read_hashes(&self, mut read: impl FnMut(&str, &PasswordHash)) -> Result<()> {
        let mut after = String::new();
        loop {
            let page = password::Entity::find()
                .filter(password::Column::UserId.gt(&*after))
                .order_by_asc(password::Column::UserId)
                .limit(Self::PAGE)
                .all(self.inner.database.connection())
                .await
                .map_err(Error::from_db)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after.clone_from(&last.user_id);
            for row in page {
                read(&row.user_id, &PasswordHash::from_stored(row.hash));
            }
        }
    }

    /// Whether the peppers of all stored hashes are set.
    ///
    /// # Errors
    /// When one is missing ([`Error::is_config`]): its user, and perhaps all, could not log in.
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
        let found = password::Entity::find().filter(unknown).limit(Self::PAGE);
        let found = found.all(self.inner.database.connection()).await;
        // Those that are damaged have none, and keep only their users out.
        let missing = found.map_err(Error::from_db)?.into_iter().find_map(|row| {
            let version = row.hash.split(['{', ':', '}']).nth(2)?;
            Some((version.parse::<u32>().ok()?, row.user_id))
        });
        match missing {
            Some((version, user)) => Err(Error::config(format!(
                "the password of user {user} is under the pepper of version {version}, which is \
                 not among those that are set; add its key to the pepper file"
            ))),
            None => Ok(()),
        }
    }

    /// Gives a user another password, which they chose themself, and ends all their sessions:
    /// log them in anew, and the one they have here
    /// [goes on](crate::login::LogIn::continuing). Returns the account as it is now, or none if it is
    /// gone, or was changed since `account` was read: then the password that was shown may be no
    /// longer theirs.
    ///
    /// Whether they have shown the one before is yours to check, and whether this one may be
    /// chosen the [`PasswordPolicy`](crate::password::PasswordPolicy)'s to say.
    ///
    /// Where the session store fails, the sessions are refused all the same, being of an epoch
    /// before; that they could not be removed is logged.
    ///
    /// # Errors
    /// When the database failed or the hashing queue is full.
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
        let changed = Account {
            session_epoch: account.session_epoch + 1,
            must_change_password: false,
            ..account.clone()
        };
        let sessions = &self.inner.sessions;
        let revoked = sessions.revoke_user_and_pending(&self.inner.realm, &account.id, None);
        if let Err(error) = revoked.await {
            let user = account.id.as_str();
            tracing::error!(user, %error, "sessions before the new password are refused, not removed");
        }
        Ok(Some(changed))
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
