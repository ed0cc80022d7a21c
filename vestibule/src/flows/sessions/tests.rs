#![cfg(feature = "sqlite")]

use std::collections::HashSet;
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use crate::accounts::Action;
use crate::login::Event;
use crate::session::{DataValues, Replaced, Session, SessionId, SessionStore};
use crate::stores::MemoryStore;
use crate::testing::{PASSWORD, TestApp, TestClient};

const JSON: [(&str, &str); 1] = [("accept", "application/json")];
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";

async fn log_in(app: &TestApp, user_agent: &str) -> TestClient {
    let browser = app.browser().user_agent(user_agent);
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    browser.post("/login", &fields).await;
    browser
}

async fn log_in_after_registration(app: &TestApp) -> TestClient {
    app.registered("alice").await.post("/logout", &[]).await;
    log_in(app, FIREFOX).await
}

async fn list(browser: &TestClient) -> Vec<Value> {
    let listed = browser.get_with("/account/sessions", &JSON).await.json();
    listed["sessions"].as_array().unwrap().clone()
}

async fn is_in(browser: &TestClient) -> bool {
    browser.get("/welcome").await.status == StatusCode::OK
}

#[tokio::test]
async fn ones_sessions_are_listed_with_browser_address_and_times_and_this_one_is_marked() {
    let app = TestApp::new().await;
    app.registered("bob").await;
    app.registered("alice").await;
    app.clock.advance(Duration::from_secs(3_600));
    log_in(&app, "curl/8").await;
    let firefox = app.browser().user_agent(FIREFOX);
    let firefox = firefox.address("192.0.2.7".parse().unwrap());
    let fields = [("username", "alice"), ("password", PASSWORD)];
    firefox.post("/login", &fields).await;

    let sessions = list(&firefox).await;

    assert_eq!(sessions.len(), 3, "of alice, not of bob");
    let this: Vec<_> = sessions
        .iter()
        .filter(|session| session["is_this"] == true)
        .collect();
    assert_eq!(this.len(), 1);
    assert_eq!(this[0]["browser"], "Firefox on Linux");
    assert_eq!(this[0]["address"], "192.0.2.7");
    assert_eq!(this[0]["created_at"], "2027-01-15T09:00:00Z");
    let page = firefox.get("/account/sessions").await;
    let text = page.text();
    assert!(
        text.contains("<bdi>Firefox on Linux</bdi>")
            && text.contains("<span class=\"badge accent\">This browser</span>")
    );
    assert_eq!(text.matches("class=\"quiet\"").count(), 2);
    for secret in [firefox.cookie("__Host-session").unwrap().as_str(), "epoch"] {
        assert!(!text.contains(secret));
    }
}

#[tokio::test]
async fn one_session_is_ended_with_what_remembers_its_browser() {
    let (app, told) = TestApp::with_events().await;
    let here = app.registered("alice").await;
    let there = log_in(&app, FIREFOX).await;
    let sessions = list(&here).await;
    let other = sessions
        .iter()
        .find(|session| session["is_this"] == false)
        .unwrap();
    let id = other["id"].as_str().unwrap();

    let ended = here.post("/account/sessions/end", &[("session", id)]).await;

    assert_eq!(ended.location(), Some("/account/sessions"));
    let last = told.lock().unwrap().pop().map(|record| record.event);
    assert_eq!(last, Some(Event::SessionEnded));
    let page = here.get("/account/sessions").await;
    assert!(page.text().contains("That browser has been logged out."));
    assert!(!is_in(&there).await && is_in(&here).await);
    there.restart();
    assert!(!is_in(&there).await, "forgotten too");
    let again = here.post("/account/sessions/end", &[("session", id)]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    assert!(again.text().contains("already ended"));
    let log = app
        .site
        .accounts()
        .security_log(None, None, 10)
        .await
        .unwrap();
    let line = log
        .iter()
        .find(|line| line.action == Action::SessionEnded.as_str())
        .unwrap();
    assert_eq!((&*line.actor, line.detail.as_deref()), ("alice", Some(id)));
}

#[tokio::test]
async fn the_name_of_a_browser_is_in_the_language_of_the_visitor() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let browser = log_in(&app, FIREFOX).await;
    log_in(&app, "curl on stilts").await;

    for page in ["/account/sessions", "/account/log"] {
        for (language, name) in [
            ("en", "<bdi>Firefox on Linux</bdi>"),
            ("de", "<bdi>Firefox auf Linux</bdi>"),
            ("es", "<bdi>Firefox en Linux</bdi>"),
        ] {
            let shown = browser
                .get_with(page, &[("accept-language", language)])
                .await;
            assert!(shown.text().contains(name), "{page}: {name}");
        }
    }
    let sessions = browser.get("/account/sessions").await;
    assert!(sessions.text().contains("<bdi>curl on stilts</bdi>"));
}

