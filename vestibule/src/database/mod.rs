//! The SQL database: SQLite, PostgreSQL or MySQL, through one ORM.

pub(crate) mod triggers;
mod watch;

use std::fmt;
use std::time::Duration;

use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, EntityTrait, RuntimeErr,
    SqlErr, Statement, UpdateMany,
};
use sea_orm_migration::sea_query::{Alias, DynIden, IntoIden};
use sea_orm_migration::{MigrationTrait, MigratorTraitSelf};
use tokio::time::interval;

use crate::error::{Error, Result};
use crate::session::InvalidationFeed;

/// A pool of connections to the database. Clones share it.
#[derive(Clone)]
pub struct Database {
    connection: DatabaseConnection,
    /// The same as `connection`, except for a SQLite file.
    unsynced: DatabaseConnection,
    feed: InvalidationFeed,
}

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

impl Database {
    /// Connects to `sqlite://FILE?mode=rwc`, `sqlite::memory:`, `postgres://…` or `mysql://…`, if
    /// the feature of this crate is enabled. Creates no tables; see [`migrate`](Self::migrate).
    ///
    /// # Errors
    /// When the address is wrong or nothing responds there. The message shows the address without
    /// its password.
    pub async fn connect(url: &str) -> Result<Self> {
        Self::connect_with(url, DatabaseOptions::default()).await
    }

    /// As [`connect`](Self::connect), with options.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_with(url: &str, options: DatabaseOptions) -> Result<Self> {
        let mut connect = ConnectOptions::new(url);
        connect
            .sqlx_logging(false)
            .connect_timeout(options.patience)
            .acquire_timeout(options.patience)
            .max_connections(options.max_connections);
        let is_sqlite = url.starts_with("sqlite:");
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
                    return Ok(Self {
                        unsynced: unsynced.map_err(|error| cannot_connect(url, &error))?,
                        // A database in memory has one connection, so nobody else can change it.
                        feed: match is_in_memory(url) {
                            true => InvalidationFeed::in_process(),
                            false => watch::feed_of(&connection),
                        },
                        connection,
                    });
                }
                Err(error) if is_sqlite && tries < NODE_TRIES && is_locked(&error) => {
                    tracing::debug!(%error, "a database is opened again");
                }
                Err(error) => return Err(cannot_connect(url, &error)),
            }
        }
    }

    /// Uses a connection of the app's own. If it is to a database in memory, caching is disabled,
    /// because others may write to it. On MySQL it must use `REPEATABLE READ`, the default: under
    /// `READ COMMITTED`, a session that is renewed at the same moment could escape its revocation.
    pub fn from_connection(connection: DatabaseConnection) -> Self {
        let feed = watch::feed_of(&connection);
        Self {
            unsynced: connection.clone(),
            connection,
            feed,
        }
    }

    /// Runs the `migrations` that have not been run yet. Several nodes may do so at once: the
    /// others retry until the first is done.
    ///
    /// # Errors
    /// When a migration fails. It is rolled back, except on MySQL; earlier ones stay.
    pub async fn migrate(&self, migrations: Migrations) -> Result<()> {
        let mut again = interval(AGAIN_AFTER);
        for _ in 1..NODE_TRIES {
            again.tick().await;
            match migrations.up(&self.connection, None).await {
                Ok(()) => return Ok(()),
                // Ours, about what the database has: another try changes nothing.
                Err(error @ DbErr::Migration(_)) => return Err(Error::from_db(error)),
                Err(error) => tracing::debug!(%error, "a migration is tried again"),
            }
        }
        let last = migrations.up(&self.connection, None).await;
        last.map_err(Error::from_db)
    }

    /// Checks that the database responds.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        self.connection.ping().await.map_err(Error::from_db)
    }

    pub(crate) fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// For changes that may be lost in a power cut, but not in a crash of the program: the start of
    /// a session, never its end. Avoids most waits for the disk.
    pub(crate) fn unsynced(&self) -> &DatabaseConnection {
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

/// How often, and at which interval, to try to open or migrate a database that another node may be
/// opening or migrating.
const NODE_TRIES: usize = 20;
const AGAIN_AFTER: Duration = Duration::from_millis(250);

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
                tracing::debug!(%error, "a transaction is tried again");
            }
            outcome => return outcome,
        }
        pause(wait).await;
        wait *= 2;
    }
    attempt().await
}

/// Sleeps.
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

/// The collation by which texts are equal only if they have the same code points, as by default in
/// SQLite and PostgreSQL. MySQL by default treats `müller` as `muller`, and may have columns that
/// cannot store `佐藤`. Even with this collation it treats `a` as `a `.
pub(crate) fn exact_collation(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::MySql => "COLLATE utf8mb4_bin",
        _ => "",
    }
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
/// That needs a write-ahead log (or unsynced commits could damage the file) and caches of their own
/// (or synced commits would not be synced).
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

fn is_in_memory(url: &str) -> bool {
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

/// The migrations of one part of the library.
///
/// Each part records them in a table of its own, so any of the parts can share a database with each
/// other and with the app's own migrations.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    pub(crate) owner: &'static str,
    pub(crate) list: fn() -> Vec<Box<dyn MigrationTrait>>,
}

impl MigratorTraitSelf for Migrations {
    fn migrations(&self) -> Vec<Box<dyn MigrationTrait>> {
        (self.list)()
    }

    fn migration_table_name(&self) -> DynIden {
        Alias::new(format!("vestibule_{}_migrations", self.owner)).into_iden()
    }
}

fn cannot_connect(url: &str, error: &DbErr) -> Error {
    Error::config(match without_secrets(url) {
        Some(shown) => {
            let error = error.to_string().replace(url, &shown);
            let advice = if error.contains("no supporting driver") {
                "; this build has no driver for it: build it with the feature of its name, as in \
                 `cargo build --features postgres`, or `mysql`"
            } else if error.contains("unable to open") && url.contains("mode=rwc") {
                "; this user has to be allowed to write the file, and in its folder"
            } else if error.contains("unable to open") {
                "; if it is to be made, add `?mode=rwc` to its address"
            } else {
                ""
            };
            format!("cannot open the database {shown}: {error}{advice}")
        }
        // Neither our message nor the ORM's may repeat a password that was mistyped.
        None => "the database's address cannot be read; write it like sqlite://FILE?mode=rwc or \
                 postgres://USER:PASSWORD@HOST/NAME, with `%23` for a `#` in the password"
            .to_owned(),
    })
}

/// The address without password and query, if it can be parsed.
fn without_secrets(url: &str) -> Option<String> {
    let mut url = url::Url::parse(url).ok()?;
    if url.password().is_some() {
        // Fails only for addresses that cannot have a password.
        url.set_password(Some("***")).ok();
    }
    url.set_query(None);
    url.set_fragment(None);
    Some(url.to_string())
}

#[cfg(test)]
mod tests {
    use super::Database;

    #[tokio::test]
    async fn an_address_is_shown_without_its_password() {
        for (url, shown) in [
            ("postgres://app:hunter2@db.invalid/app", "db.invalid/app"),
            (
                "postgres://db.invalid/app?password=hunter2",
                "db.invalid/app",
            ),
            ("postgres://app:hunt#hunter2@db.invalid/app", "%23"),
            ("hunter2", "sqlite://FILE"),
        ] {
            let error = Database::connect(url).await.unwrap_err();

            assert!(error.is_config());
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
            assert!(error.to_string().contains(shown), "{error}");
        }
    }
}
