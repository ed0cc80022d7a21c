//! Sweeping expired sessions and remembered logins.

use std::time::Duration;

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};

use super::{BATCH_ROWS, SqlStore};
use crate::clock::{Timestamp, monotonic};
use crate::database::{pause, retried, triggers};
use crate::error::{Error, Result};
use crate::session::SessionExpiry;
use crate::session::rows::{remembered, session};

/// After each batch, a sweep rests this many times as long as the batch took.
const REST_FACTOR: u32 = 3;

/// The maximum rest, even if the batch waited long for a lock.
const MAX_REST: Duration = Duration::from_secs(1);

impl SqlStore {
    pub(super) async fn sweep_expired(
        &self,
        realm: &str,
        expiry: SessionExpiry,
        now: Timestamp,
    ) -> Result<u64> {
        // Both conditions use an index. If the settings became stricter after the log-in, the
        // session is rejected at once, but swept only when the limits in its row have passed.
        let is_over = Condition::any()
            .add(session::Column::ExpiresAt.lte(now.as_millis()))
            .add(session::Column::LastSeenAt.lte((now - expiry.idle).as_millis()));
        let sessions = Condition::all()
            .add(session::Column::Realm.eq(realm))
            .add(is_over);
        let logins = Condition::all()
            .add(remembered::Column::Realm.eq(realm))
            .add(remembered::Column::ExpiresAt.lte(now.as_millis()));
        let sessions = self.delete_expired::<session::Entity>(session::Column::Id, sessions);
        let logins = self.delete_expired::<remembered::Entity>(remembered::Column::Id, logins);
        Ok(sessions.await? + logins.await?)
    }

    /// Deletes all expired rows in batches, and rests between them so that other statements get
    /// most of the time. Returns the number of deleted rows.
    async fn delete_expired<E: EntityTrait>(
        &self,
        id: E::Column,
        expired: Condition,
    ) -> Result<u64> {
        let mut deleted = 0;
        loop {
            let started_at = monotonic();
            let ids: Vec<Vec<u8>> = E::find()
                .select_only()
                .column(id)
                .filter(expired.clone())
                .limit(BATCH_ROWS as u64)
                .into_tuple()
                .all(self.database.connection())
                .await
                .map_err(Error::from_db)?;
            if ids.is_empty() {
                return Ok(deleted);
            }
            let count = ids.len();
            // Repeat the condition: a session that was touched meanwhile must stay.
            let rows = Condition::all().add(id.is_in(ids)).add(expired.clone());
            deleted += retried(|| self.delete_quietly::<E>(rows.clone())).await?;
            if count < BATCH_ROWS {
                return Ok(deleted);
            }
            let took = Duration::from_millis(monotonic().saturating_sub(started_at));
            pause((took * REST_FACTOR).min(MAX_REST)).await;
        }
    }

    /// Deletes expired rows without invalidating caches: an expired session is rejected wherever it
    /// is cached.
    async fn delete_quietly<E: EntityTrait>(&self, rows: Condition) -> Result<u64> {
        let transaction = self.begin().await?;
        triggers::be_quiet(true, &transaction).await?;
        let deleted = E::delete_many().filter(rows).exec(&transaction).await;
        let deleted = deleted.map_err(Error::from_db)?;
        triggers::be_quiet(false, &transaction).await?;
        transaction.commit().await.map_err(Error::from_db)?;
        Ok(deleted.rows_affected)
    }
}
