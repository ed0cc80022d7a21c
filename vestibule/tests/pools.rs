//! A pool of sqlx that the app has opened is for its own tables and for ours. On SQLite, or on the
//! server named in the environment.
#![cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/pool.rs"]
mod pool;

use std::str::FromStr;

use http::StatusCode;
use pool::Pool;
use vestibule::accounts;
use vestibule::database::Database;
use vestibule::sqlx::Executor;
use vestibule::sqlx::mysql::MySqlPoolOptions;
use vestibule::sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use vestibule::testing::{PASSWORD, TestApp, fresh_database_url};

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_of_the_app_keeps_our_tables_too() {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh_database_url(folder.path()).await;
    let pool = Pool::open(&url, 10).await;
    let app = TestApp::on(pool.database(), |_| {}).await;

    app.registered("alice").await;

    let browser = app.browser();
    let fields = [("username", "alice"), ("password", PASSWORD)];
    browser.post("/login", &fields).await;
    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
    assert_eq!(pool.count("SELECT count(*) FROM users").await, 1);
}

#[tokio::test]
async fn a_pool_without_foreign_keys_is_an_error_that_says_what_to_set() {
    let options = SqliteConnectOptions::from_str("sqlite::memory:").unwrap();
    let pool = SqlitePool::connect_with(options.foreign_keys(false)).await;
    let database = Database::from_sqlite_pool(pool.unwrap());

    let error = database.migrate(accounts::MIGRATIONS).await.unwrap_err();

    assert!(error.is_config(), "{error}");
    assert!(error.to_string().contains(".foreign_keys(true)"), "{error}");
}

/// The server for the tests has it by default.
#[tokio::test]
async fn a_pool_that_reads_committed_rows_on_mysql_is_an_error_that_says_what_to_run() {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh_database_url(folder.path()).await;
    if !url.starts_with("mysql:") {
        return;
    }
    let committed = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
    let pool = MySqlPoolOptions::new().after_connect(move |connection, _| {
        Box::pin(async move { connection.execute(committed).await.map(drop) })
    });
    let database = Database::from_mysql_pool(pool.connect(&url).await.unwrap());

    let error = database.migrate(accounts::MIGRATIONS).await.unwrap_err();

    assert!(error.is_config(), "{error}");
    assert!(error.to_string().contains("REPEATABLE READ"), "{error}");
}
