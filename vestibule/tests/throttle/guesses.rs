//! Wrong passwords for one account or for many, from one network or many.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use http::header::RETRY_AFTER;
use vestibule::credentials::throttle::{CounterKind, MemoryCounters};
use vestibule::testing::{PASSWORD, TestApp, TestClient};

use crate::{Slow, WRONG, guesses, stranger, try_login};

/// A browser at this address.
fn at(app: &TestApp, address: &str) -> TestClient {
    app.browser().address(address.parse().unwrap())
}

#[tokio::test]
async fn from_one_network_five_wrong_passwords_pass_and_each_further_one_waits_longer() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let thief = at(&app, "198.51.100.7");

    for _ in 0..5 {
        let response = try_login(&thief, "alice", WRONG).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    }
    for wait in [2, 4, 8, 16] {
        let response = try_login(&thief, "alice", PASSWORD).await;
        assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS);
        let seconds = response.header(RETRY_AFTER.as_str());
        assert_eq!(seconds, Some(&*wait.to_string()), "although it is right");
        app.clock.advance(Duration::from_secs(wait));
        let response = try_login(&thief, "alice", WRONG).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    }
    let neighbour = try_login(&at(&app, "198.51.100.200"), "alice", PASSWORD).await;
    assert_eq!(
        neighbour.status,
        StatusCode::TOO_MANY_REQUESTS,
        "one network"
    );
    let elsewhere = try_login(&at(&app, "203.0.113.7"), "alice", PASSWORD).await;
    assert_eq!(elsewhere.status, StatusCode::SEE_OTHER, "another network");
}

#[tokio::test]
async fn from_many_networks_twenty_wrong_passwords_pass() {
    let app = TestApp::new().await;
    app.registered("alice").await;

    assert_eq!(guesses(&app, "alice").await, 20);

    let response = try_login(&stranger(&app, 200), "alice", PASSWORD).await;
    assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.header(RETRY_AFTER.as_str()), Some("5"));
    app.clock.advance(Duration::from_secs(5));
    let response = try_login(&stranger(&app, 200), "alice", PASSWORD).await;
    assert_eq!(response.status, StatusCode::SEE_OTHER);
    assert_eq!(guesses(&app, "alice").await, 20, "a log-in begins anew");
}

