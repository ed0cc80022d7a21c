//! Ending and confirming sessions, and log-ins and log-outs that meet in one request or two.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::routing::post;
use http::StatusCode;
use vestibule::clock::{Clock, Timestamp};
use vestibule::login::{LoginOutcome, User};
use vestibule::stores::MemoryStore;
use vestibule::testing::TestClient;
use vestibule::{CurrentUser, Error, Login, LoginManager};

use crate::{HOUR, Member, SESSION, browser, find, manager, routes, text};

/// The same app for several browsers.
fn browsers<const N: usize>(manager: LoginManager<Member>) -> [TestClient; N] {
    let app = routes().layer(manager.layer());
    std::array::from_fn(|_| TestClient::new(app.clone()))
}

#[tokio::test]
async fn the_other_sessions_of_a_user_end_and_this_one_stays() {
    let [here, there, forgotten] = browsers(manager());
    for browser in [&here, &there, &forgotten] {
        browser.post("/in", &[]).await;
    }
    forgotten.restart();

    let ended = here.post("/elsewhere", &[]).await;

    assert_eq!(ended.text(), "2");
    assert_eq!(text(&here, "/who").await, "alice");
    here.restart();
    assert_eq!(text(&here, "/who").await, "alice", "still remembered");
    for browser in [&there, &forgotten] {
        assert_eq!(text(browser, "/who").await, "nobody");
        browser.restart();
        assert_eq!(text(browser, "/who").await, "nobody");
    }
}

#[tokio::test]
async fn all_sessions_of_a_user_end_with_this_one() {
    let [here, there] = browsers(manager());
    for browser in [&here, &there] {
        browser.post("/in", &[]).await;
    }

    let ended = here.post("/everywhere", &[]).await;

    assert_eq!(ended.text(), "2");
    assert!(here.cookie_names().is_empty());
    for browser in [&here, &there] {
        assert_eq!(text(browser, "/who").await, "nobody");
    }
    assert_eq!(here.post("/everywhere", &[]).await.text(), "0");
}

#[tokio::test]
async fn freshness_is_a_time_that_confirming_begins_anew() {
    let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
    let browser = browser(manager().clock(clock.clone()).fresh_for(HOUR));
    browser.post("/in", &[]).await;

    clock.advance(HOUR - Duration::from_millis(1));
    assert_eq!(text(&browser, "/fresh").await, "fresh");
    clock.advance(Duration::from_millis(1));
    let refused = browser.get("/fresh").await;
    assert_eq!(refused.location(), Some("/confirm?next=%2Ffresh"));
    assert_eq!(browser.post("/confirm-it", &[]).await.text(), "Confirmed");
    assert_eq!(text(&browser, "/fresh").await, "fresh");
}

#[tokio::test]
async fn there_is_nothing_to_confirm_for_who_is_not_logged_in() {
    let browser = browser(manager());

    assert_eq!(browser.post("/confirm-it", &[]).await.text(), "NoSession");
    assert!(browser.cookie_names().is_empty());
}

/// Between the look at the session and the new token, somebody ends it.
#[tokio::test]
async fn what_is_ended_while_it_is_being_confirmed_stays_ended() {
    async fn end_then_confirm(login: Login<Member>) -> Result<String, Error> {
        login.current_user().await?;
        let other = login.log_out_everywhere().await?;
        let confirmed = login.confirm().await?;
        Ok(format!("{other} {confirmed:?}"))
    }
    async fn confirm_late(
        user: CurrentUser<Member>,
        login: Login<Member>,
        Extension(store): Extension<MemoryStore>,
    ) -> Result<String, Error> {
        use vestibule::session::SessionStore;
        store.revoke_user("", &user.id(), None).await?;
        Ok(format!("{:?}", login.confirm().await?))
    }
    let store = MemoryStore::new();
    let app = routes()
        .route("/end-then-confirm", post(end_then_confirm))
        .route("/confirm-late", post(confirm_late))
        .layer(LoginManager::new(find, store.clone()).layer())
        .layer(Extension(store));
    let browser = TestClient::new(app);

    for (path, answer) in [
        ("/end-then-confirm", "1 NoSession"),
        ("/confirm-late", "NoSession"),
    ] {
        browser.post("/in", &[]).await;
        assert_eq!(browser.post(path, &[]).await.text(), answer);
        assert_eq!(text(&browser, "/who").await, "nobody");
        browser.restart();
        assert_eq!(text(&browser, "/who").await, "nobody");
    }
}

/// Two tabs: one confirms while the other has begun to log out.
#[tokio::test]
async fn a_log_out_ends_the_session_that_was_confirmed_meanwhile() {
    let [reached, go] = [(), ()].map(|()| Arc::new(tokio::sync::Notify::new()));
    let slow_out = {
        let (reached, go) = (reached.clone(), go.clone());
        move |login: Login<Member>| async move {
            login.current_user().await?;
            reached.notify_one();
            go.notified().await;
            login.log_out().await
        }
    };
    let app = routes().route("/slow-out", post(slow_out));
    let browser = TestClient::new(app.layer(manager().layer()));
    browser.post("/in", &[]).await;
    let tab = browser.stolen();

    let out = tokio::spawn(async move { tab.post("/slow-out", &[]).await.status });
    reached.notified().await;
    assert_eq!(browser.post("/confirm-it", &[]).await.text(), "Confirmed");
    go.notify_one();

    assert_eq!(out.await.unwrap(), StatusCode::OK);
    assert_eq!(text(&browser, "/who").await, "nobody");
    browser.restart();
    assert_eq!(text(&browser, "/who").await, "nobody");
}

/// Issue 600: clearing the session after a log-out kept the remember cookie alive.
#[tokio::test]
async fn whatever_comes_after_the_log_out_in_a_request_cannot_undo_it() {
    async fn out_and_on(login: Login<Member>) -> Result<String, Error> {
        login.log_out().await?;
        let confirmed = login.confirm().await?;
        let user = login.current_user().await?;
        login.log_out().await?;
        Ok(format!("{confirmed:?} {}", user.is_some()))
    }
    let app = routes().route("/out", post(out_and_on));
    let browser = TestClient::new(app.layer(manager().layer()));
    browser.post("/in", &[]).await;
    let thief = browser.stolen();

    let response = browser.post("/out", &[]).await;

    assert_eq!(response.text(), "NoSession false");
    assert!(browser.cookie_names().is_empty());
    assert_eq!(text(&thief, "/who").await, "nobody");
}

/// Issue 449: the session's id was the same from log-in to log-in.
#[tokio::test]
async fn logging_in_twice_in_a_request_leaves_one_session() {
    async fn twice(login: Login<Member>) -> Result<String, Error> {
        for member in ["alice", "bob"] {
            let outcome = login.log_in(&Member(member)).remember().await?;
            assert_eq!(outcome, LoginOutcome::LoggedIn);
        }
        let user = login.current_user().await?;
        Ok(user.map_or("nobody", |user| user.0).to_owned())
    }
    let store = MemoryStore::new();
    let manager = LoginManager::new(find, store.clone());
    let app = routes().route("/twice", post(twice)).layer(manager.layer());
    let browser = TestClient::new(app);

    assert_eq!(browser.post("/twice", &[]).await.text(), "bob");

    assert_eq!(text(&browser, "/who").await, "bob");
    assert_eq!(
        format!("{store:?}"),
        "MemoryStore { sessions: 1, remembered_logins: 1 }"
    );
    assert_ne!(browser.cookie(SESSION), None);
}
