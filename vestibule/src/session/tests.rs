//! Sessions as a browser and a thief use them, through the whole site.
#![cfg(feature = "sqlite")]

use std::collections::BTreeSet;
use std::time::Duration;

use http::StatusCode;

use crate::clock::Timestamp;
use crate::login::Event;
use crate::session::SessionToken;
use crate::testing::{PASSWORD, TestApp, TestClient, TestResponse};

const COOKIE: &str = "__Host-session";
const DAY: Duration = Duration::from_hours(24);

async fn log_in(browser: &TestClient, username: &str, password: &str) -> TestResponse {
    let fields = [("username", username), ("password", password)];
    browser.post("/login", &fields).await
}

async fn is_logged_in(browser: &TestClient) -> bool {
    browser.get("/welcome").await.status == StatusCode::OK
}

#[tokio::test]
async fn the_session_cookie_has_every_attribute() {
    let app = TestApp::new().await;
    app.registered("alice").await;

    let response = log_in(&app.browser(), "alice", PASSWORD).await;

    let [session, device] = response.set_cookies()[..] else {
        panic!("two cookies: {:?}", response.set_cookies());
    };
    assert!(session.starts_with("__Host-session="), "{session}");
    assert!(device.starts_with("__Host-device="), "{device}");
    for cookie in [session, device] {
        for attribute in ["; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

#[tokio::test]
async fn on_http_loopback_the_cookie_has_a_plain_name_and_the_rest() {
    let app = TestApp::with(|config| {
        config.public_url = "http://127.0.0.1:5000".parse().unwrap();
    })
    .await;

    let browser = app.registered("alice").await;

    assert_eq!(
        browser.cookie_names(),
        ["device-5000", "flash-5000", "session-5000"]
    );
    let response = log_in(&browser, "alice", PASSWORD).await;
    let cookie = response.set_cookies()[0];
    assert!(
        cookie.contains("; HttpOnly; SameSite=Lax; Path=/"),
        "{cookie}"
    );
    assert!(!cookie.contains("Secure"), "{cookie}");
}

/// A1: session fixation.
#[tokio::test]
async fn a_token_that_the_client_brings_is_never_adopted() {
    let app = TestApp::new().await;
    let victim = app.registered("alice").await;
    let own = victim.cookie(COOKIE).unwrap();
    let made_up = "A".repeat(43);

    for brought in [&own, &made_up] {
        let browser = app.browser();
        browser.set_cookie(COOKIE, brought);
        let thief = browser.stolen();

        log_in(&browser, "alice", PASSWORD).await;

        assert_ne!(browser.cookie(COOKIE).as_ref(), Some(brought));
        assert!(is_logged_in(&browser).await);
        assert!(!is_logged_in(&thief).await, "the session before is ended");
    }
}

#[tokio::test]
async fn logging_in_as_another_user_gives_a_new_token() {
    let app = TestApp::new().await;
    app.registered("bob").await;
    let browser = app.registered("alice").await;
    let alices = browser.stolen();

    log_in(&browser, "bob", PASSWORD).await;

    assert!(browser.get("/welcome").await.text().contains("bob"));
    assert!(!is_logged_in(&alices).await);
}

/// A3: tampering.
#[tokio::test]
async fn no_changed_token_is_anybodys_and_each_that_is_no_token_is_told() {
    let (app, told) = TestApp::with_events().await;
    let token = app.registered("alice").await.cookie(COOKIE).unwrap();
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \"";
    let mut changed = BTreeSet::from([
        format!("{token}="),
        format!("\"{token}\""),
        token.to_lowercase(),
        token.repeat(2),
        "x".repeat(8_192),
        String::new(),
    ]);
    for i in 0..token.len() {
        changed.insert(token[..i].to_owned());
        let (before, after) = (&token[..i], &token[i + 1..]);
        for letter in letters.chars() {
            changed.insert(format!("{before}{letter}{after}"));
            changed.insert(format!("{before}{letter}{}", &token[i..]));
            changed.insert(format!("{letter}{}{after}{letter}", &token[..i.max(1) - 1]));
            changed.insert(format!("{before}{after}{letter}"));
        }
    }
    changed.retain(|value| value.trim() != token);
    assert!(changed.len() >= 10_000, "{}", changed.len());

    for value in &changed {
        let browser = app.browser();
        browser.set_cookie(COOKIE, value);
        let response = browser.get("/welcome").await;
        assert_eq!(response.status, StatusCode::SEE_OTHER, "{value}");
    }

    let no_tokens = changed
        .iter()
        .filter(|value| SessionToken::parse(value.trim()).is_none());
    let told = told.lock().unwrap();
    let refused = told
        .iter()
        .filter(|record| record.event == Event::MalformedCookie);
    assert_eq!(refused.count(), no_tokens.count());
}

/// A9: two cookies with our name, one of them set by somebody else.
#[tokio::test]
async fn of_two_session_cookies_neither_counts() {
    let app = TestApp::new().await;
    let token = app.registered("alice").await.cookie(COOKIE).unwrap();

    for cookies in [
        format!("{COOKIE}={token}; {COOKIE}=evil"),
        format!("{COOKIE}=evil; {COOKIE}={token}"),
        format!("{COOKIE}={token}; {COOKIE}={token}"),
    ] {
        let response = app
            .browser()
            .get_with("/welcome", &[("cookie", &cookies)])
            .await;

        assert_eq!(response.status, StatusCode::SEE_OTHER, "{cookies}");
    }
}

/// A6: idle and absolute expiry, to the second.
#[tokio::test]
async fn a_session_ends_after_idling_and_in_any_case() {
    let app = TestApp::new().await;
    let idling = app.registered("alice").await;
    let busy = app.browser();
    log_in(&busy, "alice", PASSWORD).await;
    let second = Duration::from_secs(1);

    app.clock.advance(DAY * 14 - second);
    assert!(is_logged_in(&busy).await);
    app.clock.advance(second);
    assert!(!is_logged_in(&idling).await);
    assert!(is_logged_in(&busy).await);
    app.clock.advance(DAY * 14 - second * 2);
    assert!(is_logged_in(&busy).await);
    app.clock.advance(DAY * 2 + second);
    assert!(is_logged_in(&busy).await);
    app.clock.advance(second);
    assert!(!is_logged_in(&busy).await);
}

#[tokio::test]
async fn a_shorter_limit_ends_the_sessions_of_yesterday() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;
    let (database, clock) = (app.database.clone(), app.clock.clone());

    let stricter = TestApp::on(database, |config| {
        config.clock = clock;
        config.sessions.expiry.absolute = DAY;
    })
    .await;
    let same_browser = stricter.browser();
    same_browser.set_cookie(COOKIE, &browser.cookie(COOKIE).unwrap());

    app.clock.advance(DAY);
    assert!(is_logged_in(&browser).await);
    assert!(!is_logged_in(&same_browser).await);
}

/// A7: the clock steps back, or the row is from the future.
#[tokio::test]
async fn a_session_from_the_future_is_refused() {
    let app = TestApp::new().await;
    let now = app.clock.now();
    let browser = app.registered("alice").await;

    app.clock.set(now - Duration::from_secs(4 * 60));
    assert!(
        is_logged_in(&browser).await,
        "nodes' clocks differ a little"
    );
    app.clock.set(now - Duration::from_secs(6 * 60));
    assert!(!is_logged_in(&browser).await);
    for clock in [i64::MIN, -1, 0, i64::MAX] {
        app.clock.set(Timestamp::from_millis(clock));
        assert!(!is_logged_in(&browser).await);
    }
}

#[tokio::test]
async fn expired_sessions_are_swept_at_a_later_log_in() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    app.clock.advance(DAY * 31);

    app.registered("bob").await;

    let mut tries = 0..1_000;
    while app.session_count().await != 1 {
        assert!(tries.next().is_some(), "never swept");
        tokio::task::yield_now().await;
    }
}
