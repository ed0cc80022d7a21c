//! Browsers in which an account has been logged in before.

use std::time::Duration;

use http::StatusCode;
use vestibule::credentials::throttle::CounterKind;
use vestibule::flows::SiteConfig;
use vestibule::testing::{PASSWORD, TestApp, TestClient};

use crate::{Slow, WRONG, guesses, stranger, try_login};

#[tokio::test]
async fn strangers_do_not_keep_the_owner_out_of_a_browser_that_knows_them() {
    let app = TestApp::new().await;
    let owner = app.registered("alice").await;
    owner.post("/logout", &[]).await;
    guesses(&app, "alice").await;

    for _ in 0..3 {
        let response = try_login(&owner, "alice", PASSWORD).await;
        assert_eq!(response.status, StatusCode::SEE_OTHER);
        owner.post("/logout", &[]).await;
    }

    for _ in 0..5 {
        let response = try_login(&owner, "alice", WRONG).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    }
    let response = try_login(&owner, "alice", PASSWORD).await;
    let why = "its budget is its own, and small";
    assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS, "{why}");
}

#[tokio::test]
async fn a_browser_is_known_for_each_account_alone_and_by_its_newest_token() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;
    browser.post("/logout", &[]).await;
    app.registered("bob").await;
    guesses(&app, "alice").await;
    guesses(&app, "bob").await;

    let other = try_login(&browser, "bob", PASSWORD).await;
    assert_eq!(
        other.status,
        StatusCode::TOO_MANY_REQUESTS,
        "bob was never here"
    );
    let old = browser.cookie("__Host-device").unwrap();
    let own = try_login(&browser, "alice", PASSWORD).await;
    assert_eq!(own.status, StatusCode::SEE_OTHER);
    let new = browser.cookie("__Host-device").unwrap();
    assert_ne!(old, new, "each log-in gives another token");
    let thief = stranger(&app, 250);
    thief.set_cookie("__Host-device", &old);
    let copy = try_login(&thief, "alice", PASSWORD).await;
    assert_eq!(
        copy.status,
        StatusCode::TOO_MANY_REQUESTS,
        "an old one is none"
    );
}

#[tokio::test]
async fn a_browser_that_logs_in_again_at_once_is_known_already() {
    let slow = |config: &mut SiteConfig| config.throttle_counters(Slow::default());
    let app = TestApp::with(slow).await;
    let owner = app.registered("alice").await;
    // One that does not wait until all is settled, as those of the test kit do.
    let at_once = TestClient::new(app.site.router());
    owner.hand_over(&at_once);
    guesses(&app, "alice").await;

    for _ in 0..3 {
        let response = try_login(&at_once, "alice", PASSWORD).await;
        assert_eq!(response.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn a_browser_is_known_for_several_accounts() {
    let app = TestApp::new().await;
    let browser = app.browser();
    for name in ["alice", "bob", "carol"] {
        let fields = [("username", name), ("password", PASSWORD)];
        browser.post("/register", &fields).await;
        browser.post("/logout", &[]).await;
    }
    for name in ["alice", "bob", "carol"] {
        guesses(&app, name).await;
        app.clock.advance(Duration::from_secs(60));
        guesses(&app, name).await;
    }

    for name in ["bob", "alice", "carol", "bob"] {
        let response = try_login(&browser, name, PASSWORD).await;
        assert_eq!(response.status, StatusCode::SEE_OTHER, "{name}");
        browser.post("/logout", &[]).await;
    }
}

#[tokio::test]
async fn an_account_knows_fifty_browsers_and_the_oldest_makes_room() {
    let app = TestApp::new().await;
    let mut browsers = vec![app.registered("alice").await];
    browsers[0].post("/logout", &[]).await;
    let known = async || {
        let credentials = app.site.credentials();
        let known = credentials.throttle_counters(CounterKind::Device, None);
        known.await.unwrap().len()
    };
    for number in 2..=51 {
        app.clock.advance(Duration::from_secs(1));
        let browser = app.browser();
        try_login(&browser, "alice", PASSWORD).await;
        assert_eq!(known().await, number.min(50));
        browsers.push(browser);
    }
    // One of the fifty, who takes nobody's place.
    try_login(&browsers[50], "alice", PASSWORD).await;
    assert_eq!(known().await, 50);

    guesses(&app, "alice").await;

    for (number, status) in [
        (0, StatusCode::TOO_MANY_REQUESTS),
        (1, StatusCode::SEE_OTHER),
        (50, StatusCode::SEE_OTHER),
    ] {
        let again = try_login(&browsers[number], "alice", PASSWORD).await;
        assert_eq!(again.status, status, "{number}");
    }
}
