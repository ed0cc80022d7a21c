#![cfg(feature = "sqlite")]

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use http::StatusCode;
use http_body_util::channel::Channel;
use serde_json::json;

use crate::accounts::Account;
use crate::login::FreshUser;
use crate::testing::{PASSWORD, TestApp, TestClient};

const COOKIE: &str = "__Host-session";
const A_QUARTER: Duration = Duration::from_secs(15 * 60);

/// The site, with a page that needs a fresh log-in.
async fn app() -> TestApp {
    let sensitive = Router::new()
        .route(
            "/sensitive",
            get(|_: FreshUser<Account>| async { "sensitive" }),
        )
        .route("/change", post(|_: FreshUser<Account>| async { "changed" }));
    TestApp::new().await.routes(sensitive)
}

/// A browser whose log-in is no longer fresh.
async fn stale(app: &TestApp) -> TestClient {
    let browser = app.registered("alice").await;
    app.clock.advance(A_QUARTER);
    browser
}

#[tokio::test]
async fn a_quarter_of_an_hour_after_the_password_it_is_asked_for_again() {
    let app = app().await;
    let browser = app.registered("alice").await;

    app.clock.advance(A_QUARTER - Duration::from_secs(1));
    assert_eq!(browser.get("/sensitive").await.text(), "sensitive");
    app.clock.advance(Duration::from_secs(1));

    let refused = browser.get("/sensitive").await;
    assert_eq!(refused.status, StatusCode::SEE_OTHER);
    let confirm = "/confirm-login?next=%2Fsensitive";
    assert_eq!(refused.location(), Some(confirm));
    let page = browser.get(confirm).await;
    assert!(page.text().contains("enter your password again"));
    assert!(
        page.text()
            .contains(r#"name="next" value="&#x2f;sensitive""#)
    );
    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_right_password_leads_back_under_a_new_token() {
    let app = app().await;
    let browser = stale(&app).await;
    let before = browser.stolen();
    let fields = [("password", PASSWORD), ("next", "/sensitive")];

    let confirmed = browser.post("/confirm-login", &fields).await;

    assert_eq!(confirmed.location(), Some("/sensitive"));
    assert_ne!(browser.cookie(COOKIE), before.cookie(COOKIE));
    assert_eq!(browser.get("/sensitive").await.text(), "sensitive");
    assert_eq!(
        before.get("/welcome").await.location(),
        Some("/login?next=%2Fwelcome"),
        "the token before is dead"
    );
    let again = browser.get("/confirm-login?next=%2Fsensitive").await;
    assert_eq!(again.location(), Some("/sensitive"), "nothing to confirm");
}

#[tokio::test]
async fn a_wrong_or_missing_password_confirms_nothing() {
    let app = app().await;
    let browser = stale(&app).await;

    for (password, status) in [
        ("wrong", StatusCode::UNAUTHORIZED),
        ("", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let fields = [("password", password)];
        let refused = browser.post("/confirm-login", &fields).await;

        assert_eq!(refused.status, status);
        assert!(refused.text().contains("password"));
        assert!(browser.get("/sensitive").await.location().is_some());
    }
    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
}

/// A20: what a remembered session is allowed to do.
#[tokio::test]
async fn a_remembered_user_is_asked_too_and_then_let_in() {
    let app = app().await;
    app.registered("alice").await;
    let browser = app.browser();
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    browser.post("/login", &fields).await;
    browser.restart();

    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
    let refused = browser.get("/sensitive").await;
    assert_eq!(refused.location(), Some("/confirm-login?next=%2Fsensitive"));
    browser
        .post("/confirm-login", &[("password", PASSWORD)])
        .await;
    assert_eq!(browser.get("/sensitive").await.text(), "sensitive");
    browser.restart();
    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_was_posting_is_told_and_led_back_to_the_form() {
    let app = app().await;
    let browser = stale(&app).await;
    let referer = [("referer", "https://example.com/sensitive?form=1")];

    let refused = browser.post_with("/change", &referer, "").await;

    let confirm = "/confirm-login?next=%2Fsensitive%3Fform%3D1";
    assert_eq!(refused.location(), Some(confirm));
    let page = browser.get(confirm).await;
    assert!(page.text().contains("Your change may not have been saved."));
    let page = browser.get(confirm).await;
    assert!(!page.text().contains("What you sent"), "told once");
    let foreign = [("referer", "https://evil.example/form")];
    let refused = browser.post_with("/change", &foreign, "").await;
    assert_eq!(refused.location(), Some("/confirm-login"));
}

/// When the second of two clicks arrives, the first has already given the session a new token.
#[tokio::test]
async fn a_double_click_is_not_told_that_the_password_is_wrong() {
    let app = app().await;
    let browser = stale(&app).await;
    let again = browser.stolen();
    let fields = [("password", PASSWORD), ("next", "/sensitive")];
    let form = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
    ];

    // The channel holds one half of the form. When the second half is sent, the handler is reading
    // the first, and has already looked up the user.
    let (mut sender, body) = Channel::<Bytes>::new(1);
    let second = again.post_with("/confirm-login", &form, Body::new(body));
    let mut second = std::pin::pin!(second);
    let send = async {
        sender.send_data("next=/sensitive&".into()).await.unwrap();
        let password = PASSWORD.replace(' ', "+");
        let rest = format!("password={password}");
        sender.send_data(rest.into()).await.unwrap();
    };
    tokio::select! {
        answer = &mut second => panic!("answered too soon: {}", answer.text()),
        () = send => {}
    }
    let first = browser.post("/confirm-login", &fields).await;
    drop(sender);
    let second = second.await;

    assert_eq!(first.location(), Some("/sensitive"));
    assert_eq!(second.location(), Some("/sensitive"));
    let in_both = [
        browser.get("/sensitive").await.status,
        again.get("/sensitive").await.status,
    ];
    assert!(in_both.contains(&StatusCode::OK));
}

#[tokio::test]
async fn an_anonymous_visitor_is_sent_to_the_login_page() {
    let app = app().await;

    let response = app.browser().get("/confirm-login").await;

    let login = "/login?next=%2Fconfirm-login";
    assert_eq!(response.location(), Some(login));
    let posted = app.browser().post("/confirm-login", &[]).await;
    assert_eq!(posted.location(), Some("/login"));
}

#[tokio::test]
async fn next_leads_nowhere_else() {
    let app = app().await;
    let browser = stale(&app).await;

    for next in ["//evil.example", "https://evil.example", "/confirm-login"] {
        let fields = [("password", PASSWORD), ("next", next)];
        let confirmed = browser.post("/confirm-login", &fields).await;
        assert_eq!(confirmed.location(), Some("/welcome"), "{next}");
    }
}

#[tokio::test]
async fn a_script_confirms_with_json() {
    let app = app().await;
    let browser = stale(&app).await;
    let json_only = [("accept", "application/json")];

    let refused = browser.get_with("/sensitive", &json_only).await;
    let wrong = json!({ "password": "wrong" });
    let wrong = browser.post_json("/confirm-login", &wrong).await;
    let right = json!({ "password": PASSWORD });
    let right = browser.post_json("/confirm-login", &right).await;

    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(refused.text().contains("You logged in a while ago."));
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(right.json(), json!({ "next": "/welcome" }));
    assert_eq!(browser.get("/sensitive").await.text(), "sensitive");
}

#[tokio::test]
async fn a_form_on_another_site_confirms_nothing() {
    let app = app().await;
    let browser = stale(&app).await;
    let foreign = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "cross-site"),
    ];

    let body = format!("password={PASSWORD}");
    let refused = browser.post_with("/confirm-login", &foreign, body).await;

    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(browser.get("/sensitive").await.location().is_some());
}
