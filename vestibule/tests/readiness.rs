//! Whether the site says that log-ins would fail, and what asking costs. On SQLite, or on the server
//! named in the environment.
#![cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/pool.rs"]
mod pool;

use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::join_all;
use pool::Pool;
use tokio::time::interval;
use vestibule::database::Database;
use vestibule::sqlx::sqlite::SqlitePool;
use vestibule::sqlx::{self, Executor};
use vestibule::testing::{TestApp, fresh_database_url};

/// How many rows there are in the table that the question writes to.
const COUNT: &str = "SELECT count(*) FROM vestibule_accounts_migrations";

/// Says whether the pool's only connection may write.
async fn set_read_only(pool: &Pool, is_read_only: bool) {
    let mode = if is_read_only { "ONLY" } else { "WRITE" };
    let set = match pool {
        Pool::Sqlite(_) => format!("PRAGMA query_only = {is_read_only}"),
        Pool::Postgres(_) => {
            format!("SET SESSION CHARACTERISTICS AS TRANSACTION READ {mode}")
        }
        Pool::MySql(_) => format!("SET SESSION TRANSACTION READ {mode}"),
    };
    let set = sqlx::AssertSqlSafe(set);
    match pool {
        Pool::Sqlite(pool) => drop(pool.execute(set).await.unwrap()),
        Pool::Postgres(pool) => drop(pool.execute(set).await.unwrap()),
        Pool::MySql(pool) => drop(pool.execute(set).await.unwrap()),
    }
}

/// Asks until it is so.
async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    let mut again = interval(Duration::from_millis(20));
    while !is_so().await {
        assert!(started.elapsed() < Duration::from_secs(20), "never: {what}");
        again.tick().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_accepts_no_write_is_not_ready_and_a_question_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh_database_url(folder.path()).await;
    let pool = Pool::open(&url, 1).await;
    let app = TestApp::on(pool.database(), |_| {}).await;
    let rows = pool.count(COUNT).await;
    app.site.is_ready().await.unwrap();

    set_read_only(&pool, true).await;

    eventually("not ready", async || app.site.is_ready().await.is_err()).await;
    assert!(app.site.is_ready().await.unwrap_err().is_store());
    set_read_only(&pool, false).await;
    eventually("ready again", async || app.site.is_ready().await.is_ok()).await;
    assert_eq!(pool.count(COUNT).await, rows);
}

/// Attack: somebody who poses as a monitor, and hangs up.
#[tokio::test(flavor = "multi_thread")]
async fn however_many_ask_the_store_is_asked_once_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/site.db?mode=rwc", folder.path().display());
    let pool = SqlitePool::connect(&url).await.unwrap();
    let app = TestApp::on(Database::from_sqlite_pool(pool.clone()), |_| {}).await;
    let count = "CREATE TABLE asked (n); \
        CREATE TRIGGER asked AFTER INSERT ON vestibule_accounts_migrations \
        BEGIN INSERT INTO asked VALUES (1); END";
    sqlx::raw_sql(count).execute(&pool).await.unwrap();
    let started = Instant::now();

    for _ in 0..100 {
        // Dropped where it waits for the database.
        assert!(app.site.is_ready().now_or_never().is_none());
    }
    let answers = join_all((0..100).map(|_| app.site.is_ready())).await;
    for answer in answers {
        answer.unwrap();
    }
    app.site.is_ready().await.unwrap();

    let asked: i64 = sqlx::query_scalar("SELECT count(*) FROM asked")
        .fetch_one(&pool)
        .await
        .unwrap();
    let seconds = i64::try_from(started.elapsed().as_secs()).unwrap();
    assert!((1..=1 + seconds).contains(&asked), "{asked} in {seconds} s");
}

/// A start that waits for a database asks for this.
#[tokio::test]
async fn only_a_server_that_may_be_up_soon_is_worth_waiting_for() {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh_database_url(folder.path()).await;
    let mut cases = vec![
        ("postgres://app@127.0.0.1:1/app".to_owned(), true),
        ("mysql://app@127.0.0.1:1/app".to_owned(), true),
        ("postgres://app@%2Fno%2Fsuch%2Ffolder/app".to_owned(), true),
        (
            "sqlite:///no/such/folder/site.db?mode=rwc".to_owned(),
            false,
        ),
        ("http://127.0.0.1:1".to_owned(), false),
    ];
    if !url.starts_with("sqlite:") {
        cases.push((format!("{url}_missing"), false));
    }
    if let Some((_, server)) = url
        .strip_prefix("mysql://")
        .and_then(|url| url.split_once('@'))
    {
        cases.push((format!("mysql://root:wrong@{server}"), false));
        cases.push((format!("postgres://root@{server}"), false));
    }

    for (url, is_worth_it) in cases {
        let error = Database::connect(&url).await.unwrap_err();
        assert_eq!(error.is_store(), is_worth_it, "{url}: {error}");
        assert_eq!(error.is_config(), !is_worth_it, "{url}: {error}");
    }
}
