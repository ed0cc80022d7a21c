//! Converting rows of users, roles and permissions to accounts.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, FromQueryResult, JoinType,
    QueryFilter, QueryResult, QuerySelect, QueryTrait, RelationTrait, Select,
};

use crate::access::Rights;
use crate::accounts::Account;
use crate::accounts::entity::{password, role_permission, user, user_role};
use crate::clock::Timestamp;
use crate::credentials::Username;
use crate::error::{Error, Result};
use crate::login::UserId;
use crate::password::PasswordHash;
use crate::session::rows::{session, to_session};
use crate::session::{Session, SessionId};

const ROLE: &str = "role";
const PERMISSION: &str = "permission";
const HASH: &str = "hash";
const HASH_EXPIRES_AT: &str = "hash_expires_at";

/// The user with this id and all rights, by one query. `None` if it cannot be an id.
pub(super) async fn find(
    id: &UserId,
    connection: &impl ConnectionTrait,
) -> Result<Option<Account>> {
    let text = id.as_str();
    if text.chars().count() > UserId::MAX_CHARS || text.contains(char::is_control) {
        return Ok(None);
    }
    find_one(user::Column::Id.eq(text).into(), connection).await
}

/// Matches the user with a typed name; `None` if it cannot be one. Skips the rules for new names.
pub(super) fn by_name(typed: &str) -> Option<Condition> {
    let canonical = Username::canonical_form(typed);
    let is_name = !canonical.is_empty()
        && canonical.chars().count() <= MAX_NAME_CHARS
        && !canonical.contains(char::is_control);
    let by_name = user::Column::CanonicalUsername.eq(canonical);
    // Accounts without a name have something else there.
    is_name.then(|| by_name.and(user::Column::Username.ne("")).into())
}

/// The length of the column for canonical names.
const MAX_NAME_CHARS: usize = 191;

/// The user matched by `condition`, with all rights, by one query.
pub(super) async fn find_one(
    condition: Condition,
    connection: &impl ConnectionTrait,
) -> Result<Option<Account>> {
    let rows = with_rights_of(condition);
    let found = joined(&rows, connection).await?;
    Ok(found.map(|(account, _)| account))
}

/// The session with this id and its user with all rights, by one query.
pub(super) async fn find_with_session(
    id: SessionId,
    connection: &impl ConnectionTrait,
) -> Result<Option<(Session, Option<Account>)>> {
    let user_of = session::Entity::belongs_to(user::Entity)
        .from(session::Column::UserId)
        .to(user::Column::Id)
        .into();
    // Two entities in one row have column prefixes; those of the session are `A_`.
    let rows = session::Entity::find_by_id(id.as_bytes().to_vec())
        .join(JoinType::LeftJoin, user_of)
        .join(JoinType::LeftJoin, user::Relation::Roles.def())
        .join(JoinType::LeftJoin, user_role::Relation::Permissions.def())
        .column_as(user_role::Column::RoleName, ROLE)
        .column_as(role_permission::Column::Permission, PERMISSION)
        .select_also(user::Entity);
    let rows = connection.query_all(rows.as_query()).await;
    let rows = rows.map_err(Error::from_db)?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let session = session::Model::from_query_result(first, "A_").map_err(Error::from_db)?;
    let user = user::Model::from_query_result_optional(first, "B_").map_err(Error::from_db)?;
    let rights = rights(&rows, "A_")?;
    Ok(Some((
        to_session(session)?,
        user.map(|user| account(user, rights)),
    )))
}

/// As [`find_one`], with the password hash, to check it. A temporary password that has expired is
/// none.
pub(super) async fn find_with_password(
    condition: Condition,
    now: Timestamp,
    connection: &impl ConnectionTrait,
) -> Result<Option<(Account, Option<PasswordHash>)>> {
    let rows = with_rights_of(condition)
        .column_as(password::Column::Hash, HASH)
        .column_as(password::Column::ExpiresAt, HASH_EXPIRES_AT)
        .join(JoinType::LeftJoin, user::Relation::Password.def());
    let Some((account, row)) = joined(&rows, connection).await? else {
        return Ok(None);
    };
    let (hash, expires_at): (Option<String>, Option<i64>) = (
        row.try_get("", HASH).map_err(Error::from_db)?,
        row.try_get("", HASH_EXPIRES_AT).map_err(Error::from_db)?,
    );
    let hash = hash.filter(|_| !has_expired(expires_at, now));
    Ok(Some((account, hash.map(PasswordHash::from_stored))))
}

/// Whether a password no longer works at this time.
pub(super) fn has_expired(expires_at: Option<i64>, now: Timestamp) -> bool {
    expires_at.is_some_and(|expires_at| expires_at <= now.as_millis())
}

/// One row for each role and permission of a user; without any, a single row without them.
fn with_rights_of(condition: Condition) -> Select<user::Entity> {
    user::Entity::find()
        .column_as(user_role::Column::RoleName, ROLE)
        .column_as(role_permission::Column::Permission, PERMISSION)
        .join(JoinType::LeftJoin, user::Relation::Roles.def())
        .join(JoinType::LeftJoin, user_role::Relation::Permissions.def())
        .filter(condition)
}

/// The account in the rows, and the first row.
async fn joined(
    rows: &Select<user::Entity>,
    connection: &impl ConnectionTrait,
) -> Result<Option<(Account, QueryResult)>> {
    let rows = connection.query_all(rows.as_query()).await;
    let rows = rows.map_err(Error::from_db)?;
    let rights = rights(&rows, "")?;
    let Some(first) = rows.into_iter().next() else {
        return Ok(None);
    };
    let user = user::Model::from_query_result(&first, "").map_err(Error::from_db)?;
    Ok(Some((account(user, rights), first)))
}

/// The rights from rows that each have one role and permission.
fn rights(rows: &[QueryResult], prefix: &str) -> Result<Rights> {
    let (mut roles, mut permissions) = (Vec::new(), Vec::new());
    for row in rows {
        let (role, permission): (Option<String>, Option<String>) = (
            row.try_get(prefix, ROLE).map_err(Error::from_db)?,
            row.try_get(prefix, PERMISSION).map_err(Error::from_db)?,
        );
        roles.extend(role);
        permissions.extend(permission);
    }
    Ok(Rights::new(roles, permissions))
}

/// These users with their rights, by one more query.
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
        username: Some(user.username).filter(|username| !username.is_empty()),
        canonical_username: user.canonical_username,
        email: user.email,
        email_verified_at: user.email_verified_at.map(Timestamp::from_millis),
        is_disabled: user.is_disabled,
        awaits_approval: user.awaits_approval,
        must_change_password: user.must_change_password,
        rights,
        session_epoch: user.session_epoch,
        closes_at: user.closes_at.map(Timestamp::from_millis),
        created_at: Timestamp::from_millis(user.created_at),
        updated_at: Timestamp::from_millis(user.updated_at),
    }
}
