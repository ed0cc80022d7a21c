//! Sessions in a SQL database.

mod migrations;

use std::time::Duration;

pub use migrations::MIGRATIONS;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, TransactionTrait,
};

use crate::clock::{Timestamp, monotonic};
use crate::database::{Database, changed, changes, pause, retried};
use crate::error::{Error, Result};
use crate::session::rows::{self, data, remembered, session};
use crate::session::{
    DataChanges, DataOutcome, DataValues, Invalidation, InvalidationFeed, RememberDigest,
    RememberedId, RememberedLogin, Replaced, Session, SessionExpiry, SessionId, SessionStore,
    SqlTable, UserId, changed_data,
};

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
    async fn remembered_of(&self, id: SessionId) -> Result<Option<RememberedId>> {
        let found: Option<Option<Vec<u8>>> = session::Entity::find()
            .filter(is_or_was(id))
            .select_only()
            .column(session::Column::RememberedId)
            .into_tuple()
            .one(self.0.connection())
            .await
            .map_err(Error::from_db)?;
        found
            .flatten()
            .map(|id| Ok(RememberedId::from_bytes(rows::digest(id)?)))
            .transpose()
    }
}

impl SessionStore for SqlStore {
    async fn create(
        &self,
        session: Session,
        data: DataValues,
        remembered: Option<RememberedLogin>,
        replaced: Replaced,
    ) -> Result<()> {
        let create =
            || self.try_create(session.clone(), data.clone(), remembered.clone(), replaced);
        retried(create).await
    }

    async fn load(&self, id: SessionId) -> Result<Option<Session>> {
        let found = session::Entity::find_by_id(bytes(id))
            .one(self.0.connection())
            .await
            .map_err(Error::from_db)?;
        found.map(rows::to_session).transpose()
    }

    async fn touch(&self, ids: &[SessionId], last_seen_at: Timestamp) -> Result<u64> {
        let mut touched = 0;
        for ids in ids.chunks(BATCH) {
            touched += retried(|| self.try_touch(ids, last_seen_at)).await?;
        }
        Ok(touched)
    }

    async fn mark_stale(&self, id: SessionId) -> Result<bool> {
        let _invalidated = self.0.feed().invalidate_on_drop(Invalidation::Session(id));
        let update = session::Entity::update_many()
            .col_expr(session::Column::IsFresh, Expr::value(false))
            .filter(session::Column::Id.eq(bytes(id)));
        changed(update, self.0.connection()).await
    }

    async fn renew(&self, session: Session, old: SessionId) -> Result<bool> {
        retried(|| self.try_renew(session.clone(), old)).await
    }

    async fn load_remembered(&self, id: RememberedId) -> Result<Option<RememberedLogin>> {
        let found = remembered::Entity::find_by_id(login_bytes(id))
            .one(self.0.connection())
            .await
            .map_err(Error::from_db)?;
        found.map(rows::to_remembered).transpose()
    }

    async fn resume(
        &self,
        session: Session,
        data: DataValues,
        remembered: RememberedLogin,
        seen: RememberDigest,
    ) -> Result<bool> {
        let resume = || self.try_resume(session.clone(), data.clone(), remembered.clone(), seen);
        retried(resume).await
    }

    async fn extend_remembered(&self, id: RememberedId, expires_at: Timestamp) -> Result<bool> {
        let expires_at = Expr::value(expires_at.as_millis());
        let update = remembered::Entity::update_many()
            .col_expr(remembered::Column::ExpiresAt, expires_at)
            .filter(remembered::Column::Id.eq(login_bytes(id)));
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
        found.into_iter().map(rows::to_session).collect()
    }

    async fn sweep(&self, realm: &str, expiry: SessionExpiry, now: Timestamp) -> Result<u64> {
        // Both are found by an index. A session that is over by a limit which was shortened since
        // its log-in is refused like all others, and swept when its row says so.
        let over = Condition::any()
            .add(session::Column::ExpiresAt.lte(now.as_millis()))
            .add(session::Column::LastSeenAt.lte((now - expiry.idle).as_millis()));
        let sessions = Condition::all()
            .add(session::Column::Realm.eq(realm))
            .add(over);
        let logins = Condition::all()
            .add(remembered::Column::Realm.eq(realm))
            .add(remembered::Column::ExpiresAt.lte(now.as_millis()));
        let sessions = self.delete_over::<session::Entity>(session::Column::Id, sessions);
        let logins = self.delete_over::<remembered::Entity>(remembered::Column::Id, logins);
        Ok(sessions.await? + logins.await?)
    }

