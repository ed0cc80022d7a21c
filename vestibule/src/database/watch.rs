//! Watching the database for changes that other processes make.

use std::time::Duration;

use sea_orm::sqlx;
use sea_orm::{DatabaseConnection, DbBackend};
use tokio::time::{MissedTickBehavior, interval};

use super::changes::{SESSIONS, USERS};
use crate::session::{ChangeFeed, Changed, Watcher};

/// How long to wait before a broken connection is made again.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// The feed of a database.
pub(super) fn feed_of(connection: &DatabaseConnection) -> ChangeFeed {
    match connection.get_database_backend() {
        #[cfg(feature = "sqlite")]
        DbBackend::Sqlite => counters::of_sqlite(connection.get_sqlite_connection_pool()),
        #[cfg(feature = "postgres")]
        DbBackend::Postgres => watched(notifications::Postgres::of(
            connection.get_postgres_connection_pool(),
        )),
        #[cfg(feature = "mysql")]
        DbBackend::MySql => watched(counters::Counters::of(
            connection.get_mysql_connection_pool(),
        )),
        // Not watched: always down.
        _ => ChangeFeed::watched(drop),
    }
}

/// Something that can be watched, over a connection of its own that no request waits for.
trait Watched: Send + Sync + 'static {
    /// Watches until the connection breaks (an error), or nobody needs to know any more.
    fn watch(&self, watcher: &Watcher) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

fn watched(database: impl Watched) -> ChangeFeed {
    let database = std::sync::Arc::new(database);
    ChangeFeed::watched(move |watcher| {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let database = database.clone();
        runtime.spawn(async move {
            let mut again = interval(AGAIN_AFTER);
            again.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut is_told = false;
            loop {
                again.tick().await;
                let Err(error) = database.watch(&watcher).await else {
                    return;
                };
                if !is_told {
                    tracing::warn!(
                        %error,
                        "changes that other processes make are not seen; until they are, nothing \
                         is cached"
                    );
                    is_told = true;
                }
                if !watcher.lost() {
                    return;
                }
            }
        });
    })
}

/// Tells a change by the name of its counter.
fn tell(watcher: &Watcher, shard: &str) {
    let (kind, byte) = shard.split_at_checked(1).unwrap_or_default();
    let byte = u8::from_str_radix(byte, 16).ok();
    watcher.tell(match (kind.chars().next(), byte) {
        (Some(SESSIONS), Some(byte)) => Changed::SessionsOf(byte),
        (Some(USERS), Some(byte)) => Changed::UsersOf(byte),
        _ => Changed::Everything,
    });
}

/// SQLite and MySQL: looking at the counters.
#[cfg(any(feature = "sqlite", feature = "mysql"))]
mod counters {
    use std::collections::HashMap;
    use std::sync::Arc;
    use std::time::Duration;

    use sea_orm::sqlx::{self, ConnectOptions, Database, Pool};
    use tokio::time::{MissedTickBehavior, interval};

    use super::{Watched, tell};
    use crate::session::{ChangeFeed, Watcher};

    /// How often to look.
    const LOOK_EVERY: Duration = Duration::from_millis(50);

    /// A database with counters.
    pub(super) struct Counters<DB: Database>(Arc<<DB::Connection as sqlx::Connection>::Options>);

    impl<DB: Database> Counters<DB> {
        pub(super) fn of(pool: &Pool<DB>) -> Self {
            Self(pool.connect_options())
        }
    }

    /// What differs between the databases.
    trait Counting: Database {
        /// Asks for a number that is another one if anything was changed since.
        const CHANGED: &'static str;

        fn number(
            connection: &mut Self::Connection,
        ) -> impl Future<Output = Result<i64, sqlx::Error>> + Send;

        fn counters(
            connection: &mut Self::Connection,
        ) -> impl Future<Output = Result<HashMap<String, i64>, sqlx::Error>> + Send;
    }

    const COUNTERS: &str = "SELECT shard, changes FROM vestibule_changes";

