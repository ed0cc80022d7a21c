#![cfg(feature = "sqlite")]

use std::time::Duration;

use axum::Router;
use axum::routing::post;
use http::StatusCode;
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::accounts::{Account, Actor, ChangeOutcome};
use crate::error::Error;
use crate::login::{CurrentUser, SessionData};
use crate::password::BreachedPasswords;
use crate::session::DataKey;
use crate::testing::{Mailbox, PASSWORD, TestApp, TestClient, TestResponse};

const NEW: &str = "another horse and battery";
const COOKIE: &str = "__Host-session";
const REMEMBER: &str = "__Host-remember";

async fn change(browser: &TestClient, current: &str, new: &str) -> TestResponse {
    let fields = [("current_password", current), ("new_password", new)];
    browser.post("/change-password", &fields).await
}

async fn log_in(app: &TestApp, password: &str) -> TestClient {
    let browser = app.browser();
    let fields = [
        ("username", "alice"),
        ("password", password),
        ("remember", "on"),
    ];
    browser.post("/login", &fields).await;
    browser
}

/// <https://w3c.github.io/webappsec-change-password-url/>
#[tokio::test]
async fn password_managers_find_the_page_whoever_is_logged_in_and_wherever_the_pages_are() {
    for (prefix, page) in [
        (None, "/change-password"),
        (Some("/auth"), "/auth/change-password"),
    ] {
        let app = TestApp::with(|config| {
            config.path_prefix = prefix.map(str::to_owned);
        });
        let app = app.await;
        let alice = app.registered("alice").await;

        for browser in [&app.browser(), &alice] {
            let found = browser.get("/.well-known/change-password").await;
            assert_eq!(found.status, StatusCode::SEE_OTHER);
            assert_eq!(found.location(), Some(page));
            let nothing = browser.get("/.well-known/nothing-that-exists").await;
            assert_eq!(nothing.status, StatusCode::NOT_FOUND);
        }
    }
}

#[tokio::test]
async fn another_password_ends_all_sessions_but_this_one_which_gets_a_new_token() {
    let app = TestApp::new().await;
    let other = app.registered("alice").await;
    let browser = log_in(&app, PASSWORD).await;
    let thief = browser.stolen();
    let before = browser.cookie(COOKIE);

    let changed = change(&browser, PASSWORD, NEW).await;

    assert_eq!(changed.location(), Some("/welcome"));
    assert_ne!(browser.cookie(COOKIE), before);
    let welcome = browser.get("/welcome").await;
    assert!(
        welcome
            .text()
            .contains("You are logged out everywhere else.")
    );
    for browser in [&other, &thief] {
        assert_eq!(browser.get("/welcome").await.status, StatusCode::SEE_OTHER);
    }
    assert!(browser.cookie(REMEMBER).is_some(), "still remembered");
    browser.restart();
    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
    assert_eq!(log_in(&app, PASSWORD).await.cookie(COOKIE), None);
    assert!(log_in(&app, NEW).await.cookie(COOKIE).is_some());
}

#[tokio::test]
async fn this_session_goes_on_with_its_name_and_the_values_of_the_app() {
    const CART: DataKey<Vec<String>> = DataKey::new("cart");
    let put = |data: SessionData<Account>| async move {
        data.set(CART, &vec!["tea".to_owned()]).await.map(drop)
    };
    let cart = |user: CurrentUser<Account>, data: SessionData<Account>| async move {
        let name = user.session().map(|session| session.public_id.clone());
        let cart = data.get(CART).await?;
        Ok::<_, Error>(format!("{name:?} {cart:?}"))
    };
    let routes = Router::new().route("/cart", post(put).get(cart));
    let app = TestApp::new().await.routes(routes);
    app.registered("alice").await;
    for remember in [true, false] {
        let (old, new) = if remember {
            (PASSWORD, NEW)
        } else {
            (NEW, PASSWORD)
        };
        let browser = log_in(&app, old).await;
        if !remember {
            browser.forget_cookie(REMEMBER);
        }
        browser.post("/cart", &[]).await;
        let before = browser.get("/cart").await.text().to_owned();
        assert!(before.contains("tea"));

        change(&browser, old, new).await;

        assert_eq!(browser.get("/cart").await.text(), before);
    }
    assert_eq!(app.session_count().await, 1);
}

