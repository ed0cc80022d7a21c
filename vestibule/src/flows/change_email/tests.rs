#![cfg(feature = "sqlite")]

use std::collections::BTreeSet;
use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use crate::credentials::EmailUsers;
use crate::login::Sender;
use crate::testing::{Mailbox, PASSWORD, TestApp, TestClient, TestResponse};

const OLD: &str = "alice@example.com";
const NEW: &str = "new@example.com";
const NEW_PASSWORD: &str = "another horse and battery";

/// A site where alice is logged in and has a verified address.
async fn app() -> (TestApp, Mailbox, TestClient) {
    let (app, mailbox) = TestApp::with_mail().await;
    let alice = app.registered("alice").await;
    set_verified(&app, "alice", OLD).await;
    (app, mailbox, alice)
}

async fn set_verified(app: &TestApp, name: &str, email: &str) {
    let account = app.account(name).await;
    let (email, from) = (email.parse().unwrap(), Sender::at(None));
    let accounts = app.site.accounts();
    let set = accounts.set_verified_email(&account, &email, &from).await;
    let _ = set.unwrap();
}

async fn change(browser: &TestClient, email: &str) -> TestResponse {
    browser.post("/account/email", &[("email", email)]).await
}

/// Follows the link of the newest of `count` mails of this kind, and presses the button.
async fn press(browser: &TestClient, mailbox: &Mailbox, kind: &str, count: usize) -> TestResponse {
    let mail = mailbox.of_kind(kind, count).await.pop().unwrap();
    let moved = browser.get(&Mailbox::link(&mail)).await;
    let page = moved.location().unwrap().to_owned();
    browser.get(&page).await;
    browser.post(&page, &[]).await
}

async fn email(app: &TestApp) -> Option<String> {
    app.account("alice").await.email
}

async fn can_log_in(app: &TestApp, password: &str) -> bool {
    let fields = [("username", "alice"), ("password", password)];
    let answer = app.browser().post("/login", &fields).await;
    answer.status == StatusCode::SEE_OTHER
}

#[tokio::test]
async fn a_new_address_is_the_users_once_they_follow_its_link() {
    let (app, mailbox, alice) = app().await;

    let sent = change(&alice, NEW).await;
    // Also the code can be entered at once.
    let page = alice.get("/verify-email").await;
    assert!(page.text().contains("name=\"code\""), "{}", page.text());
    assert_eq!(sent.location(), Some("/verify-email"));
    assert!(alice.get("/verify-email").await.text().contains(NEW));
    assert_eq!(
        email(&app).await.as_deref(),
        Some(OLD),
        "nothing before the link"
    );
    assert!(mailbox.mails().iter().all(|mail| mail.to().as_str() == NEW));
    let done = press(&alice, &mailbox, "verify_email", 1).await;

    assert_eq!(done.location(), Some("/account"), "{}", done.text());
    assert_eq!(email(&app).await.as_deref(), Some(NEW));
    assert!(app.account("alice").await.email_verified_at.is_some());
    let told = mailbox.of_kind("email_replaced", 1).await;
    assert_eq!(told[0].to().as_str(), OLD);
    assert!(told[0].text().contains(NEW) && told[0].text().contains("/account/email/undo?token="));
    assert_eq!(alice.get("/welcome").await.status, StatusCode::OK);
}

/// A thief in an open session. ASVS 7.5.1.
#[tokio::test]
async fn changing_the_address_needs_a_fresh_log_in() {
    let (app, mailbox, alice) = app().await;
    app.clock.advance(Duration::from_mins(20));

    for answer in [alice.get("/account/email").await, change(&alice, NEW).await] {
        let to = answer.location().unwrap_or_default();
        assert!(to.starts_with("/confirm-login"), "{to}");
    }

    let json = alice
        .post_json("/account/email", &json!({ "email": NEW }))
        .await;
    assert_eq!(json.json()["code"], "fresh_login_required");
    let stranger = change(&app.browser(), NEW).await;
    assert!(stranger.location().unwrap().starts_with("/login"));
    assert!(mailbox.mails().is_empty());
}

