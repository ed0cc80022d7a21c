//! Roles and their permissions.

use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter,
};

use super::{Administration, ChangeOutcome, Stopped, settled};
use crate::access::{PermissionName, RoleName, nearest};
use crate::accounts::entity::{role, role_permission, user_role};
use crate::accounts::roles::{check_role, permissions_of};
use crate::accounts::{ADMIN, Action};
use crate::database::is_duplicate;
use crate::error::{Error, Result};

impl Administration<'_> {
    /// Adds a role, without permissions.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn add_role(&self, name: &RoleName) -> Result<ChangeOutcome> {
        settled(self.try_add_role(name).await)
    }

    async fn try_add_role(&self, name: &RoleName) -> Stopped<ChangeOutcome> {
        let transaction = self.begin().await?;
        let row = role::ActiveModel {
            name: ActiveValue::Set(name.to_string()),
            created_at: ActiveValue::Set(self.accounts.inner.clock.now().as_millis()),
        };
        match row.insert(&transaction).await {
            Ok(_) => {}
            Err(error) if is_duplicate(&error) => return Ok(ChangeOutcome::NameTaken),
            Err(error) => return Err(Error::from_db(error).into()),
        }
        let detail = Some(name.to_string());
        self.done(transaction, Action::RoleAdded, None, detail)
            .await
    }

    /// Removes a role, also from all users who have it.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn remove_role(&self, name: &RoleName) -> Result<ChangeOutcome> {
        settled(self.try_remove_role(name).await)
    }

    async fn try_remove_role(&self, name: &RoleName) -> Stopped<ChangeOutcome> {
        let transaction = self.begin().await?;
        if name.as_str() == ADMIN {
            return Ok(ChangeOutcome::BuiltIn);
        }
        if let Err(nearest) = check_role(name, &transaction).await? {
            return Ok(ChangeOutcome::NoSuchRole(nearest));
        }
        let holders = user_role::Entity::find()
            .filter(user_role::Column::RoleName.eq(name.as_str()))
            .count(&transaction)
            .await
            .map_err(Error::from_db)?;
        role::Entity::delete_by_id(name.as_str())
            .exec(&transaction)
            .await
            .map_err(Error::from_db)?;
        let detail = Some(format!("{name}, taken from {holders} users"));
        self.done(transaction, Action::RoleRemoved, None, detail)
            .await
    }

    /// Grants a permission to a role, and so to all users with the role.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn allow(
        &self,
        name: &RoleName,
        permission: &PermissionName,
    ) -> Result<ChangeOutcome> {
        settled(self.try_allow(name, permission).await)
    }

    async fn try_allow(
        &self,
        name: &RoleName,
        permission: &PermissionName,
    ) -> Stopped<ChangeOutcome> {
        let transaction = self.begin().await?;
        if let Err(nearest) = check_role(name, &transaction).await? {
            return Ok(ChangeOutcome::NoSuchRole(nearest));
        }
        let permissions = permissions_of(name, &transaction).await?;
        if permissions.iter().any(|has| has == permission.as_str()) {
            return Ok(ChangeOutcome::AlreadySo);
        }
        let row = role_permission::ActiveModel {
            role_name: ActiveValue::Set(name.to_string()),
            permission: ActiveValue::Set(permission.to_string()),
        };
        row.insert(&transaction).await.map_err(Error::from_db)?;
        let detail = Some(format!("{name}: {permission}"));
        let action = Action::PermissionAllowed;
        self.done(transaction, action, None, detail).await
    }

    /// Removes a permission from a role. Users who have it by another role keep it.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn forbid(
        &self,
        name: &RoleName,
        permission: &PermissionName,
    ) -> Result<ChangeOutcome> {
        settled(self.try_forbid(name, permission).await)
    }

    async fn try_forbid(
        &self,
        name: &RoleName,
        permission: &PermissionName,
    ) -> Stopped<ChangeOutcome> {
        let transaction = self.begin().await?;
        if let Err(nearest) = check_role(name, &transaction).await? {
            return Ok(ChangeOutcome::NoSuchRole(nearest));
        }
        let permissions = permissions_of(name, &transaction).await?;
        if !permissions.iter().any(|has| has == permission.as_str()) {
            let nearest = nearest(permission.as_str(), permissions.iter().map(String::as_str));
            return Ok(ChangeOutcome::NoSuchPermission(nearest.map(str::to_owned)));
        }
        role_permission::Entity::delete_by_id((name.to_string(), permission.to_string()))
            .exec(&transaction)
            .await
            .map_err(Error::from_db)?;
        let detail = Some(format!("{name}: {permission}"));
        let action = Action::PermissionForbidden;
        self.done(transaction, action, None, detail).await
    }
}
