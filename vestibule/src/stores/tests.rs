#![cfg(feature = "sqlite")]

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::accounts;
use crate::database::Database;
use crate::stores::{MemoryStore, SqlStore, sql};
use crate::testing::{
    fresh_database, fresh_database_url, store_conformance, two_nodes_conformance,
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

/// On SQLite in memory, or on the server that the environment names.
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

/// Also beside other migrations, in any order, with the same database.
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
