mod attacks;
mod new_account;
mod only_credential;
mod own_table;
mod pages;
mod registration;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use http::StatusCode;
use serde_json::{Value, json};

use crate::credentials::passkeys::MAX_PASSKEYS;
use crate::login::{Event, User};
use crate::testing::passkey::{BACKED_UP, BACKUP_ELIGIBLE, TestPasskey, base64url};
use crate::testing::{PASSWORD, TestApp, TestClient, TestResponse};

const JSON: [(&str, &str); 1] = [("accept", "application/json")];
const SESSION: &str = "__Host-session";

async fn options_to_add(browser: &TestClient) -> Value {
    let response = browser
        .post_json("/account/passkeys/options", &json!({}))
        .await;
    assert_eq!(response.status, StatusCode::OK, "{}", response.text());
    response.json()
}

/// Adds this passkey to the account of the user in this browser. Returns its id.
async fn add(browser: &TestClient, authenticator: &mut TestPasskey) -> String {
    let mut made = authenticator.create(&options_to_add(browser).await);
    made["name"] = json!("My phone");
    let response = browser.post_json("/account/passkeys", &made).await;
    assert_eq!(response.status, StatusCode::CREATED, "{}", response.text());
    response.json()["id"].as_str().unwrap().to_owned()
}

fn removal(id: &str) -> String {
    format!("/account/factors/{id}/remove")
}

async fn options(browser: &TestClient) -> Value {
    let response = browser
        .post_json("/login/passkey/options", &json!({}))
        .await;
    assert_eq!(response.status, StatusCode::OK, "{}", response.text());
    response.json()
}

/// Shows this passkey.
async fn show(browser: &TestClient, authenticator: &mut TestPasskey) -> TestResponse {
    let shown = authenticator.get(&options(browser).await);
    browser.post_json("/login/passkey", &shown).await
}

async fn methods(browser: &TestClient) -> Value {
    let sessions = browser.get_with("/account/sessions", &JSON).await.json();
    let sessions = sessions["sessions"].as_array().unwrap().clone();
    let this = sessions.iter().find(|session| session["is_this"] == true);
    this.unwrap()["methods"].clone()
}

/// An app where everybody needs a second factor, once the switch is on.
async fn with_two_factors() -> (TestApp, Arc<AtomicBool>) {
    let is_on = Arc::<AtomicBool>::default();
    let asked = is_on.clone();
    let app = TestApp::with(|config| {
        config.credentials(move |credentials| {
            let asked = asked.clone();
            let needs = async move |_| Ok(asked.load(Ordering::SeqCst));
            Ok(credentials.second_factor(needs))
        });
    });
    (app.await, is_on)
}

#[tokio::test]
async fn a_passkey_logs_in_its_user_without_a_username() {
    let app = TestApp::new().await;
    let mut phone = TestPasskey::new(1);
    add(&app.registered("alice").await, &mut phone).await;
    let browser = app.browser();
    let options = options(&browser).await;
    assert_eq!(options["allowCredentials"], json!([]));
    assert_eq!(options["userVerification"], "required");
    assert_eq!(options["rpId"], "example.com");
    let mut shown = phone.get(&options);
    shown["next"] = json!("/account/sessions");
    shown["remember"] = json!(true);

    let response = browser.post_json("/login/passkey", &shown).await;

    let expected = json!({ "username": "alice", "next": "/account/sessions" });
    assert_eq!(response.json(), expected);
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(methods(&browser).await, json!(["verified_passkey"]));
    assert!(browser.cookie("__Host-remember").is_some());
    assert_eq!(browser.cookie("__Host-passkey"), None);
    for (path, list) in [
        ("/account/passkeys", "passkeys"),
        ("/account/factors", "factors"),
        ("/account/export", "factors"),
    ] {
        let list = browser.get_with(path, &JSON).await.json()[list].clone();
        assert_eq!(list[0]["name"], "My phone", "{path}");
        assert!(list[0]["last_used_at"].is_string(), "{path} {list}");
    }
    let export = browser.get("/account/export").await;
    assert!(export.text().contains("My phone"), "{}", export.text());
}

