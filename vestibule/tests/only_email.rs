//! Users who have only a mail address choose a name, close their account and export it.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use http::StatusCode;
use vestibule::accounts::{Account, Actor, ChangeOutcome};
use vestibule::credentials::{EmailUsers, LoginName};
use vestibule::mail::Email;
use vestibule::testing::{Mailbox, PASSWORD, TestApp, TestClient};

const EMAIL: &str = "alice@example.com";
const GRACE: Duration = Duration::from_hours(14 * 24);

async fn app() -> (TestApp, Mailbox) {
    TestApp::with_mail_and(|config| {
        config.log_in_with = LoginName::Email;
        config.users_can_change_username = true;
        config.users_can_close_account = true;
    })
    .await
}

/// A browser in which somebody has registered this address, verified it and logged in.
async fn registered(app: &TestApp, mailbox: &Mailbox, email: &str) -> TestClient {
    let browser = app.browser();
    let fields = [("email", email), ("password", PASSWORD)];
    browser.post("/register", &fields).await;
    let mail = loop {
        let mails = mailbox.of_kind("verify_email", 1).await;
        if let Some(mail) = mails.into_iter().find(|mail| mail.to().as_str() == email) {
            break mail;
        }
        app.site.deliver_mail().await.unwrap();
    };
    browser.get(&Mailbox::link(&mail)).await;
    browser.post("/verify-email", &[]).await;
    assert_eq!(log_in(&browser, email).await, StatusCode::SEE_OTHER);
    browser
}

async fn log_in(browser: &TestClient, name: &str) -> StatusCode {
    let fields = [("username", name), ("password", PASSWORD)];
    browser.post("/login", &fields).await.status
}

async fn owner(app: &TestApp, email: &str) -> Option<Account> {
    let email: Email = email.parse().unwrap();
    app.site.accounts().find_by_email(&email).await.unwrap()
}

#[tokio::test]
async fn a_user_without_a_name_chooses_one_and_logs_in_with_it_or_the_address() {
    let (app, mailbox) = app().await;
    let alice = registered(&app, &mailbox, EMAIL).await;
    let page = alice.get("/account/username").await;
    assert!(page.text().contains("You have no username yet."));
    assert!(!page.text().contains(&format!("value=\"{EMAIL}\"")));

    let chosen = alice
        .post("/account/username", &[("username", "alice")])
        .await;

    assert_eq!(chosen.location(), Some("/account"), "{}", chosen.text());
    let account = owner(&app, EMAIL).await.unwrap();
    assert_eq!(account.username.as_deref(), Some("alice"));
    assert_eq!(account.canonical_username, "alice");
    for name in ["alice", EMAIL] {
        let status = log_in(&app.browser(), name).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{name}");
    }
    let mail = mailbox.of_kind("username_changed", 1).await.remove(0);
    assert!(mail.text().contains("is now alice"), "{}", mail.text());
    let json = [("accept", "application/json")];
    let export = alice.get_with("/account/export", &json).await.json();
    let former = &export["account"]["former_usernames"];
    assert_eq!(former, &serde_json::json!([]), "it had none");
}

/// Attack: a stranger who registered the address, and waits for a name to log in with.
#[tokio::test]
async fn a_registration_that_waits_gets_no_name() {
    let (app, _) = app().await;
    let fields = [("email", EMAIL), ("password", PASSWORD)];
    app.browser().post("/register", &fields).await;
    let waiting = owner(&app, EMAIL).await.unwrap();

    let accounts = app.site.accounts();
    let operator = accounts.by(Actor::operator());
    let name = "alice".parse().unwrap();
    let named = operator.set_username(&waiting.id, &name).await;

    assert_eq!(named.unwrap(), ChangeOutcome::NeedsEmail);
    let status = log_in(&app.browser(), "alice").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_closed_account_without_a_name_is_opened_by_a_log_in_and_erased_after_its_time() {
    let (app, mailbox) = app().await;
    let alice = registered(&app, &mailbox, EMAIL).await;
    let id = owner(&app, EMAIL).await.unwrap().id;
    let password = [("password", PASSWORD)];
    let page = alice.get("/account/close").await;
    assert!(page.text().contains(EMAIL), "{}", page.text());

    let closed = alice.post("/account/close", &password).await;
    assert_eq!(closed.location(), Some("/login"));
    assert_eq!(log_in(&alice, EMAIL).await, StatusCode::SEE_OTHER);
    let account = owner(&app, EMAIL).await.unwrap();
    assert_eq!(account.closes_at, None, "open again");

    alice.post("/account/close", &password).await;
    app.clock.advance(GRACE);
    assert_eq!(app.site.erase_closed_accounts().await.unwrap(), 1);

    assert_eq!(owner(&app, EMAIL).await, None);
    let log = app.site.accounts().security_log(None, None, 100).await;
    let log = log.unwrap();
    assert!(!format!("{log:?}").contains(EMAIL), "{log:?}");
    assert!(log.iter().any(|line| line.user_id.as_ref() == Some(&id)));
    mailbox.of_kind("account_deleted", 1).await;
}

/// The log finds what somebody did by their name, and an admin may have had several.
#[tokio::test]
async fn an_export_has_what_the_user_did_under_each_of_their_names() {
    let (app, mailbox) = app().await;
    let admin = registered(&app, &mailbox, EMAIL).await;
    registered(&app, &mailbox, "bob@example.com").await;
    let (alice, bob) = (
        owner(&app, EMAIL).await.unwrap().id,
        owner(&app, "bob@example.com").await.unwrap().id,
    );
    let accounts = app.site.accounts();
    let operator = accounts.by(Actor::operator());
    let role = "admin".parse().unwrap();
    assert_eq!(
        operator.grant_role(&alice, &role).await.unwrap(),
        ChangeOutcome::Done
    );
    log_in(&admin, EMAIL).await;
    for (name, change) in [("alice", "disable"), ("alicia", "enable")] {
        let path = format!("/admin/users/{bob}/{change}");
        let changed = admin.post(&path, &[]).await;
        assert!(changed.status.is_redirection(), "{}", changed.text());
        let renamed = admin.post("/account/username", &[("username", name)]).await;
        assert_eq!(renamed.location(), Some("/account"), "{}", renamed.text());
    }

    let json = [("accept", "application/json")];
    let export = admin.get_with("/account/export", &json).await.json();

    let actions = export["actions"].as_array().unwrap().iter();
    let actions: Vec<_> = actions.map(|line| line["action"].to_string()).collect();
    for action in ["\"account disabled\"", "\"account enabled\""] {
        let has = actions.iter().any(|other| other == action);
        assert!(has, "{action}: {actions:?}");
    }
}
