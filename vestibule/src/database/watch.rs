//! Watching the database for changes that other processes make.

use sea_orm::{ConnectionTrait, DbBackend};

use super::connection::Connection;
use super::triggers::{SESSIONS, TABLE, USERS};
use crate::session::{Invalidation, InvalidationFeed, Watcher};

/// The feed of a database.
pub(super) fn feed_of(connection: &Connection) -> InvalidationFeed {
    let pool = connection.inner();
    // The table of counters, and the channel.
    let changes = connection.names().of(TABLE);
    match connection.get_database_backend() {
        #[cfg(feature = "sqlite")]
        DbBackend::Sqlite => counters::of_sqlite(pool.get_sqlite_connection_pool(), changes),
        #[cfg(feature = "postgres")]
        DbBackend::Postgres => InvalidationFeed::watching(notifications::Postgres::of(
            pool.get_postgres_connection_pool(),
            changes,
        )),
        #[cfg(feature = "mysql")]
        DbBackend::MySql => InvalidationFeed::watching(counters::Counters::of(
            pool.get_mysql_connection_pool(),
            changes,
        )),
        // Not watched, so always down.
        _ => InvalidationFeed::always_down(),
    }
}

/// A message that a watcher sends to itself. Other watchers ignore it.
const PING: &str = "ping";

/// Invalidates what the counter's name says; everything if another version chose the name.
fn forward(watcher: &Watcher, shard: &str) {
    if shard.starts_with(PING) {
        return;
    }
    let (kind, byte) = shard.split_at_checked(1).unwrap_or_default();
    let byte = u8::from_str_radix(byte, 16).ok();
    watcher.invalidate(match (kind.chars().next(), byte) {
        (Some(SESSIONS), Some(byte)) => Invalidation::SessionsOf(byte),
        (Some(USERS), Some(byte)) => Invalidation::UsersOf(byte),
        _ => Invalidation::Everything,
    });
}

/// SQLite and MySQL: polling the counters.
#[cfg(any(feature = "sqlite", feature = "mysql"))]
mod counters {
    use std::collections::HashMap;
    use std::sync::Arc;
    use std::time::Duration;

    use sea_orm::sqlx::{self, AssertSqlSafe, ConnectOptions, Database, Pool};
    use tokio::time::{MissedTickBehavior, interval, timeout};

    use super::forward;
    use crate::database::triggers::{COUNT, FORMER_USERS};
    use crate::error::{Error, Result};
    use crate::session::{InvalidationFeed, Watched, Watcher};

    /// The polling interval.
    const LOOK_EVERY: Duration = Duration::from_millis(50);

    /// A database with counters.
    pub(super) struct Counters<DB: Database> {
        options: Arc<<DB::Connection as sqlx::Connection>::Options>,
        table: String,
    }

    impl<DB: Database> Counters<DB> {
        pub(super) fn of(pool: &Pool<DB>, table: String) -> Self {
            Self {
                options: pool.connect_options(),
                table,
            }
        }
    }

    /// What differs between the databases.
    trait Counting: Database {
        /// The query for a number that differs after any change.
        fn number_query(table: &str) -> String;

        fn number(
            query: &str,
            connection: &mut Self::Connection,
        ) -> impl Future<Output = Result<i64, sqlx::Error>> + Send;

        fn counters(
            table: &str,
            connection: &mut Self::Connection,
        ) -> impl Future<Output = Result<HashMap<String, i64>, sqlx::Error>> + Send;
    }

    macro_rules! counting {
        ($database:ty, $number:literal) => {
            impl Counting for $database {
                fn number_query(table: &str) -> String {
                    $number.replace("TABLE", table)
                }

                async fn number(
                    query: &str,
                    connection: &mut Self::Connection,
                ) -> Result<i64, sqlx::Error> {
                    let query = AssertSqlSafe(query);
                    sqlx::query_scalar(query).fetch_one(connection).await
                }

                async fn counters(
                    table: &str,
                    connection: &mut Self::Connection,
                ) -> Result<HashMap<String, i64>, sqlx::Error> {
                    let query = AssertSqlSafe(format!("SELECT shard, changes FROM {table}"));
                    let rows: Vec<(String, i64)> =
                        sqlx::query_as(query).fetch_all(connection).await?;
                    Ok(rows.into_iter().collect())
                }
            }
        };
    }

    // Changes with each commit of another connection.
    #[cfg(feature = "sqlite")]
    counting!(sqlx::Sqlite, "PRAGMA data_version");

    #[cfg(feature = "mysql")]
    counting!(
        sqlx::MySql,
        "SELECT CAST(SUM(changes) AS SIGNED) FROM TABLE WHERE shard <> 'qui'"
    );

