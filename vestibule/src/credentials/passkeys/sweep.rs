//! Removing expired ceremonies.

use std::time::Duration;

use sea_orm::ColumnTrait;

use super::Passkeys;
use super::row::ceremony::{Column, Entity};
use crate::clock::Timestamp;
use crate::database::delete_in_batches;
use crate::error::Result;

const SWEEP_EVERY: Duration = Duration::from_mins(10);

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
        let has_expired = Column::ExpiresAt.lte(now.as_millis());
        let connection = self.0.database.connection();
        delete_in_batches::<Entity>(Column::Digest, has_expired, connection).await
    }
}