/// Attack E11: somebody who got into the account makes it theirs by its address.
#[tokio::test]
async fn the_former_address_takes_the_account_back_within_seven_days() {
    let (app, mailbox, thief) = app().await;
    let remembered = app.browser();
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    remembered.post("/login", &fields).await;
    change(&thief, NEW).await;
    press(&thief, &mailbox, "verify_email", 1).await;
    // The thief asks for a link too.
    app.browser()
        .post("/forgot-password", &[("email", NEW)])
        .await;
    let reset = mailbox.of_kind("reset_password", 1).await.pop().unwrap();
    app.clock
        .advance(Duration::from_hours(7 * 24) - Duration::from_mins(1));

    let owner = app.browser();
    let undone = press(&owner, &mailbox, "email_replaced", 1).await;

    assert_eq!(
        undone.location(),
        Some("/reset-password"),
        "{}",
        undone.text()
    );
    assert_eq!(email(&app).await.as_deref(), Some(OLD));
    assert!(!can_log_in(&app, PASSWORD).await, "the thief may know it");
    for browser in [&thief, &remembered] {
        for _ in 0..2 {
            assert_eq!(browser.get("/welcome").await.status, StatusCode::SEE_OTHER);
            browser.restart();
        }
    }
    let dead = app.browser();
    dead.get(&Mailbox::link(&reset)).await;
    assert_eq!(dead.get("/reset-password").await.status, StatusCode::GONE);
    let form = owner.get("/reset-password").await;
    assert!(form.text().contains("alice"), "{}", form.text());
    let chosen = owner
        .post("/reset-password", &[("password", NEW_PASSWORD)])
        .await;
    assert_eq!(chosen.location(), Some("/login"));
    assert!(can_log_in(&app, NEW_PASSWORD).await);
    // It works once.
    let again = mailbox.of_kind("email_replaced", 1).await;
    let browser = app.browser();
    browser.get(&Mailbox::link(&again[0])).await;
    let again = browser.post("/account/email/undo", &[]).await;
    assert_eq!(again.status, StatusCode::GONE);
}

#[tokio::test]
async fn following_the_link_to_undo_undoes_nothing_and_after_seven_days_it_is_dead() {
    let (app, mailbox, alice) = app().await;
    change(&alice, NEW).await;
    press(&alice, &mailbox, "verify_email", 1).await;
    let link = Mailbox::link(&mailbox.of_kind("email_replaced", 1).await[0]);
    let browser = app.browser();

    for _ in 0..5 {
        browser.get(&link).await;
        let shown = browser.get("/account/email/undo").await;
        assert_eq!(shown.status, StatusCode::OK);
        assert!(shown.text().contains(OLD), "{}", shown.text());
    }
    assert_eq!(email(&app).await.as_deref(), Some(NEW));
    app.clock.advance(Duration::from_hours(7 * 24));

    let dead = browser.post("/account/email/undo", &[]).await;

    assert_eq!(dead.status, StatusCode::GONE);
    assert_eq!(email(&app).await.as_deref(), Some(NEW));
}

#[tokio::test]
async fn of_fifty_who_undo_at_once_one_does() {
    let (app, mailbox, alice) = app().await;
    change(&alice, NEW).await;
    press(&alice, &mailbox, "verify_email", 1).await;
    let link = Mailbox::link(&mailbox.of_kind("email_replaced", 1).await[0]);
    let body = json!({ "token": link.split_once("token=").unwrap().1 });
    let tries = (0..50).map(|_| async {
        let answer = app.browser().post_json("/account/email/undo", &body).await;
        answer.status
    });

    let answers = futures_util::future::join_all(tries).await;

    let done = answers.iter().filter(|status| **status == StatusCode::OK);
    let gone = answers.iter().filter(|status| **status == StatusCode::GONE);
    assert_eq!((done.count(), gone.count()), (1, 49));
}

/// Two changes: each former address can undo.
#[tokio::test]
async fn a_second_change_does_not_end_the_undo_of_the_first() {
    let (app, mailbox, thief) = app().await;
    change(&thief, NEW).await;
    press(&thief, &mailbox, "verify_email", 1).await;
    app.clock.advance(Duration::from_mins(2));
    change(&thief, "third@example.com").await;
    press(&thief, &mailbox, "verify_email", 2).await;
    let told = mailbox.of_kind("email_replaced", 2).await;
    let first = told.iter().find(|mail| mail.to().as_str() == OLD).unwrap();

    let owner = app.browser();
    owner.get(&Mailbox::link(first)).await;
    let undone = owner.post("/account/email/undo", &[]).await;

    assert_eq!(
        undone.location(),
        Some("/reset-password"),
        "{}",
        undone.text()
    );
    assert_eq!(email(&app).await.as_deref(), Some(OLD));
    // The thief's link for the address in between must not take it again.
    let second = told.iter().find(|mail| mail.to().as_str() == NEW).unwrap();
    let thief = app.browser();
    thief.get(&Mailbox::link(second)).await;
    let undone = thief.post("/account/email/undo", &[]).await;
    assert_eq!(undone.status, StatusCode::GONE, "{}", undone.text());
    assert_eq!(email(&app).await.as_deref(), Some(OLD));
}

