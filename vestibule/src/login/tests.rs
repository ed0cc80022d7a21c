//! The login manager alone, with a user type and loader defined here.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{any, get, post};
use futures_util::stream;
use http::StatusCode;

use crate::clock::{Clock, Timestamp};
use crate::error::{Error, Result};
use crate::login::{
    CurrentUser, Epoch, Login, LoginManager, LoginOutcome, User, UserId, UserLoader, login_required,
};
use crate::stores::MemoryStore;
use crate::testing::TestClient;
use crate::testing::log::Log;

#[derive(Debug, Clone)]
struct Member {
    name: String,
    is_active: bool,
    epoch: i64,
}

impl User for Member {
    fn id(&self) -> UserId {
        self.name.as_str().into()
    }

    fn is_active(&self) -> bool {
        self.is_active
    }

    fn session_epoch(&self) -> Epoch {
        self.epoch.into()
    }
}

/// The loader's result; tests can change it.
#[derive(Clone, Default)]
struct Members(Arc<Mutex<Option<Member>>>);

impl Members {
    fn set(&self, member: Option<Member>) {
        *self.0.lock().unwrap() = member;
    }
}

impl UserLoader<Member> for Members {
    async fn load(&self, id: UserId) -> Result<Option<Member>> {
        if id.as_str() == "broken" {
            return Err(Error::store("the table is gone"));
        }
        let found = self.0.lock().unwrap().clone();
        Ok(found.filter(|member| member.id() == id))
    }
}

fn member(name: &str, is_active: bool) -> Member {
    Member {
        name: name.to_owned(),
        is_active,
        epoch: 0,
    }
}

async fn who(user: Option<CurrentUser<Member>>) -> String {
    user.map_or_else(|| "nobody".to_owned(), |user| user.name.clone())
}

async fn log_in_as(login: Login<Member>, name: String) -> Result<String> {
    let outcome = login.log_in(&member(&name, name != "idle")).await?;
    let now = login.current_user().await?.is_some();
    Ok(format!("{outcome:?} {now}"))
}

async fn force(login: Login<Member>, name: String) -> Result<String> {
    let user = member(&name, false);
    let outcome = login.log_in(&user).even_if_inactive().await?;
    let now = login.current_user().await?.is_some();
    Ok(format!("{outcome:?} {now}"))
}

/// Logs in and out within one request.
async fn in_and_out(login: Login<Member>) -> Result<String> {
    let outcome = login.log_in(&member("alice", true)).await?;
    assert_eq!(outcome, LoginOutcome::LoggedIn);
    login.log_out().await?;
    Ok(format!("{:?}", login.current_user().await?))
}

/// Logs in and confirms after the response has begun.
async fn late(login: Login<Member>) -> Body {
    Body::from_stream(stream::once(async move {
        let alice = member("alice", true);
        let logged_in = login
            .log_in(&alice)
            .await
            .map_err(|error| error.is_config());
        let confirmed = login.confirm().await.map_err(|error| error.is_config());
        Ok::<_, Error>(format!("{logged_in:?} {confirmed:?}"))
    }))
}

fn routes() -> Router {
    Router::new()
        .route("/who", get(who))
        .route("/in", post(log_in_as))
        .route("/force", post(force))
        .route("/late", post(late))
        .route("/in-and-out", post(in_and_out))
        .route(
            "/private",
            get(|_: CurrentUser<Member>| async { "private" }),
        )
        .merge(
            Router::new()
                .route("/layer", get(|| async { "private" }))
                .route("/any", any(|| async { "private" }))
                .route_layer(login_required::<Member>()),
        )
}

fn browser(members: &Members, login_view: Option<&str>) -> TestClient {
    let mut manager = LoginManager::new(members.clone(), MemoryStore::new());
    if let Some(view) = login_view {
        manager = manager.login_view(view);
    }
    TestClient::new(routes().layer(manager.layer()))
}

#[tokio::test]
async fn the_user_is_known_in_the_request_that_logs_in_and_in_the_next() {
    let members = Members::default();
    members.set(Some(member("佐藤", true)));
    let browser = browser(&members, None);

    let response = browser.post_with("/in", &[], "佐藤").await;

    assert_eq!(response.text(), "LoggedIn true");
    assert_eq!(browser.get("/who").await.text(), "佐藤");
}

#[tokio::test]
async fn an_inactive_user_is_not_logged_in_unless_forced_and_then_for_one_request() {
    let members = Members::default();
    members.set(Some(member("idle", false)));
    let browser = browser(&members, None);

    let refused = browser.post_with("/in", &[], "idle").await;
    assert_eq!(refused.text(), "Inactive false");
    assert!(browser.cookie_names().is_empty());
    let forced = browser.post_with("/force", &[], "idle").await;
    assert_eq!(forced.text(), "LoggedIn true");
    assert_eq!(browser.get("/who").await.text(), "nobody");
}

#[tokio::test]
async fn deactivation_takes_effect_on_the_very_next_request() {
    let members = Members::default();
    members.set(Some(member("alice", true)));
    let browser = browser(&members, None);
    browser.post_with("/in", &[], "alice").await;

    members.set(Some(member("alice", false)));
    assert_eq!(browser.get("/who").await.text(), "nobody");
    assert_eq!(
        browser.get("/private").await.status,
        StatusCode::UNAUTHORIZED
    );
    members.set(Some(member("alice", true)));
    assert_eq!(browser.get("/who").await.text(), "alice");
}

#[tokio::test]
async fn a_vanished_user_ends_the_session() {
    let members = Members::default();
    members.set(Some(member("alice", true)));
    let browser = browser(&members, None);
    browser.post_with("/in", &[], "alice").await;

    members.set(None);
    assert_eq!(browser.get("/who").await.text(), "nobody");
    members.set(Some(member("alice", true)));
    assert_eq!(
        browser.get("/who").await.text(),
        "nobody",
        "a name given anew"
    );
}

