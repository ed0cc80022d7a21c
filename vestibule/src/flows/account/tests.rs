#![cfg(feature = "sqlite")]

use http::StatusCode;
use serde_json::json;

use crate::testing::{Mailbox, TestApp};

#[tokio::test]
async fn the_name_in_the_header_leads_to_what_there_is_about_the_account() {
    let app = TestApp::with(|config| config.users_can_close_account = true).await;
    let alice = app.registered("alice").await;

    let welcome = alice.get("/welcome").await;
    assert!(
        welcome
            .text()
            .contains("<a href=\"/account\"><bdi>alice</bdi></a>")
    );
    let account = alice.get("/account").await;

    for path in ["/change-password", "/account/sessions", "/account/close"] {
        assert!(
            account.text().contains(&format!("href=\"{path}\"")),
            "{path}"
        );
    }
    let json = alice
        .get_with("/account", &[("accept", "application/json")])
        .await;
    assert_eq!(
        json.json(),
        json!({ "username": "alice", "email": null, "is_verified": false, "factors_reset_at": null })
    );
    let stranger = app.browser().get("/account").await;
    assert_eq!(stranger.location(), Some("/login?next=%2Faccount"));
}

#[tokio::test]
async fn one_button_in_the_header_logs_out() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;

    let page = alice.get("/welcome").await.text().to_owned();
    assert!(page.contains("<form class=\"inline\" method=\"post\" action=\"/logout\">"));
    let out = alice.post("/logout", &[]).await;

    assert_eq!(out.location(), Some("/login"));
    assert_eq!(alice.get("/account").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_address_has_a_badge_and_leads_to_the_page_to_change_it() {
    let (app, mailbox) = TestApp::with_mail().await;
    let alice = app.registered("alice").await;
    let none = alice.get("/account").await;
    assert!(none.text().contains("href=\"/account/email\""));
    assert!(!none.text().contains("class=\"badge\""));
    app.set_email("alice", "alice@example.com").await;

    let unverified = alice.get("/account").await;
    alice.post("/verify-email/resend", &[]).await;
    let mail = mailbox.of_kind("verify_email", 1).await.pop().unwrap();
    alice.get(&Mailbox::link(&mail)).await;
    alice.post("/verify-email", &[]).await;
    let verified = alice.get("/account").await;

    assert!(unverified.text().contains(">not verified</span>"));
    assert!(verified.text().contains(">verified</span>"));
    assert!(verified.text().contains("alice@example.com</bdi>"));
}