/// They are rejected in any case, but a table that kept them would reveal past sessions.
#[tokio::test]
async fn of_the_sessions_before_another_password_nothing_stays_in_the_store() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    log_in(&app, PASSWORD).await;
    let browser = log_in(&app, PASSWORD).await;

    change(&browser, PASSWORD, NEW).await;

    app.clock.advance(Duration::from_hours(24 * 365));
    let swept = app.site.accounts().sweep_sessions().await.unwrap();
    assert_eq!(swept, 2, "this session, and what remembers its browser");
}

#[tokio::test]
async fn what_is_wrong_is_said_and_changes_nothing() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;

    for (current, new, status, said) in [
        ("", NEW, 422, "Enter your current password."),
        (PASSWORD, "", 422, "Enter a password."),
        (PASSWORD, "short", 422, "Use at least 15 characters"),
        (PASSWORD, "alicealicealicealice", 422, "username"),
        (PASSWORD, PASSWORD, 422, "Your new password must differ"),
        // Decomposed, and composed.
        (
            "caf\u{e9} horse battery staple",
            "cafe\u{301} horse battery staple",
            422,
            "Your new password must differ",
        ),
        ("wrong horse wrong battery", NEW, 401, "Wrong password."),
    ] {
        let refused = change(&browser, current, new).await;
        assert_eq!(refused.status.as_u16(), status, "{said}");
        assert!(
            refused.text().contains(said),
            "{said} in {}",
            refused.text()
        );
        for secret in [current, new] {
            assert!(secret.is_empty() || !refused.text().contains(secret));
        }
    }
    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
    assert!(log_in(&app, PASSWORD).await.cookie(COOKIE).is_some());
}

#[tokio::test]
async fn a_breached_password_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("hashes.txt");
    // The SHA-1 of the new password.
    std::fs::write(&list, "1573307CA2C0708945BA6AF68BC5CE4D1FB21EB6\n").unwrap();
    let breached = BreachedPasswords::from_file(&list).unwrap();
    // With patience, for a busy machine.
    let breached = breached.timeout(Duration::from_secs(30));
    let app = TestApp::with(|config| config.passwords.policy.breached = Some(breached)).await;
    let browser = app.registered("alice").await;

    let refused = change(&browser, PASSWORD, NEW).await;

    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let said = "found in a data breach of another site";
    assert!(refused.text().contains(said), "{}", refused.text());
    assert!(log_in(&app, PASSWORD).await.cookie(COOKIE).is_some());
    // A wrong current password must not cause a look-up.
    let wrong = change(&browser, "not the password", NEW).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(!wrong.text().contains(said));
}

#[tokio::test]
async fn an_anonymous_visitor_is_sent_to_the_login_and_another_sites_form_is_refused() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;

    let sent = app.browser().get("/change-password").await;
    assert_eq!(sent.location(), Some("/login?next=%2Fchange-password"));
    let body = format!("current_password={PASSWORD}&new_password={NEW}");
    let foreign = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", "https://evil.example"),
    ];
    let refused = browser.post_with("/change-password", &foreign, body).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(log_in(&app, PASSWORD).await.cookie(COOKIE).is_some());
}

#[tokio::test]
async fn of_two_changes_at_once_one_is_made() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;
    let other = browser.stolen();

    let (first, second) = tokio::join!(
        change(&browser, PASSWORD, NEW),
        change(&other, PASSWORD, "yet another horse and battery")
    );

    let is_made = |answer: &TestResponse| answer.location() == Some("/welcome");
    assert!(is_made(&first) != is_made(&second), "{first:?} {second:?}");
    let right = match is_made(&first) {
        true => NEW,
        false => "yet another horse and battery",
    };
    assert!(log_in(&app, right).await.cookie(COOKIE).is_some());
}

