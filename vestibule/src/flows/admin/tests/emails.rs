//! Verifying an address by hand, links for a new password, and temporary passwords that expire.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use super::{JSON, Office, message};
use crate::accounts::{Actor, ChangeOutcome};
use crate::credentials::EmailUsers;
use crate::testing::{Mailbox, PASSWORD, TestApp};

const EMAIL: &str = "alice@example.com";
const NEW: &str = "another horse and battery";

async fn office() -> (Office, Mailbox) {
    let (app, mailbox) = TestApp::with_mail().await;
    let alice = app.registered("alice").await;
    let carol = app.registered("carol").await;
    app.grant("carol", "admin").await;
    app.log_in(&carol, "carol").await;
    app.set_email("alice", EMAIL).await;
    (Office { app, carol, alice }, mailbox)
}

/// ASVS 6.4.6.
#[tokio::test]
async fn an_admin_sends_a_link_for_a_new_password_and_never_sees_it() {
    let (office, mailbox) = office().await;
    let path = office.path_of("alice").await;
    let page = office.carol.get(&path).await;
    assert!(page.text().contains("Send reset link"));

    let sent = office.press("alice", "send-reset-link", &[]).await;

    let after = office.carol.get_with(&path, &JSON).await;
    let link = Mailbox::link(&mailbox.of_kind("reset_password", 1).await[0]);
    let token = link.split('=').nth(1).unwrap();
    assert!(!sent.text().contains(token) && !after.text().contains(token));
    assert_eq!(
        message(&office.carol, &sent).await,
        "The link has been sent."
    );
    assert_eq!(office.alice.get("/welcome").await.status, StatusCode::OK);
    let fields = json!({ "token": token, "password": NEW });
    let browser = office.app.browser();
    let reset = browser.post_json("/reset-password", &fields).await;
    assert_eq!(reset.status, StatusCode::NO_CONTENT);
    let log = office.log().await;
    let line = log.iter().find(|line| line.0 == "password reset link sent");
    let line = line.unwrap();
    assert_eq!((&*line.1, line.2.as_deref()), ("carol", Some("alice")));
}

#[tokio::test]
async fn a_link_is_not_sent_where_it_cannot_help_and_the_page_says_why() {
    let (office, mailbox) = office().await;
    office.app.registered("bob").await;
    office.app.registered("eve").await;
    office.app.set_email("eve", "eve@example.com").await;
    office.press("eve", "disable", &[]).await;

    let without = office.press("bob", "send-reset-link", &[]).await;
    let disabled = office.press("eve", "send-reset-link", &[]).await;
    for _ in 0..5 {
        office.press("alice", "send-reset-link", &[]).await;
    }
    let sixth = office.press("alice", "send-reset-link", &[]).await;

    for (response, why) in [
        (without, "no email address"),
        (disabled, "is disabled"),
        (sixth, "enough emails"),
    ] {
        assert_eq!(response.status, StatusCode::CONFLICT, "{why}");
        assert!(response.text().contains(why), "{}", response.text());
    }
    let mails = mailbox.of_kind("reset_password", 5).await;
    assert_eq!(mails.len(), 5);
    let mut working = 0;
    for mail in &mails {
        let browser = office.app.browser();
        browser.get(&Mailbox::link(mail)).await;
        let page = browser.get("/reset-password").await;
        working += usize::from(page.status == StatusCode::OK);
    }
    assert_eq!(working, 1, "the newest link, and not one of the sixth mail");
}