    async fn load_data(&self, id: SessionId) -> Result<DataValues> {
        let found = session_and_data(id, self.0.connection()).await?;
        Ok(found.map(|(_, data)| data).unwrap_or_default())
    }

    async fn change_data(&self, id: SessionId, changes: &DataChanges) -> Result<DataOutcome> {
        retried(|| Box::pin(self.try_change_data(id, changes))).await
    }

    fn feed(&self) -> Option<&InvalidationFeed> {
        Some(self.0.feed())
    }

    fn sql_table(&self) -> Option<SqlTable> {
        Some(SqlTable::new(self.0.feed().clone()))
    }
}

/// The most rows that one statement touches or sweeps: as many as can be gone through while
/// others wait.
const BATCH: usize = 500;

/// How many times as long as it works a sweep rests.
const RESTS: u32 = 3;

/// However long a lock was waited for.
const LONGEST_REST: Duration = Duration::from_secs(1);

impl SqlStore {
    async fn try_create(
        &self,
        session: Session,
        data: DataValues,
        remembered: Option<RememberedLogin>,
        replaced: Replaced,
    ) -> Result<()> {
        // Whoever loses a log-in to a power cut logs in again, unless values came with it that are
        // nowhere else any more.
        let may_be_lost = replaced == Replaced::default() && data.is_empty();
        let connection = match may_be_lost {
            true => self.0.unsynced(),
            false => self.0.connection(),
        };
        if may_be_lost && remembered.is_none() {
            return insert_session(session, connection).await;
        }
        let came_of = match replaced.session {
            Some(id) => self.remembered_of(id).await?,
            None => None,
        };
        let mut logins: Vec<_> = came_of.into_iter().chain(replaced.remembered).collect();
        // Mostly they are one.
        logins.dedup();
        let feed = self.0.feed();
        let _invalidated: Vec<_> = logins
            .iter()
            .map(|id| Invalidation::Remembered(*id))
            .chain(replaced.session.map(Invalidation::Session))
            .map(|changed| feed.invalidate_on_drop(changed))
            .collect();
        let transaction = connection.begin().await.map_err(Error::from_db)?;
        for id in logins {
            delete_remembered(id, &transaction).await?;
        }
        if let Some(remembered) = remembered {
            remembered::Entity::insert(rows::of_remembered(&remembered))
                .exec_without_returning(&transaction)
                .await
                .map_err(Error::from_db)?;
        }
        if let Some(id) = replaced.session {
            delete_session(id, &transaction).await?;
        }
        insert_session_with(data, session, &transaction).await?;
        transaction.commit().await.map_err(Error::from_db)
    }

    async fn try_renew(&self, session: Session, old: SessionId) -> Result<bool> {
        let _invalidated = self.0.feed().invalidate_on_drop(Invalidation::Session(old));
        let update = session::Entity::update_many()
            .set(rows::of_session(session))
            .filter(session::Column::Id.eq(bytes(old)));
        changed(update, self.0.connection()).await
    }

    async fn try_resume(
        &self,
        session: Session,
        data: DataValues,
        remembered: RememberedLogin,
        seen: RememberDigest,
    ) -> Result<bool> {
        let transaction = self.begin().await?;
        let update = remembered::Entity::update_many()
            .set(rows::of_remembered(&remembered))
            .filter(remembered::Column::Id.eq(login_bytes(remembered.id)))
            .filter(remembered::Column::Token.eq(seen.as_bytes().to_vec()));
        if !changed(update, &transaction).await? {
            return Ok(false);
        }
        insert_session_with(data, session, &transaction).await?;
        transaction.commit().await.map_err(Error::from_db)?;
        Ok(true)
    }

