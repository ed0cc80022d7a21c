#![cfg(feature = "sqlite")]

use std::sync::{Arc, Mutex};

use http::StatusCode;
use serde_json::json;

use crate::accounts::{ADMIN, Actor, ChangeOutcome, LogEntry};
use crate::login::{Event, EventRecord};
use crate::testing::{Mailbox, PASSWORD, TestApp, TestClient, TestResponse};

const PATH: &str = "/account/delete";

/// A site where users can delete their account.
async fn app() -> TestApp {
    TestApp::with(|config| config.users_can_delete_account = true).await
}

async fn delete(browser: &TestClient, password: &str) -> TestResponse {
    browser.post(PATH, &[("password", password)]).await
}

async fn exists(app: &TestApp, name: &str) -> bool {
    let found = app.site.accounts().find(name).await;
    found.unwrap().is_some()
}

#[tokio::test]
async fn a_user_deletes_their_account_and_is_logged_out_everywhere() {
    let mailbox = Mailbox::new();
    let heard = Arc::<Mutex<Vec<EventRecord>>>::default();
    let hear = heard.clone();
    let app = TestApp::with(|config| {
        config.users_can_delete_account = true;
        config.mailer(mailbox.clone());
        config.login(move |manager| {
            let hear = hear.clone();
            Ok(manager.on_event(move |record| hear.lock().unwrap().push(record.clone())))
        });
    });
    let app = app.await;
    let alice = app.registered("alice").await;
    let account = app.account("alice").await;
    let operator = app.site.accounts().by(Actor::operator());
    let email = "alice@example.com".parse().unwrap();
    let _ = operator.set_email(&account.id, Some(&email)).await.unwrap();
    let elsewhere = app.browser();
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    elsewhere.post("/login", &fields).await;
    assert!(alice.get("/account").await.text().contains(PATH));
    assert!(
        alice
            .get(PATH)
            .await
            .text()
            .contains("logs you out everywhere")
    );

    let deleted = delete(&alice, PASSWORD).await;

    assert_eq!(deleted.location(), Some("/login"));
    assert_eq!(deleted.header("clear-site-data"), Some("\"cache\""));
    assert!(alice.cookie("__Host-session").is_none());
    let login = alice.get("/login").await;
    assert!(login.text().contains("Your account has been deleted."));
    assert!(!exists(&app, "alice").await);
    assert_eq!(
        elsewhere.get("/welcome").await.status,
        StatusCode::SEE_OTHER
    );
    elsewhere.restart();
    assert_eq!(
        elsewhere.get("/welcome").await.status,
        StatusCode::SEE_OTHER,
        "remembered"
    );
    let again = app.browser().post("/login", &fields).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
    let log = app.site.accounts().security_log(Some(&account.id), None, 9);
    let lines = log.await.unwrap();
    let by_alice = |line: &LogEntry| (&*line.action, &*line.actor) == ("account deleted", "alice");
    assert_eq!(lines.iter().filter(|line| by_alice(line)).count(), 1);
    // The other is about the log-in elsewhere.
    let mut mails = mailbox.received(2).await;
    mails.retain(|mail| mail.subject().contains("was deleted"));
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to().as_str(), "alice@example.com");
    let mut told = heard.lock().unwrap().clone();
    told.retain(|record| record.event == Event::AccountDeleted);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].user, Some(account.id));
}

/// Attack: an unlocked browser, or a copied session cookie.
#[tokio::test]
async fn without_the_password_nothing_is_deleted_and_guessing_is_throttled() {
    let app = app().await;
    let thief = app.registered("alice").await.stolen();

    assert_eq!(
        thief.post(PATH, &[]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    for _ in 0..5 {
        let wrong = delete(&thief, "a wrong password").await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    }
    let right = delete(&thief, PASSWORD).await;

    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(exists(&app, "alice").await);
}

#[tokio::test]
async fn the_last_admin_cannot_delete_their_account() {
    let app = app().await;
    for name in ["carol", "dora"] {
        app.registered(name).await;
        app.grant(name, ADMIN).await;
    }
    let (carol, dora) = (app.browser(), app.browser());
    app.log_in(&carol, "carol").await;
    app.log_in(&dora, "dora").await;

    let first = carol
        .post_json(PATH, &json!({ "password": PASSWORD }))
        .await;
    assert_eq!(first.status, StatusCode::NO_CONTENT, "dora is an admin too");
    let last = dora.post_json(PATH, &json!({ "password": PASSWORD })).await;

    assert_eq!(last.status, StatusCode::CONFLICT);
    assert_eq!(last.json()["code"], "conflict");
    assert!(exists(&app, "dora").await);
    assert_eq!(
        dora.get("/admin").await.status,
        StatusCode::OK,
        "still logged in"
    );
}

#[tokio::test]
async fn a_form_on_another_site_and_a_stranger_delete_nothing() {
    let app = app().await;
    let alice = app.registered("alice").await;
    let foreign = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "cross-site"),
    ];
    let body = format!("password={}", PASSWORD.replace(' ', "+"));

    let foreign = alice.post_with(PATH, &foreign, body).await;
    let stranger = delete(&app.browser(), PASSWORD).await;

    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert_eq!(stranger.location().map(|to| &to[..6]), Some("/login"));
    assert!(exists(&app, "alice").await);
}

#[tokio::test]
async fn a_user_who_was_disabled_or_logged_out_meanwhile_deletes_nothing() {
    let app = app().await;
    app.registered("alice").await;
    let alice = app.account("alice").await;
    let accounts = app.site.accounts();
    let operator = accounts.by(Actor::operator());
    let _ = operator.end_sessions(&alice.id).await.unwrap();

    let stale = accounts.by(Actor::themself(&alice)).delete(&alice.id).await;
    assert_eq!(stale.unwrap(), ChangeOutcome::ActorLacksRole);
    let _ = operator.disable(&alice.id).await.unwrap();
    let disabled = app.account("alice").await;
    let disabled = accounts
        .by(Actor::themself(&disabled))
        .delete(&alice.id)
        .await;
    assert_eq!(disabled.unwrap(), ChangeOutcome::ActorLacksRole);
    assert!(exists(&app, "alice").await);
}

#[tokio::test]
async fn without_the_setting_nobody_can_delete_their_account() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;

    assert_eq!(alice.get(PATH).await.status, StatusCode::NOT_FOUND);
    assert_eq!(delete(&alice, PASSWORD).await.status, StatusCode::NOT_FOUND);
    assert!(!alice.get("/account").await.text().contains(PATH));

    let named = TestApp::with(|config| {
        let flows = ["register", "password_login", "delete_account"];
        config.flows = Some(flows.map(str::to_owned).to_vec());
    });
    let flows = named.await;
    assert_eq!(flows.site.path("delete_account"), Some(PATH));
}