#[tokio::test]
async fn the_cookie_of_a_ceremony_is_strict_and_the_browser_keeps_one() {
    let app = TestApp::new().await;
    let browser = app.browser();

    let first = browser
        .post_json("/login/passkey/options", &json!({}))
        .await;
    let second = browser
        .post_json("/login/passkey/options", &json!({}))
        .await;

    let cookies = first.set_cookies();
    let attributes = "; HttpOnly; SameSite=Strict; Secure; Path=/";
    assert!(cookies[0].starts_with("__Host-passkey="), "{cookies:?}");
    assert!(cookies[0].ends_with(attributes), "{cookies:?}");
    assert_eq!(first.header("cache-control"), Some("no-store"));
    assert!(second.set_cookies().is_empty());
}

#[tokio::test]
async fn each_challenge_is_new_and_has_256_bits() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let mut challenges = HashSet::new();

    for _ in 0..10 {
        for options in [options(&alice).await, options_to_add(&alice).await] {
            let challenge = options["challenge"].as_str().unwrap().as_bytes();
            assert_eq!(BASE64URL_NOPAD.decode(challenge).unwrap().len(), 32);
            challenges.insert(challenge.to_vec());
        }
    }

    assert_eq!(challenges.len(), 20);
}

#[tokio::test]
async fn the_options_for_a_new_passkey_say_nothing_about_the_user_but_the_name() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let mut phone = TestPasskey::new(1);
    add(&alice, &mut phone).await;

    let options = options_to_add(&alice).await;

    assert_eq!(options["rp"]["id"], "example.com");
    assert_eq!(options["user"]["name"], "alice");
    // The user has the same handle for each passkey.
    let handle = options["user"]["id"].as_str();
    assert_eq!(handle, phone.handle.as_deref());
    let id = app.account("alice").await.id;
    assert!(!handle.unwrap().contains(id.as_str()));
    let excluded = &options["excludeCredentials"];
    assert_eq!(excluded[0]["id"], base64url(&phone.id));
    let selection = &options["authenticatorSelection"];
    assert_eq!(selection["residentKey"], "preferred");
    assert_eq!(selection["userVerification"], "preferred");
    assert_eq!(options["attestation"], "none");
    let algorithms = options["pubKeyCredParams"].as_array().unwrap();
    let algorithms: Vec<_> = algorithms.iter().map(|one| one["alg"].clone()).collect();
    assert_eq!(algorithms, [json!(-7), json!(-35), json!(-257)]);
}

#[tokio::test]
async fn a_passkey_confirms_a_log_in() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let mut phone = TestPasskey::new(1);
    add(&alice, &mut phone).await;
    app.clock.advance(Duration::from_secs(20 * 60));
    let stale = alice
        .post_json("/account/passkeys/options", &json!({}))
        .await;
    assert_eq!(stale.json()["code"], "second_factor_required");
    let page = alice.get("/confirm-login").await;
    assert!(page.text().contains("data-passkey-login"));
    let options = options(&alice).await;
    assert_eq!(options["allowCredentials"][0]["id"], base64url(&phone.id));
    let token = alice.cookie(SESSION);
    let mut shown = phone.get(&options);
    shown["next"] = json!("/account/passkeys");

    let response = alice.post_json("/login/passkey", &shown).await;

    assert_eq!(response.json(), json!({ "next": "/account/passkeys" }));
    assert_ne!(alice.cookie(SESSION), token);
    options_to_add(&alice).await;
    let expected = json!(["password", "passkey", "verified_passkey"]);
    assert_eq!(methods(&alice).await, expected);
}

#[tokio::test]
async fn a_passkey_is_a_second_factor_even_if_it_verifies_nobody() {
    let (app, needs_two) = with_two_factors().await;
    let alice = app.registered("alice").await;
    let mut key = TestPasskey::without_verification(1);
    add(&alice, &mut key).await;
    needs_two.store(true, Ordering::SeqCst);
    let browser = app.browser();
    let fields = json!({ "username": "alice", "password": PASSWORD, "next": "/account/sessions" });
    let first = browser.post_json("/login", &fields).await;
    let step = json!({ "step": "second_factor", "methods": ["passkey"] });
    assert_eq!(first.json(), step);
    let page = browser.get("/login/factor").await;
    assert!(
        page.text().contains("data-passkey-login"),
        "{}",
        page.text()
    );
    let options = options(&browser).await;
    assert_eq!(options["userVerification"], "preferred");
    assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 1);
    // Not every authenticator returns the handle if it is told which passkeys to use.
    key.handle = None;

    let response = browser
        .post_json("/login/passkey", &key.get(&options))
        .await;

    let expected = json!({ "username": "alice", "next": "/account/sessions" });
    assert_eq!(response.json(), expected);
    assert_eq!(methods(&browser).await, json!(["password", "passkey"]));
}

