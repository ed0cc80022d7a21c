//! Planned resets: all second factors of a user are going to be removed, because an admin or the
//! operator was told that the user has lost them.
//!
//! The wait is for the user. If it was somebody else who asked, the user reads the mail and shows a
//! factor before the time comes, which stops the reset: a factor that was used or added after
//! somebody asked is not lost. Apps and passkeys keep these times, so a log-in writes nothing here. A
//! recovery code is gone after its use, so that is noted.

mod migration;
mod row;

pub(super) use migration::CREATE_FACTOR_RESETS;

use std::fmt;
use std::sync::Arc;

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter};
use sea_orm::{QueryOrder, QuerySelect};

use crate::clock::{Clock, Timestamp};
use crate::database::{Database, changed};
use crate::error::{Error, Result};
use crate::login::UserId;
use row::{Column, Entity, Model};

/// How many due resets are read at once.
const BATCH: u64 = 100;

/// The planned resets of a site's users. Clones share them.
#[derive(Clone)]
pub(crate) struct FactorResets(Arc<Inner>);

struct Inner {
    database: Database,
    realm: String,
    clock: Clock,
}

/// A reset that is planned for a user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FactorReset {
    pub(crate) asked_at: Timestamp,
    pub(crate) due_at: Timestamp,
    /// Whether a recovery code was used since.
    pub(super) is_stopped: bool,
}

impl From<Model> for FactorReset {
    fn from(row: Model) -> Self {
        Self {
            asked_at: Timestamp::from_millis(row.asked_at),
            due_at: Timestamp::from_millis(row.due_at),
            is_stopped: row.is_stopped,
        }
    }
}

impl FactorResets {
    /// The resets of the users in this realm.
    pub(crate) fn new(database: Database, realm: &str, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            database,
            realm: realm.to_owned(),
            clock,
        }))
    }

    /// Plans a reset for a user, in place of any before.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn plan(
        &self,
        user: &UserId,
        due_at: Timestamp,
        connection: &impl ConnectionTrait,
    ) -> Result<()> {
        self.forget(user, connection).await?;
        let row = row::ActiveModel {
            realm: ActiveValue::Set(self.0.realm.clone()),
            user_id: ActiveValue::Set(user.to_string()),
            asked_at: ActiveValue::Set(self.0.clock.now().as_millis()),
            due_at: ActiveValue::Set(due_at.as_millis()),
            is_stopped: ActiveValue::Set(false),
        };
        let planned = Entity::insert(row).exec_without_returning(connection).await;
        planned.map(drop).map_err(Error::from_db)
    }

    /// The reset that is planned for a user.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn find(
        &self,
        user: &UserId,
        connection: &impl ConnectionTrait,
    ) -> Result<Option<FactorReset>> {
        let found = Entity::find()
            .filter(self.is_of(user))
            .one(connection)
            .await;
        Ok(found.map_err(Error::from_db)?.map(FactorReset::from))
    }

    /// Notes that a recovery code was used, so that the reset does not take place.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn stop(&self, user: &UserId) -> Result<()> {
        let stop = Entity::update_many()
            .col_expr(Column::IsStopped, Expr::value(true))
            .filter(self.is_of(user));
        let stopped = changed(stop, self.0.database.connection()).await;
        stopped.map(drop)
    }

    /// The users whose reset is due, at most [`BATCH`] of them.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn due(&self) -> Result<Vec<UserId>> {
        let due: Vec<String> = Entity::find()
            .filter(Column::Realm.eq(&*self.0.realm))
            .filter(Column::DueAt.lte(self.0.clock.now().as_millis()))
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

    /// Removes the reset that is planned for a user. Returns whether there was one.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn forget(
        &self,
        user: &UserId,
        connection: &impl ConnectionTrait,
    ) -> Result<bool> {
        let gone = Entity::delete_many()
            .filter(self.is_of(user))
            .exec(connection)
            .await;
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
