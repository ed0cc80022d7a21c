//! Users: their data, whether they may log in, and their roles.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ActiveValue, EntityTrait};

use super::{Administration, ChangeOutcome, Stopped, settled};
use crate::access::RoleName;
use crate::accounts::account::{NewAccount, NewCredential};
use crate::accounts::entity::{user, user_role};
use crate::accounts::roles::{check_role, count_active_admins};
use crate::accounts::{ADMIN, Account, Action};
use crate::credentials::Username;
use crate::crypto::secret::Secret;
use crate::database::{Transaction, changed};
use crate::error::{Error, Result};
use crate::login::{User, UserId};
use crate::mail::Email;

impl Administration<'_> {
    /// Creates an account. Check `password` with the
    /// [`PasswordPolicy`](crate::password::PasswordPolicy) first.
    ///
    /// # Errors
    /// When the database failed or the hashing queue is full.
    pub async fn add(&self, username: &Username, password: &Secret) -> Result<ChangeOutcome> {
        let new = NewAccount::of(username);
        settled(self.try_add(new, password).await)
    }

    /// Creates an account with a temporary password: the user must choose another one before
    /// anything else. The email address is not verified.
    ///
    /// The password need not keep the
    /// [`PasswordPolicy`](crate::password::PasswordPolicy), but must be random:
    /// [`Accounts::temporary_password`](crate::accounts::Accounts::temporary_password).
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub async fn add_with_temporary_password(
        &self,
        username: &Username,
        email: Option<&Email>,
        password: &Secret,
    ) -> Result<ChangeOutcome> {
        let new = NewAccount {
            username: Some(username),
            email,
            must_change_password: true,
            ..NewAccount::of(username)
        };
        settled(self.try_add(new, password).await)
    }

    async fn try_add(&self, new: NewAccount<'_>, password: &Secret) -> Stopped<ChangeOutcome> {
        // Only saves the hashing; the unique indexes decide.
        if let Some(username) = new.username
            && self.accounts.has_name_like(username.as_str()).await?
        {
            return Ok(ChangeOutcome::NameTaken);
        }
        let hash = self.accounts.inner.passwords.hash(password).await?;
        let transaction = self.begin().await?;
        let inserted = self
            .accounts
            .insert(new, NewCredential::Password(&hash), &transaction)
            .await?;
        let Some(account) = inserted else {
            return Ok(ChangeOutcome::NameTaken);
        };
        let detail = new
            .must_change_password
            .then(|| "with a temporary password".to_owned());
        let action = Action::AccountAdded;
        self.done(transaction, action, Some(&account), detail).await
    }

    /// Sets or removes the mail address of an account. The address is not verified. The outcome is
    /// [`EmailTaken`](ChangeOutcome::EmailTaken) if it is another account's.
    ///
    /// An account without a username needs its address: if an admin or the operator changes it, it
    /// counts as verified by them, and every other change is
    /// [`NeedsEmail`](ChangeOutcome::NeedsEmail).
    ///
    /// # Errors
    /// When the database failed.
    pub async fn set_email(&self, id: &UserId, email: Option<&Email>) -> Result<ChangeOutcome> {
        settled(self.try_set_email(id, email).await)
    }

    async fn try_set_email(&self, id: &UserId, email: Option<&Email>) -> Stopped<ChangeOutcome> {
        let (transaction, account) = self.begin_on_own(id).await?;
        let own = Email::of(account.email.as_deref());
        let is_same = own.as_ref() == email && own.is_some() == account.email.is_some();
        let has_name = account.username.is_some();
        if !has_name && !is_same && (email.is_none() || self.actor.is_themself()) {
            return Ok(ChangeOutcome::NeedsEmail);
        }
        let claimed = match email {
            Some(email) => Some(self.accounts.claimed(email, id, &transaction).await?),
            None => None,
        };
        if let Some((_, is_owner)) = claimed
            && !is_owner
        {
            return Ok(ChangeOutcome::EmailTaken);
        }
        let claimed = claimed.map(|(claimed, _)| claimed);
        let mut update = self
            .accounts
            .update(id)
            .col_expr(user::Column::Email, Expr::value(email.map(Email::as_str)))
            .col_expr(user::Column::CanonicalEmail, Expr::value(claimed));
        if !is_same {
            let now = self.accounts.inner.clock.now();
            let verified_at = Expr::value((!has_name).then(|| now.as_millis()));
            update = update.col_expr(user::Column::EmailVerifiedAt, verified_at);
        }
        changed(update, &transaction).await?;
        if is_same {
            transaction.commit().await.map_err(Error::from_db)?;
            return Ok(ChangeOutcome::AlreadySo);
        }
        let detail = email.map(|email| email.as_str().to_owned());
        let action = Action::EmailChanged;
        self.done(transaction, action, Some(&account), detail).await
    }

    /// Grants a role to a user, and ends all their sessions: a session that somebody has stolen must
    /// not gain rights (OWASP ASVS 5.0, 7.2.4). They have the role when they log in again.
    ///
    /// # Errors
    /// When the database or the session store failed. If only the store failed, the role is
    /// granted, and the next request of an old session is rejected.
    pub async fn grant_role(&self, id: &UserId, role: &RoleName) -> Result<ChangeOutcome> {
        self.revoked(self.try_grant_role(id, role).await, id).await
    }

    async fn try_grant_role(&self, id: &UserId, role: &RoleName) -> Stopped<ChangeOutcome> {
        let (transaction, account) = self.begin_on(id).await?;
        if let Err(nearest) = check_role(role, &transaction).await? {
            return Ok(ChangeOutcome::NoSuchRole(nearest));
        }
        if account.rights.has_role(role.as_str()) {
            return Ok(ChangeOutcome::AlreadySo);
        }
        let row = user_role::ActiveModel {
            user_id: ActiveValue::Set(id.to_string()),
            role_name: ActiveValue::Set(role.to_string()),
            granted_at: ActiveValue::Set(self.accounts.inner.clock.now().as_millis()),
        };
        row.insert(&transaction).await.map_err(Error::from_db)?;
        changed(self.accounts.new_epoch(id), &transaction).await?;
        let detail = Some(role.to_string());
        let action = Action::RoleGranted;
        self.done(transaction, action, Some(&account), detail).await
    }

    /// Removes a role from a user. Effective at the next request; on other nodes within the bound
    /// of the [feed](crate::session::InvalidationFeed).
    ///
    /// # Errors
    /// When the database failed.
    pub async fn revoke_role(&self, id: &UserId, role: &RoleName) -> Result<ChangeOutcome> {
        settled(self.try_revoke_role(id, role).await)
    }

    async fn try_revoke_role(&self, id: &UserId, role: &RoleName) -> Stopped<ChangeOutcome> {
        let (transaction, account) = self.begin_on(id).await?;
        if let Err(nearest) = check_role(role, &transaction).await? {
            return Ok(ChangeOutcome::NoSuchRole(nearest));
        }
        if !account.rights.has_role(role.as_str()) {
            return Ok(ChangeOutcome::AlreadySo);
        }
        if role.as_str() == ADMIN {
            self.check_not_last(&account, &transaction).await?;
        }
        user_role::Entity::delete_by_id((id.to_string(), role.to_string()))
            .exec(&transaction)
            .await
            .map_err(Error::from_db)?;
        let detail = Some(role.to_string());
        let action = Action::RoleRevoked;
        self.done(transaction, action, Some(&account), detail).await
    }

    /// Disables an account and ends all its sessions. Cancels a planned reset of its second factors,
    /// because its user cannot.
    ///
    /// # Errors
    /// When the database or the session store failed. If only the store failed, the account is
    /// disabled, and the next request is rejected.
    pub async fn disable(&self, id: &UserId) -> Result<ChangeOutcome> {
        self.revoked(self.try_set_disabled(id, true).await, id)
            .await
    }

    /// Enables an account again.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn enable(&self, id: &UserId) -> Result<ChangeOutcome> {
        settled(self.try_set_disabled(id, false).await)
    }

    async fn try_set_disabled(&self, id: &UserId, is_disabled: bool) -> Stopped<ChangeOutcome> {
        let (transaction, account) = self.begin_on(id).await?;
        if account.is_disabled == is_disabled {
            return Ok(ChangeOutcome::AlreadySo);
        }
        if is_disabled {
            self.check_not_last(&account, &transaction).await?;
            self.cancel_reset_in(&account, &transaction).await?;
        }
        let update = self.accounts.new_epoch(id);
        let update = update.col_expr(user::Column::IsDisabled, Expr::value(is_disabled));
        changed(update, &transaction).await?;
        let action = match is_disabled {
            true => Action::AccountDisabled,
            false => Action::AccountEnabled,
        };
        self.done(transaction, action, Some(&account), None).await
    }

    /// Deletes an account with its password and roles, and ends all its sessions. The security log
    /// keeps its lines, and the id is never reused.
    ///
    /// # Errors
    /// When the database or the session store failed. If only the store failed, the account is
    /// deleted, and the next request is rejected.
    pub async fn delete(&self, id: &UserId) -> Result<ChangeOutcome> {
        self.revoked(self.try_delete(id).await, id).await
    }

    async fn try_delete(&self, id: &UserId) -> Stopped<ChangeOutcome> {
        let (transaction, account) = self.begin_on_own(id).await?;
        self.check_not_last(&account, &transaction).await?;
        user::Entity::delete_by_id(id.as_str())
            .exec(&transaction)
            .await
            .map_err(Error::from_db)?;
        let accounts = self.accounts;
        accounts.forget_former_usernames(id, &transaction).await?;
        if let Some(factors) = &accounts.inner.factors {
            factors.forget_in(id, &transaction).await?;
        }
        let action = Action::AccountDeleted;
        self.done(transaction, action, Some(&account), None).await
    }

    /// Sets a user's password and ends all their sessions.
    ///
    /// # Errors
    /// When the database or the session store failed, or the hashing queue is full.
    pub async fn set_password(&self, id: &UserId, password: &Secret) -> Result<ChangeOutcome> {
        self.write_password(id, password, false).await
    }

    /// As [`set_password`](Self::set_password), and requires the user to choose another one before
    /// anything else. It
    /// [expires](crate::accounts::Accounts::temporary_passwords_last).
    ///
    /// # Errors
    /// As [`set_password`](Self::set_password).
    pub async fn set_temporary_password(
        &self,
        id: &UserId,
        password: &Secret,
    ) -> Result<ChangeOutcome> {
        self.write_password(id, password, true).await
    }

    async fn write_password(
        &self,
        id: &UserId,
        password: &Secret,
        must_change: bool,
    ) -> Result<ChangeOutcome> {
        self.revoked(self.try_write_password(id, password, must_change).await, id)
            .await
    }

    async fn try_write_password(
        &self,
        id: &UserId,
        password: &Secret,
        must_change: bool,
    ) -> Stopped<ChangeOutcome> {
        let hash = self.accounts.inner.passwords.hash(password).await?;
        let (transaction, account) = match must_change {
            true => self.begin_on(id).await?,
            false => self.begin_on_own(id).await?,
        };
        let update = self.accounts.new_epoch(id);
        let update = update.col_expr(user::Column::MustChangePassword, Expr::value(must_change));
        changed(update, &transaction).await?;
        let lasts = self.accounts.inner.temporary_passwords_last;
        let expires_at = must_change.then(|| self.accounts.inner.clock.now() + lasts);
        self.accounts
            .write_password(id, &hash, expires_at, &transaction)
            .await?;
        let detail = must_change.then(|| "to be changed at the next log-in".to_owned());
        let action = Action::PasswordSet;
        self.done(transaction, action, Some(&account), detail).await
    }

    /// Requires a user to choose a new password before anything else. Their sessions stay, but can
    /// only use that page.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn demand_new_password(&self, id: &UserId) -> Result<ChangeOutcome> {
        settled(self.try_demand_new_password(id).await)
    }

    async fn try_demand_new_password(&self, id: &UserId) -> Stopped<ChangeOutcome> {
        let (transaction, account) = self.begin_on(id).await?;
        if account.must_change_password {
            return Ok(ChangeOutcome::AlreadySo);
        }
        let update = self.accounts.update(id);
        let update = update.col_expr(user::Column::MustChangePassword, Expr::value(true));
        changed(update, &transaction).await?;
        let action = Action::PasswordChangeDemanded;
        self.done(transaction, action, Some(&account), None).await
    }

    /// Rejects an admin's own change if nobody could administer the site after it. The operator can
    /// always create another admin.
    pub(super) async fn check_not_last(
        &self,
        account: &Account,
        transaction: &Transaction,
    ) -> Stopped<()> {
        let is_admin = account.is_active() && account.rights.has_role(ADMIN);
        if self.actor.requirement().is_none() || !is_admin {
            return Ok(());
        }
        let others = count_active_admins(Some(&account.id), transaction).await?;
        match others {
            0 => Err(ChangeOutcome::LastAdmin.into()),
            _ => Ok(()),
        }
    }
}