#[tokio::test]
async fn a_browser_is_trusted_after_a_passkey_if_its_user_likes() {
    let app = TestApp::new().await;
    let mut phone = TestPasskey::new(1);
    add(&app.registered("alice").await, &mut phone).await;
    let fields = json!({ "username": "alice", "password": PASSWORD });
    for trust in [false, true] {
        let browser = app.browser();
        browser.post_json("/login", &fields).await;
        let mut shown = phone.get(&options(&browser).await);
        shown["trust"] = json!(trust);
        let response = browser.post_json("/login/passkey", &shown).await;
        assert_eq!(response.status, StatusCode::OK, "{}", response.text());
        browser.post("/logout", &[]).await;

        let again = browser.post_json("/login", &fields).await.json();

        assert_eq!(again["username"] == "alice", trust, "{again}");
        assert_eq!(again["step"] == "second_factor", !trust, "{again}");
    }
    // A log-in by the passkey alone asks for no trust.
    let browser = app.browser();
    let mut shown = phone.get(&options(&browser).await);
    shown["trust"] = json!(true);
    browser.post_json("/login/passkey", &shown).await;
    assert_eq!(browser.cookie("__Host-trusted"), None);
}

#[tokio::test]
async fn a_verified_passkey_needs_no_other_factor() {
    let (app, needs_two) = with_two_factors().await;
    let mut phone = TestPasskey::new(1);
    add(&app.registered("alice").await, &mut phone).await;
    needs_two.store(true, Ordering::SeqCst);
    let browser = app.browser();

    let response = show(&browser, &mut phone).await;

    assert_eq!(response.status, StatusCode::OK, "{}", response.text());
    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
}

#[tokio::test]
async fn each_change_is_a_line_of_the_log_and_a_mail() {
    let (app, mailbox) = TestApp::with_mail().await;
    let alice = app.registered("alice").await;
    app.set_email("alice", "alice@example.com").await;
    app.log_in(&alice, "alice").await;
    let id = add(&alice, &mut TestPasskey::new(1)).await;

    let removed = alice.post(&removal(&id), &[("confirm", "yes")]).await;

    assert_eq!(removed.location(), Some("/account/passkeys"));
    mailbox.of_kind("factor_added", 1).await;
    mailbox.of_kind("factor_removed", 1).await;
    let log = alice.get_with("/account/log", &JSON).await;
    let text = log.text();
    assert!(text.contains("factor added"), "{text}");
    assert!(text.contains("factor removed"), "{text}");
    assert!(text.contains("passkey: My phone"), "{text}");
}

#[tokio::test]
async fn a_removed_passkey_logs_nobody_in() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let mut phone = TestPasskey::new(1);
    let id = add(&alice, &mut phone).await;
    // The options may be there already.
    let browser = app.browser();
    let shown = phone.get(&options(&browser).await);

    let confirmed = [("confirm", "yes")];
    alice.post(&removal(&id), &confirmed).await;

    let response = browser.post_json("/login/passkey", &shown).await;
    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    let again = alice.post(&removal(&id), &confirmed).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_forgotten_user_has_no_passkey() {
    let app = TestApp::new().await;
    let mut phone = TestPasskey::new(1);
    add(&app.registered("alice").await, &mut phone).await;

    let credentials = app.site.credentials();
    let id = app.account("alice").await.id();
    credentials.forget(&id).await.unwrap();

    assert!(!credentials.has_factor(&id).await.unwrap());
    let response = show(&app.browser(), &mut phone).await;
    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_user_has_at_most_20_passkeys() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    // Begun while there was room.
    let options = options_to_add(&alice).await;
    for seed in 0..MAX_PASSKEYS {
        add(&alice, &mut TestPasskey::new(u32::try_from(seed).unwrap())).await;
    }

    let early = TestPasskey::new(100).create(&options);
    let early = alice.post_json("/account/passkeys", &early).await;
    let late = alice
        .post_json("/account/passkeys/options", &json!({}))
        .await;

    for response in [early, late] {
        assert_eq!(response.status, StatusCode::CONFLICT);
        assert_eq!(response.json()["code"], "too_many_passkeys");
    }
}

