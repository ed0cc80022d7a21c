//! [`Accounts`] as a users table for the credentials.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::accounts::account::NewCredential;
use crate::accounts::emails::owned;
use crate::accounts::entity::{password, user};
use crate::accounts::security_log::Entry;
use crate::accounts::{Account, Accounts, Action, Actor, rows};
use crate::clock::Timestamp;
use crate::credentials::{Activity, ActivityLog, PasswordUsers, Registrar, Username};
use crate::database::{changed, retried};
use crate::error::{Error, Result};
use crate::login::{AddressPrefix, Sender, UserId};
use crate::mail::Email;
use crate::password::PasswordHash;
use crate::session::Invalidation;

/// The number of hashes to read at once.
const PAGE: u64 = 1_000;

impl PasswordUsers<Account> for Accounts {
    fn canonical(&self, typed: &str) -> String {
        match self.typed_email(typed) {
            Some(email) => email.canonical().to_owned(),
            None => Username::canonical_form(typed),
        }
    }

    async fn find_with_hash(&self, typed: &str) -> Result<Option<(Account, Option<PasswordHash>)>> {
        let connection = self.inner.database.connection();
        let now = self.inner.clock.now();
        let by_name = match rows::by_name(typed) {
            Some(by_name) => rows::find_with_password(by_name, now, connection).await?,
            None => None,
        };
        // Asked in any case, so that the time does not depend on whether somebody has the name.
        let by_email = match self.typed_email(typed) {
            Some(email) => rows::find_with_password(owned(&email).into(), now, connection).await?,
            None => None,
        };
        // Some older usernames are addresses.
        let found = by_name.or(by_email);
        // A visitor who registered an address must not get in before its owner has verified it.
        Ok(found.map(|(account, hash)| {
            let hash = hash.filter(|_| !account.is_waiting());
            (account, hash)
        }))
    }

    async fn hash_of(&self, id: &UserId) -> Result<Option<PasswordHash>> {
        let row = password::Entity::find_by_id(id.as_str())
            .one(self.inner.database.connection())
            .await
            .map_err(Error::from_db)?;
        let now = self.inner.clock.now();
        let row = row.filter(|row| !rows::has_expired(row.expires_at, now));
        Ok(row.map(|row| PasswordHash::from_stored(row.hash)))
    }

    async fn replace_hash(
        &self,
        id: &UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool> {
        let update = password::Entity::update_many()
            .col_expr(password::Column::Hash, Expr::value(new.as_str()))
            .filter(password::Column::UserId.eq(id.as_str()))
            .filter(password::Column::Hash.eq(old.as_str()));
        changed(update, self.inner.database.connection()).await
    }

    async fn set_hash(
        &self,
        account: &Account,
        new: &PasswordHash,
        from: &Sender,
    ) -> Result<Option<Account>> {
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
        self.write_password(&account.id, new, None, &transaction)
            .await?;
        let entry = Entry {
            action: Action::PasswordChanged,
            user: Some(account),
            detail: None,
        };
        let feed = self.inner.database.feed();
        let _invalidated = feed.invalidate_on_drop(Invalidation::User(&account.id));
        let themself = Actor::themself(account).sent_by(from);
        self.commit_own(transaction, &themself, entry).await?;
        Ok(Some(Account {
            session_epoch: account.session_epoch + 1,
            must_change_password: false,
            ..account.clone()
        }))
    }

    async fn reopen(&self, account: &Account, from: &Sender) -> Result<Option<Account>> {
        retried(|| self.try_reopen(account, from)).await
    }

    async fn hashes(&self, after: Option<&UserId>) -> Result<Vec<(UserId, PasswordHash)>> {
        let after = after.map(UserId::as_str).unwrap_or_default();
        let page = password::Entity::find()
            .filter(password::Column::UserId.gt(after))
            .order_by_asc(password::Column::UserId)
            .limit(PAGE)
            .all(self.inner.database.connection())
            .await
            .map_err(Error::from_db)?;
        let hash = |row: password::Model| (row.user_id.into(), PasswordHash::from_stored(row.hash));
        Ok(page.into_iter().map(hash).collect())
    }
}

impl Registrar<Account> for Accounts {
    async fn is_taken(&self, typed: &str) -> Result<bool> {
        self.has_name_like(typed).await
    }

