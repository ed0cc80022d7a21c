//! Registering with a username and a mail address, and logging in with either.
#![cfg(feature = "sqlite")]

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use http::StatusCode;
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::credentials::{EmailUsers, LoginName};
use crate::testing::{Mailbox, PASSWORD, TestApp, TestClient, TestResponse};

const EMAIL: &str = "alice@example.com";

async fn app(log_in_with: LoginName) -> (TestApp, Mailbox) {
    TestApp::with_mail_and(|config| config.log_in_with = log_in_with).await
}

async fn register(browser: &TestClient, name: &str, email: &str) -> TestResponse {
    let fields = [("username", name), ("email", email), ("password", PASSWORD)];
    browser.post("/register", &fields).await
}

async fn log_in(app: &TestApp, typed: &str) -> TestResponse {
    let fields = [("username", typed), ("password", PASSWORD)];
    app.browser().post("/login", &fields).await
}

/// Follows the link of the newest mail of `count`, and presses the button.
async fn verify(browser: &TestClient, mailbox: &Mailbox, count: usize) -> TestResponse {
    let mail = mailbox.of_kind("verify_email", count).await.pop().unwrap();
    browser.get(&Mailbox::link(&mail)).await;
    browser.post("/verify-email", &[]).await
}

#[tokio::test]
async fn an_address_is_optional_and_gets_a_mail() {
    let (app, mailbox) = app(LoginName::Username).await;
    let form = app.browser().get("/register").await;
    assert!(form.text().contains("Email address (optional)"));
    app.registered("bob").await;
    let browser = app.browser();

    let registered = register(&browser, "alice", EMAIL).await;

    assert_eq!(registered.location(), Some("/welcome"));
    let welcome = browser.get("/welcome").await;
    assert!(welcome.text().contains("Follow the link in it"));
    let account = app.account("alice").await;
    assert_eq!(account.email.as_deref(), Some(EMAIL));
    assert_eq!(account.email_verified_at, None);
    assert_eq!(
        verify(&browser, &mailbox, 1).await.location(),
        Some("/account")
    );
    assert!(app.account("alice").await.email_verified_at.is_some());
    // By this setting, an address is only for mail.
    assert_eq!(log_in(&app, EMAIL).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(mailbox.mails().len(), 1, "none for bob");
}

#[tokio::test]
async fn where_users_log_in_with_either_both_are_asked_for_and_each_logs_in() {
    let (app, mailbox) = app(LoginName::Either).await;
    let browser = app.browser();
    let missing = register(&browser, "alice", "").await;
    assert_eq!(missing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(missing.text().contains("id=\"email-error\""));
    assert!(missing.text().contains("value=\"alice\""));
    register(&browser, "alice", EMAIL).await;
    verify(&browser, &mailbox, 1).await;

    for typed in ["alice", "ALICE", EMAIL, " Alice@EXAMPLE.com "] {
        assert_eq!(
            log_in(&app, typed).await.location(),
            Some("/welcome"),
            "{typed}"
        );
    }
    for typed in ["alice@example.org", "\u{430}lice@example.com", "bob"] {
        assert_eq!(
            log_in(&app, typed).await.status,
            StatusCode::UNAUTHORIZED,
            "{typed}"
        );
    }
    let login = app.browser().get("/login").await;
    assert!(login.text().contains("Username or email address"));
}

#[tokio::test]
async fn a_username_that_is_an_address_goes_before_the_owner_of_the_address() {
    let (app, mailbox) = app(LoginName::Either).await;
    let browser = app.browser();
    register(&browser, "alice", EMAIL).await;
    verify(&browser, &mailbox, 1).await;
    app.clock.advance(Duration::from_mins(1));
    register(&app.browser(), "older", "older@example.com").await;
    let sql = format!(
        "UPDATE users SET username = '{EMAIL}', canonical_username = '{EMAIL}' \
         WHERE username = 'older'"
    );
    app.database
        .connection()
        .execute_unprepared(&sql)
        .await
        .unwrap();

    let fields = json!({ "username": EMAIL, "password": PASSWORD });
    let logged_in = app.browser();
    logged_in.post_json("/login", &fields).await;

    let account = logged_in
        .get_with("/account", &[("accept", "application/json")])
        .await;
    assert_eq!(account.json()["email"], "older@example.com");
}

/// Attack B1: guess by the name, then by the address.
#[tokio::test]
async fn tries_by_name_and_by_address_count_for_one_account() {
    let (app, _) = app(LoginName::Either).await;
    register(&app.browser(), "alice", EMAIL).await;
    let thief = app.browser().address("203.0.113.7".parse().unwrap());
    let guess = async |typed: &str| {
        let fields = [("username", typed), ("password", "wrong wrong wrong")];
        thief.post("/login", &fields).await.status
    };

    for typed in ["alice", EMAIL, "ALICE", "Alice@Example.com", EMAIL] {
        assert_eq!(guess(typed).await, StatusCode::UNAUTHORIZED);
    }

    for typed in ["alice", EMAIL] {
        assert_eq!(guess(typed).await, StatusCode::TOO_MANY_REQUESTS, "{typed}");
    }
    // Of an unknown address, all spellings count as one.
    for typed in [
        "x@example.com",
        "X@Example.com",
        "x@EXAMPLE.com",
        "X@example.com",
        "x@ｅxample.com",
    ] {
        assert_eq!(guess(typed).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(guess("x@example.COM").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(guess("y@example.com").await, StatusCode::UNAUTHORIZED);
}

/// Attack B2: find out who has an address.
#[tokio::test]
async fn registering_a_name_with_the_address_of_somebody_else_looks_the_same() {
    let (app, mailbox) = app(LoginName::Either).await;
    let owner = app.browser();
    register(&owner, "alice", EMAIL).await;
    verify(&owner, &mailbox, 1).await;
    app.clock.advance(Duration::from_mins(1));
    let mut answers = BTreeSet::new();

    for (name, email) in [("mallory", EMAIL), ("trudy0", "trudy@example.com")] {
        let browser = app.browser();
        let answer = register(&browser, name, email).await;
        let pages = [
            browser.get("/welcome").await,
            browser.get("/account").await,
            browser.get("/verify-email").await,
            browser.get("/account/email").await,
            browser.post("/verify-email/resend", &[]).await,
            browser.get("/verify-email").await,
        ];
        let same = |text: &str| text.replace(name, "NAME").replace(email, "EMAIL");
        let pages = pages.map(|page| (page.status, same(page.text())));
        answers.insert((answer.status, answer.location().map(str::to_owned), pages));
    }

    assert_eq!(answers.len(), 1, "{answers:#?}");
    let told = mailbox.of_kind("email_in_use", 1).await;
    assert_eq!(told[0].to().as_str(), EMAIL);
    assert!(!told[0].text().contains("token="));
    let email = EMAIL.parse().unwrap();
    let owner = app.site.accounts().find_by_email(&email).await.unwrap();
    assert_eq!(owner.unwrap().name(), "alice");
    // The stranger's password does not log in with the address.
    assert_eq!(app.account("mallory").await.email_verified_at, None);
}

#[tokio::test]
async fn a_network_that_registers_many_addresses_waits() {
    let (app, _) = app(LoginName::Either).await;
    let thief: IpAddr = "203.0.113.7".parse().unwrap();
    let mut last = StatusCode::OK;
    for i in 0..31 {
        let browser = app.browser().address(thief);
        let answer = register(&browser, &format!("user{i}"), &format!("u{i}@example.com")).await;
        last = answer.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn of_several_who_register_with_one_address_at_once_each_gets_an_account() {
    let (app, _) = app(LoginName::Either).await;
    let tries = (0..8u8).map(|i| {
        let browser = app.browser().address(IpAddr::from([203, 0, i, 1]));
        async move { register(&browser, &format!("user{i}"), EMAIL).await }
    });

    let answers = futures_util::future::join_all(tries).await;

    for answer in answers {
        assert_eq!(answer.location(), Some("/welcome"), "{}", answer.text());
    }
    let email = EMAIL.parse().unwrap();
    let owner = app.site.accounts().find_by_email(&email).await.unwrap();
    assert!(owner.is_some());
}

#[tokio::test]
async fn scripts_register_with_an_address_too() {
    let (app, mailbox) = app(LoginName::Either).await;
    let browser = app.browser();
    let form = browser
        .get_with("/register", &[("accept", "application/json")])
        .await;
    assert_eq!(
        form.json(),
        json!({ "username": "", "email": "", "email_required": true, "min_chars": 15, "next": null, "fields": [], "by_passkey": true })
    );

    let body = json!({ "username": "alice", "email": EMAIL, "password": PASSWORD });
    let registered = browser.post_json("/register", &body).await;

    assert_eq!(registered.status, StatusCode::CREATED);
    assert_eq!(registered.json()["username"], "alice");
    mailbox.of_kind("verify_email", 1).await;
    let wrong = json!({ "username": "bob", "email": "bob", "password": PASSWORD });
    let wrong = app.browser().post_json("/register", &wrong).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong.json()["errors"][0]["field"], "email");
}

#[tokio::test]
async fn a_next_is_followed_after_a_log_in_by_address_and_never_leaves_the_site() {
    let (app, mailbox) = app(LoginName::Either).await;
    let browser = app.browser();
    let evil = "//evil.example/";
    let fields = [
        ("username", "alice"),
        ("email", EMAIL),
        ("password", PASSWORD),
    ];
    let registered = browser
        .post(&format!("/register?next={evil}"), &fields)
        .await;
    assert_eq!(registered.location(), Some("/welcome"));
    let mail = mailbox.of_kind("verify_email", 1).await.pop().unwrap();
    let link = format!("{}&next={evil}", Mailbox::link(&mail));
    assert_eq!(browser.get(&link).await.location(), Some("/verify-email"));
    let page = format!("/verify-email?next={evil}");
    assert_eq!(browser.post(&page, &[]).await.location(), Some("/account"));

    for (next, to) in [("/account/log", "/account/log"), (evil, "/welcome")] {
        let fields = [("username", EMAIL), ("password", PASSWORD), ("next", next)];
        let logged_in = app.browser().post("/login", &fields).await;
        assert_eq!(logged_in.location(), Some(to));
    }
}
