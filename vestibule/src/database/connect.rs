//! Opening a database.

use std::io::ErrorKind;
use std::time::Duration;

use sea_orm::sqlx;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, RuntimeErr, Statement,
};
use tokio::time::{interval, timeout};

use super::address::Address;
use super::{AGAIN_AFTER, NODE_TRIES};
use crate::error::{Error, Result};

/// Options for connecting to a database.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DatabaseOptions {
    /// How long to wait for a lock of another process, and for a free connection. Default: 5
    /// seconds. After that the visitor gets 503.
    pub patience: Duration,
    /// The maximum number of connections. Default: 8. A database in memory has one, and a SQLite
    /// file may have as many again, for log-ins.
    pub max_connections: u32,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(5),
            max_connections: 8,
        }
    }
}

/// Opens two pools of connections to the database. The second is for commits that need not be
/// synced.
pub(super) async fn open(
    url: &str,
    options: DatabaseOptions,
) -> Result<(DatabaseConnection, DatabaseConnection)> {
    let address = Address::parse(url)?;
    let url = address.url();
    let first = timeout(options.patience, Box::pin(connect_once(&address))).await;
    let first = first.unwrap_or_else(|_| Err(std::io::Error::from(ErrorKind::TimedOut).into()));
    first.map_err(|error| address.cannot_connect(&error, &error))?;
    let mut connect = ConnectOptions::new(url);
    connect
        .sqlx_logging(false)
        .connect_timeout(options.patience)
        .acquire_timeout(options.patience)
        .max_connections(options.max_connections);
    let is_sqlite = address.is_sqlite();
    if is_sqlite {
        sqlite_options(&mut connect, url, &options, Durability::Synced);
    }
    mysql_options(&mut connect);
    let mut again = interval(AGAIN_AFTER);
    let mut tries = 0;
    loop {
        again.tick().await;
        tries += 1;
        match sea_orm::Database::connect(connect.clone()).await {
            Ok(connection) => {
                let unsynced = unsynced(&connection, url, connect, &options).await;
                let unsynced = unsynced.map_err(|error| cannot_open(&address, &error))?;
                return Ok((connection, unsynced));
            }
            Err(error) if is_sqlite && tries < NODE_TRIES && is_locked(&error) => {
                tracing::debug!(%error, "opening a database failed; trying again");
            }
            Err(error) => return Err(cannot_open(&address, &error)),
        }
    }
}

/// Connects to a server and closes the connection. A pool would keep trying while the server is not
/// up, and then give no reason.
async fn connect_once(address: &Address) -> std::result::Result<(), sqlx::Error> {
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    use sea_orm::sqlx::Connection;

    match address.scheme() {
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => {
            let connection = sqlx::PgConnection::connect(address.url()).await?;
            connection.close().await
        }
        #[cfg(feature = "mysql")]
        "mysql" => {
            let connection = sqlx::MySqlConnection::connect(address.url()).await?;
            connection.close().await
        }
        _ => Ok(()),
    }
}

fn cannot_open(address: &Address, error: &DbErr) -> Error {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(cause)) => address.cannot_connect(error, cause),
        // The error is not about the server.
        _ => address.cannot_connect(error, &sqlx::Error::PoolClosed),
    }
}

/// Whether SQLite is busy. Each node that opens a new file first switches it to WAL, and SQLite
/// does not wait for the lock then.
fn is_locked(error: &DbErr) -> bool {
    const SQLITE_BUSY: u32 = 5;
    let DbErr::Conn(RuntimeErr::SqlxError(error)) = error else {
        return false;
    };
    let code = error.as_database_error().and_then(|error| error.code());
    // The higher bits are the detailed reason.
    let code: Option<u32> = code.and_then(|code| code.parse().ok());
    code.is_some_and(|code| code & 0xff == SQLITE_BUSY)
}

/// What a commit survives.
#[derive(Debug, Clone, Copy)]
enum Durability {
    /// A power cut, so that revocations are final.
    Synced,
    /// A crash of the program. A later synced commit also syncs this one.
    Unsynced,
}

/// Connections whose commits are not synced, if SQLite can do so without risk to other commits.
/// That needs a write-ahead log, because otherwise unsynced commits could damage the file. It also
/// needs separate caches, because otherwise synced commits would not be synced.
async fn unsynced(
    connection: &DatabaseConnection,
    url: &str,
    mut connect: ConnectOptions,
    options: &DatabaseOptions,
) -> std::result::Result<DatabaseConnection, DbErr> {
    let is_file = url.starts_with("sqlite:") && !is_in_memory(url);
    if !is_file || url.contains("cache=shared") || !has_write_ahead_log(connection).await? {
        return Ok(connection.clone());
    }
    sqlite_options(&mut connect, url, options, Durability::Unsynced);
    // Opened when first needed.
    connect.connect_lazy(true);
    sea_orm::Database::connect(connect).await
}