#[tokio::test]
async fn after_a_hundred_wrong_passwords_only_known_browsers_pass_until_it_is_cleared() {
    let app = TestApp::new().await;
    let owner = app.registered("alice").await;
    owner.post("/logout", &[]).await;

    let mut passed = 0;
    for _ in 0..1_000 {
        let thief = stranger(&app, 1).user_agent("thief");
        let response = try_login(&thief, "alice", WRONG).await;
        passed += u32::from(response.status == StatusCode::UNAUTHORIZED);
        app.clock.advance(Duration::from_hours(1));
    }

    assert_eq!(passed, 100);
    let closed = try_login(&stranger(&app, 2), "alice", PASSWORD).await;
    assert_eq!(closed.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(closed.header(RETRY_AFTER.as_str()), Some("86400"));
    assert!(
        closed.text().contains("contact the site’s administrator"),
        "{}",
        closed.text()
    );
    let known = try_login(&owner, "alice", PASSWORD).await;
    assert_eq!(known.status, StatusCode::SEE_OTHER);
    let still = try_login(&stranger(&app, 2), "alice", PASSWORD).await;
    let why = "a known browser does not let the strangers in";
    assert_eq!(still.status, StatusCode::TOO_MANY_REQUESTS, "{why}");
    app.site
        .credentials()
        .clear_throttle("ALICE")
        .await
        .unwrap();
    let cleared = try_login(&stranger(&app, 1), "alice", PASSWORD).await;
    assert_eq!(cleared.status, StatusCode::SEE_OTHER);
}

/// So a flood of them costs the store nothing.
#[tokio::test]
async fn for_a_network_that_has_to_wait_the_counters_are_not_asked_again() {
    let asked = Arc::<AtomicUsize>::default();
    let app = TestApp::with(|config| {
        config.throttle.limits.network.burst = 1;
        config.throttle_counters(Slow(MemoryCounters::new(), asked.clone()));
    })
    .await;
    let tried = async |name| try_login(&stranger(&app, 1), name, WRONG).await.status;
    assert_eq!(tried("alice").await, StatusCode::UNAUTHORIZED);
    assert_eq!(tried("bobby").await, StatusCode::TOO_MANY_REQUESTS);
    let before = asked.load(Ordering::Relaxed);

    assert_eq!(tried("carol").await, StatusCode::TOO_MANY_REQUESTS);

    assert_eq!(asked.load(Ordering::Relaxed), before);
}

#[tokio::test]
async fn names_that_nobody_has_are_throttled_like_others_to_the_byte() {
    let app = TestApp::new().await;
    app.registered("alice").await;

    for browser in 0..2 {
        for step in 0..30 {
            if step % 3 == 2 {
                app.clock.advance(Duration::from_secs(3));
            }
            let mut answers = Vec::new();
            for name in ["alice", "nobody"] {
                let thief = stranger(&app, browser);
                let response = try_login(&thief, name, WRONG).await;
                let text = response.text().replace(name, "NAME");
                let headers: Vec<_> = response.headers.keys().cloned().collect();
                let wait = response.header(RETRY_AFTER.as_str()).map(str::to_owned);
                answers.push((response.status, wait, headers, text));
            }
            assert_eq!(answers[0], answers[1], "try {step}");
        }
    }
}

#[tokio::test]
async fn names_that_nobody_has_are_kept_for_thirty_days() {
    let app = TestApp::with(|config| config.throttle_counters(MemoryCounters::new())).await;
    try_login(&stranger(&app, 1), "nobody", WRONG).await;

    for (days, names) in [(29, 2), (2, 1)] {
        app.clock.advance(Duration::from_hours(days * 24));
        try_login(&stranger(&app, 2), "neither", WRONG).await;
        tokio::task::yield_now().await;
        let credentials = app.site.credentials();
        let kept = credentials.throttle_counters(CounterKind::Name, None).await;
        assert_eq!(kept.unwrap().len(), names, "{days} days later");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_tries_at_once_no_more_are_looked_at_than_one_by_one() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let mut tasks = tokio::task::JoinSet::new();
    for network in 0..50 {
        let browser = stranger(&app, network);
        tasks.spawn(async move { try_login(&browser, "alice", WRONG).await.status });
    }

    let statuses = tasks.join_all().await;

    let looked_at = statuses
        .iter()
        .filter(|status| **status == StatusCode::UNAUTHORIZED);
    assert_eq!(looked_at.count(), 20, "{statuses:?}");
}

#[tokio::test]
async fn one_network_cannot_try_one_password_at_all_accounts() {
    let app = TestApp::new().await;
    let sprayer = at(&app, "2001:db8:1:1::7");

    for index in 0..50 {
        let response = try_login(&sprayer, &format!("user{index}"), WRONG).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{index}");
    }

    let response = try_login(&sprayer, "user50", WRONG).await;
    assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS);
    let neighbour = try_login(&at(&app, "2001:db8:1:1::8"), "user51", WRONG).await;
    assert_eq!(
        neighbour.status,
        StatusCode::TOO_MANY_REQUESTS,
        "one network"
    );
    let other = try_login(&at(&app, "2001:db8:1:2::7"), "user51", WRONG).await;
    assert_eq!(other.status, StatusCode::UNAUTHORIZED, "another one");
}

#[tokio::test]
async fn spraying_from_everywhere_slows_strangers_down_and_no_known_browser() {
    let app = TestApp::new().await;
    let owner = app.registered("alice").await;
    owner.post("/logout", &[]).await;

    let mut passed = 0;
    for index in 0..1_200_u32 {
        let [.., a, b] = index.to_be_bytes();
        let browser = app.browser().address(IpAddr::from([10, a, b, 1]));
        let response = try_login(&browser, &format!("user{index}"), WRONG).await;
        passed += u32::from(response.status == StatusCode::UNAUTHORIZED);
        app.clock.advance(Duration::from_millis(50));
    }

    assert!(
        passed <= 300,
        "in a minute {passed} wrong tries were looked at"
    );
    // There may be room for one.
    try_login(&stranger(&app, 1), "bob", WRONG).await;
    let stranger = try_login(&stranger(&app, 1), "alice", PASSWORD).await;
    assert_eq!(stranger.status, StatusCode::TOO_MANY_REQUESTS);
    let known = try_login(&owner, "alice", PASSWORD).await;
    assert_eq!(known.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn one_network_alone_slows_nobody_else_down() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let flooder = at(&app, "192.0.2.7");
    for index in 0..300 {
        try_login(&flooder, &format!("user{index}"), WRONG).await;
    }

    let response = try_login(&stranger(&app, 1), "alice", PASSWORD).await;

    assert_eq!(response.status, StatusCode::SEE_OTHER);
}

/// B11.
#[tokio::test]
async fn other_spellings_of_a_name_and_addresses_of_a_network_count_together() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let names = ["alice", " ALICE ", "Alice", "\u{ff21}lice", "alice\t"];
    for (index, name) in names.iter().enumerate() {
        let browser = at(&app, &format!("::ffff:192.0.2.{index}"));
        let response = try_login(&browser, name, WRONG).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{name}");
    }

    let response = try_login(&at(&app, "192.0.2.77"), "aLICE", PASSWORD).await;

    assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS);
}

/// B15.
#[tokio::test]
async fn a_log_in_to_an_account_of_ones_own_clears_nothing_of_another() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    app.registered("mallory").await;

    let mut passed = 0;
    for _ in 0..60 {
        let response = try_login(&at(&app, "192.0.2.7"), "alice", WRONG).await;
        passed += u32::from(response.status == StatusCode::UNAUTHORIZED);
        try_login(&at(&app, "192.0.2.7"), "mallory", PASSWORD).await;
    }

    assert_eq!(passed, 5);
}
