//! A store outside the library: that of `examples/redb_store.rs`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use vestibule::testing::{store_conformance, two_nodes_conformance};

#[path = "../examples/redb_store.rs"]
#[allow(dead_code, reason = "tests take the store alone")]
mod redb_store;

use redb_store::RedbStore;

#[tokio::test]
async fn the_store_of_the_example_follows_the_rules() {
    let folder = tempfile::tempdir().unwrap();

    store_conformance(RedbStore::open(folder.path().join("sessions.redb")).unwrap()).await;
}

/// One process has the file open, so its nodes are clones.
#[tokio::test]
async fn two_clones_of_it_follow_the_rules_together() {
    let folder = tempfile::tempdir().unwrap();
    let store = RedbStore::open(folder.path().join("sessions.redb")).unwrap();

    two_nodes_conformance(store.clone(), store).await;
}
