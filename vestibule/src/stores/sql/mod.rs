//! Sessions in a SQL database.

mod entity;
mod migration;
mod row;

pub use migration::MIGRATIONS;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait,
    QueryFilter, QueryOrder, QuerySelect, TransactionTrait,
};

use crate::clock::Timestamp;
use crate::database::{Database, changed, retried};
use crate::error::{Error, Result};
use crate::session::{
    RememberDigest, RememberedId, RememberedLogin, Replaced, Session, SessionExpiry, SessionId,
    SessionStore, UserId,
};
use entity::{remembered, session};

/// Keeps sessions in the table `sessions`, and remembered logins in `remembered_logins`. Clones
/// share the connections.
///
/// Every change is one statement that is conditional on the row, or one transaction. In each
/// transaction the first statement writes, so that SQLite never has to raise a lock, and
/// remembered logins come before sessions, so that no two wait for one another.
#[derive(Debug, Clone)]
pub struct SqlStore(Database);

impl SqlStore {
    /// The sessions in `database`; its tables are made by [`MIGRATIONS`].
    pub fn new(database: Database) -> Self {
        Self(database)
    }

    async fn begin(&self) -> Result<DatabaseTransaction> {
        self.0.connection().begin().await.map_err(Error::from_db)
    }

    /// The remembered login that a session came of. It never changes while the session is there.
    async fn remembered_of(&self, id: SessionId) -> Result<Option<Vec<u8>>> {
        let found: Option<Option<Vec<u8>>> = session::Entity::find()
            .filter(is_or_was(id))
            .select_only()
            .column(session::Column::RememberedId)
            .into_tuple()
            .one(self.0.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(found.flatten())
    }
}

impl SessionStore for SqlStore {
    async fn create(
        &self,
        session: Session,
        remembered: Option<RememberedLogin>,
        replaced: Replaced,
    ) -> Result<()> {
        retried(|| self.try_create(session.clone(), remembered.clone(), replaced)).await
    }

    async fn load(&self, id: SessionId) -> Result<Option<Session>> {
        let found = session::Entity::find_by_id(bytes(id))
            .one(self.0.connection())
            .await
            .map_err(Error::from_db)?;
        found.map(row::to_session).transpose()
    }

    async fn touch(&self, id: SessionId, last_seen_at: Timestamp) -> Result<bool> {
        let seen = Expr::value(last_seen_at.as_millis());
        let update = session::Entity::update_many()
            .col_expr(session::Column::LastSeenAt, seen)
            .filter(session::Column::Id.eq(bytes(id)));
        changed(update, self.0.connection()).await
    }

    async fn mark_stale(&self, id: SessionId) -> Result<bool> {
        let update = session::Entity::update_many()
            .col_expr(session::Column::IsFresh, Expr::value(false))
            .filter(session::Column::Id.eq(bytes(id)));
        changed(update, self.0.connection()).await
    }

    async fn renew(&self, session: Session, old: SessionId) -> Result<bool> {
        retried(|| self.try_renew(session.clone(), old)).await
    }

    async fn load_remembered(&self, id: RememberedId) -> Result<Option<RememberedLogin>> {
        let found = remembered::Entity::find_by_id(id.as_bytes().to_vec())
            .one(self.0.connection())
            .await
            .map_err(Error::from_db)?;
        found.map(row::to_remembered).transpose()
    }

    async fn resume(
        &self,
        session: Session,
        remembered: RememberedLogin,
        seen: RememberDigest,
    ) -> Result<bool> {
        retried(|| self.try_resume(session.clone(), remembered.clone(), seen)).await
    }

    async fn extend_remembered(&self, id: RememberedId, expires_at: Timestamp) -> Result<bool> {
        let expires_at = Expr::value(expires_at.as_millis());
        let update = remembered::Entity::update_many()
            .col_expr(remembered::Column::ExpiresAt, expires_at)
            .filter(remembered::Column::Id.eq(id.as_bytes().to_vec()));
        changed(update, self.0.connection()).await
    }

    async fn revoke(&self, id: SessionId) -> Result<bool> {
        retried(|| self.try_revoke(id)).await
    }

    async fn revoke_remembered(&self, id: RememberedId) -> Result<bool> {
        retried(|| self.try_revoke_remembered(id)).await
    }

    async fn revoke_user(
        &self,
        realm: &str,
        user_id: &UserId,
        keep: Option<SessionId>,
    ) -> Result<u64> {
        retried(|| self.try_revoke_user(realm, user_id, keep)).await
    }

    async fn list_user(&self, realm: &str, user_id: &UserId) -> Result<Vec<Session>> {
        let found = session::Entity::find()
            .filter(session::Column::Realm.eq(realm))
            .filter(session::Column::UserId.eq(user_id.as_str()))
            .order_by_desc(session::Column::LastSeenAt)
            .all(self.0.connection())
            .await
            .map_err(Error::from_db)?;
        found.into_iter().map(row::to_session).collect()
    }

