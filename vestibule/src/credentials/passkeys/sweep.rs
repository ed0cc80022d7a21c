//! Removing expired ceremonies.

use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::Passkeys;
use super::row::ceremony::{Column, Entity};
use crate::clock::Timestamp;
use crate::error::{Error, Result};

const SWEEP_EVERY: Duration = Duration::from_mins(10);
const BATCH_ROWS: u64 = 500;

impl Passkeys {
    /// Removes expired ceremonies in the background, at most every ten minutes.
    pub(super) fn sweep_if_due(&self, now: Timestamp) {
        if !self.0.swept.is_due(SWEEP_EVERY, now) {
            return;
        }
        let this = self.clone();
        tokio::spawn(async move {
            match this.sweep(now).await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "expired passkey ceremonies swept"),
                Err(error) => tracing::warn!(%error, "expired passkey ceremonies not swept"),
            }
        });
    }

    /// Removes expired ceremonies. Returns their number.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn sweep(&self, now: Timestamp) -> Result<u64> {
        let connection = self.0.database.connection();
        let mut removed = 0;
        loop {
            let old: Vec<String> = Entity::find()
                .select_only()
                .column(Column::Digest)
                .filter(Column::ExpiresAt.lte(now.as_millis()))
                .limit(BATCH_ROWS)
                .into_tuple()
                .all(connection)
                .await
                .map_err(Error::from_db)?;
            if old.is_empty() {
                return Ok(removed);
            }
            let gone = Entity::delete_many()
                .filter(Column::Digest.is_in(old))
                .exec(connection)
                .await
                .map_err(Error::from_db)?;
            removed += gone.rows_affected;
        }
    }
}
