//! Sessions in a SQL database.

mod create;
mod data;
mod migrations;
mod remembered;
mod revoke;
mod session_store;
mod sessions;
mod sweep;

pub use migrations::MIGRATIONS;

use sea_orm::{DatabaseTransaction, TransactionTrait};

use crate::database::Database;
use crate::error::{Error, Result};

/// Keeps sessions in the table `sessions`, and remembered logins in `remembered_logins`. Clones
/// share the connections.
///
/// Every change is one statement that is conditional on the row, or one transaction. In each
/// transaction the first statement writes, so that SQLite never has to raise a lock, and
/// remembered logins come before sessions, so that no two wait for one another.
#[derive(Debug, Clone)]
pub struct SqlStore {
    database: Database,
}

impl SqlStore {
    /// The sessions in `database`; its tables are made by [`MIGRATIONS`].
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    async fn begin(&self) -> Result<DatabaseTransaction> {
        let begun = self.database.connection().begin().await;
        begun.map_err(Error::from_db)
    }
}

/// The most rows that one statement touches or sweeps: as many as can be gone through while
/// others wait.
const BATCH_ROWS: usize = 500;
