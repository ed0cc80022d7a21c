#![cfg(feature = "sqlite")]

mod attacks;
mod reset;

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use crate::testing::{PASSWORD, TestApp, TestAuthenticator, TestClient, TestResponse};

const LIST: &str = "/account/factors";
const TOTP: &str = "/account/factors/totp";
const RECOVERY_CODES: &str = "/account/factors/recovery-codes";
const JSON: [(&str, &str); 1] = [("accept", "application/json")];

/// The secret and the nonce on the page to add an app.
fn offered(page: &TestResponse) -> (String, String) {
    let text = page.text();
    let between = |before: &str, after: &str| {
        let rest = text
            .split(before)
            .nth(1)
            .unwrap_or_else(|| panic!("{text}"));
        rest.split(after).next().unwrap().to_owned()
    };
    let secret = between("<code>", "</code>");
    (secret, between(r#"name="nonce" value=""#, "\""))
}

async fn list(browser: &TestClient) -> serde_json::Value {
    browser.get_with(LIST, &JSON).await.json()
}

async fn id_of_first(browser: &TestClient) -> String {
    let list = list(browser).await;
    list["factors"][0]["id"].as_str().unwrap().to_owned()
}

async fn log_in(app: &TestApp, phone: &TestAuthenticator) -> TestClient {
    let browser = app.browser();
    app.log_in(&browser, "alice").await;
    let code = phone.next_code();
    let done = browser.post("/login/factor", &[("code", &code)]).await;
    assert_eq!(done.location(), Some("/welcome"));
    browser
}

#[tokio::test]
async fn an_app_is_added_by_its_first_code() {
    let (app, mailbox) = TestApp::with_mail().await;
    let alice = app.registered("alice").await;
    app.set_email("alice", "alice@example.com").await;
    app.log_in(&alice, "alice").await;
    let before = alice.cookie("__Host-session");
    assert!(
        alice
            .get("/account")
            .await
            .text()
            .contains(r#"href="/account/factors""#)
    );
    assert!(
        alice
            .get(LIST)
            .await
            .text()
            .contains("no second factor yet")
    );

    let page = alice.get(TOTP).await;
    assert!(page.text().contains("<svg"), "a QR code");
    let (secret, nonce) = offered(&page);
    let phone = TestAuthenticator::new(&secret, &app.clock);
    let code = phone.code();
    let fields = [("code", &*code), ("name", "My phone"), ("nonce", &*nonce)];
    let added = alice.post(TOTP, &fields).await;

    assert_eq!(added.location(), Some(LIST), "{}", added.text());
    assert_ne!(alice.cookie("__Host-session"), before, "a new token");
    let page = alice.get(LIST).await;
    assert!(page.text().contains("My phone"));
    assert!(page.text().contains("Now create recovery codes"));
    let listed = list(&alice).await;
    assert_eq!(listed["factors"][0]["kind"], "totp");
    assert_eq!(listed["factors"][0]["name"], "My phone");
    assert_eq!(listed["recovery_codes"], 0);
    let mail = mailbox.of_kind("factor_added", 1).await.pop().unwrap();
    assert!(mail.text().contains("A second factor was added"));
    let log = alice.get("/account/log").await;
    assert!(log.text().contains("Second factor added"));
    assert!(log.text().contains("totp: My phone"));
}

#[tokio::test]
async fn a_script_adds_an_app_with_the_secret_alone() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;

    let offer = alice.get_with(TOTP, &JSON).await.json();
    let uri = offer["uri"].as_str().unwrap();
    let secret = offer["secret"].as_str().unwrap();
    assert_eq!(
        uri,
        format!(
            "otpauth://totp/Vestibule:alice?secret={secret}&issuer=Vestibule\
             &algorithm=SHA1&digits=6&period=30"
        )
    );
    let code = TestAuthenticator::new(secret, &app.clock).code();
    let wrong = alice.post_json(TOTP, &json!({ "code": "000000" })).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong.json()["code"], "wrong_code");
    let added = alice
        .post_json(TOTP, &json!({ "code": code, "name": "Phone" }))
        .await;

    assert_eq!(added.status, StatusCode::CREATED);
    let id = id_of_first(&alice).await;
    assert_eq!(
        added.json(),
        json!({ "id": id, "kind": "totp", "name": "Phone" })
    );
}

#[tokio::test]
async fn asking_for_the_page_changes_nothing_and_a_wrong_code_shows_the_same_secret() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;

    let (first, again) = (alice.get(TOTP).await, alice.get(TOTP).await);
    assert_eq!(offered(&first), offered(&again));
    assert_eq!(list(&alice).await["factors"], json!([]));
    let (secret, nonce) = offered(&first);
    app.clock.advance(Duration::from_secs(10 * 60));
    let fields = [("code", "000000"), ("name", "My phone"), ("nonce", &*nonce)];
    let wrong = alice.post(TOTP, &fields).await;

    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(offered(&wrong).0, secret);
    assert!(
        wrong.text().contains(r#"value="My phone""#),
        "the name stays"
    );
    assert!(wrong.text().contains("Wrong code"));
    let malformed = [("code", "12345"), ("nonce", &*nonce)];
    let malformed = alice.post(TOTP, &malformed).await;
    assert!(malformed.text().contains("Enter the 6 digits"));
    let code = TestAuthenticator::new(&secret, &app.clock).code();
    let right = alice
        .post(TOTP, &[("code", &code), ("nonce", &nonce)])
        .await;
    assert_eq!(right.location(), Some(LIST), "{}", right.text());
}

#[tokio::test]
async fn several_apps_have_names_and_each_logs_in() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let mut phones = Vec::new();
    for _ in 0..10 {
        phones.push(app.add_totp(&alice).await);
    }
    let offer = alice.get_with(TOTP, &JSON).await.json();
    let eleventh = TestAuthenticator::new(offer["secret"].as_str().unwrap(), &app.clock);

    let refused = alice
        .post_json(TOTP, &json!({ "code": eleventh.code() }))
        .await;

    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(refused.json()["code"], "too_many_factors");
    assert_eq!(list(&alice).await["factors"].as_array().unwrap().len(), 10);
    log_in(&app, &phones[0]).await;
    log_in(&app, &phones[9]).await;
    let long = json!({ "code": "123456", "name": "n".repeat(65) });
    let long = alice.post_json(TOTP, &long).await;
    assert_eq!(long.json()["errors"][0]["field"], "name", "{}", long.text());
}

