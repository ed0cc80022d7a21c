//! A pool of sqlx that the app has opened, to whichever database the test has.

use vestibule::database::Database;
use vestibule::sqlx::mysql::{MySqlPool, MySqlPoolOptions};
use vestibule::sqlx::postgres::{PgPool, PgPoolOptions};
use vestibule::sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use vestibule::sqlx::{self, Executor};

pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
    MySql(MySqlPool),
}

impl Pool {
    pub(crate) async fn open(url: &str, max_connections: u32) -> Self {
        match url.split(':').next().unwrap() {
            "postgres" => {
                let pool = PgPoolOptions::new().max_connections(max_connections);
                Self::Postgres(pool.connect(url).await.unwrap())
            }
            "mysql" => {
                let repeatable = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ";
                let pool = MySqlPoolOptions::new().max_connections(max_connections);
                let pool = pool.after_connect(move |connection, _| {
                    Box::pin(async move { connection.execute(repeatable).await.map(drop) })
                });
                Self::MySql(pool.connect(url).await.unwrap())
            }
            _ => {
                let pool = SqlitePoolOptions::new().max_connections(max_connections);
                Self::Sqlite(pool.connect(url).await.unwrap())
            }
        }
    }

    pub(crate) fn database(&self) -> Database {
        match self {
            Self::Sqlite(pool) => Database::from_sqlite_pool(pool.clone()),
            Self::Postgres(pool) => Database::from_pg_pool(pool.clone()),
            Self::MySql(pool) => Database::from_mysql_pool(pool.clone()),
        }
    }

    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        let count = match self {
            Self::Sqlite(pool) => sqlx::query_scalar(query).fetch_one(pool).await,
            Self::Postgres(pool) => sqlx::query_scalar(query).fetch_one(pool).await,
            Self::MySql(pool) => sqlx::query_scalar(query).fetch_one(pool).await,
        };
        count.unwrap()
    }
}
