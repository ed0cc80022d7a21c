#![cfg(feature = "sqlite")]

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use crate::accounts::{Accounts, Actor, ChangeOutcome};
use crate::crypto::secret::Secret;
use crate::password::PasswordHash;
use crate::testing::{Mailbox, PASSWORD, TestApp, TestClient, TestResponse};

const PATH: &str = "/account/username";

async fn app() -> (TestApp, Mailbox) {
    TestApp::with_mail_and(|config| config.users_can_change_username = true).await
}

async fn rename(browser: &TestClient, to: &str) -> TestResponse {
    browser.post(PATH, &[("username", to)]).await
}

async fn register(app: &TestApp, name: &str) -> TestResponse {
    let fields = [("username", name), ("password", PASSWORD)];
    app.browser().post("/register", &fields).await
}

async fn exists(app: &TestApp, name: &str) -> bool {
    app.site.accounts().find(name).await.unwrap().is_some()
}

#[tokio::test]
async fn a_user_changes_their_name_and_stays_logged_in() {
    let (app, mailbox) = app().await;
    let alice = app.registered("alice").await;
    app.set_email("alice", "alice@example.com").await;
    let id = app.account("alice").await.id;
    assert!(alice.get("/account").await.text().contains(PATH));
    assert!(alice.get(PATH).await.text().contains("value=\"alice\""));

    let renamed = rename(&alice, " Alicia ").await;

    assert_eq!(renamed.location(), Some("/account"));
    let account = alice.get("/account").await;
    assert!(account.text().contains("Your username is now Alicia."));
    assert!(account.text().contains("<bdi>Alicia</bdi>"));
    assert_eq!(app.account("alicia").await.id, id);
    app.log_in(&app.browser(), "alicia").await;
    let fields = [("username", "alice"), ("password", PASSWORD)];
    let former = app.browser().post("/login", &fields).await;
    assert_eq!(former.status, StatusCode::UNAUTHORIZED);
    let log = app.site.accounts().security_log(Some(&id), None, 9).await;
    let lines = log.unwrap();
    let line = lines.iter().find(|line| line.action == "username changed");
    let line = line.unwrap();
    let names = (line.username.as_deref(), line.detail.as_deref());
    assert_eq!(names, (Some("alice"), Some("Alicia")));
    let mail = mailbox.of_kind("username_changed", 1).await.remove(0);
    assert!(mail.text().contains("Hello alice"), "{}", mail.text());
    assert!(mail.text().contains("is now Alicia"), "{}", mail.text());

    let json = alice.post_json(PATH, &json!({ "username": "ally" })).await;
    assert_eq!(json.status, StatusCode::OK);
    assert_eq!(json.json(), json!({ "username": "ally" }));
}

#[tokio::test]
async fn a_name_that_is_taken_reserved_or_looks_like_another_is_rejected_at_the_field() {
    let (app, _) = app().await;
    let alice = app.registered("alice").await;
    app.registered("bob").await;

    for (name, text) in [
        ("bob", "is taken"),
        ("B0b", "is taken"),
        ("admin", "is reserved"),
        ("al", "3 to 64"),
        ("al ice", "space"),
        ("alice", "already"),
    ] {
        let rejected = rename(&alice, name).await;
        assert_eq!(rejected.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(
            rejected.text().contains(text),
            "{name}: {}",
            rejected.text()
        );
        let kept = format!("value=\"{name}\"");
        assert!(rejected.text().contains(&kept), "{name}");
        let rejected = alice.post_json(PATH, &json!({ "username": name })).await;
        assert_eq!(rejected.json()["code"], "invalid_fields");
    }
    assert!(exists(&app, "alice").await);
    let look = rename(&alice, "A1ice").await;
    assert_eq!(look.location(), Some("/account"), "like their own name");
}

/// Attack: somebody who poses as the user who had the name.
#[tokio::test]
async fn a_former_name_is_reserved_for_its_user_for_a_while() {
    let (app, _) = app().await;
    let alice = app.registered("alice").await;
    let bob = app.registered("bob").await;
    rename(&alice, "carla").await;

    for name in ["alice", "A1ice"] {
        assert!(
            register(&app, name).await.text().contains("taken"),
            "{name}"
        );
        assert!(
            rename(&bob, name).await.text().contains("is taken"),
            "{name}"
        );
        let operator = app.site.accounts().by(Actor::operator());
        let username = name.parse().unwrap();
        let added = operator.add(&username, &Secret::from(PASSWORD)).await;
        assert_eq!(added.unwrap(), ChangeOutcome::NameTaken);
        let hash = "$2b$12$GhvMmNVjRW29ulnudl.LbuAnUtN/LRfe1JsBm1Xu6LE3059z5Tr8m";
        let hash = PasswordHash::from_stored(hash);
        let imported = operator.import(&username, None, &hash).await;
        assert_eq!(imported.unwrap(), ChangeOutcome::NameTaken);
    }
    assert_eq!(rename(&alice, "alice").await.location(), Some("/account"));
    assert!(exists(&app, "alice").await);
    assert!(register(&app, "carla").await.text().contains("taken"));

    app.clock.advance(Accounts::FORMER_NAMES_RESERVED_FOR);
    let free = register(&app, "carla").await;
    assert_eq!(free.location(), Some("/welcome"), "{}", free.text());
}

/// Attack: reserving many names.
#[tokio::test]
async fn a_user_reserves_three_former_names_at_most() {
    let (app, _) = app().await;
    let alice = app.registered("name0").await;
    for (i, to) in ["amber", "bruno", "cosmo", "delta"].into_iter().enumerate() {
        app.clock.advance(Duration::from_secs(1));
        assert_eq!(rename(&alice, to).await.location(), Some("/account"), "{i}");
    }

    let oldest = register(&app, "name0").await;

    assert_eq!(oldest.location(), Some("/welcome"), "{}", oldest.text());
    for name in ["amber", "bruno", "cosmo"] {
        assert!(
            register(&app, name).await.text().contains("taken"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn of_many_who_want_one_name_at_once_one_gets_it() {
    let (app, _) = app().await;
    let (alice, bob) = (app.registered("alice").await, app.registered("bob").await);

    let (one, two, three) = tokio::join!(
        rename(&alice, "zoe"),
        rename(&bob, "zoe"),
        register(&app, "z0e")
    );

    let got = [one, two, three];
    let got = got
        .iter()
        .filter(|answer| answer.status == StatusCode::SEE_OTHER);
    assert_eq!(got.count(), 1);
}

#[tokio::test]
async fn a_change_needs_a_fresh_log_in_and_no_other_site_causes_one() {
    let (app, _) = app().await;
    let alice = app.registered("alice").await;
    let foreign = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "cross-site"),
    ];

    let foreign = alice.post_with(PATH, &foreign, "username=eve").await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    let stranger = rename(&app.browser(), "eve").await;
    assert!(stranger.location().unwrap().starts_with("/login"));
    app.clock.advance(Duration::from_mins(16));
    let stale = rename(&alice, "eve").await;
    assert!(stale.location().unwrap().starts_with("/confirm-login"));
    assert!(!exists(&app, "eve").await);
}

#[tokio::test]
async fn without_the_setting_nobody_changes_their_name() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;

    assert_eq!(rename(&alice, "eve").await.status, StatusCode::NOT_FOUND);
    assert!(!alice.get("/account").await.text().contains(PATH));
}
