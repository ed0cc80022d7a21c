//! Changes of accounts and roles, by the hand of somebody.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, Condition, DatabaseTransaction, EntityTrait,
    JoinType, PaginatorTrait, QueryFilter, QuerySelect, RelationTrait, TransactionTrait,
};

use crate::access::{PermissionName, RoleName, nearest};
use crate::accounts::entity::{role, role_permission, user, user_role};
use crate::accounts::repository::changed;
use crate::accounts::roles::find_role;
use crate::accounts::security_log::Entry;
use crate::accounts::{ADMIN, Account, Accounts, Action, Actor, Registration, Username, rows};
use crate::crypto::secret::Secret;
use crate::database::is_duplicate;
use crate::error::{Error, Result};
use crate::login::UserId;

/// Changes accounts and roles by the hand of an [`Actor`], from [`Accounts::by`].
///
/// One change is one transaction, with its line in the security log, and those of roles and of
/// who may log in happen one after the other: of two admins who take the role from one another
/// one succeeds.
#[derive(Debug)]
pub struct Administration<'a> {
    accounts: &'a Accounts,
    actor: Actor,
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Change {
    /// It is done, and in the security log.
    Done,
    /// It was so already.
    AlreadySo,
    /// There is no such user.
    NoSuchUser,
    /// There is no such role; the one that was probably meant.
    NoSuchRole(Option<String>),
    /// The role does not have this permission; the one that was probably meant.
    NoSuchPermission(Option<String>),
    /// The user has no such session, or no more.
    NoSuchSession,
    /// There is a role by this name already.
    NameTaken,
    /// It would leave the site without anybody who can administer it.
    LastAdmin,
    /// The role `admin` is always there.
    BuiltIn,
    /// The actor has lost the right to it meanwhile.
    ActorLacksRole,
}

/// A change that is under way, or what there is to say instead.
type Begun = std::result::Result<DatabaseTransaction, Change>;

impl<'a> Administration<'a> {
    pub(super) fn new(accounts: &'a Accounts, actor: Actor) -> Self {
        Self { accounts, actor }
    }

    /// Makes an account, as [`Accounts::register`] does.
    ///
    /// # Errors
    /// When the database failed or the hashing queue is full.
    pub async fn add(&self, username: &Username, password: &Secret) -> Result<Registration> {
        self.accounts
            .add(username, password, Some(&self.actor))
            .await
    }

