//! What holds of any bytes: the seeds of the fuzz targets, random changes of them, and random
//! bytes. `cargo xtask fuzz` looks at many more.
#![cfg(all(feature = "redis", feature = "sqlite"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use vestibule::testing::properties;

/// A change of a seed: at a place, so many bytes are replaced by others.
type Change = (Index, usize, Vec<u8>);

fn holds_of_any_bytes(target: &str, cases: u32, property: fn(&[u8])) {
    let seeds = seeds(target);
    seeds.iter().for_each(|seed| property(seed));

    let change = (any::<Index>(), 0..4_usize, vec(any::<u8>(), 0..4));
    let changed = (select(seeds), vec(change, 1..4));
    let changed = changed.prop_map(|(seed, changes)| changes.into_iter().fold(seed, replaced));
    let bytes = prop_oneof![4 => changed, 1 => vec(any::<u8>(), 0..64)];
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(cases)
    };
    let ran = TestRunner::new(config).run(&bytes, |bytes| {
        property(&bytes);
        Ok(())
    });
    ran.unwrap();
}

fn replaced(mut bytes: Vec<u8>, (at, count, others): Change) -> Vec<u8> {
    let at = at.index(bytes.len() + 1);
    let end = (at + count).min(bytes.len());
    bytes.splice(at..end, others);
    bytes
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds");
    let files = std::fs::read_dir(folder.join(target)).unwrap();
    files
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect()
}

#[test]
fn of_any_cookies_only_one_of_the_name_and_only_what_we_made_is_read() {
    holds_of_any_bytes("cookies", 2_000, properties::cookies);
}

#[test]
fn a_token_has_one_spelling() {
    holds_of_any_bytes("tokens", 2_000, properties::tokens);
}

#[test]
fn any_stored_hash_is_rejected_or_can_be_computed() {
    holds_of_any_bytes("stored_hashes", 500, properties::stored_hashes);
}

#[test]
fn any_next_leads_to_a_page_of_this_site_and_to_the_same_when_it_is_passed_on() {
    holds_of_any_bytes("next", 2_000, properties::next);
}

#[test]
fn any_form_is_answered_and_like_the_same_fields_in_json() {
    holds_of_any_bytes("forms", 100, properties::forms);
}

#[test]
fn no_header_of_a_visitor_changes_the_address_that_a_proxy_reports() {
    holds_of_any_bytes("forwarded", 2_000, properties::forwarded);
}

#[test]
fn any_entry_in_redis_is_rejected_or_read_as_it_was_written() {
    holds_of_any_bytes("redis_entries", 1_000, properties::redis_entries);
}
