//! Attacks on log-ins: fixation, sessions of another user, and many log-ins at once.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use http::StatusCode;
use vestibule::Login;
use vestibule::accounts::{Account, Actor};
use vestibule::login::{Event, SessionLimit};
use vestibule::testing::PASSWORD;

use crate::{DAY, REMEMBER, SESSION, Target, is_in};

/// A2: the token changes with the privilege: log-in, confirm, resume.
#[tokio::test]
async fn every_change_of_privilege_gives_a_new_token_and_ends_the_old_one() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    let mut tokens = vec![browser.cookie(SESSION).unwrap()];

    target.app.clock.advance(DAY / 24);
    browser
        .post("/confirm-login", &[("password", PASSWORD)])
        .await;
    tokens.push(browser.cookie(SESSION).unwrap());
    browser.restart();
    assert!(is_in(&browser).await);
    tokens.push(browser.cookie(SESSION).unwrap());
    target.log_in(&browser, true).await;
    tokens.push(browser.cookie(SESSION).unwrap());

    assert_eq!(tokens.iter().collect::<HashSet<_>>().len(), 4);
    for dead in &tokens[..3] {
        let thief = target.app.browser();
        thief.set_cookie(SESSION, dead);
        assert!(!is_in(&thief).await);
    }
    assert!(is_in(&browser).await);
}

/// A15: a session that only remembers one user says nothing for the log-in of another.
#[tokio::test]
async fn a_log_in_as_somebody_else_takes_nothing_over() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    let before = browser.stolen();
    target.app.registered("bob").await;

    let bob = [("username", "bob"), ("password", PASSWORD)];
    browser.post("/login", &bob).await;

    assert!(browser.get("/welcome").await.text().contains("bob"));
    assert_eq!(browser.cookie(REMEMBER), None, "bob did not ask for it");
    browser.restart();
    assert!(!is_in(&browser).await);
    before.forget_cookie(SESSION);
    assert!(!is_in(&before).await, "what remembered alice here is ended");
}

/// The session is over; what remembers the browser is not, until the next log-in.
#[tokio::test]
async fn a_log_in_ends_what_remembered_the_browser_before() {
    for remember in [false, true] {
        let target = Target::new().await;
        let browser = target.remembered().await;
        browser.restart();
        let thief = browser.stolen();

        target.log_in(&browser, remember).await;

        assert!(!is_in(&thief).await);
        assert_eq!(target.count(Event::RememberCookieReused), 0);
        assert!(is_in(&browser).await);
    }
}

/// A16: but for the throttle, there is no cap; 50 log-ins at once are 50 sessions, and end together.
#[tokio::test]
async fn parallel_log_ins_are_sessions_of_their_own_that_end_together() {
    let target = Target::with(|config| config.throttle.is_on = false).await;
    let target = Arc::new(target);
    let id = target.alice().await.id;
    let log_ins: Vec<_> = (0..50)
        .map(|_| {
            let target = target.clone();
            tokio::spawn(async move { target.remembered().await })
        })
        .collect();
    let mut browsers = Vec::new();
    for log_in in log_ins {
        browsers.push(log_in.await.unwrap());
    }

    assert_eq!(target.rows("remembered_logins").await, 50);
    for browser in &browsers {
        assert!(is_in(browser).await);
    }
    let new = "another horse battery staple".into();
    let accounts = target.app.site.accounts();
    accounts
        .by(Actor::operator())
        .set_password(&id, &new)
        .await
        .map(drop)
        .unwrap();
    for browser in &browsers {
        assert!(!is_in(browser).await);
        browser.restart();
        assert!(!is_in(browser).await);
    }
    assert_eq!(target.rows("sessions").await, 0);
    assert_eq!(target.rows("remembered_logins").await, 0);
}

/// A16: a cap holds however many log in at once; and where the oldest end, not all of them do. Two
/// that begin at the same moment may each end another one that was there before.
#[tokio::test]
async fn of_parallel_log_ins_no_more_stay_than_the_cap_allows() {
    for (cap, least) in [
        (SessionLimit::end_oldest(3), 1),
        (SessionLimit::reject(3), 0),
    ] {
        let target = Target::with(|config| config.sessions.limit = cap).await;
        let by = Actor::operator();
        let accounts = target.app.site.accounts();
        let id = target.alice().await.id;
        accounts.by(by).end_sessions(&id).await.map(drop).unwrap();
        let alice = target.alice().await;
        // Passwords would be hashed one after the other.
        let clock = target.app.clock.clone();
        let log_in = move |login: Login<Account>| {
            let alice = alice.clone();
            // The clock goes on between them, as clocks do.
            clock.advance(Duration::from_millis(1));
            async move { login.log_in(&alice).await.map(drop) }
        };
        let app = target.app.clone();
        let app = app.routes(Router::new().route("/at-once", post(log_in)));
        let log_ins: Vec<_> = (0..50)
            .map(|_| {
                let browser = app.browser();
                tokio::spawn(async move {
                    let answer = browser.post("/at-once", &[]).await;
                    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
                    browser
                })
            })
            .collect();

        let mut stay = 0;
        let mut browsers = Vec::new();
        for log_in in log_ins {
            browsers.push(log_in.await.unwrap());
        }
        for browser in &browsers {
            stay += i64::from(is_in(browser).await);
        }

        assert!((least..=3).contains(&stay), "{cap:?}: {stay}");
        assert_eq!(target.rows("sessions").await, stay, "{cap:?}");
        let told = i64::try_from(target.count(Event::SessionEnded)).unwrap();
        assert_eq!(told, if least == 0 { 0 } else { 50 - stay }, "{cap:?}");
        if stay == 0 {
            let later = app.browser();
            later.post("/at-once", &[]).await;
            assert!(is_in(&later).await, "alone it is within the cap");
        }
    }
}

/// A4: a row that a wrong clock or hand made fresh for ever is not.
#[tokio::test]
async fn a_credential_shown_in_the_future_is_none() {
    let target = Target::new().await;
    let browser = target.remembered().await;
    let future = (target.app.clock.now() + DAY).as_millis();

    target.write("sessions", "authenticated_at", future).await;

    assert!(browser.get("/sensitive").await.location().is_some());
}
