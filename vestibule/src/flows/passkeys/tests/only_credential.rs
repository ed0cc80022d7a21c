//! What users without a password can do, and how they get one. Attack G10.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use super::new_account::registered;
use super::{JSON, add, options_to_add, removal, show};
use crate::accounts::{Actor, ChangeOutcome};
use crate::testing::passkey::TestPasskey;
use crate::testing::{PASSWORD, TestApp, TestClient, TestResponse};

const SET: &str = "/change-password";

async fn set_password(browser: &TestClient, password: &str) -> TestResponse {
    browser.post(SET, &[("new_password", password)]).await
}

async fn passkeys(browser: &TestClient) -> Vec<String> {
    let list = browser.get_with("/account/passkeys", &JSON).await.json();
    let list = list["passkeys"].as_array().unwrap().clone();
    let id = |one: &serde_json::Value| one["id"].as_str().unwrap().to_owned();
    list.iter().map(id).collect()
}

#[tokio::test]
async fn the_only_passkey_of_a_user_without_a_password_stays() {
    let app = TestApp::new().await;
    let mut phone = TestPasskey::new(1);
    let alice = registered(&app, "alice", &mut phone).await;
    let only = passkeys(&alice).await.remove(0);

    for confirm in [&[][..], &[("confirm", "yes")]] {
        let response = alice.post(&removal(&only), confirm).await;
        assert_eq!(response.location(), Some("/account/passkeys"));
        let list = alice.get("/account/passkeys").await;
        assert!(
            list.text().contains("only way to log in"),
            "{}",
            list.text()
        );
    }
    let by_script = alice.post_json(&removal(&only), &json!({})).await;
    assert_eq!(by_script.json()["code"], "only_credential");
    assert_eq!(
        show(&app.browser(), &mut phone).await.status,
        StatusCode::OK
    );

    // With a second passkey, the first one may go.
    add(&alice, &mut TestPasskey::new(2)).await;
    let response = alice.post(&removal(&only), &[]).await;
    assert_eq!(response.status, StatusCode::SEE_OTHER);
    assert_eq!(passkeys(&alice).await.len(), 1);
}

/// Or the user would keep a passkey that logs in nobody.
#[tokio::test]
async fn each_passkey_of_a_user_without_a_password_must_verify_them() {
    let app = TestApp::new().await;
    let alice = registered(&app, "alice", &mut TestPasskey::new(1)).await;
    let options = options_to_add(&alice).await;
    let selection = &options["authenticatorSelection"];
    assert_eq!(selection["residentKey"], "required");
    assert_eq!(selection["userVerification"], "required");

    let made = TestPasskey::without_verification(2).create(&options);
    let response = alice.post_json("/account/passkeys", &made).await;

    assert_eq!(response.json()["code"], "passkey_rejected");
    assert_eq!(passkeys(&alice).await.len(), 1);
}

#[tokio::test]
async fn a_user_who_must_set_a_password_confirms_the_log_in_first() {
    let app = TestApp::new().await;
    let mut phone = TestPasskey::new(1);
    let alice = registered(&app, "alice", &mut phone).await;
    let id = app.account("alice").await.id;
    let operator = app.site.accounts().by(Actor::operator());
    let change = operator.demand_new_password(&id).await.unwrap();
    assert_eq!(change, ChangeOutcome::Done);
    show(&alice, &mut phone).await;
    app.clock.advance(Duration::from_mins(20));
    let page = alice.get("/welcome").await;
    assert_eq!(page.location(), Some("/change-password?next=%2Fwelcome"));
    let confirm = alice.get(SET).await.location().unwrap().to_owned();

    assert_eq!(alice.get(&confirm).await.status, StatusCode::OK);
    show(&alice, &mut phone).await;
    assert_eq!(alice.get(SET).await.status, StatusCode::OK);
    set_password(&alice, PASSWORD).await;
    assert_eq!(alice.get("/welcome").await.status, StatusCode::OK);
}

#[tokio::test]
async fn of_two_removals_at_once_one_leaves_a_passkey() {
    let app = TestApp::new().await;
    for round in 0..5 {
        let name = format!("user{round}");
        let alice = registered(&app, &name, &mut TestPasskey::new(2 * round)).await;
        add(&alice, &mut TestPasskey::new(2 * round + 1)).await;
        let both = passkeys(&alice).await;
        let requests = both.iter().map(|id| {
            let (browser, path) = (alice.stolen(), removal(id));
            tokio::spawn(async move { browser.post_json(&path, &json!({})).await.status })
        });
        let mut statuses = Vec::new();
        for request in requests.collect::<Vec<_>>() {
            statuses.push(request.await.unwrap());
        }

        let left = app
            .site
            .factors(&app.account(&name).await.id)
            .await
            .unwrap();
        assert_eq!(left.len(), 1, "{statuses:?}");
    }
}