/// The flags come with each use.
#[tokio::test]
async fn a_passkey_that_is_backed_up_later_is_shown_as_synced() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let mut phone = TestPasskey::new(1);
    phone.flags |= BACKUP_ELIGIBLE;
    add(&alice, &mut phone).await;
    let is_synced = async || {
        let list = alice.get_with("/account/passkeys", &JSON).await.json();
        list["passkeys"][0]["is_synced"].clone()
    };
    assert_eq!(is_synced().await, false);

    phone.flags |= BACKED_UP;
    show(&app.browser(), &mut phone).await;

    assert_eq!(is_synced().await, true);
}

#[tokio::test]
async fn a_counter_that_goes_back_is_rejected_and_reported() {
    let told = Arc::<Mutex<Vec<Event>>>::default();
    let tell = told.clone();
    let (app, mailbox) = TestApp::with_mail_and(|config| {
        config.login(move |manager| {
            let tell = tell.clone();
            Ok(manager.on_event(move |record| tell.lock().unwrap().push(record.event)))
        });
    })
    .await;
    let alice = app.registered("alice").await;
    app.set_email("alice", "alice@example.com").await;
    app.log_in(&alice, "alice").await;
    let mut phone = TestPasskey::new(1);
    phone.counter = 5;
    add(&alice, &mut phone).await;
    let mut copy = phone.clone();
    let first = show(&app.browser(), &mut phone).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());

    let response = show(&app.browser(), &mut copy).await;

    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    assert_eq!(response.json()["code"], "wrong_credentials");
    let told = told.lock().unwrap().clone();
    assert!(told.contains(&Event::PasskeyCloneSuspected), "{told:?}");
    mailbox.of_kind("passkey_clone_suspected", 1).await;
}

#[tokio::test]
async fn a_passkey_logs_in_while_strangers_have_used_up_the_tries_at_the_account() {
    let app = TestApp::new().await;
    let mut phone = TestPasskey::new(1);
    add(&app.registered("alice").await, &mut phone).await;
    let wrong = [("username", "alice"), ("password", "wrong wrong wrong")];
    let mut last = app.browser().post("/login", &wrong).await;
    for _ in 0..200 {
        if last.status == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
        last = app.browser().post("/login", &wrong).await;
    }
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);

    let response = show(&app.browser(), &mut phone).await;

    assert_eq!(response.status, StatusCode::OK, "{}", response.text());
}

#[tokio::test]
async fn wrong_passkeys_from_one_network_must_wait_and_known_browsers_and_others_need_not() {
    let app = TestApp::new().await;
    let mut phone = TestPasskey::new(1);
    let known = app.registered("alice").await;
    add(&known, &mut phone).await;
    let at = |browser: TestClient, address: &str| browser.address(address.parse().unwrap());
    let known = at(known, "192.0.2.1");
    known.post("/logout", &[]).await;
    assert_eq!(show(&known, &mut phone).await.status, StatusCode::OK);
    known.post("/logout", &[]).await;
    let mut wrong = TestPasskey::new(2);
    let mut last = StatusCode::UNAUTHORIZED;
    for _ in 0..100 {
        if last != StatusCode::UNAUTHORIZED {
            break;
        }
        let stranger = at(app.browser(), "192.0.2.2");
        last = show(&stranger, &mut wrong).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);

    let here = show(&at(app.browser(), "192.0.2.3"), &mut phone).await;
    let elsewhere = show(&at(app.browser(), "198.51.100.1"), &mut phone).await;

    assert_eq!(here.json()["code"], "throttled");
    assert!(here.header("retry-after").is_some());
    assert_eq!(elsewhere.status, StatusCode::OK);
    assert_eq!(show(&known, &mut phone).await.status, StatusCode::OK);
}