#[tokio::test]
async fn without_mail_there_is_no_button_and_no_link() {
    let office = Office::new().await;
    office.app.set_email("alice", EMAIL).await;

    let page = office.carol.get(&office.path_of("alice").await).await;
    let sent = office.press("alice", "send-reset-link", &[]).await;

    assert!(!page.text().contains("send-reset-link"));
    assert_eq!(sent.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_address_marked_as_verified_is_its_users_and_nobody_elses() {
    let (office, _) = office().await;
    let accounts = office.app.site.accounts();
    let operator = accounts.by(Actor::operator());
    let (email, name) = (EMAIL.parse().unwrap(), "bob".parse().unwrap());
    let password = accounts.temporary_password().unwrap();
    let added = operator.add_with_temporary_password(&name, Some(&email), &password);
    assert_eq!(added.await.unwrap(), ChangeOutcome::Done);
    let page = office.carol.get(&office.path_of("bob").await).await;
    assert!(page.text().contains("Not verified."));

    let done = office.press("bob", "verify-email", &[]).await;
    let said = message(&office.carol, &done).await;
    let taken = office.press("alice", "verify-email", &[]).await;

    assert_eq!(said, "The address is marked as verified.");
    let owner = accounts.find_by_email(&email).await.unwrap().unwrap();
    assert_eq!(owner.name(), "bob");
    assert!(owner.email_verified_at.is_some());
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert!(taken.text().contains("Another account"));
    let path = office.path_of("bob").await;
    let user = office.carol.get_with(&path, &JSON).await.json()["user"].clone();
    assert!(user["email_verified_at"].is_string());
    let again = office.press("bob", "verify-email", &[]).await;
    assert_eq!(message(&office.carol, &again).await, "Nothing to change.");
    let none = office.press("carol", "verify-email", &[]).await;
    assert!(none.text().contains("no email address"));
    let log = office.log().await;
    let line = log.iter().find(|line| line.0 == "email verified").unwrap();
    assert_eq!((&*line.1, line.3.as_deref()), ("carol", Some(EMAIL)));
}

#[tokio::test]
async fn whoever_lost_the_role_meanwhile_neither_sends_a_link_nor_verifies() {
    let (office, mailbox) = office().await;
    let (carol, alice) = (office.account("carol").await, office.account("alice").await);
    let admin: crate::access::RoleName = "admin".parse().unwrap();
    let actor = || Actor::user(&carol, admin.clone());
    let operator = office.app.site.accounts().by(Actor::operator());
    let _ = operator.revoke_role(&carol.id, &admin).await.unwrap();

    let site = &office.app.site;
    let sent = site.send_reset_link(actor(), &alice.id).await.unwrap();
    let verified = site.accounts().by(actor()).verify_email(&alice.id).await;
    let own = Actor::themself(&alice);
    let own = site.accounts().by(own).verify_email(&alice.id).await;

    let lacks = ChangeOutcome::ActorLacksRole;
    assert_eq!(
        (sent, verified.unwrap(), own.unwrap()),
        (lacks.clone(), lacks.clone(), lacks)
    );
    site.deliver_mail().await.unwrap();
    let mails = mailbox.mails();
    assert!(mails.iter().all(|mail| mail.kind() != "reset_password"));
}

/// A log-in with it is then answered as one with a wrong password. ASVS 6.4.1.
#[tokio::test]
async fn a_temporary_password_expires() {
    let (office, _) = office().await;
    let fields = json!({ "username": "dora" });
    let added = office
        .carol
        .post_json("/admin/users/new", &fields)
        .await
        .json();
    let password = added["password"].as_str().unwrap().to_owned();
    let log_in = async |password: &str| {
        let fields = [("username", "dora"), ("password", password)];
        office.app.browser().post("/login", &fields).await
    };
    let path = office.path_of("dora").await;
    let shown = office.carol.get_with(&path, &JSON).await.json();
    assert_eq!(shown["temporary_password"]["has_expired"], false);
    office.app.clock.advance(Duration::from_hours(71));
    let before = log_in(&password).await;
    assert_eq!(before.status, StatusCode::SEE_OTHER);

    office.app.clock.advance(Duration::from_hours(1));
    let after = log_in(&password).await;

    assert_eq!(after.status, StatusCode::UNAUTHORIZED);
    let wrong = log_in(NEW).await;
    assert_eq!((after.status, after.text()), (wrong.status, wrong.text()));
    office.app.log_in(&office.carol, "carol").await;
    let page = office.carol.get(&path).await;
    assert!(page.text().contains("The temporary password has expired."));
    let shown = office.carol.get_with(&path, &JSON).await.json();
    assert_eq!(shown["temporary_password"]["has_expired"], true);
    let path = office.path_of("alice").await;
    let own = office.carol.get_with(&path, &JSON).await;
    assert_eq!(own.json()["temporary_password"], json!(null));
}

/// One that its user has replaced does not expire, and neither does one that they must change.
#[tokio::test]
async fn only_a_temporary_password_expires() {
    let app = TestApp::with(|config| {
        config.temporary_passwords_last = Duration::from_hours(1);
    })
    .await;
    app.registered("alice").await;
    let operator = app.site.accounts().by(Actor::operator());
    let alice = app.account("alice").await;
    let change = operator
        .set_temporary_password(&alice.id, &NEW.into())
        .await;
    assert_eq!(change.unwrap(), ChangeOutcome::Done);
    let browser = app.browser();
    let fields = [("username", "alice"), ("password", NEW)];
    browser.post("/login", &fields).await;
    let fields = [("current_password", NEW), ("new_password", PASSWORD)];
    browser.post("/change-password", &fields).await;
    app.registered("bob").await;
    let bob = app.account("bob").await;
    let _ = operator.demand_new_password(&bob.id).await.unwrap();

    app.clock.advance(Duration::from_hours(2));

    app.log_in(&app.browser(), "alice").await;
    app.log_in(&app.browser(), "bob").await;
}
