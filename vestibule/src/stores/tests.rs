#![cfg(feature = "sqlite")]

use http::StatusCode;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::accounts;
use crate::credentials::throttle::MemoryCounters;
use crate::database::{Connection, Database, DatabaseOptions};
use crate::stores::{MemoryStore, SqlCounters, SqlStore, sql};
use crate::testing::{
    PASSWORD, TestApp, counters_conformance, fresh_database, fresh_database_url, store_conformance,
    two_nodes_conformance,
};

#[tokio::test]
async fn the_memory_store_keeps_the_rules() {
    store_conformance(MemoryStore::new()).await;
    let store = MemoryStore::new();
    two_nodes_conformance(store.clone(), store).await;
}

#[tokio::test]
async fn the_sql_store_keeps_the_rules_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/site.db?mode=rwc", folder.path().display());
    let database = Database::connect(&url).await.unwrap();
    database.migrate(sql::MIGRATIONS).await.unwrap();

    store_conformance(SqlStore::new(database)).await;
}

/// If the unsynced connection can no longer write, new log-ins fail, but everything else works.
#[tokio::test]
async fn a_power_cut_may_undo_a_log_in_and_no_end_of_a_session() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/site.db?mode=rwc", folder.path().display());
    let one = DatabaseOptions {
        max_connections: 1,
        ..DatabaseOptions::default()
    };
    let database = Database::connect_with(&url, one).await.unwrap();
    database.migrate(sql::MIGRATIONS).await.unwrap();
    let sessions = SqlStore::new(database.clone());
    let app = TestApp::on(database.clone(), |config| {
        config.session_store(sessions);
        config.throttle_counters(MemoryCounters::new());
    })
    .await;
    let alice = app.registered("alice").await;
    let (elsewhere, remembered, resumed) = (app.browser(), app.browser(), app.browser());
    let fields = [("username", "alice"), ("password", PASSWORD)];
    elsewhere.post("/login", &fields).await;
    let remember = [&fields[..], &[("remember", "on")]].concat();
    remembered.post("/login", &remember).await;
    resumed.post("/login", &remember).await;
    resumed.restart();
    assert_eq!(synchronous(database.connection()).await, FULL);
    assert_eq!(synchronous(database.unsynced()).await, NORMAL);
    let read_only = "PRAGMA query_only = on";
    let unsynced = database.unsynced();
    unsynced.execute_unprepared(read_only).await.unwrap();

    let down = StatusCode::SERVICE_UNAVAILABLE;
    for fields in [&fields[..], &remember] {
        let began = app.browser().post("/login", fields).await;
        assert_eq!(began.status, down, "nothing ends");
    }
    assert_eq!(resumed.get("/welcome").await.status, StatusCode::OK);
    let confirm = [("password", PASSWORD)];
    let confirmed = resumed.post("/confirm-login", &confirm).await;
    assert_eq!(confirmed.status, StatusCode::SEE_OTHER);
    for browser in [&alice, &remembered] {
        let replaced = browser.post("/login", &fields).await;
        assert_eq!(replaced.status, StatusCode::SEE_OTHER);
    }
    let ended = alice.post("/account/sessions/end-others", &[]).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER);
    assert_ne!(elsewhere.get("/welcome").await.status, StatusCode::OK);
    assert_eq!(alice.get("/welcome").await.status, StatusCode::OK);
    let logged_out = alice.post("/logout", &[]).await;
    assert_eq!(logged_out.status, StatusCode::SEE_OTHER);
    assert_ne!(alice.get("/welcome").await.status, StatusCode::OK);
}

