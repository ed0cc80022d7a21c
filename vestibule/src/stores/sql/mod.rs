//! Sessions in a SQL database.

mod entity;
mod migration;

pub use migration::MIGRATIONS;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, Condition, EntityTrait, QueryFilter,
    TransactionTrait,
};

use crate::clock::Timestamp;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::session::{Session, SessionExpiry, SessionId, SessionStore, UserId};
use entity::{ActiveModel, Column, Entity, Model};

/// Keeps sessions in the table `sessions`. Clones share the connections.
///
/// Every change is one statement that is conditional on the row, or one transaction.
#[derive(Debug, Clone)]
pub struct SqlStore(Database);

impl SqlStore {
    /// The sessions in `database`; its table is made by [`MIGRATIONS`].
    pub fn new(database: Database) -> Self {
        Self(database)
    }
}

impl SessionStore for SqlStore {
    async fn create(&self, session: Session, replaced: Option<SessionId>) -> Result<()> {
        let row = ActiveModel {
            id: ActiveValue::Set(session.id.as_bytes().to_vec()),
            public_id: ActiveValue::Set(session.public_id),
            user_id: ActiveValue::Set(session.user_id.to_string()),
            user_epoch: ActiveValue::Set(session.user_epoch),
            created_at: ActiveValue::Set(session.created_at.as_millis()),
            authenticated_at: ActiveValue::Set(session.authenticated_at.as_millis()),
            last_seen_at: ActiveValue::Set(session.last_seen_at.as_millis()),
            expires_at: ActiveValue::Set(session.expires_at.as_millis()),
        };
        let transaction = self.0.connection().begin().await.map_err(Error::from_db)?;
        row.insert(&transaction).await.map_err(Error::from_db)?;
        if let Some(replaced) = replaced {
            Entity::delete_by_id(replaced.as_bytes().to_vec())
                .exec(&transaction)
                .await
                .map_err(Error::from_db)?;
        }
        transaction.commit().await.map_err(Error::from_db)
    }

    async fn load(&self, id: SessionId) -> Result<Option<Session>> {
        let found = Entity::find_by_id(id.as_bytes().to_vec())
            .one(self.0.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(found.map(|row| from_row(id, row)))
    }

    async fn touch(&self, id: SessionId, last_seen_at: Timestamp) -> Result<bool> {
        let updated = Entity::update_many()
            .col_expr(Column::LastSeenAt, Expr::value(last_seen_at.as_millis()))
            .filter(Column::Id.eq(id.as_bytes().to_vec()))
            .exec(self.0.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(updated.rows_affected > 0)
    }

    async fn revoke(&self, id: SessionId) -> Result<bool> {
        let deleted = Entity::delete_by_id(id.as_bytes().to_vec())
            .exec(self.0.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(deleted.rows_affected > 0)
    }

    async fn revoke_user(&self, user_id: &UserId, keep: Option<SessionId>) -> Result<u64> {
        let mut condition = Condition::all().add(Column::UserId.eq(user_id.as_str()));
        if let Some(keep) = keep {
            condition = condition.add(Column::Id.ne(keep.as_bytes().to_vec()));
        }
        delete(&self.0, condition).await
    }

    async fn sweep(&self, expiry: SessionExpiry, now: Timestamp) -> Result<u64> {
        let over = Condition::any()
            .add(Column::ExpiresAt.lte(now.as_millis()))
            .add(Column::CreatedAt.lte((now - expiry.absolute).as_millis()))
            .add(Column::LastSeenAt.lte((now - expiry.idle).as_millis()));
        delete(&self.0, over).await
    }
}

async fn delete(database: &Database, condition: Condition) -> Result<u64> {
    let deleted = Entity::delete_many()
        .filter(condition)
        .exec(database.connection())
        .await
        .map_err(Error::from_db)?;
    Ok(deleted.rows_affected)
}

fn from_row(id: SessionId, row: Model) -> Session {
    Session {
        id,
        public_id: row.public_id,
        user_id: row.user_id.into(),
        user_epoch: row.user_epoch,
        created_at: Timestamp::from_millis(row.created_at),
        authenticated_at: Timestamp::from_millis(row.authenticated_at),
        last_seen_at: Timestamp::from_millis(row.last_seen_at),
        expires_at: Timestamp::from_millis(row.expires_at),
    }
}