    async fn sweep(&self, realm: &str, expiry: SessionExpiry, now: Timestamp) -> Result<u64> {
        retried(|| self.try_sweep(realm, expiry, now)).await
    }
}

impl SqlStore {
    async fn try_create(
        &self,
        session: Session,
        remembered: Option<RememberedLogin>,
        replaced: Replaced,
    ) -> Result<()> {
        let came_of = match replaced.session {
            Some(id) => self.remembered_of(id).await?,
            None => None,
        };
        let brought = replaced.remembered.map(|id| id.as_bytes().to_vec());
        let transaction = self.begin().await?;
        for id in came_of.into_iter().chain(brought) {
            delete_remembered(id, &transaction).await?;
        }
        if let Some(remembered) = remembered {
            row::of_remembered(&remembered)
                .insert(&transaction)
                .await
                .map_err(Error::from_db)?;
        }
        if let Some(id) = replaced.session {
            delete_session(id, &transaction).await?;
        }
        let row = row::of_session(session);
        row.insert(&transaction).await.map_err(Error::from_db)?;
        transaction.commit().await.map_err(Error::from_db)
    }

    async fn try_renew(&self, session: Session, old: SessionId) -> Result<bool> {
        let update = session::Entity::update_many()
            .set(row::of_session(session))
            .filter(session::Column::Id.eq(bytes(old)));
        changed(update, self.0.connection()).await
    }

    async fn try_resume(
        &self,
        session: Session,
        remembered: RememberedLogin,
        seen: RememberDigest,
    ) -> Result<bool> {
        let transaction = self.begin().await?;
        let update = remembered::Entity::update_many()
            .set(row::of_remembered(&remembered))
            .filter(remembered::Column::Id.eq(remembered.id.as_bytes().to_vec()))
            .filter(remembered::Column::Token.eq(seen.as_bytes().to_vec()));
        if !changed(update, &transaction).await? {
            return Ok(false);
        }
        let row = row::of_session(session);
        row.insert(&transaction).await.map_err(Error::from_db)?;
        transaction.commit().await.map_err(Error::from_db)?;
        Ok(true)
    }

    async fn try_revoke(&self, id: SessionId) -> Result<bool> {
        let came_of = self.remembered_of(id).await?;
        let transaction = self.begin().await?;
        let had_login = match came_of {
            Some(remembered) => delete_remembered(remembered, &transaction).await?,
            None => false,
        };
        let was_there = delete_session(id, &transaction).await?;
        transaction.commit().await.map_err(Error::from_db)?;
        Ok(was_there || had_login)
    }

    async fn try_revoke_remembered(&self, id: RememberedId) -> Result<bool> {
        let transaction = self.begin().await?;
        let was_there = delete_remembered(id.as_bytes().to_vec(), &transaction).await?;
        transaction.commit().await.map_err(Error::from_db)?;
        Ok(was_there)
    }

    async fn try_revoke_user(
        &self,
        realm: &str,
        user_id: &UserId,
        keep: Option<SessionId>,
    ) -> Result<u64> {
        let mut sessions = session::Entity::delete_many()
            .filter(session::Column::Realm.eq(realm))
            .filter(session::Column::UserId.eq(user_id.as_str()));
        let mut logins = remembered::Entity::delete_many()
            .filter(remembered::Column::Realm.eq(realm))
            .filter(remembered::Column::UserId.eq(user_id.as_str()));
        if let Some(keep) = keep {
            sessions = sessions.filter(session::Column::Id.ne(bytes(keep)));
            if let Some(came_of) = self.remembered_of(keep).await? {
                logins = logins.filter(remembered::Column::Id.ne(came_of));
            }
        }
        let transaction = self.begin().await?;
        // The logins first: one that resumes meanwhile finds none, or its session is seen below.
        logins.exec(&transaction).await.map_err(Error::from_db)?;
        let ended = sessions.exec(&transaction).await.map_err(Error::from_db)?;
        transaction.commit().await.map_err(Error::from_db)?;
        Ok(ended.rows_affected)
    }

    async fn try_sweep(&self, realm: &str, expiry: SessionExpiry, now: Timestamp) -> Result<u64> {
        let over = Condition::any()
            .add(session::Column::ExpiresAt.lte(now.as_millis()))
            .add(session::Column::CreatedAt.lte((now - expiry.absolute).as_millis()))
            .add(session::Column::LastSeenAt.lte((now - expiry.idle).as_millis()));
        let sessions = session::Entity::delete_many()
            .filter(session::Column::Realm.eq(realm))
            .filter(over)
            .exec(self.0.connection())
            .await
            .map_err(Error::from_db)?;
        let logins = remembered::Entity::delete_many()
            .filter(remembered::Column::Realm.eq(realm))
            .filter(remembered::Column::ExpiresAt.lte(now.as_millis()))
            .exec(self.0.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(sessions.rows_affected + logins.rows_affected)
    }
}

fn bytes(id: SessionId) -> Vec<u8> {
    id.as_bytes().to_vec()
}

/// The session by this id, or the one that was renewed from it.
fn is_or_was(id: SessionId) -> Condition {
    Condition::any()
        .add(session::Column::Id.eq(bytes(id)))
        .add(session::Column::RenewedFrom.eq(bytes(id)))
}

async fn delete_session(id: SessionId, connection: &impl ConnectionTrait) -> Result<bool> {
    let deleted = session::Entity::delete_many()
        .filter(is_or_was(id))
        .exec(connection)
        .await
        .map_err(Error::from_db)?;
    Ok(deleted.rows_affected > 0)
}

/// Deletes a remembered login and the sessions that came of it.
async fn delete_remembered(id: Vec<u8>, connection: &impl ConnectionTrait) -> Result<bool> {
    let login = remembered::Entity::delete_by_id(id.clone())
        .exec(connection)
        .await
        .map_err(Error::from_db)?;
    session::Entity::delete_many()
        .filter(session::Column::RememberedId.eq(id))
        .exec(connection)
        .await
        .map_err(Error::from_db)?;
    Ok(login.rows_affected > 0)
}
