#![cfg(feature = "sqlite")]

mod attacks;
mod mail_code;
mod trusted;

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use serde_json::json;

use crate::access::{Allowed, Guard, Rule};
use crate::accounts::Account;
use crate::testing::{PASSWORD, TestApp, TestAuthenticator, TestClient, TestResponse};

const FACTOR: &str = "/login/factor";
const STEP: Duration = TestAuthenticator::STEP;

/// A site with alice, who has an authenticator app.
async fn site() -> (TestApp, TestAuthenticator) {
    let app = TestApp::new().await;
    let phone = app.add_totp(&app.registered("alice").await).await;
    (app, phone)
}

async fn log_in(browser: &TestClient, name: &str) -> TestResponse {
    let fields = [("username", name), ("password", PASSWORD)];
    browser.post("/login", &fields).await
}

/// A browser in which this user has shown the password, and no more.
async fn half_way(app: &TestApp, name: &str) -> TestClient {
    let browser = app.browser();
    assert_eq!(log_in(&browser, name).await.location(), Some(FACTOR));
    browser
}

async fn send(browser: &TestClient, code: &str) -> TestResponse {
    browser.post(FACTOR, &[("code", code)]).await
}

async fn is_in(browser: &TestClient) -> bool {
    browser.get("/welcome").await.status == StatusCode::OK
}

/// Ten recovery codes of this browser's user, who has just shown a factor.
async fn recovery_codes(browser: &TestClient) -> Vec<String> {
    let made = browser
        .post_json("/account/factors/recovery-codes", &json!({}))
        .await;
    serde_json::from_value(made.json()["codes"].clone()).unwrap()
}

#[tokio::test]
async fn after_the_password_the_code_of_the_app_logs_in() {
    let (app, phone) = site().await;
    let browser = app.browser();
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("next", "/account"),
        ("remember", "on"),
    ];

    let half_way = browser.post("/login", &fields).await;
    assert_eq!(half_way.location(), Some(FACTOR));
    assert_eq!(browser.cookie("__Host-session"), None);
    assert_eq!(browser.cookie("__Host-remember"), None);
    let page = browser.get(FACTOR).await;
    assert!(page.text().contains(r#"autocomplete="one-time-code""#));
    let wrong = send(&browser, "000000").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.text().contains("Wrong code"));
    assert_eq!(browser.cookie("__Host-remember"), None);
    let right = send(&browser, &phone.next_code()).await;

    assert_eq!(right.location(), Some("/account"));
    assert!(is_in(&browser).await);
    browser.forget_cookie("__Host-session");
    assert!(is_in(&browser).await, "remembered after the factor");
    let user = app.account("alice").await;
    let sessions = app.site.login_handle().sessions_of(&user.id, None, 9).await;
    let methods = sessions.unwrap()[0].methods;
    assert_eq!(methods.to_string(), "password, totp");
}

#[tokio::test]
async fn a_script_learns_the_methods_and_logs_in_by_json() {
    let (app, phone) = site().await;
    let browser = app.browser();
    let fields = json!({ "username": "alice", "password": PASSWORD, "next": "/account" });

    let half_way = browser.post_json("/login", &fields).await;
    assert_eq!(half_way.status, StatusCode::OK);
    let step = json!({ "step": "second_factor", "methods": ["totp"] });
    assert_eq!(half_way.json(), step);
    let wrong = browser
        .post_json(FACTOR, &json!({ "code": "000000" }))
        .await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong.json()["code"], "wrong_code");
    let code = json!({ "code": phone.next_code(), "method": "totp" });
    let right = browser.post_json(FACTOR, &code).await;

    assert_eq!(right.status, StatusCode::OK);
    assert_eq!(
        right.json(),
        json!({ "username": "alice", "next": "/account" })
    );
    let again = browser
        .post_json(FACTOR, &json!({ "code": "000000" }))
        .await;
    assert_eq!(
        again.status,
        StatusCode::UNAUTHORIZED,
        "logged in: a factor may be shown again"
    );
    let stranger = app.browser().post_json(FACTOR, &code).await;
    assert_eq!(stranger.json()["code"], "login_required");
}

#[tokio::test]
async fn without_a_log_in_to_complete_a_visitor_begins_again() {
    let (app, phone) = site().await;
    let stranger = app.browser();

    let page = stranger.get("/login/factor?next=%2Faccount").await;
    assert_eq!(page.location(), Some("/login?next=%2Faccount"));
    let code = send(&stranger, &phone.next_code()).await;
    assert_eq!(code.location(), Some("/login"));

    let late = half_way(&app, "alice").await;
    app.clock.advance(Duration::from_secs(10 * 60));
    assert_eq!(send(&late, &phone.code()).await.location(), Some("/login"));
    assert!(!is_in(&late).await);
}

/// Users who have shown two factors.
struct TwoFactors;