    impl<DB: Counting> Watched for Counters<DB> {
        async fn watch(&self, watcher: &Watcher) -> Result<()> {
            let mut connection = answered(self.options.connect()).await?;
            let query = DB::number_query(&self.table);
            let mut look = interval(LOOK_EVERY);
            look.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut number = None;
            // Empty, so the first look invalidates everything cached before it.
            let mut known = HashMap::new();
            loop {
                look.tick().await;
                let began = Watcher::now();
                let found = answered(DB::number(&query, &mut connection)).await?;
                if number.replace(found) != Some(found) {
                    let counters = answered(DB::counters(&self.table, &mut connection)).await?;
                    let of_this_version = |shard: &&String| !shard.starts_with(FORMER_USERS);
                    if counters.keys().filter(of_this_version).count() != COUNT {
                        return Err(Error::store(format!(
                            "rows of {} are missing, so changes are not reported",
                            self.table
                        )));
                    }
                    for (shard, count) in counters {
                        if known.get(&shard) != Some(&count) {
                            forward(watcher, &shard);
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

    /// A response that takes longer than the feed's bound is an error, because the connection may
    /// be dead. The caller reconnects.
    async fn answered<T>(answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T> {
        let answer = timeout(InvalidationFeed::BOUND, answer).await;
        answer.map_err(Error::store)?.map_err(Error::store)
    }

    #[cfg(feature = "sqlite")]
    pub(super) fn of_sqlite(pool: &sqlx::SqlitePool, table: String) -> InvalidationFeed {
        let options = pool.connect_options();
        let file = options.get_filename().to_string_lossy();
        // Only this pool can open it, but the pool may be shared with other code.
        if file.contains(":memory:") || file.contains("sqlx-in-memory") {
            return InvalidationFeed::always_down();
        }
        InvalidationFeed::watching(Counters::of(pool, table))
    }

    #[cfg(test)]
    mod tests {
        use super::{answered, sqlx};

        #[tokio::test(start_paused = true)]
        async fn a_connection_that_is_silent_is_given_up() {
            let never = std::future::pending::<Result<(), sqlx::Error>>();

            assert!(answered(never).await.is_err());
        }
    }
}

/// PostgreSQL: listening for notifications.
#[cfg(feature = "postgres")]
mod notifications {
    use std::sync::Arc;

    use data_encoding::HEXLOWER;
    use sea_orm::sqlx::postgres::{
        PgConnectOptions, PgListener, PgNotification, PgPool, PgPoolOptions,
    };
    use sea_orm::sqlx::{self, AssertSqlSafe, Executor};
    use tokio::time::{Instant, timeout, timeout_at};

    use super::{PING, forward};
    use crate::crypto::random::Random;
    use crate::error::{Error, Result};
    use crate::session::{ASK_EVERY, InvalidationFeed, Watched, Watcher};

    pub(super) struct Postgres {
        options: Arc<PgConnectOptions>,
        /// The name of the channel, and of the table that exists if the triggers do.
        changes: String,
    }

    impl Postgres {
        pub(super) fn of(pool: &PgPool, changes: String) -> Self {
            Self {
                options: pool.connect_options(),
                changes,
            }
        }
    }

    impl Watched for Postgres {
        async fn watch(&self, watcher: &Watcher) -> Result<()> {
            let options = self.options.as_ref().clone();
            let pool = PgPoolOptions::new().max_connections(2);
            let pool = pool
                .acquire_timeout(InvalidationFeed::BOUND)
                .connect_with(options);
            let pool = pool.await.map_err(Error::store)?;
            let listener = PgListener::connect_with(&pool).await;
            let mut listener = listener.map_err(Error::store)?;
            // An automatic reconnect would hide that notifications were missed.
            listener.eager_reconnect(false);
            listener.listen(&self.changes).await.map_err(Error::store)?;
            let triggers = format!("SELECT 1 FROM {} LIMIT 1", self.changes);
            let triggers = listener.execute(AssertSqlSafe(triggers));
            triggers.await.map_err(Error::store)?;
            let nonce = HEXLOWER.encode(&Random::system().bytes::<16>()?);
            let ping = format!("{PING}{nonce}");
            watcher.lost();
            loop {
                let began = Watcher::now();
                // A full round trip over another connection: a pooler between here and the server
                // may forward queries, but not notifications. Notifications arrive in the order of
                // the commits.
                let heard = timeout(InvalidationFeed::BOUND, async {
                    sqlx::query("SELECT pg_notify($1, $2)")
                        .bind(&self.changes)
                        .bind(&ping)
                        .execute(&pool)
                        .await
                        .map_err(Error::store)?;
                    loop {
                        let notification = received(&mut listener).await?;
                        if notification.payload() == ping {
                            return Ok(());
                        }
                        forward(watcher, notification.payload());
                    }
                });
                heard.await.map_err(Error::store)??;
                if !watcher.seen_all_until(began) {
                    return Ok(());
                }
                let until = Instant::now() + ASK_EVERY;
                while let Ok(notification) = timeout_at(until, received(&mut listener)).await {
                    forward(watcher, notification?.payload());
                }
            }
        }
    }

    async fn received(listener: &mut PgListener) -> Result<PgNotification> {
        let received = listener.try_recv().await.map_err(Error::store)?;
        // `None` means that the listener would reconnect silently.
        received.ok_or_else(|| Error::store("the connection was lost"))
    }
}