/// It has resumed, and its previous session must not look like another browser.
#[tokio::test]
async fn a_remembered_browser_is_listed_once() {
    let app = TestApp::new().await;
    let here = app.registered("alice").await;
    let there = log_in(&app, FIREFOX).await;
    for _ in 0..2 {
        there.restart();
        app.clock.advance(Duration::from_secs(60));
        assert!(is_in(&there).await);
    }

    for browser in [&here, &there] {
        let sessions = list(browser).await;

        assert_eq!(sessions.len(), 2);
        let of_this = sessions.iter().filter(|session| session["is_this"] == true);
        assert_eq!(of_this.count(), 1);
    }
    let sessions = list(&here).await;
    let other = sessions.iter().find(|session| session["is_this"] == false);
    let id = other.unwrap()["id"].as_str().unwrap();
    here.post("/account/sessions/end", &[("session", id)]).await;
    assert!(!is_in(&there).await, "ended with all that it had");
    assert_eq!(list(&here).await.len(), 1);
}

/// A browser with a copy of the remember cookie is shown separately from the original one. That one
/// comes back with a token that was just replaced, and must confirm first.
#[tokio::test]
async fn who_comes_back_from_elsewhere_is_listed_and_ends_with_what_was_copied() {
    let app = TestApp::new().await;
    let here = log_in_after_registration(&app).await;
    let thief = here.stolen().address("192.0.2.66".parse().unwrap());
    thief.restart();
    assert!(is_in(&thief).await);

    let sessions = list(&here).await;

    assert_eq!(sessions.len(), 2);
    let other = sessions.iter().find(|session| session["is_this"] == false);
    let other = other.unwrap();
    assert_eq!(other["address"], "192.0.2.66");
    assert_eq!(other["is_same_login"], true);
    let page = here.get("/account/sessions").await;
    assert!(page.text().contains("logs you out here too"));
    let id = other["id"].as_str().unwrap();
    here.post("/confirm-login", &[("password", PASSWORD)]).await;
    here.post("/account/sessions/end", &[("session", id)]).await;
    thief.restart();
    assert!(!is_in(&thief).await && !is_in(&here).await);
}

#[tokio::test]
async fn all_others_end_and_all_other_browsers_are_forgotten() {
    let app = TestApp::new().await;
    let here = app.registered("alice").await;
    let (there, asleep) = (log_in(&app, FIREFOX).await, log_in(&app, "Tablet").await);
    asleep.restart();

    let ended = here.post("/account/sessions/end-others", &[]).await;

    assert_eq!(ended.location(), Some("/account/sessions"));
    assert!(is_in(&here).await);
    assert!(!is_in(&there).await && !is_in(&asleep).await);
    assert_eq!(list(&here).await.len(), 1);
    let log = app
        .site
        .accounts()
        .security_log(None, None, 10)
        .await
        .unwrap();
    assert!(
        log.iter()
            .any(|line| line.action == Action::SessionsEnded.as_str())
    );
}

/// H2: the sessions of others.
#[tokio::test]
async fn the_session_of_somebody_else_is_404_and_stays() {
    let app = TestApp::new().await;
    let (alice, bob) = (app.registered("alice").await, app.registered("bob").await);
    let of_bob = list(&bob).await[0]["id"].as_str().unwrap().to_owned();

    let refused = alice
        .post("/account/sessions/end", &[("session", &of_bob)])
        .await;

    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert!(is_in(&bob).await);
    for nobodys in ["", "1", "\u{0}", "../", &"a".repeat(10_000)] {
        let refused = alice
            .post("/account/sessions/end", &[("session", nobodys)])
            .await;
        assert!(refused.status.is_client_error(), "{nobodys:?}");
    }
}