/// An app with alice, who has a mail address and is logged in.
async fn with_mail() -> (TestApp, TestClient, Mailbox) {
    let mailbox = Mailbox::new();
    let app = TestApp::with_tables(|config| config.mailer(mailbox.clone())).await;
    let browser = app.registered("alice").await;
    let accounts = app.site.accounts();
    let alice = accounts.find("alice").await.unwrap();
    let email = "alice@example.com".parse().unwrap();
    let operator = accounts.by(Actor::operator());
    let set = operator.set_email(&alice.unwrap().id, Some(&email)).await;
    assert_eq!(set.unwrap(), ChangeOutcome::Done);
    (app, browser, mailbox)
}

#[tokio::test]
async fn the_mail_address_is_no_password() {
    let (_app, browser, _) = with_mail().await;

    let refused = change(&browser, PASSWORD, "alice@example.com").await;

    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("your email address"), "{refused:?}");
}

/// Attack C8: the form has the username for password managers.
#[tokio::test]
async fn in_the_name_of_another_user_one_s_own_password_is_changed() {
    let app = TestApp::new().await;
    app.registered("carol").await;
    let alice = app.registered("alice").await;

    let fields = [
        ("username", "carol"),
        ("current_password", PASSWORD),
        ("new_password", NEW),
    ];
    let changed = alice.post("/change-password", &fields).await;

    assert_eq!(changed.location(), Some("/welcome"));
    assert!(log_in(&app, NEW).await.cookie(COOKIE).is_some());
    let carol = app.browser();
    let fields = [("username", "carol"), ("password", PASSWORD)];
    carol.post("/login", &fields).await;
    assert_eq!(carol.get("/welcome").await.status, StatusCode::OK);
}

#[tokio::test]
async fn its_user_is_told_by_mail() {
    let (_app, browser, mailbox) = with_mail().await;

    change(&browser, PASSWORD, NEW).await;

    let mails = mailbox.received(1).await;
    assert_eq!(mails[0].to().as_str(), "alice@example.com");
    assert!(mails[0].subject().contains("was changed"));
    assert!(!mails[0].text().contains(NEW));
}

/// A thief who can break the session store must not change a password unnoticed, or stay logged in.
#[tokio::test]
async fn its_user_is_told_also_where_the_sessions_cannot_be_ended() {
    let (app, browser, mailbox) = with_mail().await;
    let thief = log_in(&app, PASSWORD).await;
    let database = app.database.connection();
    let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");

    let hide = rename("remembered_logins", "hidden");
    database.execute_unprepared(&hide).await.unwrap();
    change(&browser, PASSWORD, NEW).await;
    let show = rename("hidden", "remembered_logins");
    database.execute_unprepared(&show).await.unwrap();

    // Of the thief's log-in there is a mail too.
    let mails = mailbox.received(2).await;
    assert!(
        mails
            .iter()
            .any(|mail| mail.subject().contains("was changed"))
    );
    assert_eq!(thief.get("/welcome").await.status, StatusCode::SEE_OTHER);
    assert!(log_in(&app, NEW).await.cookie(COOKIE).is_some());
}

#[tokio::test]
async fn a_script_gets_json() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;
    let fields = json!({ "current_password": PASSWORD, "new_password": NEW });

    let refused = json!({ "current_password": PASSWORD, "new_password": "short" });
    let refused = browser.post_json("/change-password", &refused).await;
    assert_eq!(refused.json()["errors"][0]["field"], "new_password");
    let changed = browser.post_json("/change-password", &fields).await;

    assert_eq!(changed.json(), json!({ "next": "/welcome" }));

    let easy = json!({ "current_password": NEW, "new_password": "chair1234567890" });
    let advised = browser.post_json("/change-password", &easy).await.json();
    assert_eq!(advised["next"], "/welcome");
    let advice = advised["advice"].as_str().unwrap();
    assert!(advice.contains("easier to guess"), "{advice}");
}