#[tokio::test]
async fn a_loader_that_fails_is_503_and_nobody_is_anonymous_by_accident() {
    let browser = browser(&Members::default(), Some("/login"));
    browser.post_with("/in", &[], "broken").await;

    for path in ["/who", "/private", "/layer"] {
        let response = browser.get(path).await;
        assert_eq!(response.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(
            !response.text().contains("table"),
            "no cause for the visitor"
        );
    }
}

#[tokio::test]
async fn without_a_login_page_and_on_the_login_page_itself_the_answer_is_401() {
    let without = browser(&Members::default(), None);
    let itself = browser(&Members::default(), Some("/private"));

    assert_eq!(
        without.get("/private").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(without.get("/layer").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        itself.get("/private?a").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        itself.get("/layer").await.location(),
        Some("/private?next=%2Flayer")
    );
}

#[tokio::test]
async fn without_the_layer_the_answer_is_500_and_never_the_page() {
    let browser = TestClient::new(routes());

    for path in ["/who", "/private", "/layer"] {
        let response = browser.get(path).await;
        assert_eq!(response.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
    }
}

#[tokio::test]
async fn logging_in_and_out_in_one_request_leaves_nobody() {
    let members = Members::default();
    members.set(Some(member("alice", true)));
    let browser = browser(&members, None);

    let response = browser.post_with("/in-and-out", &[], "").await;

    assert_eq!(response.text(), "None");
    assert_eq!(browser.get("/who").await.text(), "nobody");
}

#[tokio::test]
async fn an_id_that_no_store_can_keep_is_refused() {
    let browser = browser(&Members::default(), None);

    for id in [String::new(), "x".repeat(65), "alice ".to_owned()] {
        let response = browser.post_with("/in", &[], id).await;
        assert_eq!(response.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(browser.cookie_names().is_empty());
    }
}

#[tokio::test]
async fn a_new_epoch_ends_the_sessions_of_the_one_before() {
    let members = Members::default();
    members.set(Some(member("alice", true)));
    let browser = browser(&members, None);
    browser.post_with("/in", &[], "alice").await;

    members.set(Some(Member {
        epoch: 1,
        ..member("alice", true)
    }));
    assert_eq!(browser.get("/who").await.text(), "nobody");
    members.set(Some(member("alice", true)));
    assert_eq!(browser.get("/who").await.text(), "nobody", "for good");
}

#[tokio::test]
async fn no_method_passes_login_required_without_a_log_in() {
    let browser = browser(&Members::default(), None);

    for method in ["GET", "HEAD", "POST", "OPTIONS", "TRACE", "PROPFIND"] {
        let response = browser.request(method, "/any", &[], "").await;

        assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{method}");
        assert!(!response.text().contains("private"), "{method}");
    }
}

/// An attacker on the network can write pages of our host on plain http. The browser is from before
/// 2020.
#[tokio::test]
async fn a_form_from_plain_http_is_refused_on_https() {
    let members = Members::default();
    let https = LoginManager::new(members.clone(), MemoryStore::new())
        .public_url("https://example.com".parse().unwrap());
    let browser = TestClient::new(routes().layer(https.layer()));

    for (origin, status) in [
        ("http://example.com", StatusCode::FORBIDDEN),
        ("https://example.com", StatusCode::OK),
    ] {
        let response = browser
            .post_with("/in", &[("origin", origin)], "alice")
            .await;
        assert_eq!(response.status, status, "{origin}");
    }
}

/// The tokens would not reach the browser: a session without a browser, or a lost one.
#[tokio::test]
async fn once_the_response_has_begun_nobody_logs_in_or_confirms() {
    let members = Members::default();
    members.set(Some(member("alice", true)));
    let browser = browser(&members, None);

    for who in ["nobody", "alice"] {
        let answer = browser.post("/late", &[]).await;

        assert_eq!(answer.text(), "Err(true) Err(true)");
        assert!(answer.set_cookies().is_empty());
        assert_eq!(browser.get("/who").await.text(), who);
        browser.post_with("/in", &[], "alice").await;
    }
}

/// A log-in with the user from before a rehash, where the epoch follows the hash.
#[tokio::test]
async fn a_session_that_ends_at_once_for_another_epoch_is_a_warning_in_the_log() {
    let members = Members::default();
    let browser = browser(&members, None);
    members.set(Some(Member {
        epoch: 1,
        ..member("alice", true)
    }));
    browser.post_with("/in", &[], "alice").await;
    let log = Log::default();
    let guard = log.begin();

    assert_eq!(browser.get("/who").await.text(), "nobody");

    drop(guard);
    let warned = log.text();
    assert!(
        warned.contains("WARN") && warned.contains("the new hash to `log_in`"),
        "{warned}"
    );
}

#[tokio::test]
async fn a_clock_that_was_set_back_is_a_warning_in_the_log_and_not_one_for_each_request() {
    let members = Members::default();
    members.set(Some(member("alice", true)));
    let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
    let manager = LoginManager::new(members, MemoryStore::new()).clock(clock.clone());
    let browser = TestClient::new(routes().layer(manager.layer()));
    browser.post_with("/in", &[], "alice").await;
    let log = Log::default();
    let guard = log.begin();

    clock.set(clock.now() - Duration::from_hours(1));

    for _ in 0..3 {
        assert_eq!(browser.get("/who").await.text(), "nobody");
    }
    drop(guard);
    let warned = log.text();
    assert_eq!(warned.matches("clock was set back").count(), 1, "{warned}");
    assert!(warned.contains("ahead_seconds=3600"), "{warned}");
}
