//! Watching the database for changes that other processes make.

use sea_orm::{DatabaseConnection, DbBackend};

use super::triggers::{SESSIONS, USERS};
use crate::session::{Invalidation, InvalidationFeed, Watcher};

/// The feed of a database.
pub(super) fn feed_of(connection: &DatabaseConnection) -> InvalidationFeed {
    match connection.get_database_backend() {
        #[cfg(feature = "sqlite")]
        DbBackend::Sqlite => counters::of_sqlite(connection.get_sqlite_connection_pool()),
        #[cfg(feature = "postgres")]
        DbBackend::Postgres => InvalidationFeed::watching(notifications::Postgres::of(
            connection.get_postgres_connection_pool(),
        )),
        #[cfg(feature = "mysql")]
        DbBackend::MySql => InvalidationFeed::watching(counters::Counters::of(
            connection.get_mysql_connection_pool(),
        )),
        // Not watched, so always down.
        _ => InvalidationFeed::always_down(),
    }
}

/// A message that a watcher sends to itself. Other watchers ignore it.
const PING: &str = "ping";

/// Invalidates by the name of the counter; everything if another version named it.
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

    use sea_orm::sqlx::{self, ConnectOptions, Database, Pool};
    use tokio::time::{MissedTickBehavior, interval, timeout};

    use super::forward;
    use crate::database::triggers::{COUNT, FORMER_USERS};
    use crate::error::{Error, Result};
    use crate::session::{InvalidationFeed, Watched, Watcher};

    /// The polling interval.
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
        /// A number that differs after any change.
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
                async fn number(connection: &mut Self::Connection) -> Result<i64, sqlx::Error> {
                    sqlx::query_scalar($changed).fetch_one(connection).await
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

    // Changes with each commit of another connection.
    #[cfg(feature = "sqlite")]
    counting!(sqlx::Sqlite, "PRAGMA data_version");

    #[cfg(feature = "mysql")]
    counting!(
        sqlx::MySql,
        "SELECT CAST(SUM(changes) AS SIGNED) FROM vestibule_changes WHERE shard <> 'qui'"
    );

    impl<DB: Counting> Watched for Counters<DB> {
        async fn watch(&self, watcher: &Watcher) -> Result<()> {
            let mut connection = answered(self.0.connect()).await?;
            let mut look = interval(LOOK_EVERY);
            look.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut number = None;
            // Empty, so the first look invalidates everything cached before it.
            let mut known = HashMap::new();
            loop {
                look.tick().await;
                let began = Watcher::now();
                let found = answered(DB::number(&mut connection)).await?;
                if number.replace(found) != Some(found) {
                    let counters = answered(DB::counters(&mut connection)).await?;
                    let of_this_version = |shard: &&String| !shard.starts_with(FORMER_USERS);
                    if counters.keys().filter(of_this_version).count() != COUNT {
                        let gone = "rows of vestibule_changes are missing: changes are not told";
                        return Err(Error::store(gone));
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
    pub(super) fn of_sqlite(pool: &sqlx::SqlitePool) -> InvalidationFeed {
        let options = pool.connect_options();
        let file = options.get_filename().to_string_lossy();
        // Only this pool can open it, but the pool may be shared with other code.
        if file.contains(":memory:") || file.contains("sqlx-in-memory") {
            return InvalidationFeed::always_down();
        }
        InvalidationFeed::watching(Counters::of(pool))
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
    use sea_orm::sqlx::{self, Executor};
    use tokio::time::{Instant, timeout, timeout_at};

    use super::{PING, forward};
    use crate::crypto::random::Random;
    use crate::database::triggers::CHANNEL;
    use crate::error::{Error, Result};
    use crate::session::{ASK_EVERY, InvalidationFeed, Watched, Watcher};

    pub(super) struct Postgres(Arc<PgConnectOptions>);

    impl Postgres {
        pub(super) fn of(pool: &PgPool) -> Self {
            Self(pool.connect_options())
        }
    }

    impl Watched for Postgres {
        async fn watch(&self, watcher: &Watcher) -> Result<()> {
            let options = self.0.as_ref().clone();
            let pool = PgPoolOptions::new().max_connections(2);
            let pool = pool
                .acquire_timeout(InvalidationFeed::BOUND)
                .connect_with(options);
            let pool = pool.await.map_err(Error::store)?;
            let listener = PgListener::connect_with(&pool).await;
            let mut listener = listener.map_err(Error::store)?;
            // An automatic reconnect would hide that notifications were missed.
            listener.eager_reconnect(false);
            listener.listen(CHANNEL).await.map_err(Error::store)?;
            // Without this table there are no triggers either.
            let triggers = listener.execute("SELECT 1 FROM vestibule_changes LIMIT 1");
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
                        .bind(CHANNEL)
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
