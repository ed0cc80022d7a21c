//! The SQL database: SQLite, PostgreSQL or MySQL, by one ORM.

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
    /// Differs only where a file of SQLite was connected to.
    unsynced: DatabaseConnection,
    feed: InvalidationFeed,
}

/// How a database is connected to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DatabaseOptions {
    /// How long to wait for a lock that another process holds, and for a free connection.
    /// Default: 5 seconds. Past that the visitor gets 503.
    pub patience: Duration,
    /// The most connections. Default: 8; a database in memory has one, and a file of SQLite may
    /// have as many again, for log-ins.
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
    /// Connects to `sqlite://FILE?mode=rwc`, `sqlite::memory:`, `postgres://…` or `mysql://…`,
    /// as far as the features of this crate go. No table is made; see
    /// [`migrate`](Self::migrate).
    ///
    /// # Errors
    /// When the address is wrong or nothing answers there; the message names the address
    /// without its password.
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
                        // In memory of one connection, which nobody else has.
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

    /// Takes a connection of the app's own. To a database in memory it is not known who else
    /// writes: then nothing is kept between requests. One to MySQL has to be in `REPEATABLE READ`,
    /// as it is by default: with `READ COMMITTED` a session that is renewed at the same moment can
    /// escape its end.
    pub fn from_connection(connection: DatabaseConnection) -> Self {
        let feed = watch::feed_of(&connection);
        Self {
            unsynced: connection.clone(),
            connection,
            feed,
        }
    }

    /// Brings the tables that `migrations` make up to date. Does nothing where they are. Several
    /// nodes may do so at once: those that come second look again until it is done.
    ///
    /// # Errors
    /// When a migration fails; then nothing of it stays, but on MySQL, and those before it do.
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

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        self.connection.ping().await.map_err(Error::from_db)
    }

    pub(crate) fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// For what may be lost in a power cut, though not in a crash of the program: the beginning of
    /// a session, never its end. The disk is seldom waited for.
    pub(crate) fn unsynced(&self) -> &DatabaseConnection {
        &self.unsynced
    }

    /// What tells of changes to sessions and users in this database, whoever makes them.
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
    /// The one way from the ORM's error to ours.
    pub(crate) fn from_db(error: DbErr) -> Self {
        Self::store(error)
    }
}

/// Whether a write failed because a row of that unique value is there already.
pub(crate) fn is_duplicate(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// Whether an update found its row.
pub(crate) async fn changed<E: EntityTrait>(
    update: UpdateMany<E>,
    connection: &impl ConnectionTrait,
) -> Result<bool> {
    let updated = update.exec(connection).await.map_err(Error::from_db)?;
    Ok(updated.rows_affected > 0)
}

/// How often a database is opened or migrated that another node may be opening or migrating, and
/// how long it waits between.
const NODE_TRIES: usize = 20;
const AGAIN_AFTER: Duration = Duration::from_millis(250);

/// How often a transaction is tried that the database gave up for another one's sake, and how long
/// it waits before the second time; twice as long before each one after.
const TRIES: u32 = 9;
const FIRST_WAIT: Duration = Duration::from_millis(1);

/// Runs `attempt`, and again where the database broke off a deadlock by giving it up: then nothing
/// of it has happened, and the other one is through. InnoDB locks gaps of an index, so that
/// transactions on rows of their own can meet there.
///
/// # Errors
/// As `attempt`; of a deadlock only at the last time.
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

/// Leaves the time to others.
#[expect(clippy::disallowed_methods, reason = "nothing is waited for but time")]
pub(crate) async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Whether the database broke off a deadlock, or could not order transactions: SQLSTATE 40001 and
/// PostgreSQL's 40P01.
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

/// Whether SQLite is busy: whoever switches a new file to WAL, as each node does that opens it
/// first, is not waited for.
fn is_locked(error: &DbErr) -> bool {
    const SQLITE_BUSY: u32 = 5;
    let DbErr::Conn(RuntimeErr::SqlxError(error)) = error else {
        return false;
    };
    let code = error.as_database_error().and_then(|error| error.code());
    // The rest of it says why it is busy.
    let code: Option<u32> = code.and_then(|code| code.parse().ok());
    code.is_some_and(|code| code & 0xff == SQLITE_BUSY)
}

/// The collation by which two texts are equal only if they are the same code points: what
/// SQLite and PostgreSQL do by default. MySQL by default takes `müller` for `muller`, and may
/// have columns that hold no `佐藤` at all; with this one it still takes `a` for `a `.
pub(crate) fn exact_collation(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::MySql => "COLLATE utf8mb4_bin",
        _ => "",
    }
}

/// What a commit survives.
#[derive(Debug, Clone, Copy)]
enum Durability {
    /// A power cut: what is revoked stays revoked.
    Synced,
    /// A crash of the program. What was synced later brings it along.
    Unsynced,
}

/// Connections whose commits are not synced, if those of SQLite can be so and lose no more than
/// themselves, which takes a write-ahead log, and leave all others synced, which takes caches of
/// their own.
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
    // Whoever needs them opens them.
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
    // No network is in between: a connection that was there is there, and to ask takes as long as
    // the statement.
    connect.test_before_acquire(false);
    if is_in_memory {
        // Each connection would have a database of its own, and lose it when it closes.
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

/// A session is found by its id or by the one before it. While it is renewed, only a lock on the
/// gap in the index keeps a deletion from missing both, and `READ COMMITTED` has none.
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

/// What makes the tables of one part of the house, and brings them up to date.
///
/// Each part keeps count in a table of its own, so that they can be in one database in any
/// choice, and beside the app's own migrations.
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
        // Neither our words nor the ORM's may repeat what may be a password with a typing error.
        None => "the database's address cannot be read; write it like sqlite://FILE?mode=rwc or \
                 postgres://USER:PASSWORD@HOST/NAME, with `%23` for a `#` in the password"
            .to_owned(),
    })
}

/// The address without password and query, if it can be told what is what.
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
