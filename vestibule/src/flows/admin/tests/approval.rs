//! Accounts that wait for an administrator's approval.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use super::{JSON, Office, message};
use crate::accounts::{Actor, ChangeOutcome};
use crate::flows::RegistrationMode;
use crate::testing::{Mailbox, PASSWORD, TestApp, TestClient, TestResponse};

/// A site that approves accounts, with the admin carol, who has a mail address.
async fn office() -> (Office, Mailbox) {
    let (app, mailbox) = TestApp::with_mail_and(|config| {
        config.registration = RegistrationMode::Approval;
    })
    .await;
    let operator = app.site.accounts().by(Actor::operator());
    for name in ["carol", "alice"] {
        let name = name.parse().unwrap();
        let change = operator.add(&name, &PASSWORD.into()).await.unwrap();
        assert_eq!(change, ChangeOutcome::Done);
    }
    app.grant("carol", "admin").await;
    app.set_email("carol", "carol@example.com").await;
    let (carol, alice) = (app.browser(), app.browser());
    app.log_in(&carol, "carol").await;
    app.log_in(&alice, "alice").await;
    (Office { app, carol, alice }, mailbox)
}

async fn register(browser: &TestClient, username: &str) -> TestResponse {
    let fields = [("username", username), ("password", PASSWORD)];
    browser.post("/register", &fields).await
}

async fn log_in(office: &Office, username: &str, password: &str) -> TestResponse {
    let fields = [("username", username), ("password", password)];
    office.app.browser().post("/login", &fields).await
}

#[tokio::test]
async fn a_new_account_waits_and_its_user_logs_in_once_it_is_approved() {
    let (office, mailbox) = office().await;
    let browser = office.app.browser();

    let done = register(&browser, "dora").await;
    assert_eq!(done.location(), Some("/login"), "{}", done.text());
    let page = browser.get("/login").await;
    assert!(page.text().contains("An administrator must approve it"));
    assert_eq!(browser.get("/welcome").await.status, StatusCode::SEE_OTHER);
    let needed = mailbox.of_kind("approval_needed", 1).await;
    assert_eq!(needed[0].to().as_str(), "carol@example.com");
    let waiting = office.carol.get("/admin?state=awaits_approval").await;
    assert!(waiting.text().contains("dora") && !waiting.text().contains("alice"));
    let active = office.carol.get("/admin?state=active").await;
    assert!(!active.text().contains("dora") && active.text().contains("alice"));
    let page = office.carol.get(&office.path_of("dora").await).await;
    assert!(page.text().contains("awaits approval") && page.text().contains("Approve"));
    office.app.set_email("dora", "dora@example.com").await;

    let approved = office.press("dora", "approve", &[]).await;

    assert!(message(&office.carol, &approved).await.contains("approved"));
    let told = mailbox.of_kind("account_approved", 1).await;
    assert_eq!(told[0].to().as_str(), "dora@example.com");
    assert!(told[0].text().contains("Hello dora"));
    let welcome = log_in(&office, "dora", PASSWORD).await;
    assert_eq!(welcome.location(), Some("/welcome"), "{}", welcome.text());
    let again = office.press("dora", "approve", &[]).await;
    assert_eq!(message(&office.carol, &again).await, "Nothing to change.");
    let log = office.log().await;
    let line = log.iter().find(|line| line.0 == "account approved");
    assert_eq!(line.map(|line| &*line.1), Some("carol"));
}