    /// Gives a user a role.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn grant_role(&self, id: &UserId, role: &RoleName) -> Result<Change> {
        let transaction = match self.begin().await? {
            Ok(transaction) => transaction,
            Err(instead) => return Ok(instead),
        };
        let Some(account) = self.account(id, &transaction).await? else {
            return Ok(Change::NoSuchUser);
        };
        if let Err(nearest) = find_role(role, &transaction).await? {
            return Ok(Change::NoSuchRole(nearest));
        }
        if account.rights.has_role(role.as_str()) {
            return Ok(Change::AlreadySo);
        }
        let row = user_role::ActiveModel {
            user_id: ActiveValue::Set(id.to_string()),
            role_name: ActiveValue::Set(role.to_string()),
            granted_at: ActiveValue::Set(self.accounts.clock.now().as_millis()),
        };
        row.insert(&transaction).await.map_err(Error::from_db)?;
        let detail = Some(role.to_string());
        self.done(transaction, Action::RoleGranted, Some(&account), detail)
            .await
    }

    /// Takes a role from a user, who is without it at the very next request.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn revoke_role(&self, id: &UserId, role: &RoleName) -> Result<Change> {
        let transaction = match self.begin().await? {
            Ok(transaction) => transaction,
            Err(instead) => return Ok(instead),
        };
        let Some(account) = self.account(id, &transaction).await? else {
            return Ok(Change::NoSuchUser);
        };
        if let Err(nearest) = find_role(role, &transaction).await? {
            return Ok(Change::NoSuchRole(nearest));
        }
        if !account.rights.has_role(role.as_str()) {
            return Ok(Change::AlreadySo);
        }
        if role.as_str() == ADMIN && self.is_last_admin(&account, &transaction).await? {
            return Ok(Change::LastAdmin);
        }
        user_role::Entity::delete_by_id((id.to_string(), role.to_string()))
            .exec(&transaction)
            .await
            .map_err(Error::from_db)?;
        let detail = Some(role.to_string());
        self.done(transaction, Action::RoleRevoked, Some(&account), detail)
            .await
    }

    /// Shuts an account and ends all its sessions.
    ///
    /// # Errors
    /// When the database or the session store failed. A shut account's user is refused at the
    /// very next request in any case.
    pub async fn disable(&self, id: &UserId) -> Result<Change> {
        self.set_disabled(id, true).await
    }

    /// Opens an account again.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn enable(&self, id: &UserId) -> Result<Change> {
        self.set_disabled(id, false).await
    }

    async fn set_disabled(&self, id: &UserId, is_disabled: bool) -> Result<Change> {
        let transaction = match self.begin().await? {
            Ok(transaction) => transaction,
            Err(instead) => return Ok(instead),
        };
        let Some(account) = self.account(id, &transaction).await? else {
            return Ok(Change::NoSuchUser);
        };
        if account.is_disabled == is_disabled {
            return Ok(Change::AlreadySo);
        }
        if is_disabled && self.is_last_admin(&account, &transaction).await? {
            return Ok(Change::LastAdmin);
        }
        let update = self.accounts.new_epoch(id);
        let update = update.col_expr(user::Column::IsDisabled, Expr::value(is_disabled));
        changed(update, &transaction).await?;
        let action = match is_disabled {
            true => Action::AccountDisabled,
            false => Action::AccountEnabled,
        };
        let change = self.done(transaction, action, Some(&account), None).await?;
        if is_disabled {
            self.revoke_all(id).await?;
        }
        Ok(change)
    }

    /// Deletes an account with its password and roles, and ends all its sessions. The security
    /// log keeps its lines, and nobody else gets the id.
    ///
    /// # Errors
    /// When the database or the session store failed. A deleted account's user is refused at the
    /// very next request in any case.
    pub async fn delete(&self, id: &UserId) -> Result<Change> {
        let transaction = match self.begin().await? {
            Ok(transaction) => transaction,
            Err(instead) => return Ok(instead),
        };
        let Some(account) = self.account(id, &transaction).await? else {
            return Ok(Change::NoSuchUser);
        };
        if self.is_last_admin(&account, &transaction).await? {
            return Ok(Change::LastAdmin);
        }
        user::Entity::delete_by_id(id.as_str())
            .exec(&transaction)
            .await
            .map_err(Error::from_db)?;
        let change = self
            .done(transaction, Action::AccountDeleted, Some(&account), None)
            .await?;
        self.revoke_all(id).await?;
        Ok(change)
    }

    /// Gives a user a new password and ends all their sessions.
    ///
    /// # Errors
    /// When the database or the session store failed, or the hashing queue is full. Where the
    /// sessions could not be ended the new password stands; call it again.
    pub async fn set_password(&self, id: &UserId, password: &Secret) -> Result<Change> {
        self.write_password(id, password, false).await
    }

    /// As [`set_password`](Self::set_password), and the user must choose another one before
    /// anything else.
    ///
    /// # Errors
    /// As [`set_password`](Self::set_password).
    pub async fn set_temporary_password(&self, id: &UserId, password: &Secret) -> Result<Change> {
        self.write_password(id, password, true).await
    }

    async fn write_password(
        &self,
        id: &UserId,
        password: &Secret,
        must_change: bool,
    ) -> Result<Change> {
        let hash = self.accounts.passwords.hash(password).await?;
        let transaction = match self.begin().await? {
            Ok(transaction) => transaction,
            Err(instead) => return Ok(instead),
        };
        let Some(account) = self.account(id, &transaction).await? else {
            return Ok(Change::NoSuchUser);
        };
        let update = self.accounts.new_epoch(id);
        let update = update.col_expr(user::Column::MustChangePassword, Expr::value(must_change));
        changed(update, &transaction).await?;
        self.accounts
            .write_password(id, &hash, &transaction)
            .await?;
        let detail = must_change.then(|| "to be changed at the next log-in".to_owned());
        let change = self
            .done(transaction, Action::PasswordSet, Some(&account), detail)
            .await?;
        self.revoke_all(id).await?;
        Ok(change)
    }

    /// Lets a user choose another password before anything else. Their sessions go on to that
    /// page, and no further.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn demand_new_password(&self, id: &UserId) -> Result<Change> {
        let transaction = match self.begin().await? {
            Ok(transaction) => transaction,
            Err(instead) => return Ok(instead),
        };
        let Some(account) = self.account(id, &transaction).await? else {
            return Ok(Change::NoSuchUser);
        };
        if account.must_change_password {
            return Ok(Change::AlreadySo);
        }
        let update = self.accounts.update(id);
        let update = update.col_expr(user::Column::MustChangePassword, Expr::value(true));
        changed(update, &transaction).await?;
        let action = Action::PasswordChangeDemanded;
        self.done(transaction, action, Some(&account), None).await
    }

    /// Ends one session of a user, by its [`public_id`](crate::Session::public_id), and what
    /// remembers its browser.
    ///
    /// # Errors
    /// When the database or the session store failed.
    pub async fn end_session(&self, id: &UserId, public_id: &str) -> Result<Change> {
        let account = match self.checked_account(id).await? {
            Ok(account) => account,
            Err(instead) => return Ok(instead),
        };
        let accounts = self.accounts;
        let sessions = accounts.sessions.list_user(&accounts.realm, id).await?;
        let session = sessions
            .iter()
            .find(|session| session.public_id == public_id);
        let Some(session) = session else {
            return Ok(Change::NoSuchSession);
        };
        if !accounts.sessions.revoke(session.id).await? {
            return Ok(Change::NoSuchSession);
        }
        let detail = Some(public_id.to_owned());
        self.log(Action::SessionEnded, &account, detail).await
    }

    /// Ends all sessions of a user, and what remembers their browsers.
    ///
    /// # Errors
    /// When the database or the session store failed.
    pub async fn end_sessions(&self, id: &UserId) -> Result<Change> {
        let account = match self.checked_account(id).await? {
            Ok(account) => account,
            Err(instead) => return Ok(instead),
        };
        let ended = self.revoke_all(id).await?;
        let detail = Some(format!("{ended} sessions"));
        self.log(Action::SessionsEnded, &account, detail).await
    }

    /// Adds a role, without permissions.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn add_role(&self, name: &RoleName) -> Result<Change> {
        let transaction = match self.begin().await? {
            Ok(transaction) => transaction,
            Err(instead) => return Ok(instead),
        };
        let row = role::ActiveModel {
            name: ActiveValue::Set(name.to_string()),
            created_at: ActiveValue::Set(self.accounts.clock.now().as_millis()),
        };
        match row.insert(&transaction).await {
            Ok(_) => {}
            Err(error) if is_duplicate(&error) => return Ok(Change::NameTaken),
            Err(error) => return Err(Error::from_db(error)),
        }
        let detail = Some(name.to_string());
        self.done(transaction, Action::RoleAdded, None, detail)
            .await
    }

    /// Removes a role, and takes it from all who have it.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn remove_role(&self, name: &RoleName) -> Result<Change> {
        if name.as_str() == ADMIN {
            return Ok(Change::BuiltIn);
        }
        let transaction = match self.begin().await? {
            Ok(transaction) => transaction,
            Err(instead) => return Ok(instead),
        };
        if let Err(nearest) = find_role(name, &transaction).await? {
            return Ok(Change::NoSuchRole(nearest));
        }
        role::Entity::delete_by_id(name.as_str())
            .exec(&transaction)
            .await
            .map_err(Error::from_db)?;
        let detail = Some(name.to_string());
        self.done(transaction, Action::RoleRemoved, None, detail)
            .await
    }

    /// Gives a role a permission, and so all who have the role.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn allow(&self, name: &RoleName, permission: &PermissionName) -> Result<Change> {
        let transaction = match self.begin().await? {
            Ok(transaction) => transaction,
            Err(instead) => return Ok(instead),
        };
        if let Err(nearest) = find_role(name, &transaction).await? {
            return Ok(Change::NoSuchRole(nearest));
        }
        let permissions = permissions_of(name, &transaction).await?;
        if permissions.iter().any(|has| has == permission.as_str()) {
            return Ok(Change::AlreadySo);
        }
        let row = role_permission::ActiveModel {
            role_name: ActiveValue::Set(name.to_string()),
            permission: ActiveValue::Set(permission.to_string()),
        };
        row.insert(&transaction).await.map_err(Error::from_db)?;
        let detail = Some(format!("{name}: {permission}"));
        self.done(transaction, Action::PermissionAllowed, None, detail)
            .await
    }

    /// Takes a permission from a role, and so from all who have it by no other role.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn forbid(&self, name: &RoleName, permission: &PermissionName) -> Result<Change> {
        let transaction = match self.begin().await? {
            Ok(transaction) => transaction,
            Err(instead) => return Ok(instead),
        };
        if let Err(nearest) = find_role(name, &transaction).await? {
            return Ok(Change::NoSuchRole(nearest));
        }
        let permissions = permissions_of(name, &transaction).await?;
        if !permissions.iter().any(|has| has == permission.as_str()) {
            let nearest = nearest(permission.as_str(), permissions.iter().map(String::as_str));
            return Ok(Change::NoSuchPermission(nearest.map(str::to_owned)));
        }
        role_permission::Entity::delete_by_id((name.to_string(), permission.to_string()))
            .exec(&transaction)
            .await
            .map_err(Error::from_db)?;
        let detail = Some(format!("{name}: {permission}"));
        self.done(transaction, Action::PermissionForbidden, None, detail)
            .await
    }

    /// Begins a change, if the actor may still make it.
    ///
    /// It first writes to the one row that is always there, so that no other change comes
    /// between what is read here and what is written.
    async fn begin(&self) -> Result<Begun> {
        let transaction = self.accounts.database.connection().begin().await;
        let transaction = transaction.map_err(Error::from_db)?;
        let lock = role::Entity::update_many()
            .col_expr(role::Column::Name, Expr::value(ADMIN))
            .filter(role::Column::Name.eq(ADMIN));
        lock.exec(&transaction).await.map_err(Error::from_db)?;
        let (Some(id), Some(role)) = (&self.actor.id, &self.actor.role) else {
            return Ok(Ok(transaction));
        };
        let actor = self.account(id, &transaction).await?;
        let may = actor.is_some_and(|actor| {
            !actor.is_disabled
                && !actor.must_change_password
                && actor.rights.has_role(role.as_str())
        });
        Ok(match may {
            true => Ok(transaction),
            false => Err(Change::ActorLacksRole),
        })
    }

    async fn account(
        &self,
        id: &UserId,
        transaction: &DatabaseTransaction,
    ) -> Result<Option<Account>> {
        let by_id = Condition::all().add(user::Column::Id.eq(id.as_str()));
        let found = rows::find_one(by_id, transaction).await?;
        Ok(found.map(|(account, _)| account))
    }

    /// The user whose sessions are to be ended, if the actor may do that.
    ///
    /// In a transaction that is over before the session store is asked: that may be in the same
    /// database, and would wait for it.
    async fn checked_account(&self, id: &UserId) -> Result<std::result::Result<Account, Change>> {
        let transaction = match self.begin().await? {
            Ok(transaction) => transaction,
            Err(instead) => return Ok(Err(instead)),
        };
        let account = self.account(id, &transaction).await?;
        transaction.rollback().await.map_err(Error::from_db)?;
        Ok(account.ok_or(Change::NoSuchUser))
    }

    /// Whether an admin's own change would leave nobody who can administer the site. The operator
    /// can always make another one.
    async fn is_last_admin(
        &self,
        account: &Account,
        transaction: &DatabaseTransaction,
    ) -> Result<bool> {
        if self.actor.id.is_none() || account.is_disabled || !account.rights.has_role(ADMIN) {
            return Ok(false);
        }
        let others = user_role::Entity::find()
            .join(JoinType::InnerJoin, user_role::Relation::User.def())
            .filter(user_role::Column::RoleName.eq(ADMIN))
            .filter(user_role::Column::UserId.ne(account.id.as_str()))
            .filter(user::Column::IsDisabled.eq(false))
            .count(transaction)
            .await
            .map_err(Error::from_db)?;
        Ok(others == 0)
    }

    async fn done(
        &self,
        transaction: DatabaseTransaction,
        action: Action,
        user: Option<&Account>,
        detail: Option<String>,
    ) -> Result<Change> {
        let entry = Entry {
            action,
            user,
            detail,
        };
        self.accounts
            .commit(transaction, &self.actor, entry)
            .await?;
        Ok(Change::Done)
    }

    /// Writes a line of what the session store has done.
    async fn log(
        &self,
        action: Action,
        account: &Account,
        detail: Option<String>,
    ) -> Result<Change> {
        let transaction = self.accounts.database.connection().begin().await;
        let transaction = transaction.map_err(Error::from_db)?;
        self.done(transaction, action, Some(account), detail).await
    }

    async fn revoke_all(&self, id: &UserId) -> Result<u64> {
        let accounts = self.accounts;
        accounts
            .sessions
            .revoke_user(&accounts.realm, id, None)
            .await
    }
}

async fn permissions_of(name: &RoleName, transaction: &DatabaseTransaction) -> Result<Vec<String>> {
    role_permission::Entity::find()
        .select_only()
        .column(role_permission::Column::Permission)
        .filter(role_permission::Column::RoleName.eq(name.as_str()))
        .into_tuple()
        .all(transaction)
        .await
        .map_err(Error::from_db)
}
