//! Removing old lines of the security log.

use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::accounts::Accounts;
use crate::accounts::entity::security_log;
use crate::clock::monotonic;
use crate::crypto::ids::first_id;
use crate::database::pause;
use crate::error::{Error, Result};

/// The number of lines deleted at once.
const BATCH_LINES: u64 = 500;

/// After each batch, the sweep rests this many times as long as the batch took.
const REST_FACTOR: u32 = 3;

/// The maximum rest.
const MAX_REST: Duration = Duration::from_secs(1);

/// How often old lines are removed.
const EVERY: Duration = Duration::from_mins(10);

impl Accounts {
    /// How long lines of the security log are kept by default: 365 days.
    pub const SECURITY_LOG_RETENTION: Duration = Duration::from_hours(365 * 24);

    /// How long lines of the security log are kept. Default:
    /// [`SECURITY_LOG_RETENTION`](Self::SECURITY_LOG_RETENTION).
    pub fn security_log_retention(mut self, retention: Duration) -> Self {
        std::sync::Arc::make_mut(&mut self.inner).log_retention = retention;
        self
    }

    /// Removes the lines of the security log that are older than
    /// [`security_log_retention`](Self::security_log_retention), in batches. Returns the number
    /// removed. Writing a line also does this, at most every ten minutes.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn sweep_security_log(&self) -> Result<u64> {
        use security_log::Column;

        let connection = self.inner.database.connection();
        let kept = first_id(self.inner.clock.now() - self.inner.log_retention);
        let mut deleted = 0;
        loop {
            let started_at = monotonic();
            let ids: Vec<String> = security_log::Entity::find()
                .select_only()
                .column(Column::Id)
                .filter(Column::Id.lt(kept.as_str()))
                .order_by_asc(Column::Id)
                .limit(BATCH_LINES)
                .into_tuple()
                .all(connection)
                .await
                .map_err(Error::from_db)?;
            if ids.is_empty() {
                return Ok(deleted);
            }
            let delete = security_log::Entity::delete_many().filter(Column::Id.is_in(ids));
            let batch = delete.exec(connection).await.map_err(Error::from_db)?;
            deleted += batch.rows_affected;
            let took = Duration::from_millis(monotonic().saturating_sub(started_at));
            pause((took * REST_FACTOR).min(MAX_REST)).await;
        }
    }

    /// Removes old lines in the background, at most every ten minutes.
    pub(super) fn sweep_security_log_if_due(&self) {
        if !self.inner.log_swept.is_due(EVERY, self.inner.clock.now()) {
            return;
        }
        let accounts = self.clone();
        tokio::spawn(async move {
            match accounts.sweep_security_log().await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "old lines of the security log removed"),
                Err(error) => tracing::warn!(%error, "old lines of the security log not removed"),
            }
        });
    }
}
