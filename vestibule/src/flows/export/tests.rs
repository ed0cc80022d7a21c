#![cfg(feature = "sqlite")]

use std::collections::BTreeSet;
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use crate::accounts::{ADMIN, Actor};
use crate::credentials::PasswordUsers;
use crate::testing::{Mailbox, PASSWORD, TestApp, TestClient};

const PATH: &str = "/account/export";
const EMAIL: &str = "alice@example.com";

async fn export(browser: &TestClient) -> Value {
    let json = [("accept", "application/json")];
    let answer = browser.get_with(PATH, &json).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

/// A site where alice has verified her address.
async fn app() -> (TestApp, Mailbox, TestClient) {
    let (app, mailbox) = TestApp::with_mail_and(|config| {
        config.on_export(async |account| Ok(json!({ "photos_of": account.username })));
    })
    .await;
    let alice = app.registered("alice").await;
    alice.post("/account/email", &[("email", EMAIL)]).await;
    let mail = mailbox.of_kind("verify_email", 1).await.remove(0);
    alice.get(&Mailbox::link(&mail)).await;
    alice.post("/verify-email", &[]).await;
    assert_eq!(app.account("alice").await.email.as_deref(), Some(EMAIL));
    (app, mailbox, alice)
}

#[tokio::test]
async fn a_user_exports_all_that_is_kept_about_them() {
    let (app, _, alice) = app().await;
    app.grant("alice", "editor").await;
    app.log_in(&alice, "alice").await;
    alice
        .post("/account/email", &[("email", "new@example.com")])
        .await;
    alice
        .post("/account/notices", &[("new_device", "on")])
        .await;

    let export = export(&alice).await;

    let account = &export["account"];
    assert_eq!(account["username"], "alice");
    assert_eq!(account["email"], EMAIL);
    assert_eq!(account["roles"], json!(["editor"]));
    assert_eq!(account["created_at"], "2027-01-15T08:00:00Z");
    let of = |list: &str, field: &str| {
        let entries = export[list].as_array().unwrap().iter();
        let values = entries.map(|entry| entry[field].as_str().unwrap().to_owned());
        values.collect::<BTreeSet<_>>()
    };
    let log = of("log", "action");
    for action in [
        "account added",
        "email changed",
        "role granted",
        "logged in",
    ] {
        assert!(log.contains(action), "{action}: {log:?}");
    }
    assert!(of("mails", "kind").contains("role_granted"));
    assert!(of("links", "address").contains("new@example.com"));
    assert_eq!(export["mails_off"], json!(["failed_logins"]));
    assert_eq!(export["sessions"][0]["is_this"], true);
    assert_eq!(export["known_browsers"].as_array().unwrap().len(), 1);
    assert_eq!(export["app"], json!({ "photos_of": "alice" }));
    let page = alice.get(PATH).await;
    for text in [
        "editor",
        EMAIL,
        "photos_of",
        "role granted",
        "new@example.com",
    ] {
        assert!(page.text().contains(text), "{text}: {}", page.text());
    }
    assert!(alice.get("/account").await.text().contains(PATH));
}

#[tokio::test]
async fn the_download_is_the_same_as_a_file() {
    let (_, _, alice) = app().await;

    let page = alice.get(PATH).await;
    assert!(page.text().contains("/account/export?download=json"));
    let file = alice.get("/account/export?download=json").await;

    assert_eq!(file.header("content-type"), Some("application/json"));
    let disposition = "attachment; filename=\"account.json\"";
    assert_eq!(file.header("content-disposition"), Some(disposition));
    assert_eq!(file.json(), export(&alice).await);
}

/// Attack: an export that somebody finds.
#[tokio::test]
async fn an_export_has_nothing_that_lets_anybody_in() {
    let (app, mailbox, alice) = app().await;
    alice
        .post("/account/email", &[("email", "new@example.com")])
        .await;
    let mail = mailbox.of_kind("verify_email", 2).await.remove(1);
    let link = Mailbox::link(&mail);
    let (_, token) = link.split_once("token=").unwrap();
    let id = app.account("alice").await.id;
    let hash = app.site.accounts().hash_of(&id).await.unwrap().unwrap();
    let session = alice.cookie("__Host-session").unwrap();

    let export = export(&alice).await.to_string();
    let page = alice.get(PATH).await;

    for text in [&*export, page.text()] {
        for secret in [hash.as_str(), &*session, token, PASSWORD, "argon2"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        // No digest either: those are 64 digits.
        let digits = text.split(|c: char| !c.is_ascii_hexdigit());
        for digits in digits {
            assert!(digits.len() < 32, "{digits}: {text}");
        }
    }
}

#[tokio::test]
async fn an_export_has_nothing_of_others_and_not_where_an_admin_is() {
    let (app, _, alice) = app().await;
    app.registered("bob").await;
    app.registered("carol").await;
    app.grant("carol", ADMIN).await;
    let carol = app.browser().address("203.0.113.9".parse().unwrap());
    app.log_in(&carol, "carol").await;
    for name in ["alice", "bob"] {
        let id = app.account(name).await.id;
        let path = format!("/admin/users/{id}/demand-new-password");
        carol.post(&path, &[]).await;
    }
    let operator = app.site.accounts().by(Actor::operator());
    let id = app.account("alice").await.id;
    let _ = operator.enable(&id).await.unwrap();
    let new = "another horse and battery";
    let fields = [("current_password", PASSWORD), ("new_password", new)];
    alice.post("/change-password", &fields).await;

    let of_alice = export(&alice).await.to_string();
    let of_carol = export(&carol).await;

    assert!(of_alice.contains("password change demanded"), "{of_alice}");
    for other in ["bob", "carol", "203.0.113.9"] {
        assert!(!of_alice.contains(other), "{other}: {of_alice}");
    }
    let actions = of_carol["actions"].as_array().unwrap();
    assert_eq!(actions.len(), 2, "{actions:?}");
    let about: BTreeSet<_> = actions.iter().map(|line| line["user"].as_str()).collect();
    assert!(about.contains(&Some(id.as_str())));
    assert!(!of_carol.to_string().contains("bob"));
}

/// Attack: entering somebody's address to learn which mails they get.
#[tokio::test]
async fn mails_to_an_address_that_is_not_verified_are_not_listed() {
    let (app, _) = TestApp::with_mail().await;
    let alice = app.registered("alice").await;
    app.set_email("alice", EMAIL).await;
    app.grant("alice", "editor").await;
    app.log_in(&alice, "alice").await;

    let export = export(&alice).await;

    let mails = app.site.queued_mails(None, None, 9).await.unwrap();
    assert!(!mails.is_empty());
    assert_eq!(export["mails"], json!([]));
}

#[tokio::test]
async fn a_long_log_is_complete() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let id = app.account("alice").await.id;
    let operator = app.site.accounts().by(Actor::operator());
    let email = ["a@example.com", "b@example.com"].map(|email| email.parse().unwrap());
    for i in 0..1_100 {
        let _ = operator.set_email(&id, Some(&email[i % 2])).await.unwrap();
    }

    let export = export(&alice).await;

    let log = export["log"].as_array().unwrap();
    let ids: BTreeSet<_> = log.iter().map(|line| line["id"].to_string()).collect();
    assert!(log.len() >= 1_101, "{}", log.len());
    assert_eq!(ids.len(), log.len(), "each once");
    let page = alice.get(PATH).await;
    assert!(page.text().matches("email changed").count() <= 50);
}

#[tokio::test]
async fn an_export_needs_a_fresh_log_in() {
    let (app, _, alice) = app().await;
    app.clock.advance(Duration::from_mins(16));

    let stale = alice.get("/account/export?download=json").await;
    let stranger = app.browser().get(PATH).await;

    assert!(stale.location().unwrap().starts_with("/confirm-login"));
    assert!(stranger.location().unwrap().starts_with("/login"));
}

#[tokio::test]
async fn an_app_that_cannot_say_what_it_keeps_is_an_error_and_no_half_export() {
    let app = TestApp::with(|config| {
        config.on_export(async |_| Err::<Value, _>(crate::Error::store("gone")));
    })
    .await;
    let alice = app.registered("alice").await;

    let json = [("accept", "application/json")];
    let failed = alice.get_with(PATH, &json).await;

    assert_eq!(failed.status, StatusCode::SERVICE_UNAVAILABLE);
}