impl Guard for TwoFactors {
    type User = Account;
    type Object = ();
    const RULE: Rule = Rule::SecondFactor;
}

#[tokio::test]
async fn a_logged_in_user_shows_the_second_factor_and_returns() {
    let (app, phone) = site().await;
    let page = Router::new().route("/pay", get(async |_: Allowed<TwoFactors>| "paid"));
    let app = app.routes(page);
    let alice = app.browser().logged_in_as(&app.account("alice").await);

    let needed = alice.get("/pay").await;
    assert_eq!(needed.location(), Some("/login/factor?next=%2Fpay"));
    let page = alice.get("/login/factor?next=%2Fpay").await;
    assert_eq!(page.status, StatusCode::OK);
    let wrong = alice
        .post(FACTOR, &[("code", "000000"), ("next", "/pay")])
        .await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let code = phone.next_code();
    let right = alice
        .post(FACTOR, &[("code", &code), ("next", "/pay")])
        .await;

    assert_eq!(right.location(), Some("/pay"));
    assert_eq!(alice.get("/pay").await.text(), "paid");
    assert_eq!(
        alice.get("/login/factor?next=%2Fpay").await.location(),
        Some("/pay")
    );
    let replayed = alice.stolen().post(FACTOR, &[("code", &code)]).await;
    assert_eq!(replayed.status, StatusCode::UNAUTHORIZED);

    let bob = app.registered("bob").await;
    let needed = bob.get("/pay").await;
    assert_eq!(needed.location(), Some("/login/factor?next=%2Fpay"));
    let led = bob.get("/login/factor?next=%2Fpay").await;
    assert_eq!(led.location(), Some("/account/factors"));
}

#[tokio::test]
async fn who_must_have_a_factor_can_do_nothing_else_before() {
    use crate::flows::SecondFactorFor;

    let app = TestApp::with(|config| config.require_second_factor = SecondFactorFor::All).await;
    let alice = app.registered("alice").await;

    for path in ["/welcome", "/account", "/account/sessions"] {
        let led = format!("/account/factors?next={}", path.replace('/', "%2F"));
        assert_eq!(alice.get(path).await.location(), Some(&*led));
    }
    let json = [("accept", "application/json")];
    let welcome = alice.get_with("/welcome", &json).await;
    assert_eq!(welcome.status, StatusCode::FORBIDDEN);
    assert_eq!(welcome.json()["code"], "second_factor_enrolment_required");
    let page = alice.get("/account/factors").await;
    assert!(page.text().contains("requires a second factor"));
    let phone = app.add_totp(&alice).await;
    assert!(is_in(&alice).await);

    // A session from before that has shown none is led to show it.
    let old = app.browser().logged_in_as(&app.account("alice").await);
    let led = old.get("/welcome").await;
    assert_eq!(led.location(), Some("/account/factors?next=%2Fwelcome"));
    let shown = old.get("/account/factors").await;
    assert_eq!(
        shown.location(),
        Some("/login/factor?next=%2Faccount%2Ffactors")
    );
    send(&old, &phone.next_code()).await;
    assert!(is_in(&old).await);
}

#[tokio::test]
async fn only_admins_must_have_a_factor_where_the_site_says_so() {
    use crate::flows::SecondFactorFor;

    let app = TestApp::with(|config| config.require_second_factor = SecondFactorFor::Admins).await;
    let bob = app.registered("bob").await;
    let alice = app.registered("alice").await;
    app.grant("alice", "admin").await;
    app.log_in(&alice, "alice").await;

    assert!(is_in(&bob).await);
    let led = alice.get("/admin").await;
    assert_eq!(led.location(), Some("/account/factors?next=%2Fadmin"));
    app.add_totp(&alice).await;
    assert_eq!(alice.get("/admin").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_code_confirms_a_log_in_as_the_password_does() {
    let (app, phone) = site().await;
    let alice = half_way(&app, "alice").await;
    send(&alice, &phone.next_code()).await;
    app.clock.advance(Duration::from_secs(15 * 60));

    let page = alice.get("/confirm-login?next=%2Faccount%2Fnotices").await;
    assert!(page.text().contains("Use a code instead"));
    let wrong = alice
        .post_json("/confirm-login", &json!({ "code": "000000" }))
        .await;
    assert_eq!(wrong.json()["code"], "wrong_code");
    let malformed = alice
        .post_json("/confirm-login", &json!({ "code": "1" }))
        .await;
    assert_eq!(malformed.status, StatusCode::UNPROCESSABLE_ENTITY);
    let code = json!({ "code": phone.next_code(), "next": "/account" });
    let right = alice.post_json("/confirm-login", &code).await;

    assert_eq!(right.status, StatusCode::OK);
    assert_eq!(alice.get("/account/factors").await.status, StatusCode::OK);
}
