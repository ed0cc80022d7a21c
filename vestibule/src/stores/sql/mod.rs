//! [`SqlStore`]: sessions in a SQL database. [`SqlCounters`]: the throttle's counters in one.

mod counters;
mod create;
mod data;
mod migrations;
mod remembered;
mod revoke;
mod session_store;
mod sessions;
mod sweep;

pub use counters::{COUNTER_MIGRATIONS, SqlCounters};
pub use migrations::MIGRATIONS;

use crate::database::{Database, Transaction};
use crate::error::{Error, Result};

/// Keeps sessions in the table `sessions`, and remembered logins in `remembered_logins`. Clones
/// share the connections.
///
/// Every change is either one statement that is conditional on the row, or one transaction. Each
/// transaction starts with a write, so that SQLite never has to upgrade a read lock. It locks
/// remembered logins before sessions, so that two transactions never wait for each other.
#[derive(Debug, Clone)]
pub struct SqlStore {
    database: Database,
}

impl SqlStore {
    /// Keeps sessions in `database`. Run [`MIGRATIONS`] first, which create the tables.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    async fn begin(&self) -> Result<Transaction> {
        let begun = self.database.connection().begin().await;
        begun.map_err(Error::from_db)
    }
}

/// The maximum number of rows that one statement changes, so that other statements do not wait long
/// for it.
const BATCH_ROWS: usize = 500;