#[tokio::test]
async fn two_requests_with_one_secret_add_one_app() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let offer = alice.get_with(TOTP, &JSON).await.json();
    let code = TestAuthenticator::new(offer["secret"].as_str().unwrap(), &app.clock).code();
    let fields = json!({ "code": code });

    futures_util::future::join(
        alice.post_json(TOTP, &fields),
        alice.post_json(TOTP, &fields),
    )
    .await;

    assert_eq!(list(&alice).await["factors"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn recovery_codes_are_shown_once_and_a_new_set_ends_the_old() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let none = alice.post_json(RECOVERY_CODES, &json!({})).await;
    assert_eq!(none.status, StatusCode::CONFLICT, "no factor yet");
    let phone = app.add_totp(&alice).await;

    let page = alice.post(RECOVERY_CODES, &[]).await;
    assert_eq!(page.status, StatusCode::OK);
    let shown: Vec<_> = page.text().split("<li><code>").skip(1).collect();
    assert_eq!(shown.len(), 10);
    let old = shown[0].split("</code>").next().unwrap();
    assert_eq!(old.len(), 19);
    assert_eq!(list(&alice).await["recovery_codes"], 10);
    let renewed = alice.post_json(RECOVERY_CODES, &json!({})).await.json();
    let new = renewed["codes"][0].as_str().unwrap();

    assert_eq!(list(&alice).await["recovery_codes"], 10);
    let browser = app.browser();
    app.log_in(&browser, "alice").await;
    let of_old = browser.post("/login/factor", &[("code", old)]).await;
    assert_eq!(of_old.status, StatusCode::UNAUTHORIZED);
    let of_new = browser.post("/login/factor", &[("code", new)]).await;
    assert_eq!(of_new.location(), Some("/welcome"));
    drop(phone);
}

#[tokio::test]
async fn before_the_last_factor_is_removed_the_page_says_what_follows() {
    let (app, mailbox) = TestApp::with_mail().await;
    let alice = app.registered("alice").await;
    app.set_email("alice", "alice@example.com").await;
    app.log_in(&alice, "alice").await;
    let phone = app.add_totp(&alice).await;
    alice.post(RECOVERY_CODES, &[]).await;
    let elsewhere = log_in(&app, &phone).await;
    let remove = format!("{LIST}/{}/remove", id_of_first(&alice).await);

    let asked = alice.post(&remove, &[]).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(asked.text().contains("your password alone logs you in"));
    assert_eq!(list(&alice).await["factors"].as_array().unwrap().len(), 1);
    let removed = alice.post(&remove, &[("confirm", "yes")]).await;

    assert_eq!(removed.location(), Some(LIST));
    let listed = list(&alice).await;
    assert_eq!(listed["factors"], json!([]));
    assert_eq!(listed["recovery_codes"], 0);
    assert_eq!(
        elsewhere.get("/welcome").await.status,
        StatusCode::SEE_OTHER
    );
    mailbox.of_kind("factor_removed", 1).await;
    let again = alice.post(&remove, &[("confirm", "yes")]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    let browser = app.browser();
    let fields = [("username", "alice"), ("password", PASSWORD)];
    let in_at_once = browser.post("/login", &fields).await;
    assert_eq!(in_at_once.location(), Some("/welcome"));
}

#[tokio::test]
async fn a_script_removes_a_factor_without_being_asked() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    app.add_totp(&alice).await;
    let remove = format!("{LIST}/{}/remove", id_of_first(&alice).await);

    let removed = alice.post_json(&remove, &json!({})).await;

    assert_eq!(removed.status, StatusCode::OK, "{}", removed.text());
    assert_eq!(list(&alice).await["factors"], json!([]));
}

/// Those browsers have shown no factor.
#[tokio::test]
async fn the_first_factor_logs_the_user_out_everywhere_else() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let remembered = app.browser();
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    remembered.post("/login", &fields).await;

    app.add_totp(&alice).await;

    assert_eq!(
        remembered.get("/welcome").await.status,
        StatusCode::SEE_OTHER
    );
    remembered.forget_cookie("__Host-session");
    assert_eq!(
        remembered.get("/welcome").await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(alice.get("/welcome").await.status, StatusCode::OK);
}