    async fn register(
        &self,
        typed: &str,
        hash: &PasswordHash,
        from: &Sender,
    ) -> Result<Option<Account>> {
        let username: Username = typed.parse().map_err(Error::config)?;
        let credential = NewCredential::Password(hash);
        self.register_with(&username, None, credential, from).await
    }

    async fn register_with_email(
        &self,
        typed: &str,
        email: &Email,
        hash: &PasswordHash,
        from: &Sender,
    ) -> Result<Option<Account>> {
        let username: Username = typed.parse().map_err(Error::config)?;
        let credential = NewCredential::Password(hash);
        self.register_with(&username, Some(email), credential, from)
            .await
    }
}

impl ActivityLog<Account> for Accounts {
    async fn note(&self, account: &Account, activity: Activity<'_>, from: &Sender) -> Result<()> {
        let themself = || Actor::themself(account).sent_by(from);
        let (actor, action, detail) = match activity {
            Activity::SessionEnded(public_id) => {
                (themself(), Action::SessionEnded, Some(public_id))
            }
            Activity::OtherSessionsEnded => {
                (themself(), Action::SessionsEnded, Some("all but one"))
            }
            Activity::FactorAdded(factor) => (themself(), Action::FactorAdded, Some(factor)),
            Activity::FactorRemoved(factor) => (themself(), Action::FactorRemoved, Some(factor)),
            Activity::RecoveryCodesRenewed => (themself(), Action::RecoveryCodesRenewed, None),
            Activity::RecoveryCodeUsed => (themself(), Action::RecoveryCodeUsed, None),
            Activity::FactorsResetCancelled => (themself(), Action::FactorsResetCancelled, None),
            Activity::ResetRequested => (
                Actor::stranger().sent_by(from),
                Action::ResetRequested,
                None,
            ),
            Activity::LoginFailed => {
                let address = from.address();
                let network = address.and_then(|address| AddressPrefix::VISITOR.of(address));
                (Actor::stranger().within(network), Action::LoginFailed, None)
            }
        };
        self.add_own(account, &actor, action, detail).await
    }
}

impl Accounts {
    /// The address that somebody typed to log in with, if they can.
    fn typed_email(&self, typed: &str) -> Option<Email> {
        let takes_email = self.inner.log_in_with.takes_email();
        typed.parse().ok().filter(|_| takes_email)
    }

    /// Checks that the peppers of all stored hashes are configured.
    ///
    /// # Errors
    /// When one is missing ([`Error::is_config`]), because its users, or even all users, could
    /// not log in. When the database failed.
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
        let found = password::Entity::find().filter(unknown).limit(PAGE);
        let found = found.all(self.inner.database.connection()).await;
        // Damaged hashes have no version. They only lock out their own users.
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

    pub(super) async fn write_password(
        &self,
        id: &UserId,
        hash: &PasswordHash,
        expires_at: Option<Timestamp>,
        connection: &impl ConnectionTrait,
    ) -> Result<()> {
        let row = password_row(id.as_str(), hash, self.inner.clock.now(), expires_at);
        let replace = sea_orm::sea_query::OnConflict::column(password::Column::UserId)
            .update_columns([
                password::Column::Hash,
                password::Column::ChangedAt,
                password::Column::ExpiresAt,
            ])
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
    expires_at: Option<Timestamp>,
) -> password::ActiveModel {
    password::ActiveModel {
        user_id: ActiveValue::Set(user_id.to_owned()),
        hash: ActiveValue::Set(hash.as_str().to_owned()),
        changed_at: ActiveValue::Set(now.as_millis()),
        expires_at: ActiveValue::Set(expires_at.map(Timestamp::as_millis)),
    }
}
