//! The SQL database: SQLite, PostgreSQL or MySQL, through one ORM.

mod address;
mod connect;
mod connection;
mod migrate;
mod names;
mod objects;
mod requirements;
mod schema;
pub(crate) mod triggers;
mod watch;

use std::fmt;
use std::time::Duration;

#[cfg(feature = "mysql")]
use sea_orm::SqlxMySqlConnector;
#[cfg(feature = "postgres")]
use sea_orm::SqlxPostgresConnector;
#[cfg(feature = "sqlite")]
use sea_orm::SqlxSqliteConnector;
use sea_orm::sea_query::IntoCondition;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
use sea_orm::sqlx;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, EntityTrait, QueryFilter,
    QuerySelect, RuntimeErr, SqlErr, UpdateMany,
};
use tokio::time::interval;

use crate::error::{Error, Result};
use crate::session::InvalidationFeed;

pub use connect::DatabaseOptions;
pub use migrate::Migrations;

pub(crate) use connection::{Connection, Transaction};
pub(crate) use migrate::Step;
pub(crate) use objects::Made;
pub(crate) use schema::Schema;

use migrate::Up;
use names::TableNames;

/// A pool of connections to the database. Clones share it.
#[derive(Clone)]
pub struct Database {
    connection: Connection,
    /// The same as `connection`, except for a SQLite file.
    unsynced: Connection,
    feed: InvalidationFeed,
    /// Whether it is in memory, where only this pool can open it.
    is_own_memory: bool,
}

impl Database {
    /// Connects to `sqlite://FILE?mode=rwc`, `sqlite::memory:`, `postgres://…`, `mysql://…` or
    /// `mariadb://…`, if the feature of this crate is enabled. Creates no tables; see
    /// [`migrate`](Self::migrate).
    ///
    /// # Errors
    /// [`Error::is_store`] when the server is not up yet: nothing answers there, or it is starting.
    /// [`Error::is_config`] when trying again does not help: the address, the password or the name of
    /// the database is wrong. The message shows the address without its password.
    pub async fn connect(url: &str) -> Result<Self> {
        Self::connect_with(url, DatabaseOptions::default()).await
    }

