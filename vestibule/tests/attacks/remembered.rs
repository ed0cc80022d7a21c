//! Attacks on remembered logins: after their end, and on what they may do.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use vestibule::accounts::Actor;
use vestibule::login::{Event, SessionLimit, SessionProtection};

use crate::{DAY, SESSION, Target, is_in};

/// A4, A19: the remember cookie after log-out, new password, disabled account, expiry.
#[tokio::test]
async fn a_copied_remember_cookie_is_dead_after_whatever_ends_the_login() {
    for end in ["log-out", "password", "disabled", "everywhere", "expiry"] {
        let target = Target::new().await;
        let browser = target.remembered().await;
        let thief = browser.stolen();
        let accounts = target.app.site.accounts();
        let id = target.alice().await.id;

        match end {
            "log-out" => drop(browser.post("/logout", &[]).await),
            "password" => {
                let new = "another horse battery staple".into();
                accounts
                    .by(Actor::operator())
                    .set_password(&id, &new)
                    .await
                    .map(drop)
                    .unwrap();
            }
            "disabled" => accounts
                .by(Actor::operator())
                .disable(&id)
                .await
                .map(drop)
                .unwrap(),
            "everywhere" => drop(browser.post("/everywhere", &[]).await),
            _ => target.app.clock.advance(DAY * 30),
        }

        thief.forget_cookie(SESSION);
        let response = thief.get("/welcome").await;
        assert_eq!(response.status, StatusCode::SEE_OTHER, "{end}");
        if end == "disabled" {
            // Enabled again, it is not back.
            accounts
                .by(Actor::operator())
                .enable(&id)
                .await
                .map(drop)
                .unwrap();
            assert!(!is_in(&thief).await);
        }
    }
}

/// A6, A7, for the remember cookie: its end, a clock that jumps, rows from the future.
#[tokio::test]
async fn a_remembered_login_ends_on_time_and_one_from_the_future_is_refused() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    browser.restart();
    let second = Duration::from_secs(1);

    target.app.clock.advance(DAY * 30 - second);
    let early = browser.stolen();
    assert!(is_in(&early).await);
    early.restart();
    target.app.clock.advance(second);
    assert!(!is_in(&early).await, "rotation does not prolong it");

    let browser = target.remembered().await;
    browser.restart();
    let now = target.app.clock.now();
    target.app.clock.set(now - DAY / 24);
    assert!(!is_in(&browser).await, "an hour from the future");
    target.app.clock.set(now + DAY * 3650);
    assert!(!is_in(&browser).await, "ten years on");
    target.app.clock.set(now);
    assert!(is_in(&browser).await);
    for column in ["created_at", "rotated_at"] {
        let browser = target.remembered().await;
        browser.restart();
        let future = (now + DAY).as_millis();
        target.write("remembered_logins", column, future).await;
        assert!(!is_in(&browser).await, "{column}");
    }
}

/// However often it is resumed, the last session ends with the browser's being remembered.
#[tokio::test]
async fn a_session_without_a_credential_does_not_outlive_what_it_came_of() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    target.app.clock.advance(DAY * 29);
    browser.restart();
    assert!(is_in(&browser).await);

    target.app.clock.advance(DAY);

    assert!(!is_in(&browser).await);
}

/// A20: what a remembered session may do. With the pages: `flows/confirm_login/tests.rs`.
#[tokio::test]
async fn a_remembered_session_is_not_fresh_however_new_it_is() {
    let target = Target::new().await;
    let browser = target.remembered().await;

    let fresh = browser.get("/sensitive").await;
    browser.restart();
    let remembered = browser.get("/sensitive").await;

    assert_eq!(fresh.text(), "sensitive");
    let confirm = "/confirm-login?next=%2Fsensitive";
    assert_eq!(remembered.location(), Some(confirm));
}

/// Strong mode, as Flask-Login's users suffered it: with a remembered browser, visit by visit.
#[tokio::test]
async fn strong_protection_and_a_remembered_browser_get_along() {
    let target = Target::with(|config| {
        config.sessions.protection = SessionProtection::Strong;
    })
    .await;
    let browser = target.app.browser().user_agent("UA/1");
    target.log_in(&browser, true).await;
    browser.restart();

    for _ in 0..3 {
        assert!(is_in(&browser).await);
    }
    let thief = browser.stolen().user_agent("UA/2");
    assert!(!is_in(&thief).await);
    assert!(
        !is_in(&browser).await,
        "what was copied is worth nothing to anybody"
    );
}

/// The log-out and the use of the remember cookie at once: the log-out wins.
#[tokio::test]
async fn a_browser_that_logs_out_while_it_is_being_remembered_is_out() {
    for _ in 0..20 {
        let target = Arc::new(Target::new().await);
        let browser = Arc::new(target.remembered().await);
        browser.forget_cookie(SESSION);
        let tab = browser.stolen();

        let visit = tokio::spawn(async move {
            tab.get("/welcome").await;
            tab
        });
        browser.post("/logout", &[]).await;
        let tab = visit.await.unwrap();

        assert!(!is_in(&tab).await, "whatever the visit began is ended");
        tab.restart();
        assert!(!is_in(&tab).await);
        assert_eq!(target.rows("sessions").await, 1, "that of the registration");
    }
}

/// A16: sessions without end, and without a password.
#[tokio::test]
async fn a_remember_cookie_alone_begins_no_more_than_two_sessions() {
    for max_sessions in [0, 3] {
        let target = Target::with(|config| {
            config.sessions.limit = SessionLimit::reject(max_sessions);
        })
        .await;
        let before = target.rows("sessions").await;
        let script = target.remembered().await;

        for _ in 0..30 {
            target.app.clock.advance(Duration::from_secs(1));
            script.restart();
            assert!(is_in(&script).await, "it is remembered all the same");
        }

        let begun = target.rows("sessions").await - before;
        assert!(begun <= 2, "{begun} sessions");
        assert_eq!(target.count(Event::RememberCookieReused), 0);
    }
}