/// A cache shared by all connections is synced as the last connection configured it.
#[tokio::test]
async fn what_cannot_be_left_unsynced_alone_is_synced() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name| format!("sqlite://{}/{name}.db?mode=rwc", folder.path().display());
    for (name, options, expected) in [
        ("own", "", NORMAL),
        ("shared", "&cache=shared", FULL),
        ("rollback", "&vfs=unix-dotfile", FULL),
    ] {
        let url = file(name) + options;
        let database = Database::connect(&url).await.unwrap();
        assert_eq!(synchronous(database.unsynced()).await, expected, "{url}");
        assert_eq!(synchronous(database.connection()).await, FULL, "{url}");
    }
}

const NORMAL: i32 = 1;
const FULL: i32 = 2;

async fn synchronous(connection: &Connection) -> i32 {
    let asked = Statement::from_string(DbBackend::Sqlite, "PRAGMA synchronous");
    let answer = connection.query_one_raw(asked).await.unwrap().unwrap();
    answer.try_get_by_index(0).unwrap()
}

/// On SQLite in memory, or on the server named in the environment.
#[tokio::test(flavor = "multi_thread")]
async fn the_sql_store_keeps_the_rules_on_any_database() {
    let database = fresh_database().await;
    database.migrate(sql::MIGRATIONS).await.unwrap();
    let connection = database.connection();
    if connection.get_database_backend() == DbBackend::MySql {
        let asked = "SHOW VARIABLES LIKE '%isolation'";
        let asked = Statement::from_string(DbBackend::MySql, asked);
        let answers = connection.query_all_raw(asked).await.unwrap();
        let values = answers.iter().map(|row| row.try_get_by_index(1).unwrap());
        let values: Vec<String> = values.collect();
        let is_so = values.iter().any(|value| value == "REPEATABLE-READ");
        assert!(is_so, "whatever the server has: {values:?}");
    }

    store_conformance(SqlStore::new(database)).await;
}

/// Two pools of connections, as of two processes.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_with_one_database_keep_the_rules_together() {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh_database_url(folder.path()).await;
    let here = Database::connect(&url).await.unwrap();
    here.migrate(sql::MIGRATIONS).await.unwrap();
    let there = Database::connect(&url).await.unwrap();

    two_nodes_conformance(SqlStore::new(here), SqlStore::new(there)).await;
}

/// Also with other migrations in the same database, in any order.
#[tokio::test]
async fn migrating_again_changes_nothing() {
    let database = fresh_database().await;

    for migrations in [
        sql::MIGRATIONS,
        accounts::MIGRATIONS,
        sql::MIGRATIONS,
        accounts::MIGRATIONS,
    ] {
        database.migrate(migrations).await.unwrap();
    }
}

#[tokio::test]
async fn counters_in_memory_keep_the_rules() {
    counters_conformance(MemoryCounters::new()).await;
}

#[tokio::test]
async fn counters_in_a_database_keep_the_rules() {
    let database = fresh_database().await;
    database.migrate(sql::COUNTER_MIGRATIONS).await.unwrap();

    counters_conformance(SqlCounters::new(database)).await;
}

#[tokio::test]
async fn counters_in_a_file_of_sqlite_keep_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/site.db?mode=rwc", folder.path().display());
    let database = Database::connect(&url).await.unwrap();
    database.migrate(sql::COUNTER_MIGRATIONS).await.unwrap();

    counters_conformance(SqlCounters::new(database)).await;
}

/// As above, next to an app's own tables.
#[tokio::test(flavor = "multi_thread")]
async fn stores_with_a_table_prefix_keep_the_rules_on_any_database() {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh_database_url(folder.path()).await;
    let prefixed = async || {
        let database = Database::connect(&url).await.unwrap();
        database.table_prefix("sixteen_letters_").unwrap()
    };
    let (here, there) = (prefixed().await, prefixed().await);
    here.migrate(sql::MIGRATIONS).await.unwrap();
    here.migrate(sql::COUNTER_MIGRATIONS).await.unwrap();

    counters_conformance(SqlCounters::new(here.clone())).await;
    store_conformance(SqlStore::new(here.clone())).await;
    two_nodes_conformance(SqlStore::new(here), SqlStore::new(there)).await;
}