#[tokio::test]
async fn a_user_without_a_password_sets_one_and_may_then_remove_the_passkey() {
    let app = TestApp::new().await;
    let mut phone = TestPasskey::new(1);
    let alice = registered(&app, "alice", &mut phone).await;
    let page = alice.get(SET).await;
    assert!(page.text().contains("Set a password"), "{}", page.text());
    assert!(!page.text().contains("current_password"));
    let elsewhere = app.browser();
    show(&elsewhere, &mut phone).await;
    let short = set_password(&alice, "short").await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!short.text().contains("current_password"));

    let response = set_password(&alice, PASSWORD).await;

    assert_eq!(
        response.status,
        StatusCode::SEE_OTHER,
        "{}",
        response.text()
    );
    let welcome = alice.get("/welcome").await;
    assert!(welcome.text().contains("has a password now"));
    assert_eq!(
        elsewhere.get("/welcome").await.location(),
        Some("/login?next=%2Fwelcome")
    );
    // The password alone is not enough while there is a passkey.
    let fields = json!({ "username": "alice", "password": PASSWORD });
    let step = app.browser().post_json("/login", &fields).await;
    assert_eq!(step.json()["step"], "second_factor");
    let page = alice.get(SET).await;
    assert!(page.text().contains("current_password"));
    let only = passkeys(&alice).await.remove(0);
    let removed = alice.post(&removal(&only), &[("confirm", "yes")]).await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER, "{}", removed.text());
    app.log_in(&app.browser(), "alice").await;
}

/// Attack: a thief with a copied cookie gives the account a password.
#[tokio::test]
async fn a_first_password_needs_a_fresh_log_in() {
    let app = TestApp::new().await;
    let mut phone = TestPasskey::new(1);
    let alice = registered(&app, "alice", &mut phone).await;
    app.clock.advance(Duration::from_mins(20));

    let page = alice.get(SET).await;
    let sent = set_password(&alice, PASSWORD).await;

    let confirm = "/confirm-login?next=%2Fchange-password";
    assert_eq!(page.location(), Some(confirm));
    assert!(sent.location().unwrap().starts_with("/confirm-login"));
    let id = app.account("alice").await.id;
    let credentials = app.site.credentials();
    assert!(!credentials.has_password(&id).await.unwrap());
    // That page offers the passkey alone.
    let page = alice.get(confirm).await;
    assert!(page.text().contains("data-passkey-login"));
    assert!(!page.text().contains(r#"type="password""#));
    show(&alice, &mut phone).await;
    let sent = set_password(&alice, PASSWORD).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    assert!(credentials.has_password(&id).await.unwrap());
}

#[tokio::test]
async fn of_two_first_passwords_at_once_one_is_set() {
    let app = TestApp::new().await;
    let alice = registered(&app, "alice", &mut TestPasskey::new(1)).await;
    let passwords = ["one horse and one battery", "two horses and a battery"];
    let requests = passwords.map(|password| {
        let browser = alice.stolen();
        tokio::spawn(async move { set_password(&browser, password).await })
    });
    let mut done = 0;
    for request in requests {
        let response = request.await.unwrap();
        assert!(!response.status.is_server_error(), "{}", response.text());
        done += usize::from(response.location() == Some("/welcome"));
    }

    assert_eq!(done, 1);
    let mut right = 0;
    for password in passwords {
        let fields = json!({ "username": "alice", "password": password });
        let step = app.browser().post_json("/login", &fields).await;
        right += usize::from(step.json()["step"] == "second_factor");
    }
    assert_eq!(right, 1);
}

#[tokio::test]
async fn a_user_without_a_password_closes_the_account_after_a_fresh_log_in() {
    let app = TestApp::with(|config| config.users_can_close_account = true).await;
    let mut phone = TestPasskey::new(1);
    let alice = registered(&app, "alice", &mut phone).await;
    app.clock.advance(Duration::from_mins(20));
    let early = alice.post("/account/close", &[]).await;
    assert!(early.location().unwrap().starts_with("/confirm-login"));
    show(&alice, &mut phone).await;
    let page = alice.get("/account/close").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text().contains(r#"type="password""#));

    let closed = alice.post("/account/close", &[]).await;

    assert_eq!(closed.status, StatusCode::SEE_OTHER, "{}", closed.text());
    assert!(app.account("alice").await.closes_at.is_some());
    // A log-in opens it again.
    show(&app.browser(), &mut phone).await;
    assert!(app.account("alice").await.closes_at.is_none());
}

/// The link of a forgotten password is not a way around the passkey.
#[tokio::test]
async fn a_password_that_was_set_by_mail_needs_the_passkey_too() {
    let (app, mailbox) = TestApp::with_mail().await;
    let mut phone = TestPasskey::new(1);
    registered(&app, "alice", &mut phone).await;
    app.set_email("alice", "alice@example.com").await;
    let forgot = [("email", "alice@example.com")];
    app.browser().post("/forgot-password", &forgot).await;
    let mails = mailbox.of_kind("reset_password", 1).await;
    let link = crate::testing::Mailbox::link(&mails[0]);
    let (_, token) = link.split_once("token=").unwrap();
    let fields = json!({ "token": token, "password": PASSWORD });
    let reset = app.browser().post_json("/reset-password", &fields).await;
    assert_eq!(reset.status, StatusCode::NO_CONTENT, "{}", reset.text());

    let fields = json!({ "username": "alice", "password": PASSWORD });
    let browser = app.browser();
    let step = browser.post_json("/login", &fields).await;

    assert_eq!(step.json()["step"], "second_factor");
    assert_eq!(show(&browser, &mut phone).await.status, StatusCode::OK);
    options_to_add(&browser).await;
}
