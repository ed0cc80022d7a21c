//! Planned resets: all second factors of a user are going to be removed, because an admin or the
//! operator was told that the user has lost them.
//!
//! A row is a plan. It is removed when the user shows, adds or removes a factor, because they have not
//! lost them all, or when the reset is carried out, in the same transaction. So of a user who shows a
//! factor and a node that resets, the first one wins.

mod migration;
mod row;

pub(super) use migration::CREATE_FACTOR_RESETS;

use std::fmt;
use std::sync::Arc;

use sea_orm::{ActiveValue, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter};
use sea_orm::{QueryOrder, QuerySelect};

use crate::clock::Timestamp;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::login::UserId;
use row::{Column, Entity};

/// How many due resets are read at once.
const BATCH: u64 = 100;

/// The planned resets of a site's users. Clones share them.
#[derive(Clone)]
pub(crate) struct FactorResets(Arc<Inner>);

struct Inner {
    database: Database,
    realm: String,
}

impl FactorResets {
    /// The resets of the users in this realm.
    pub(crate) fn new(database: Database, realm: &str) -> Self {
        let realm = realm.to_owned();
        Self(Arc::new(Inner { database, realm }))
    }

    /// Plans a reset for a user who has no plan.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn plan(
        &self,
        user: &UserId,
        due_at: Timestamp,
        connection: &impl ConnectionTrait,
    ) -> Result<()> {
        let row = row::ActiveModel {
            realm: ActiveValue::Set(self.0.realm.clone()),
            user_id: ActiveValue::Set(user.to_string()),
            due_at: ActiveValue::Set(due_at.as_millis()),
        };
        let planned = Entity::insert(row).exec_without_returning(connection).await;
        planned.map(drop).map_err(Error::from_db)
    }

    /// When the reset of a user is due, if one is planned.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn due_at(&self, user: &UserId) -> Result<Option<Timestamp>> {
        self.due_at_in(user, self.0.database.connection()).await
    }

    /// As [`due_at`](Self::due_at), as a part of a transaction.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn due_at_in(
        &self,
        user: &UserId,
        connection: &impl ConnectionTrait,
    ) -> Result<Option<Timestamp>> {
        let found = Entity::find().filter(self.is_of(user)).one(connection);
        let found = found.await.map_err(Error::from_db)?;
        Ok(found.map(|row| Timestamp::from_millis(row.due_at)))
    }

    /// The users whose reset is due by now, at most [`BATCH`] of them.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn due(&self, now: Timestamp) -> Result<Vec<UserId>> {
        let due: Vec<String> = Entity::find()
            .filter(Column::Realm.eq(&*self.0.realm))
            .filter(Column::DueAt.lte(now.as_millis()))
            .order_by_asc(Column::DueAt)
            .limit(BATCH)
            .select_only()
            .column(Column::UserId)
            .into_tuple()
            .all(self.0.database.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(due.into_iter().map(UserId::from).collect())
    }

    /// Removes the plan of a user. Returns whether there was one.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn remove(&self, user: &UserId) -> Result<bool> {
        self.remove_in(user, self.0.database.connection()).await
    }

    /// As [`remove`](Self::remove), as a part of a transaction.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn remove_in(
        &self,
        user: &UserId,
        connection: &impl ConnectionTrait,
    ) -> Result<bool> {
        self.remove_those(self.is_of(user), connection).await
    }

    /// Removes the plan of a user if it is due by now. Returns whether it was: of several nodes, one
    /// gets `true`.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn remove_due_in(
        &self,
        user: &UserId,
        now: Timestamp,
        connection: &impl ConnectionTrait,
    ) -> Result<bool> {
        let is_due = self.is_of(user).add(Column::DueAt.lte(now.as_millis()));
        self.remove_those(is_due, connection).await
    }

    async fn remove_those(
        &self,
        which: Condition,
        connection: &impl ConnectionTrait,
    ) -> Result<bool> {
        let gone = Entity::delete_many().filter(which).exec(connection).await;
        Ok(gone.map_err(Error::from_db)?.rows_affected > 0)
    }

    fn is_of(&self, user: &UserId) -> Condition {
        Condition::all()
            .add(Column::Realm.eq(&*self.0.realm))
            .add(Column::UserId.eq(user.as_str()))
    }
}

impl fmt::Debug for FactorResets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FactorResets")
    }
}
