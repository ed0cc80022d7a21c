//! Accounts that wait for approval, where visitors register with a mail address alone.

use http::StatusCode;
use serde_json::Value;

use super::{JSON, Office};
use crate::accounts::{Account, Actor, ChangeOutcome};
use crate::credentials::{EmailUsers, LoginName};
use crate::flows::RegistrationMode;
use crate::testing::{Mailbox, PASSWORD, TestApp, TestClient, TestResponse};

const EMAIL: &str = "dora@example.com";
const NEW: &str = "another horse and battery";

/// A site that approves accounts, whose admin carol has a mail address.
async fn office() -> (Office, Mailbox) {
    let (app, mailbox) = TestApp::with_mail_and(|config| {
        config.registration = RegistrationMode::Approval;
        config.log_in_with = LoginName::Email;
    })
    .await;
    let operator = app.site.accounts().by(Actor::operator());
    let (carol, password) = ("carol".parse().unwrap(), PASSWORD.into());
    let change = operator.add(&carol, &password).await.unwrap();
    assert_eq!(change, ChangeOutcome::Done);
    app.grant("carol", "admin").await;
    app.set_email("carol", "carol@example.com").await;
    let (carol, alice) = (app.browser(), app.browser());
    app.log_in(&carol, "carol").await;
    (Office { app, carol, alice }, mailbox)
}

async fn register(browser: &TestClient) -> TestResponse {
    let fields = [("email", EMAIL), ("password", PASSWORD)];
    browser.post("/register", &fields).await
}

/// Follows the link of the mail, and presses the button.
async fn verify(browser: &TestClient, mailbox: &Mailbox) -> TestResponse {
    let mail = mailbox.of_kind("verify_email", 1).await.pop().unwrap();
    browser.get(&Mailbox::link(&mail)).await;
    browser.post("/verify-email", &[]).await
}

async fn dora(office: &Office) -> Account {
    let email = EMAIL.parse().unwrap();
    let found = office.app.site.accounts().find_by_email(&email).await;
    found.unwrap().unwrap()
}

async fn waiting(office: &Office) -> usize {
    let list = office
        .carol
        .get_with("/admin?state=awaits_approval", &JSON)
        .await;
    list.json()["users"].as_array().map_or(0, Vec::len)
}

async fn approve(office: &Office) {
    let path = format!("/admin/users/{}/approve", dora(office).await.id);
    let approved = office.carol.post(&path, &[]).await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER);
}

async fn can_log_in(office: &Office, password: &str) -> bool {
    let fields = [("username", EMAIL), ("password", password)];
    let answer = office.app.browser().post("/login", &fields).await;
    answer.status == StatusCode::SEE_OTHER
}

#[tokio::test]
async fn an_account_waits_for_its_user_first_and_for_the_admin_then() {
    let (office, mailbox) = office().await;
    let browser = office.app.browser();
    assert_eq!(register(&browser).await.status, StatusCode::ACCEPTED);
    mailbox.of_kind("verify_email", 1).await;
    assert_eq!(waiting(&office).await, 0);

    let verified = verify(&browser, &mailbox).await;

    assert_eq!(verified.location(), Some("/login"), "{}", verified.text());
    let page = browser.get("/login").await;
    assert!(page.text().contains("An administrator must approve"));
    let needed = mailbox.of_kind("approval_needed", 1).await;
    assert_eq!(needed[0].to().as_str(), "carol@example.com");
    assert_eq!(waiting(&office).await, 1);
    assert!(!can_log_in(&office, PASSWORD).await);
    approve(&office).await;
    let told = mailbox.of_kind("account_approved", 1).await;
    assert_eq!(told[0].to().as_str(), EMAIL);
    assert!(can_log_in(&office, PASSWORD).await);
}

#[tokio::test]
async fn an_unverified_registration_tells_no_admin() {
    let (office, mailbox) = office().await;
    register(&office.app.browser()).await;
    mailbox.of_kind("verify_email", 1).await;

    office.app.site.deliver_mail().await.unwrap();

    let mails = mailbox.mails();
    assert!(mails.iter().all(|mail| mail.kind() != "approval_needed"));
}

/// Attack E11.
#[tokio::test]
async fn in_another_browser_the_password_ends_and_the_user_chooses_one_after_the_approval() {
    let (office, mailbox) = office().await;
    register(&office.app.browser()).await;
    let browser = office.app.browser();

    let verified = verify(&browser, &mailbox).await;

    assert_eq!(verified.location(), Some("/login"), "{}", verified.text());
    let page = browser.get("/login").await;
    assert!(page.text().contains("Once the account is approved"));
    approve(&office).await;
    assert!(!can_log_in(&office, PASSWORD).await);
    browser.post("/forgot-password", &[("email", EMAIL)]).await;
    let mail = mailbox.of_kind("reset_password", 1).await;
    browser.get(&Mailbox::link(&mail[0])).await;
    browser.post("/reset-password", &[("password", NEW)]).await;
    assert!(can_log_in(&office, NEW).await);
    let user = format!("/admin/users/{}", dora(&office).await.id);
    let user = office.carol.get_with(&user, &JSON).await.json();
    assert_eq!(user["user"]["awaits_approval"], Value::Bool(false));
}
