//! Floods of log-ins, through the whole site.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use http::StatusCode;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use serde_json::json;
use vestibule::testing::{PASSWORD, TestApp, TestResponse};

/// One thread, a short queue, and alice, who has an account.
async fn site() -> TestApp {
    let app = TestApp::with(|config| {
        // One alone takes as long as many of them to come.
        let slow = json!({ "algorithm": "argon2id", "memory_kib": 65_536, "passes": 1 });
        config.passwords.algorithm = serde_json::from_value(slow).unwrap();
        // The queue holds without it, too.
        config.throttle.is_on = false;
        config.passwords.hashing.threads = 1;
        config.passwords.hashing.queue = 8;
        config.passwords.hashing.patience = Duration::from_secs(60);
    })
    .await;
    app.registered("alice").await;
    app
}

async fn log_in(app: &TestApp, address: &str, username: &str) -> TestResponse {
    let browser = app.browser().address(address.parse().unwrap());
    let fields = [("username", username), ("password", PASSWORD)];
    browser.post("/login", &fields).await
}

async fn log_in_by_script(app: &TestApp, address: &str) -> TestResponse {
    let browser = app.browser().address(address.parse().unwrap());
    let fields = json!({ "username": "alice", "password": PASSWORD });
    browser.post_json("/login", &fields).await
}

fn is_refused(answer: &&TestResponse) -> bool {
    answer.status == StatusCode::SERVICE_UNAVAILABLE
}

/// I12: whoever finds no place is told so at once, and when to come again.
#[tokio::test]
async fn of_200_log_ins_at_once_each_is_answered_and_whoever_is_in_goes_on() {
    let app = site().await;
    let signed_in = app.browser();
    let fields = [("username", "alice"), ("password", PASSWORD)];
    signed_in.post("/login", &fields).await;
    let browsers = (0..100).map(|_| log_in(&app, "192.0.2.7", "alice"));
    let scripts = (0..100).map(|_| log_in_by_script(&app, "192.0.2.7"));

    let (pages, answers, page) = tokio::join!(
        join_all(browsers),
        join_all(scripts),
        signed_in.get("/welcome")
    );

    assert_eq!(page.status, StatusCode::OK);
    let mut refused = 0;
    for answer in pages.iter().chain(&answers) {
        if is_refused(&answer) {
            refused += 1;
            assert_eq!(answer.header("retry-after"), Some("5"));
            assert!(answer.text().contains("Too many people are logging in"));
        } else {
            assert!(answer.status.is_redirection() || answer.status == StatusCode::OK);
        }
    }
    assert!((1..200).contains(&refused), "{refused}");
    for answer in answers.iter().filter(is_refused) {
        assert_eq!(answer.json()["status"], 503);
    }
    let later = log_in(&app, "192.0.2.7", "alice").await;
    assert_eq!(later.status, StatusCode::SEE_OTHER);
}

/// I12: a flood waits behind itself, whatever names it gives.
#[tokio::test]
async fn a_flood_from_one_address_keeps_nobody_else_out() {
    let app = site().await;
    let names: Vec<_> = (0..100).map(|number| format!("nobody{number}")).collect();
    let flood = names.iter().map(|name| log_in(&app, "192.0.2.7", name));
    let alice = log_in(&app, "198.51.100.7", "alice");

    let (flooded, alice) = tokio::join!(join_all(flood), alice);

    assert_eq!(alice.status, StatusCode::SEE_OTHER);
    assert!(flooded.iter().any(|answer| is_refused(&answer)), "a flood");
}

/// What an operator sees of it.
#[tokio::test]
async fn the_queue_has_metrics() {
    let recorder = DebuggingRecorder::new();
    let recorded = recorder.snapshotter();
    recorder.install().unwrap();
    let app = site().await;

    let flood = (0..100).map(|_| log_in(&app, "192.0.2.7", "alice"));
    join_all(flood).await;

    let recorded = recorded.snapshot().into_vec().into_iter();
    let recorded: BTreeMap<_, _> = recorded
        .map(|(key, _, _, value)| (key.key().name().to_owned(), value))
        .collect();
    let is_counted =
        |value: &DebugValue| matches!(value, DebugValue::Counter(refused) if *refused > 0);
    assert!(is_counted(&recorded["vestibule_hashing_refused_total"]));
    for name in [
        "vestibule_hashing_wait_seconds",
        "vestibule_hashing_seconds",
    ] {
        let DebugValue::Histogram(times) = &recorded[name] else {
            panic!("{name}");
        };
        assert!(times.iter().any(|time| **time > 0.0), "{name}: {times:?}");
    }
    let queue = &recorded["vestibule_hashing_queue"];
    // The other tests of this process count too; how long it is in the end, a test of the program
    // says.
    assert!(matches!(queue, DebugValue::Gauge(_)), "{queue:?}");
}
