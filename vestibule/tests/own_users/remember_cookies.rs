//! The duration of remember cookies, and their end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::routing::post;
use vestibule::clock::{Clock, Timestamp};
use vestibule::login::{Event, EventRecord};
use vestibule::session::RememberCookie;
use vestibule::testing::TestClient;
use vestibule::{Error, Login};

use crate::{HOUR, Member, browser, key, manager, routes, text};

/// What the browser would have dropped in time, a thief has not.
#[tokio::test]
async fn refreshing_revives_no_remembered_login_that_has_expired() {
    let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
    let mut remember = RememberCookie::default();
    remember.duration = HOUR;
    remember.refresh_each_request = true;
    let manager = manager().clock(clock.clone()).remember(remember).unwrap();
    let browser = browser(manager);
    browser.post("/in", &[]).await;

    clock.advance(HOUR);

    assert_eq!(text(&browser, "/who").await, "alice", "by the session");
    browser.restart();
    assert_eq!(text(&browser, "/who").await, "nobody");
}

#[tokio::test]
async fn refreshing_begins_the_duration_anew_with_each_request_and_each_return() {
    for duration in [HOUR, Duration::from_mins(2)] {
        let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
        let mut remember = RememberCookie::default();
        remember.duration = duration;
        remember.refresh_each_request = true;
        let manager = manager().clock(clock.clone()).remember(remember).unwrap();
        let browser = browser(manager);
        browser.post("/in", &[]).await;

        for _ in 0..2 {
            clock.advance(duration * 3 / 8);
            assert_eq!(text(&browser, "/who").await, "alice", "by the session");
            browser.restart();
            clock.advance(duration * 3 / 4);
            assert_eq!(text(&browser, "/who").await, "alice", "by the cookie");
        }
    }
}

#[tokio::test]
async fn a_session_that_a_remember_cookie_begins_may_outlast_the_cookie() {
    let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
    let mut remember = RememberCookie::default();
    remember.duration = HOUR;
    let manager = manager().clock(clock.clone()).remember(remember).unwrap();
    let browser = browser(manager);
    browser.post("/in", &[]).await;

    browser.restart();
    clock.advance(HOUR - Duration::from_secs(1));
    assert_eq!(text(&browser, "/who").await, "alice");
    clock.advance(HOUR);

    assert_eq!(text(&browser, "/who").await, "alice");
}

#[tokio::test]
async fn a_log_in_that_remembers_nobody_sets_one_cookie() {
    async fn plainly(login: Login<Member>) -> Result<String, Error> {
        Ok(format!("{:?}", login.log_in(&Member("alice")).await?))
    }
    let app = routes()
        .route("/plainly", post(plainly))
        .layer(manager().layer());

    let response = TestClient::new(app).post("/plainly", &[]).await;

    assert_eq!(response.set_cookies().len(), 1);
}

#[tokio::test]
async fn a_remember_cookie_that_is_no_token_goes_at_the_next_log_in_or_out() {
    async fn plainly(login: Login<Member>) -> Result<String, Error> {
        Ok(format!("{:?}", login.log_in(&Member("alice")).await?))
    }
    async fn out(login: Login<Member>) -> Result<(), Error> {
        login.log_out().await
    }
    for path in ["/plainly", "/out"] {
        let app = routes()
            .route("/plainly", post(plainly))
            .route("/out", post(out))
            .layer(manager().layer());
        let browser = TestClient::new(app);
        browser.set_cookie("__Host-remember", "rubbish");

        browser.post(path, &[]).await;

        assert_eq!(browser.cookie("__Host-remember"), None, "{path}");
    }
}

/// The handler of the log-in has not asked who is there.
#[tokio::test]
async fn a_log_in_that_asks_nobody_ends_what_remembered_the_browser() {
    let browser = browser(manager());
    browser.post("/in", &[]).await;
    browser.restart();
    let thief = browser.stolen();

    browser.post("/in", &[]).await;

    assert_eq!(text(&thief, "/who").await, "nobody");
    assert_eq!(text(&browser, "/who").await, "alice");
}

/// The one who finds the cookie used is told, whoever that is.
#[tokio::test]
async fn who_is_logged_out_by_a_theft_is_told_so_on_the_next_page() {
    let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
    let owner = browser(manager().clock(clock.clone()).messages(&key()));
    owner.post("/in", &[]).await;
    owner.restart();
    owner.stolen().get("/who").await;
    clock.advance(HOUR);

    owner.get("/who").await;

    assert_eq!(
        text(&owner, "/messages").await,
        "You were logged out, as somebody used a copy of what your browser remembers."
    );
}

#[tokio::test]
async fn a_log_out_by_the_remember_cookie_alone_is_told_with_the_user() {
    async fn out(login: Login<Member>) -> Result<(), Error> {
        login.log_out().await
    }
    let heard = Arc::<Mutex<Vec<EventRecord>>>::default();
    let listener = {
        let heard = heard.clone();
        move |record: &EventRecord| heard.lock().unwrap().push(record.clone())
    };
    let manager = manager().on_event(listener);
    let app = routes().route("/out", post(out)).layer(manager.layer());
    let browser = TestClient::new(app);
    browser.post("/in", &[]).await;
    browser.restart();
    let thief = browser.stolen();

    browser.post("/out", &[]).await;

    assert_eq!(text(&thief, "/who").await, "nobody");
    let heard = heard.lock().unwrap();
    let mut out = heard.iter().filter(|told| told.event == Event::LoggedOut);
    let last = out.next().unwrap();
    assert_eq!(last.user, Some("alice".into()));
}

/// A browser sends a cookie with a path to that path only, and not to the login page.
#[tokio::test]
async fn a_remember_cookie_under_a_path_goes_with_the_next_log_in_or_out() {
    async fn plainly(login: Login<Member>) -> Result<String, Error> {
        Ok(format!("{:?}", login.log_in(&Member("bob")).await?))
    }
    async fn out(login: Login<Member>) -> Result<(), Error> {
        login.log_out().await
    }
    let mut remember = RememberCookie::default();
    "/app".clone_into(&mut remember.path);
    let app = routes()
        .route("/plainly", post(plainly))
        .route("/out", post(out))
        .layer(manager().remember(remember).unwrap().layer());
    let browser = TestClient::new(app);

    for path in ["/plainly", "/out"] {
        let response = browser.post(path, &[]).await;
        let cookies = response.set_cookies();
        let mut removal = cookies
            .iter()
            .filter(|c| c.starts_with("__Secure-remember=;"));
        let removal = removal.next().unwrap();
        assert!(removal.contains("; Path=/app"), "{removal}");
    }
}