/// Attack B2: whose address is it?
#[tokio::test]
async fn an_address_that_another_account_has_verified_gets_the_same_answer() {
    let (app, mailbox, alice) = app().await;
    app.registered("bob").await;
    set_verified(&app, "bob", "bob@example.com").await;
    let mut answers = BTreeSet::new();
    // It shows the messages so far.
    alice.get("/welcome").await;

    for typed in ["bob@example.com", "free@example.com"] {
        let sent = change(&alice, typed).await;
        let page = alice.get("/verify-email").await;
        let form = alice.get("/account/email").await;
        let same = |page: &TestResponse| page.text().replace(typed, "EMAIL");
        answers.insert((
            sent.status,
            sent.location().map(str::to_owned),
            same(&page),
            same(&form),
        ));
    }

    assert_eq!(answers.len(), 1, "{answers:#?}");
    let told = mailbox.of_kind("email_in_use", 1).await;
    assert_eq!(told[0].to().as_str(), "bob@example.com");
    assert!(told[0].text().contains("Hello bob"), "{}", told[0].text());
    assert!(!told[0].text().contains("token="));
}

#[tokio::test]
async fn what_is_no_address_or_the_same_one_is_said_at_the_field() {
    let (app, mailbox, alice) = app().await;
    for typed in [
        "",
        "alice",
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com\n",
        "a b@example.com",
        "A <a@example.com>",
        OLD,
        "ALICE@EXAMPLE.COM",
    ] {
        let wrong = change(&alice, typed).await;
        if typed == "a@example.com\n" {
            // White space around it is ignored.
            assert_eq!(wrong.location(), Some("/verify-email"));
            continue;
        }
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        assert!(wrong.text().contains("id=\"email-error\""), "{typed}");
    }
    mailbox.of_kind("verify_email", 1).await;
    app.site.deliver_mail().await.unwrap();
    assert_eq!(mailbox.mails().len(), 1);
}

/// A domain that looks the same is another one.
#[tokio::test]
async fn a_homograph_of_an_address_is_another_address() {
    let (app, mailbox, alice) = app().await;
    app.registered("bob").await;
    set_verified(&app, "bob", "bob@example.com").await;
    // Cyrillic а.
    let look_alike = "bob@ex\u{430}mple.com";

    change(&alice, look_alike).await;

    let mail = mailbox.of_kind("verify_email", 1).await.pop().unwrap();
    assert_eq!(mail.to().canonical(), "bob@xn--exmple-4nf.com");
    assert_eq!(mailbox.mails().len(), 1);
}

#[tokio::test]
async fn scripts_change_and_undo() {
    let (app, mailbox, alice) = app().await;
    let sent = alice
        .post_json("/account/email", &json!({ "email": NEW }))
        .await;
    assert_eq!(
        (sent.status, sent.json()),
        (StatusCode::ACCEPTED, json!({ "email": NEW }))
    );
    let form = alice
        .get_with("/account/email", &[("accept", "application/json")])
        .await;
    assert_eq!(
        form.json(),
        json!({ "email": OLD, "is_verified": true, "pending": NEW, "typed": "" })
    );
    let wrong = alice
        .post_json("/account/email", &json!({ "email": "x" }))
        .await;
    assert_eq!(wrong.json()["errors"][0]["field"], "email");
    press(&alice, &mailbox, "verify_email", 1).await;
    let link = Mailbox::link(&mailbox.of_kind("email_replaced", 1).await[0]);
    let token = link.split_once("token=").unwrap().1;

    let script = app.browser();
    let undone = script
        .post_json("/account/email/undo", &json!({ "token": token }))
        .await;

    assert_eq!(undone.status, StatusCode::OK);
    let token = undone.json()["token"].as_str().unwrap().to_owned();
    let body = json!({ "token": token, "password": NEW_PASSWORD });
    let chosen = script.post_json("/reset-password", &body).await;
    assert_eq!(chosen.status, StatusCode::NO_CONTENT);
    assert!(can_log_in(&app, NEW_PASSWORD).await);
}

#[tokio::test]
async fn a_form_on_another_site_changes_and_undoes_nothing() {
    let (_app, mailbox, alice) = app().await;
    let headers = [
        ("sec-fetch-site", "cross-site"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    for path in ["/account/email", "/account/email/undo"] {
        let body = "email=new%40example.com".to_owned();
        let answer = alice.post_with(path, &headers, body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert!(mailbox.mails().is_empty());
}
