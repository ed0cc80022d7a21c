//! The stored roles, as they are read.

use std::collections::BTreeMap;

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::Serialize;

use crate::access::{RoleName, nearest};
use crate::accounts::Accounts;
use crate::accounts::entity::{role, role_permission, user_role};
use crate::error::{Error, Result};

/// The role of those who administer the site. It is always there.
pub const ADMIN: &str = "admin";

/// A stored role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Role {
    /// Its name.
    pub name: String,
    /// The permissions that it gives, in the order of the alphabet.
    pub permissions: Vec<String>,
}

impl Accounts {
    /// All roles, in the order of their names.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn roles(&self) -> Result<Vec<Role>> {
        let connection = self.database.connection();
        let names: Vec<String> = role::Entity::find()
            .select_only()
            .column(role::Column::Name)
            .into_tuple()
            .all(connection)
            .await
            .map_err(Error::from_db)?;
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

    /// How many users have a role.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn count_with_role(&self, role: &RoleName) -> Result<u64> {
        user_role::Entity::find()
            .filter(user_role::Column::RoleName.eq(role.as_str()))
            .count(self.database.connection())
            .await
            .map_err(Error::from_db)
    }

    /// The name of a user that was probably meant by `name`: of those that begin alike, and of
    /// the first ones there are.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn nearest_username(&self, name: &str) -> Result<Option<String>> {
        const LOOK_AT: u64 = 1_000;
        let beginning: String = name.chars().take(2).collect();
        let mut found = self.search(&beginning, None, LOOK_AT).await?;
        found.extend(self.list(None, LOOK_AT).await?);
        let names = found.iter().map(|account| account.username.as_str());
        Ok(nearest(name, names).map(str::to_owned))
    }
}

/// Whether there is a role by this name; if not, the one that was probably meant.
pub(super) async fn find_role(
    name: &RoleName,
    connection: &impl ConnectionTrait,
) -> Result<std::result::Result<(), Option<String>>> {
    let names: Vec<String> = role::Entity::find()
        .select_only()
        .column(role::Column::Name)
        .into_tuple()
        .all(connection)
        .await
        .map_err(Error::from_db)?;
    if names.iter().any(|there_is| there_is == name.as_str()) {
        return Ok(Ok(()));
    }
    let nearest = nearest(name.as_str(), names.iter().map(String::as_str));
    Ok(Err(nearest.map(str::to_owned)))
}