async fn has_write_ahead_log(connection: &DatabaseConnection) -> std::result::Result<bool, DbErr> {
    let mode = Statement::from_string(DbBackend::Sqlite, "PRAGMA journal_mode");
    let mode = connection.query_one_raw(mode).await?;
    let mode: Option<String> = mode.and_then(|mode| mode.try_get_by_index(0).ok());
    Ok(mode.is_some_and(|mode| mode == "wal"))
}

pub(super) fn is_in_memory(url: &str) -> bool {
    url.starts_with("sqlite:") && (url.contains(":memory:") || url.contains("mode=memory"))
}

#[cfg(not(feature = "sqlite"))]
fn sqlite_options(_: &mut ConnectOptions, _: &str, _: &DatabaseOptions, _: Durability) {}

#[cfg(feature = "sqlite")]
fn sqlite_options(
    connect: &mut ConnectOptions,
    url: &str,
    options: &DatabaseOptions,
    durability: Durability,
) {
    use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

    let is_in_memory = is_in_memory(url);
    let is_read_only = url.contains("mode=ro") || url.contains("immutable=");
    let patience = options.patience;
    let synchronous = match durability {
        Durability::Synced => SqliteSynchronous::Full,
        Durability::Unsynced => SqliteSynchronous::Normal,
    };
    // A local connection cannot be lost, and testing it would take as long as the statement.
    connect.test_before_acquire(false);
    if is_in_memory {
        // Each connection would have its own database, and lose it when it closes.
        connect.max_connections(1).min_connections(1);
        connect
            .idle_timeout(None::<Duration>)
            .max_lifetime(None::<Duration>);
    } else {
        connect.map_sqlx_sqlite_pool_opts(|pool| {
            pool.after_release(|connection, _| Box::pin(has_no_transaction(connection)))
        });
    }
    connect.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite
            .busy_timeout(patience)
            .foreign_keys(true)
            .synchronous(synchronous);
        if is_in_memory || is_read_only {
            sqlite
        } else {
            sqlite.journal_mode(SqliteJournalMode::Wal)
        }
    });
}

/// Whether a released connection may be used again.
///
/// If a commit fails, as on a full disk, SQLite rolls back by itself. sqlx's own rollback then
/// fails, and sqlx still counts an open transaction. It would run the next transaction as a
/// savepoint within that one, and roll back only the savepoint: the lock would stay, and nobody
/// could write until the program ends.
#[cfg(feature = "sqlite")]
async fn has_no_transaction(
    connection: &mut sqlx::SqliteConnection,
) -> std::result::Result<bool, sqlx::Error> {
    use sea_orm::sqlx::Connection;

    if connection.is_in_transaction() {
        // A rollback may be under way.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

#[cfg(not(feature = "mysql"))]
fn mysql_options(_: &mut ConnectOptions) {}

/// A session is found by its current or its previous id. While it is renewed, only a lock on the
/// index gap keeps a deletion from missing both, and `READ COMMITTED` takes none.
#[cfg(feature = "mysql")]
fn mysql_options(connect: &mut ConnectOptions) {
    connect.map_sqlx_mysql_pool_opts(|pool| {
        pool.after_connect(|connection, _| {
            const REPEATABLE: &str = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ";
            Box::pin(async move {
                let set = sea_orm::sqlx::raw_sql(REPEATABLE);
                set.execute(connection).await.map(drop)
            })
        })
    });
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use std::time::Duration;

    use sea_orm::ConnectionTrait;

    use crate::database::{Database, DatabaseOptions};

    #[tokio::test]
    async fn a_transaction_that_sqlite_has_rolled_back_by_itself_leaves_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/site.db?mode=rwc", folder.path().display());
        let options = DatabaseOptions {
            patience: Duration::from_secs(1),
            max_connections: 1,
        };
        let database = Database::connect_with(&url, options).await.unwrap();
        let other = Database::connect(&url).await.unwrap();
        let failed = database.connection().begin().await.unwrap();
        // SQLite does the same when it cannot write a commit.
        failed.execute_unprepared("ROLLBACK").await.unwrap();
        drop(failed);

        let next = database.connection().begin().await.unwrap();
        let write = "CREATE TABLE written (n)";
        next.execute_unprepared(write).await.unwrap();
        drop(next);

        other.connection().execute_unprepared(write).await.unwrap();
    }
}
