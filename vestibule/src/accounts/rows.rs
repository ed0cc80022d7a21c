//! From the rows of users, roles and permissions to accounts.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter,
    QuerySelect, RelationTrait,
};

use crate::access::Rights;
use crate::accounts::Account;
use crate::accounts::entity::{password, role_permission, user, user_role};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::password::PasswordHash;

/// A user once for each role and permission; the columns of the join are empty for a user
/// without any.
#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    user: user::Model,
    role: Option<String>,
    permission: Option<String>,
    hash: Option<String>,
}

/// The one user whom `condition` finds, with all rights and the password hash, by one query.
pub(super) async fn find_one(
    condition: Condition,
    connection: &impl ConnectionTrait,
) -> Result<Option<(Account, Option<PasswordHash>)>> {
    let rows = user::Entity::find()
        .column_as(user_role::Column::RoleName, "role")
        .column_as(role_permission::Column::Permission, "permission")
        .column_as(password::Column::Hash, "hash")
        .join(JoinType::LeftJoin, user::Relation::Password.def())
        .join(JoinType::LeftJoin, user::Relation::Roles.def())
        .join(JoinType::LeftJoin, user_role::Relation::Permissions.def())
        .filter(condition)
        .into_model::<Row>()
        .all(connection)
        .await
        .map_err(Error::from_db)?;
    let (mut roles, mut permissions) = (Vec::new(), Vec::new());
    let mut found = None;
    for row in rows {
        roles.extend(row.role);
        permissions.extend(row.permission);
        found.get_or_insert((row.user, row.hash));
    }
    Ok(found.map(|(user, hash)| {
        let account = account(user, Rights::new(roles, permissions));
        (account, hash.map(PasswordHash::from_stored))
    }))
}

/// These users with their rights, by one query more.
pub(super) async fn with_rights(
    users: Vec<user::Model>,
    connection: &impl ConnectionTrait,
) -> Result<Vec<Account>> {
    let ids = users.iter().map(|user| user.id.as_str());
    let rows: Vec<(String, String, Option<String>)> = user_role::Entity::find()
        .select_only()
        .column(user_role::Column::UserId)
        .column(user_role::Column::RoleName)
        .column(role_permission::Column::Permission)
        .join(JoinType::LeftJoin, user_role::Relation::Permissions.def())
        .filter(user_role::Column::UserId.is_in(ids))
        .into_tuple()
        .all(connection)
        .await
        .map_err(Error::from_db)?;
    let mut rights = HashMap::<_, (Vec<_>, Vec<_>)>::new();
    for (user_id, role, permission) in rows {
        let (roles, permissions) = rights.entry(user_id).or_default();
        roles.push(role);
        permissions.extend(permission);
    }
    let with_rights = |user: user::Model| {
        let (roles, permissions) = rights.remove(&user.id).unwrap_or_default();
        account(user, Rights::new(roles, permissions))
    };
    Ok(users.into_iter().map(with_rights).collect())
}

pub(super) fn account(user: user::Model, rights: Rights) -> Account {
    Account {
        id: user.id.into(),
        username: user.username,
        email: user.email,
        is_disabled: user.is_disabled,
        must_change_password: user.must_change_password,
        rights,
        session_epoch: user.session_epoch,
        created_at: Timestamp::from_millis(user.created_at),
        updated_at: Timestamp::from_millis(user.updated_at),
    }
}
