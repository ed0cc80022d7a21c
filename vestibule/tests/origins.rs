//! Which other origins may send what: the trusted ones anything, the others to exempt routes only.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::convert::Infallible;

use axum::Router;
use axum::routing::{get, post};
use http::{HeaderValue, Method, StatusCode};
use tower_http::cors::CorsLayer;
use vestibule::login::{LoginOutcome, User, UserId};
use vestibule::stores::MemoryStore;
use vestibule::testing::TestClient;
use vestibule::{CurrentUser, Error, Login, LoginManager};

#[derive(Clone)]
struct Member;

impl User for Member {
    fn id(&self) -> UserId {
        "alice".into()
    }
}

async fn find(_: UserId) -> Result<Option<Member>, Infallible> {
    Ok(Some(Member))
}

fn manager() -> LoginManager<Member> {
    LoginManager::new(find, MemoryStore::new())
        .public_url("https://api.example.com".parse().unwrap())
}

async fn log_in(login: Login<Member>) -> Result<&'static str, Error> {
    assert_eq!(login.log_in(&Member).await?, LoginOutcome::LoggedIn);
    Ok("in")
}

fn app(manager: LoginManager<Member>) -> Router {
    let carried_out = || async { "carried out" };
    let apple = Router::new()
        .route(
            "/callback",
            post(carried_out).get(carried_out).put(carried_out),
        )
        .route("/callback/{id}", post(carried_out));
    Router::new()
        .route("/save", post(carried_out))
        .route("/socket", get(carried_out))
        .route("/login", post(log_in))
        .route("/me", get(|_: CurrentUser<Member>| async { "alice" }))
        .nest("/apple", apple)
        .layer(manager.layer())
}

fn browser(manager: LoginManager<Member>) -> TestClient {
    TestClient::new(app(manager)).host("api.example.com")
}

async fn status(browser: &TestClient, method: &str, path: &str, origin: &str) -> StatusCode {
    let headers = [("origin", origin), ("sec-fetch-site", "cross-site")];
    browser.request(method, path, &headers, "").await.status
}

#[tokio::test]
async fn trusted_origins_send_forms_and_open_sockets_and_others_that_look_like_them_do_not() {
    let manager = manager()
        .trusted_origin("https://App.Example.com:443/")
        .and_then(|manager| manager.trusted_origin("http://localhost:5173"));
    let browser = browser(manager.unwrap());
    let socket = |origin| [("upgrade", "websocket"), ("origin", origin)];

    for origin in ["https://app.example.com", "http://localhost:5173"] {
        assert_eq!(
            status(&browser, "POST", "/save", origin).await,
            StatusCode::OK
        );
        let opened = browser.get_with("/socket", &socket(origin)).await;
        assert_eq!(opened.status, StatusCode::OK, "{origin}");
    }
    for origin in [
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.example",
        "https://evil.app.example.com",
        "https://example.com",
        "https://localhost:5173",
        "http://localhost:3000",
        "null",
    ] {
        let refused = status(&browser, "POST", "/save", origin).await;
        assert_eq!(refused, StatusCode::FORBIDDEN, "{origin}");
        let refused = browser.get_with("/socket", &socket(origin)).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{origin}");
    }
}

#[test]
fn what_is_no_single_origin_is_an_error_that_says_why() {
    for (origin, why) in [
        ("null", "cannot be a trusted origin"),
        ("*", "cannot be a trusted origin"),
        ("app.example.com", "cannot be a trusted origin"),
        ("https://*.example.com", "wildcard"),
        ("https://app.example.com/path", "more than a host"),
        ("https://app.example.com?a", "a query"),
        ("https://u:p@app.example.com", "user name"),
        ("http://app.example.com", "need https"),
        ("chrome-extension://abcdef", "neither http nor https"),
    ] {
        let error = manager().trusted_origin(origin).unwrap_err();
        assert!(error.is_config(), "{origin}");
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[tokio::test]
async fn an_exempt_route_is_exactly_that_route_by_that_method() {
    let browser = browser(
        manager()
            .allow_cross_origin(["post /apple/callback"])
            .unwrap(),
    );
    let anywhere = "https://appleid.apple.com";

    let callback = status(&browser, "POST", "/apple/callback", anywhere).await;
    assert_eq!(callback, StatusCode::OK);
    for (method, path) in [
        ("PUT", "/apple/callback"),
        ("POST", "/apple/callback/7"),
        ("POST", "/apple/callback/"),
        ("POST", "/apple//callback"),
        ("POST", "/callback"),
        ("POST", "/save"),
    ] {
        let refused = status(&browser, method, path, anywhere).await;
        assert_eq!(refused, StatusCode::FORBIDDEN, "{method} {path}");
    }
}

#[test]
fn what_names_no_route_is_an_error_at_the_start() {
    for route in [
        "apple/callback",
        "POST apple",
        "POST",
        "PSOT /apple",
        "",
        "POST,PUT /apple",
    ] {
        let refused = manager().allow_cross_origin([route]);
        assert!(refused.is_err_and(|error| error.is_config()), "{route}");
    }
    assert!(
        manager()
            .allow_cross_origin(["/hook", "POST /a/{id}"])
            .is_ok()
    );
}

/// As the book shows it: a front end on another host of the same site.
#[tokio::test]
async fn a_front_end_on_another_host_logs_in_and_reads_answers_and_errors() {
    const APP: &str = "https://app.example.com";
    let cors = CorsLayer::new()
        .allow_origin(APP.parse::<HeaderValue>().unwrap())
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([http::header::CONTENT_TYPE]);
    let routes = app(manager().trusted_origin(APP).unwrap()).layer(cors);
    let browser = TestClient::new(routes).host("api.example.com");
    let from = [
        ("origin", APP),
        ("sec-fetch-site", "same-site"),
        ("accept", "application/json"),
    ];
    let preflight = [from[0], ("access-control-request-method", "POST")];

    let allowed = browser.request("OPTIONS", "/login", &preflight, "").await;
    assert_eq!(allowed.header("access-control-allow-origin"), Some(APP));
    let refused = browser.get_with("/me", &from).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        refused.header("access-control-allow-credentials"),
        Some("true")
    );
    assert_eq!(browser.post_with("/login", &from, "").await.text(), "in");
    assert_eq!(browser.get_with("/me", &from).await.text(), "alice");
    let foreign = [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    let refused = browser.post_with("/save", &foreign, "").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_ne!(
        refused.header("access-control-allow-origin"),
        Some("https://evil.example")
    );
}