    async fn try_revoke(&self, id: SessionId) -> Result<bool> {
        let came_of = self.remembered_of(id).await?;
        let feed = self.0.feed();
        let invalidation = feed.invalidate_on_drop(Invalidation::Session(id));
        let Some(came_of) = came_of else {
            let was_there = delete_session(id, self.0.connection()).await?;
            if !was_there {
                invalidation.cancel();
            }
            return Ok(was_there);
        };
        let _invalidated_too = feed.invalidate_on_drop(Invalidation::Remembered(came_of));
        let transaction = self.begin().await?;
        let had_login = delete_remembered(came_of, &transaction).await?;
        let was_there = delete_session(id, &transaction).await?;
        transaction.commit().await.map_err(Error::from_db)?;
        if !was_there && !had_login {
            invalidation.cancel();
        }
        Ok(was_there || had_login)
    }

    async fn try_revoke_remembered(&self, id: RememberedId) -> Result<bool> {
        let _invalidated = self
            .0
            .feed()
            .invalidate_on_drop(Invalidation::Remembered(id));
        let transaction = self.begin().await?;
        let was_there = delete_remembered(id, &transaction).await?;
        transaction.commit().await.map_err(Error::from_db)?;
        Ok(was_there)
    }

    async fn try_revoke_user(
        &self,
        realm: &str,
        user_id: &UserId,
        keep: Option<SessionId>,
    ) -> Result<u64> {
        let _invalidated = self
            .0
            .feed()
            .invalidate_on_drop(Invalidation::User(user_id));
        let mut sessions = session::Entity::delete_many()
            .filter(session::Column::Realm.eq(realm))
            .filter(session::Column::UserId.eq(user_id.as_str()));
        let mut logins = remembered::Entity::delete_many()
            .filter(remembered::Column::Realm.eq(realm))
            .filter(remembered::Column::UserId.eq(user_id.as_str()));
        if let Some(keep) = keep {
            // Renewed meanwhile it is another one.
            let renewed = Condition::any()
                .add(session::Column::RenewedFrom.is_null())
                .add(session::Column::RenewedFrom.ne(bytes(keep)));
            sessions = sessions
                .filter(session::Column::Id.ne(bytes(keep)))
                .filter(renewed);
            if let Some(came_of) = self.remembered_of(keep).await? {
                logins = logins.filter(remembered::Column::Id.ne(login_bytes(came_of)));
            }
        }
        let transaction = self.begin().await?;
        // The logins first: one that resumes meanwhile finds none, or its session is seen below.
        logins.exec(&transaction).await.map_err(Error::from_db)?;
        let ended = sessions.exec(&transaction).await.map_err(Error::from_db)?;
        transaction.commit().await.map_err(Error::from_db)?;
        Ok(ended.rows_affected)
    }

