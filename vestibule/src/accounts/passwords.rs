//! Passwords of accounts: checked, changed, and hashed anew where the old hash will not do.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait, Func, SimpleExpr};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
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
use crate::password::{Claimant, HashCheck, PasswordHash, Passwords};

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
    /// How long what is known of the kinds of hashes is good for, at least.
    const KINDS_FOR: Duration = Duration::from_hours(1);

    /// How many times as long as it took to read them: they are read a thousandth of the time.
    const KINDS_SELDOM: u32 = 1_000;

    /// How many kinds are told from one another.
    const MAX_KINDS: usize = 100;

    /// How many hashes are read at once to find kinds that are not known yet.
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
        self.know_kinds().await?;
        if Passwords::is_too_long(password) {
            return Ok(PasswordCheck::Wrong);
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

    /// Whether the peppers of all stored hashes are set. Reads what kinds of hashes there are, which
    /// otherwise the first log-in waits for.
    ///
    /// # Errors
    /// When one is missing ([`Error::is_config`]): some users, and perhaps all, could not log in.
    /// When the database failed.
    pub async fn check_peppers(&self) -> Result<()> {
        let (kinds, due) = self.note_kinds().await?;
        // Where they were read before, that is when they are due.
        self.inner.kinds_due.set(due.into()).ok();
        for (hash, count) in kinds {
            if let Some(version) = self.inner.passwords.missing_pepper(&hash) {
                return Err(Error::config(format!(
                    "passwords, {count} of them, are under the pepper of version {version}, which \
                     is not among those that are set; add its key to the pepper file"
                )));
            }
        }
        Ok(())
    }

    /// Learns now and then what kinds of hashes there are, so that an unknown user costs what one
    /// of the others does. The first log-ins wait for it.
    async fn know_kinds(&self) -> Result<()> {
        let first = || async { Ok::<_, Error>(self.note_kinds().await?.1.into()) };
        let due = self.inner.kinds_due.get_or_try_init(first).await?;
        let (now, at) = (self.inner.clock.now(), due.load(Ordering::Relaxed));
        let unless_read = (now + Self::KINDS_FOR).as_millis();
        let is_ours = || {
            let claimed =
                due.compare_exchange(at, unless_read, Ordering::Relaxed, Ordering::Relaxed);
            claimed.is_ok()
        };
        if now.as_millis() >= at && is_ours() {
            let accounts = self.clone();
            tokio::spawn(async move {
                match (accounts.note_kinds().await, accounts.inner.kinds_due.get()) {
                    (Ok((_, next)), Some(due)) => due.store(next, Ordering::Relaxed),
                    (Ok(_), None) => {}
                    (Err(error), _) => {
                        tracing::warn!(%error, "the kinds of password hashes were not read");
                    }
                }
            });
        }
        Ok(())
    }

    /// Takes note of the kinds of hashes that there are. Returns one of each and how many there are
    /// of it, and when to do this again, in milliseconds.
    async fn note_kinds(&self) -> Result<(Vec<(PasswordHash, u64)>, i64)> {
        let began_at = self.inner.clock.now();
        let kinds = self.read_kinds().await?;
        let noted = kinds.iter().map(|(hash, count)| (hash, *count));
        self.inner.passwords.note_stored(noted);
        let now = self.inner.clock.now();
        let pause = now.since(began_at).saturating_mul(Self::KINDS_SELDOM);
        Ok((kinds, (now + pause.max(Self::KINDS_FOR)).as_millis()))
    }

    /// One hash of each kind, and how many there are of it. None of them is missed, however rare,
    /// and they are all counted: a sample would move names from one kind to another each time.
    pub(super) async fn read_kinds(&self) -> Result<Vec<(PasswordHash, u64)>> {
        let connection = self.inner.database.connection();
        let mut found = BTreeMap::new();
        while found.len() < Self::MAX_KINDS {
            let is_known = found.keys().map(|kind: &String| begins_with(kind));
            let is_known = is_known.fold(Condition::any(), Condition::add);
            let page = password::Entity::find()
                .filter(match found.is_empty() {
                    true => Condition::all(),
                    false => is_known.not(),
                })
                .limit(Self::PAGE)
                .all(connection)
                .await
                .map_err(Error::from_db)?;
            if page.is_empty() {
                break;
            }
            for row in page {
                let hash = PasswordHash::from_stored(row.hash);
                found.entry(hash.parameters().to_owned()).or_insert(hash);
            }
        }
        let mut kinds = Vec::new();
        for (kind, hash) in found {
            let count = password::Entity::find().filter(begins_with(&kind));
            let count = count.count(connection).await.map_err(Error::from_db)?;
            kinds.push((hash, count));
        }
        Ok(kinds)
    }

    /// Gives a user another password, which they chose themself, and ends all their sessions:
    /// log them in anew. Returns the account as it is now, or none if it is gone, or was changed
    /// since `account` was read: then the password that was shown may be no longer theirs.
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
        let revoked = sessions.revoke_user(&self.inner.realm, &account.id, None);
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

/// Whether a stored hash begins with this. `LIKE` would take some letters for others.
fn begins_with(kind: &str) -> SimpleExpr {
    let len = i32::try_from(kind.chars().count()).unwrap_or(i32::MAX);
    let hash = Expr::col(password::Column::Hash);
    let beginning = Func::cust("SUBSTR").args([hash, Expr::value(1), Expr::value(len)]);
    Expr::expr(beginning).eq(kind)
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