#[tokio::test]
async fn ending_needs_a_fresh_log_in_and_looking_does_not() {
    let app = TestApp::new().await;
    let here = app.registered("alice").await;
    let there = log_in(&app, FIREFOX).await;
    app.clock.advance(Duration::from_secs(16 * 60));

    let page = here.get("/account/sessions").await;
    assert!(page.text().contains("confirm it’s you</a> first"));
    let sessions = list(&here).await;
    let other = sessions.iter().find(|session| session["is_this"] == false);
    let session = ("session", other.unwrap()["id"].as_str().unwrap());
    for (path, fields) in [
        ("/account/sessions/end-others", [].as_slice()),
        ("/account/sessions/end", &[session]),
    ] {
        let asked = here.post(path, fields).await;
        assert!(
            asked.location().unwrap().starts_with("/confirm-login"),
            "{path}"
        );
    }
    assert!(is_in(&there).await);
    let sent = app.browser().get("/account/sessions").await;
    assert_eq!(sent.location(), Some("/login?next=%2Faccount%2Fsessions"));
}

/// Only what happens is a line in the log, so nobody can fill it.
#[tokio::test]
async fn where_no_other_session_is_there_to_end_the_log_gets_no_line() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;
    let lines = async || {
        let log = app.site.accounts().security_log(None, None, 100).await;
        let log = log.unwrap().into_iter();
        log.filter(|line| line.action != "logged in").count()
    };
    let before = lines().await;

    for _ in 0..3 {
        let ended = browser.post("/account/sessions/end-others", &[]).await;
        assert_eq!(ended.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(lines().await, before);

    let other = app.browser();
    let fields = [("username", "alice"), ("password", PASSWORD)];
    other.post("/login", &fields).await;
    browser.post("/account/sessions/end-others", &[]).await;
    assert_eq!(lines().await, before + 1);
}

/// However many there are, a page reads and shows 50.
#[tokio::test]
async fn many_sessions_are_shown_in_pages() {
    let store = MemoryStore::new();
    let app = TestApp::with(|config| {
        config.session_store(store.clone());
    })
    .await;
    let browser = app.registered("alice").await;
    let alice = app.site.accounts().find("alice").await.unwrap().unwrap();
    for number in 0..120 {
        let now = app.clock.now();
        let id = SessionId::from_bytes([number; 32]);
        let lasts = Duration::from_hours(1);
        let epoch = alice.session_epoch;
        let public_id = format!("session-{number}");
        let session = Session::new(id, public_id, alice.id.clone(), epoch, now, lasts);
        let created = store.create(session, DataValues::new(), None, Replaced::default());
        created.await.unwrap();
    }
    app.clock.advance(Duration::from_mins(2));

    let (mut path, mut seen, mut pages) = ("/account/sessions".to_owned(), HashSet::new(), 0);
    loop {
        let page = browser.get_with(&path, &JSON).await.json();
        let sessions = page["sessions"].as_array().unwrap();
        assert!(sessions.len() <= 50);
        seen.extend(sessions.iter().map(|session| session["id"].to_string()));
        pages += 1;
        match page["next"].as_str() {
            Some(next) => path = format!("/account/sessions?after={next}"),
            None => break,
        }
    }

    assert_eq!((seen.len(), pages), (121, 3));
    let first = browser.get("/account/sessions").await;
    assert!(first.text().contains("rel=\"next\">Next page"));
    let unknown = browser.get("/account/sessions?after=gone").await;
    assert!(
        unknown
            .text()
            .contains("<span class=\"badge accent\">This browser</span>")
    );
    assert!(unknown.text().contains(">First page</a>"));
    let ended = browser
        .post("/account/sessions/end", &[("session", "session-3")])
        .await;
    assert_eq!(ended.location(), Some("/account/sessions"), "on any page");
}