    async fn try_touch(&self, ids: &[SessionId], last_seen_at: Timestamp) -> Result<u64> {
        let updated = session::Entity::update_many()
            .col_expr(
                session::Column::LastSeenAt,
                Expr::value(last_seen_at.as_millis()),
            )
            .filter(session::Column::Id.is_in(ids.iter().map(|id| bytes(*id))))
            .exec(self.0.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(updated.rows_affected)
    }

    async fn try_change_data(&self, id: SessionId, changes: &DataChanges) -> Result<DataOutcome> {
        let transaction = self.begin().await?;
        // Locks the session: nobody ends or renews it until the values are there, and whoever else
        // writes some waits.
        let lock = session::Entity::update_many()
            .col_expr(
                session::Column::UserEpoch,
                Expr::col(session::Column::UserEpoch),
            )
            .filter(is_or_was(id));
        if !changed(lock, &transaction).await? {
            return Ok(DataOutcome::NoSession);
        }
        let Some((id, before)) = session_and_data(id, &transaction).await? else {
            return Ok(DataOutcome::NoSession);
        };
        if changed_data(&before, changes).is_none() {
            return Ok(DataOutcome::TooMuch);
        }
        let removed = changes.iter().filter(|(_, value)| value.is_none());
        let removed: Vec<_> = removed.map(|(name, _)| name.as_str()).collect();
        if !removed.is_empty() {
            data::Entity::delete_many()
                .filter(data::Column::SessionId.eq(id.clone()))
                .filter(data::Column::Name.is_in(removed))
                .exec(&transaction)
                .await
                .map_err(Error::from_db)?;
        }
        let set = changes
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
        write_data(&id, set, &transaction).await?;
        transaction.commit().await.map_err(Error::from_db)?;
        Ok(DataOutcome::Written)
    }

    /// Deletes all rows that are over, some at a time, and leaves most of the time to others.
    /// Returns how many.
    async fn delete_over<E: EntityTrait>(&self, id: E::Column, over: Condition) -> Result<u64> {
        let mut deleted = 0;
        loop {
            let started = monotonic();
            let some: Vec<Vec<u8>> = E::find()
                .select_only()
                .column(id)
                .filter(over.clone())
                .limit(BATCH as u64)
                .into_tuple()
                .all(self.0.connection())
                .await
                .map_err(Error::from_db)?;
            if some.is_empty() {
                return Ok(deleted);
            }
            let count = some.len();
            // One that was touched meanwhile stays.
            let these = Condition::all().add(id.is_in(some)).add(over.clone());
            deleted += retried(|| self.delete_quietly::<E>(these.clone())).await?;
            if count < BATCH {
                return Ok(deleted);
            }
            let took = Duration::from_millis(monotonic().saturating_sub(started));
            pause((took * RESTS).min(LONGEST_REST)).await;
        }
    }

    /// Deletes rows that are over by themselves. Those are refused wherever they may be kept, so
    /// nobody need be told.
    async fn delete_quietly<E: EntityTrait>(&self, these: Condition) -> Result<u64> {
        let transaction = self.begin().await?;
        changes::be_quiet(true, &transaction).await?;
        let deleted = E::delete_many().filter(these).exec(&transaction).await;
        let deleted = deleted.map_err(Error::from_db)?;
        changes::be_quiet(false, &transaction).await?;
        transaction.commit().await.map_err(Error::from_db)?;
        Ok(deleted.rows_affected)
    }
}

fn bytes(id: SessionId) -> Vec<u8> {
    id.as_bytes().to_vec()
}

fn login_bytes(id: RememberedId) -> Vec<u8> {
    id.as_bytes().to_vec()
}

/// The session by this id, or the one that was renewed from it.
fn is_or_was(id: SessionId) -> Condition {
    Condition::any()
        .add(session::Column::Id.eq(bytes(id)))
        .add(session::Column::RenewedFrom.eq(bytes(id)))
}

/// The id by which the session is there, and the app's values of it.
async fn session_and_data(
    id: SessionId,
    connection: &impl ConnectionTrait,
) -> Result<Option<(Vec<u8>, DataValues)>> {
    let found = session::Entity::find()
        .filter(is_or_was(id))
        .find_with_related(data::Entity)
        .all(connection)
        .await
        .map_err(Error::from_db)?;
    let Some((session, data)) = found.into_iter().next() else {
        return Ok(None);
    };
    let values = data.into_iter().map(|row| (row.name, row.value)).collect();
    Ok(Some((session.id, values)))
}

async fn insert_session(session: Session, connection: &impl ConnectionTrait) -> Result<()> {
    session::Entity::insert(rows::of_session(session))
        .exec_without_returning(connection)
        .await
        .map_err(Error::from_db)?;
    Ok(())
}

/// A session that begins with values of the app.
async fn insert_session_with(
    data: DataValues,
    session: Session,
    connection: &impl ConnectionTrait,
) -> Result<()> {
    let id = bytes(session.id);
    insert_session(session, connection).await?;
    write_data(&id, data, connection).await
}

/// Writes these values of a session, and leaves its others as they are.
async fn write_data(
    id: &[u8],
    values: impl IntoIterator<Item = (String, String)>,
    connection: &impl ConnectionTrait,
) -> Result<()> {
    let rows = values.into_iter().map(|(name, value)| data::ActiveModel {
        session_id: Set(id.to_vec()),
        name: Set(name),
        value: Set(value),
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    let same = OnConflict::columns([data::Column::SessionId, data::Column::Name])
        .update_column(data::Column::Value)
        .to_owned();
    data::Entity::insert_many(rows)
        .on_conflict(same)
        .exec_without_returning(connection)
        .await
        .map_err(Error::from_db)?;
    Ok(())
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
async fn delete_remembered(id: RememberedId, connection: &impl ConnectionTrait) -> Result<bool> {
    let login = remembered::Entity::delete_by_id(login_bytes(id))
        .exec(connection)
        .await
        .map_err(Error::from_db)?;
    session::Entity::delete_many()
        .filter(session::Column::RememberedId.eq(login_bytes(id)))
        .exec(connection)
        .await
        .map_err(Error::from_db)?;
    Ok(login.rows_affected > 0)
}
