//! A store outside the library: that of `examples/redb_store.rs`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use vestibule::testing::{store_conformance, two_nodes_conformance};

#[path = "../examples/redb_store.rs"]
#[allow(unreachable_pub, reason = "as an example it is a library")]
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

/// The chapter names a test of the suite for each rule, and each test has a rule.
#[test]
fn the_chapter_on_stores_has_each_test_of_the_suite() {
    let chapter = include_str!("../../docs/src/stores.md");
    let suite = include_str!("../src/testing/conformance/mod.rs");
    let calls = suite
        .lines()
        .filter(|line| line.contains("(&store, &made)"));
    let names: Vec<_> = calls
        .filter_map(|line| line.split_once("::")?.1.split_once('('))
        .map(|(name, _)| name)
        .collect();

    assert!(names.len() > 30, "{names:?}");
    for name in names {
        assert!(chapter.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn the_example_has_at_most_400_lines() {
    let lines = include_str!("../examples/redb_store.rs").lines().count();

    assert!(lines <= 400, "{lines}");
}