    /// As [`connect`](Self::connect), with options.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_with(url: &str, options: DatabaseOptions) -> Result<Self> {
        let (connection, unsynced) = Box::pin(connect::open(url, options)).await?;
        let connection = Connection::new(connection, TableNames::default());
        let unsynced = Connection::new(unsynced, TableNames::default());
        let is_own_memory = connect::is_in_memory(url);
        // A database in memory has one connection, so nobody else can change it.
        let feed = match is_own_memory {
            true => InvalidationFeed::in_process(),
            false => watch::feed_of(&connection),
        };
        Ok(Self {
            connection,
            unsynced,
            feed,
            is_own_memory,
        })
    }

    /// Uses the app's own pool, opened by SeaORM. It needs the same settings as [a pool of
    /// sqlx](Self::from_sqlite_pool) for its database. [`migrate`](Self::migrate) checks those that
    /// a query can show.
    pub fn from_connection(connection: DatabaseConnection) -> Self {
        let connection = Connection::new(connection, TableNames::default());
        Self {
            unsynced: connection.clone(),
            feed: watch::feed_of(&connection),
            connection,
            is_own_memory: false,
        }
    }

    /// Uses a pool of sqlx that the app has opened, so that both share its connections.
    ///
    /// Its `SqliteConnectOptions` need `.foreign_keys(true)` and a `busy_timeout`, both the
    /// default, and should have `.journal_mode(SqliteJournalMode::Wal)`, so that readers need not
    /// wait. With a database in memory nothing is cached, because other code may write to it. All
    /// commits, also those that start sessions, are as durable as the pool's `synchronous` says.
    /// After a full disk, a connection may keep the lock until the program ends, unless the pool's
    /// `after_release` closes those that are still `is_in_transaction()` after a `ping()`.
    #[cfg(feature = "sqlite")]
    pub fn from_sqlite_pool(pool: sqlx::SqlitePool) -> Self {
        Self::from_connection(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
    }

    /// Uses a pool of sqlx that the app has opened, so that both share its connections. It must use
    /// `READ COMMITTED`, the default of PostgreSQL: at other levels, requests that change the same
    /// rows fail with 503.
    #[cfg(feature = "postgres")]
    pub fn from_pg_pool(pool: sqlx::PgPool) -> Self {
        Self::from_connection(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
    }

    /// Uses a pool of sqlx that the app has opened, so that both share its connections. It must use
    /// `REPEATABLE READ`, the default of MySQL and MariaDB: under `READ COMMITTED`, a session that
    /// is renewed at the same moment could escape its revocation.
    #[cfg(feature = "mysql")]
    pub fn from_mysql_pool(pool: sqlx::MySqlPool) -> Self {
        Self::from_connection(SqlxMySqlConnector::from_sqlx_mysql_pool(pool))
    }

    /// Puts `prefix` before the name of each of our tables, indexes, triggers and functions, so
    /// that the database can also have an app's own `users` or `sessions`. A prefix has at most 16
    /// lower-case letters, digits and `_`, a letter first. Default: empty. Call this first, because
    /// clones made before keep the old names. Existing tables are not renamed.
    ///
    /// ```
    /// # use vestibule::database::Database;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> vestibule::Result<()> {
    /// let database = Database::connect("sqlite::memory:").await?;
    /// let database = database.table_prefix("vestibule_")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the prefix has another form.
    pub fn table_prefix(self, prefix: &str) -> Result<Self> {
        let names = TableNames::with_prefix(prefix)?;
        let connection = Connection::new(self.connection.inner().clone(), names.clone());
        let unsynced = Connection::new(self.unsynced.inner().clone(), names);
        let feed = match self.is_own_memory {
            true => self.feed,
            false => watch::feed_of(&connection),
        };
        Ok(Self {
            connection,
            unsynced,
            feed,
            is_own_memory: self.is_own_memory,
        })
    }

    /// Runs the `migrations` that have not been run yet. Several nodes may do so at once: the
    /// others retry until the first is done.
    ///
    /// # Errors
    /// When the database has a table, index, trigger or function of the app's own with a name that
    /// these migrations need. The message names it, and nothing was changed. Also when a migration
    /// fails. That one is rolled back, except on MySQL, where the next call continues it; earlier
    /// ones stay.
    pub async fn migrate(&self, migrations: Migrations) -> Result<()> {
        beside_nodes(|| Box::pin(migrations.run(&self.connection))).await
    }

    /// Checks that no name that these migrations need is taken, so that the first does not run if
    /// the last cannot.
    ///
    /// # Errors
    /// As [`migrate`](Self::migrate).
    pub(crate) async fn check_names(&self, parts: &[Migrations]) -> Result<()> {
        beside_nodes(|| {
            Box::pin(async {
                for migrations in parts {
                    migrations.pending(&self.connection).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Checks that the database responds.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        self.connection.inner().ping().await.map_err(Error::from_db)
    }

    /// Checks that a log-in can be written, by a write to the record of these `migrations`, which
    /// must have run. It leaves nothing behind.
    ///
    /// # Errors
    /// When the database is read-only or full, or does not respond.
    pub(crate) async fn check_writes(&self, migrations: Migrations) -> Result<()> {
        migrations.check_writes(&self.unsynced).await
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// For changes that a power cut, but not a crash of the program, may undo: the start of a
    /// session, never its end. Avoids most waits for the disk.
    pub(crate) fn unsynced(&self) -> &Connection {
        &self.unsynced
    }

    /// The feed of all changes to sessions and users in this database, by any process.
    pub(crate) fn feed(&self) -> &InvalidationFeed {
        &self.feed
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({:?})", self.connection.get_database_backend())
    }
}

impl Error {
    /// The only conversion from the ORM's error to ours.
    pub(crate) fn from_db(error: DbErr) -> Self {
        Self::store(error)
    }
}

/// Whether a write failed because a row with that unique value exists.
pub(crate) fn is_duplicate(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// Runs an update. Returns whether it found its row.
pub(crate) async fn changed<E: EntityTrait>(
    update: UpdateMany<E>,
    connection: &impl ConnectionTrait,
) -> Result<bool> {
    let updated = update.exec(connection).await.map_err(Error::from_db)?;
    Ok(updated.rows_affected > 0)
}

/// The rows of a batch, so that a deletion locks few rows for a short time.
const BATCH_ROWS: u64 = 500;

/// Deletes the rows for which `condition` holds, in batches. Returns their number. `key` is the
/// primary key, a text. A row that changed after it was found stays, unless the condition still
/// holds.
pub(crate) async fn delete_in_batches<E: EntityTrait>(
    key: E::Column,
    condition: impl IntoCondition,
    connection: &impl ConnectionTrait,
) -> Result<u64> {
    let condition = condition.into_condition();
    let mut removed = 0;
    loop {
        let keys: Vec<String> = E::find()
            .select_only()
            .column(key)
            .filter(condition.clone())
            .limit(BATCH_ROWS)
            .into_tuple()
            .all(connection)
            .await
            .map_err(Error::from_db)?;
        if keys.is_empty() {
            return Ok(removed);
        }
        let gone = E::delete_many()
            .filter(key.is_in(keys))
            .filter(condition.clone())
            .exec(connection)
            .await
            .map_err(Error::from_db)?;
        removed += gone.rows_affected;
    }
}

/// How often, and at which interval, to try to open or migrate a database that another node may be
/// opening or migrating.
const NODE_TRIES: usize = 20;
const AGAIN_AFTER: Duration = Duration::from_millis(250);

/// Tries again while another node may be migrating the same database.
async fn beside_nodes<'a>(attempt: impl Fn() -> Up<'a>) -> Result<()> {
    let mut again = interval(AGAIN_AFTER);
    let mut tries = 0;
    loop {
        again.tick().await;
        tries += 1;
        match attempt().await {
            Ok(()) => return Ok(()),
            // The cause is in the database: trying again changes nothing.
            Err(DbErr::Migration(message)) => return Err(Error::config(message)),
            Err(error) if tries < NODE_TRIES => {
                tracing::debug!(%error, "a migration failed; trying again");
            }
            Err(error) => return Err(Error::from_db(error)),
        }
    }
}

/// How often to try a transaction that the database aborts because of another one, and the first
/// wait, which doubles each time.
const TRIES: u32 = 9;
const FIRST_WAIT: Duration = Duration::from_millis(1);

/// Runs `attempt`, and retries if the database aborted it to break a deadlock. An aborted
/// transaction has no effect, and the other one succeeds. InnoDB locks index gaps, so transactions
/// on different rows can deadlock.
///
/// # Errors
/// As `attempt`; a deadlock only after the last retry.
pub(crate) async fn retried<T, F, Fut>(attempt: F) -> Result<T>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T>>,
{
    let mut wait = FIRST_WAIT;
    for _ in 1..TRIES {
        match attempt().await {
            Err(error) if is_given_up(&error) => {
                tracing::debug!(%error, "a transaction was aborted; trying again");
            }
            outcome => return outcome,
        }
        pause(wait).await;
        wait *= 2;
    }
    attempt().await
}

/// Waits for this long.
#[expect(clippy::disallowed_methods, reason = "nothing is waited for but time")]
pub(crate) async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Whether the database aborted a transaction because of a deadlock or a serialization failure:
/// SQLSTATE 40001 and PostgreSQL's 40P01.
fn is_given_up(error: &Error) -> bool {
    let Some(error) = error.cause().downcast_ref::<DbErr>() else {
        return false;
    };
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) =
        error
    else {
        return false;
    };
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| matches!(&*code, "40001" | "40P01"))
}

/// The collation that treats texts as equal only if they have the same code points, the default of
/// SQLite and PostgreSQL. MySQL's default treats `müller` as `muller`, and may have columns that
/// cannot store `佐藤`. Even with this collation MySQL treats `a` as `a `.
pub(crate) fn exact_collation(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::MySql => "COLLATE utf8mb4_bin",
        _ => "",
    }
}