/// As for a wrong password, so that a stranger does not learn who has registered.
#[tokio::test]
async fn a_waiting_account_answers_a_log_in_as_a_wrong_password() {
    let (office, mailbox) = office().await;
    register(&office.app.browser(), "dora").await;
    office.app.set_email("dora", "dora@example.com").await;

    let right = log_in(&office, "dora", PASSWORD).await;
    let wrong = log_in(&office, "dora", "another horse and battery").await;
    let fields = [("email", "dora@example.com")];
    let asked = office.app.browser().post("/forgot-password", &fields).await;

    assert_eq!((right.status, right.text()), (wrong.status, wrong.text()));
    assert_eq!(right.status, StatusCode::UNAUTHORIZED);
    assert_eq!(asked.status, StatusCode::ACCEPTED);
    office.app.site.deliver_mail().await.unwrap();
    let mails = mailbox.mails();
    assert!(mails.iter().all(|mail| mail.kind() != "reset_password"));
    let link = office.press("dora", "send-reset-link", &[]).await;
    assert_eq!(link.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_rejected_account_is_deleted_and_an_approved_one_is_not() {
    let (office, _) = office().await;
    for name in ["dora", "erin"] {
        register(&office.app.browser(), name).await;
    }
    let (dora, erin) = (office.path_of("dora").await, office.path_of("erin").await);
    office.press("erin", "approve", &[]).await;

    let rejected = office.carol.post(&format!("{dora}/reject"), &[]).await;
    let late = office.carol.post(&format!("{erin}/reject"), &[]).await;

    assert_eq!(rejected.location(), Some("/admin"));
    assert_eq!(message(&office.carol, &late).await, "Nothing to change.");
    let accounts = office.app.site.accounts();
    assert!(accounts.find("dora").await.unwrap().is_none());
    assert!(accounts.find("erin").await.unwrap().is_some());
    let log = office.log().await;
    assert!(log.iter().any(|line| line.0 == "account rejected"));
    let gone = office.carol.post(&format!("{dora}/approve"), &[]).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn of_an_approval_and_a_rejection_at_once_one_wins() {
    let (office, _) = office().await;
    register(&office.app.browser(), "dora").await;
    let dora = office.account("dora").await.id;
    let accounts = office.app.site.accounts();
    let by = || accounts.by(Actor::operator());

    let (one, other) = (by(), by());
    let (approved, rejected) = tokio::join!(one.approve(&dora), other.reject(&dora));

    let outcomes = (approved.unwrap(), rejected.unwrap());
    let is_there = accounts.find("dora").await.unwrap().is_some();
    let expected = match is_there {
        true => (ChangeOutcome::Done, ChangeOutcome::AlreadySo),
        false => (ChangeOutcome::NoSuchUser, ChangeOutcome::Done),
    };
    assert_eq!(outcomes, expected);
}

#[tokio::test]
async fn an_admin_gets_one_mail_a_day_that_accounts_wait() {
    let (office, mailbox) = office().await;
    for name in ["dora", "erin", "frank"] {
        register(&office.app.browser(), name).await;
    }
    office.app.site.deliver_mail().await.unwrap();
    assert_eq!(mailbox.of_kind("approval_needed", 1).await.len(), 1);

    office.app.clock.advance(Duration::from_hours(24));
    register(&office.app.browser(), "grace").await;

    assert_eq!(mailbox.of_kind("approval_needed", 2).await.len(), 2);
}

#[tokio::test]
async fn only_admins_approve_and_a_script_gets_json() {
    let (office, _) = office().await;
    let fields = json!({ "username": "dora", "password": PASSWORD });
    let created = office.app.browser().post_json("/register", &fields).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let dora = office.path_of("dora").await;

    for action in ["approve", "reject"] {
        let path = format!("{dora}/{action}");
        let refused = office.alice.post(&path, &[]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        let form = ("content-type", "application/x-www-form-urlencoded");
        let headers = [form, ("sec-fetch-site", "cross-site")];
        let forged = office.carol.post_with(&path, &headers, "").await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
    }
    let user = office.carol.get_with(&dora, &JSON).await.json()["user"].clone();
    assert_eq!(user["awaits_approval"], true);
    let path = format!("{dora}/approve");
    let done = office.carol.post_json(&path, &json!({})).await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(!office.account("dora").await.awaits_approval);
}

/// The same form twice, as by a double click.
#[tokio::test]
async fn a_double_click_says_twice_that_the_account_waits() {
    let (office, _) = office().await;
    let browser = office.app.browser();

    register(&browser, "dora").await;
    let again = register(&browser, "dora").await;

    assert_eq!(again.location(), Some("/login"), "{}", again.text());
}

/// The last admin cannot be replaced by somebody who waits.
#[tokio::test]
async fn an_admin_who_waits_is_no_admin_yet() {
    let (office, _) = office().await;
    register(&office.app.browser(), "dora").await;
    office.app.grant("dora", "admin").await;

    let demoted = office.press("carol", "revoke", &[("role", "admin")]).await;

    assert_eq!(demoted.status, StatusCode::CONFLICT);
}
