//! Reading the stored roles.

use std::collections::BTreeMap;

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait,
};
use serde::Serialize;

use crate::access::{RoleName, nearest};
use crate::accounts::Accounts;
use crate::accounts::entity::{role, role_permission, user, user_role};
use crate::error::{Error, Result};
use crate::login::UserId;

/// The role of admins. It always exists.
pub const ADMIN: &str = "admin";

/// A stored role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Role {
    /// Its name.
    pub name: String,
    /// The permissions that it grants, in alphabetical order.
    pub permissions: Vec<String>,
}

impl Accounts {
    /// The names of all roles, in alphabetical order.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn role_names(&self) -> Result<Vec<String>> {
        let mut names = names(self.inner.database.connection()).await?;
        names.sort_unstable();
        Ok(names)
    }

    /// All roles, ordered by name.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn roles(&self) -> Result<Vec<Role>> {
        let connection = self.inner.database.connection();
        let names = names(connection).await?;
        let rows = role_permission::Entity::find()
            .order_by_asc(role_permission::Column::Permission)
            .all(connection)
            .await
            .map_err(Error::from_db)?;
        let mut roles: BTreeMap<_, Vec<_>> =
            names.into_iter().map(|name| (name, Vec::new())).collect();
        for row in rows {
            if let Some(permissions) = roles.get_mut(&row.role_name) {
                permissions.push(row.permission);
            }
        }
        let role = |(name, permissions)| Role { name, permissions };
        Ok(roles.into_iter().map(role).collect())
    }

    /// The role with this name.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn role(&self, name: &RoleName) -> Result<Option<Role>> {
        let connection = self.inner.database.connection();
        let found = role::Entity::find_by_id(name.as_str()).one(connection);
        let Some(role) = found.await.map_err(Error::from_db)? else {
            return Ok(None);
        };
        let permissions = permissions_of(name, connection).await?;
        Ok(Some(Role {
            name: role.name,
            permissions,
        }))
    }

    /// How many users have a role.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn count_with_role(&self, role: &RoleName) -> Result<u64> {
        user_role::Entity::find()
            .filter(user_role::Column::RoleName.eq(role.as_str()))
            .count(self.inner.database.connection())
            .await
            .map_err(Error::from_db)
    }

    /// Whether an active admin exists: a user with the role [`ADMIN`] who is not disabled.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn has_active_admin(&self) -> Result<bool> {
        let count = count_active_admins(None, self.inner.database.connection()).await?;
        Ok(count > 0)
    }
}

pub(super) async fn count_active_admins(
    but: Option<&UserId>,
    connection: &impl ConnectionTrait,
) -> Result<u64> {
    let mut find = user_role::Entity::find()
        .join(JoinType::InnerJoin, user_role::Relation::User.def())
        .filter(user_role::Column::RoleName.eq(ADMIN))
        .filter(user::Column::IsDisabled.eq(false))
        .filter(user::Column::AwaitsApproval.eq(false))
        .filter(user::Column::ClosesAt.is_null());
    if let Some(but) = but {
        find = find.filter(user_role::Column::UserId.ne(but.as_str()));
    }
    find.count(connection).await.map_err(Error::from_db)
}

async fn names(connection: &impl ConnectionTrait) -> Result<Vec<String>> {
    role::Entity::find()
        .select_only()
        .column(role::Column::Name)
        .into_tuple()
        .all(connection)
        .await
        .map_err(Error::from_db)
}

/// The permissions of a role, in alphabetical order.
pub(super) async fn permissions_of(
    name: &RoleName,
    connection: &impl ConnectionTrait,
) -> Result<Vec<String>> {
    role_permission::Entity::find()
        .select_only()
        .column(role_permission::Column::Permission)
        .filter(role_permission::Column::RoleName.eq(name.as_str()))
        .order_by_asc(role_permission::Column::Permission)
        .into_tuple()
        .all(connection)
        .await
        .map_err(Error::from_db)
}

/// Checks that a role exists; if not, returns the one that was probably meant.
pub(super) async fn check_role(
    name: &RoleName,
    connection: &impl ConnectionTrait,
) -> Result<std::result::Result<(), Option<String>>> {
    let found = role::Entity::find_by_id(name.as_str())
        .one(connection)
        .await
        .map_err(Error::from_db)?;
    if found.is_some() {
        return Ok(Ok(()));
    }
    let names = names(connection).await?;
    let nearest = nearest(name.as_str(), names.iter().map(String::as_str));
    Ok(Err(nearest.map(str::to_owned)))
}