    macro_rules! counting {
        ($database:ty, $changed:literal) => {
            impl Counting for $database {
                const CHANGED: &'static str = $changed;

                async fn number(connection: &mut Self::Connection) -> Result<i64, sqlx::Error> {
                    sqlx::query_scalar(Self::CHANGED)
                        .fetch_one(connection)
                        .await
                }

                async fn counters(
                    connection: &mut Self::Connection,
                ) -> Result<HashMap<String, i64>, sqlx::Error> {
                    let rows: Vec<(String, i64)> =
                        sqlx::query_as(COUNTERS).fetch_all(connection).await?;
                    Ok(rows.into_iter().collect())
                }
            }
        };
    }

    // Moves with each commit of another connection.
    #[cfg(feature = "sqlite")]
    counting!(sqlx::Sqlite, "PRAGMA data_version");

    #[cfg(feature = "mysql")]
    counting!(
        sqlx::MySql,
        "SELECT CAST(SUM(changes) AS SIGNED) FROM vestibule_changes"
    );

    impl<DB: Counting> Watched for Counters<DB> {
        async fn watch(&self, watcher: &Watcher) -> Result<(), sqlx::Error> {
            let mut connection = self.0.connect().await?;
            let mut look = interval(LOOK_EVERY);
            look.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut number = None;
            let mut known: Option<HashMap<String, i64>> = None;
            loop {
                look.tick().await;
                let began = Watcher::now();
                let found = DB::number(&mut connection).await?;
                if number.replace(found) != Some(found) {
                    let counters = DB::counters(&mut connection).await?;
                    // What was kept before the first look has not been there for long.
                    let known = known.get_or_insert_with(HashMap::new);
                    for (shard, count) in counters {
                        if known.get(&shard) != Some(&count) {
                            tell(watcher, &shard);
                            known.insert(shard, count);
                        }
                    }
                }
                if !watcher.seen_all_until(began) {
                    return Ok(());
                }
            }
        }
    }

    #[cfg(feature = "sqlite")]
    pub(super) fn of_sqlite(pool: &sqlx::SqlitePool) -> ChangeFeed {
        let options = pool.connect_options();
        let file = options.get_filename().to_string_lossy();
        // Nobody else can open it.
        if file.contains(":memory:") || file.contains("sqlx-in-memory") {
            return ChangeFeed::in_process();
        }
        super::watched(Counters::of(pool))
    }
}

/// PostgreSQL: listening for notifications.
#[cfg(feature = "postgres")]
mod notifications {
    use std::sync::Arc;
    use std::time::Duration;

    use sea_orm::sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
    use sea_orm::sqlx::{self, Executor};
    use tokio::time::{Instant, timeout, timeout_at};

    use super::{Watched, tell};
    use crate::database::changes::CHANNEL;
    use crate::session::{ChangeFeed, Watcher};

    /// How often to see that the connection still stands.
    const ASK_EVERY: Duration = Duration::from_millis(250);

    pub(super) struct Postgres(Arc<PgConnectOptions>);

    impl Postgres {
        pub(super) fn of(pool: &PgPool) -> Self {
            Self(pool.connect_options())
        }
    }

    impl Watched for Postgres {
        async fn watch(&self, watcher: &Watcher) -> Result<(), sqlx::Error> {
            let options = self.0.as_ref().clone();
            let pool = PgPoolOptions::new().max_connections(1);
            let pool = pool
                .acquire_timeout(ChangeFeed::BOUND)
                .connect_with(options);
            let mut listener = PgListener::connect_with(&pool.await?).await?;
            listener.listen(CHANNEL).await?;
            // Without it there are no triggers either.
            listener
                .execute("SELECT 1 FROM vestibule_changes LIMIT 1")
                .await?;
            watcher.lost();
            loop {
                let began = Watcher::now();
                timeout(ChangeFeed::BOUND, listener.execute("SELECT 1"))
                    .await
                    .map_err(|_| sqlx::Error::PoolTimedOut)??;
                while let Some(notification) = listener.next_buffered() {
                    tell(watcher, notification.payload());
                }
                if !watcher.seen_all_until(began) {
                    return Ok(());
                }
                let until = Instant::now() + ASK_EVERY;
                while let Ok(received) = timeout_at(until, listener.try_recv()).await {
                    match received? {
                        Some(notification) => tell(watcher, notification.payload()),
                        // It would be made again in silence.
                        None => return Err(sqlx::Error::WorkerCrashed),
                    }
                }
            }
        }
    }
}
