//! Changes to accounts and their sessions.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use super::{JSON, Office, message};
use crate::accounts::{Account, Action, Actor};
use crate::testing::{PASSWORD, TestApp};

#[tokio::test]
async fn a_disabled_account_is_out_at_once_and_in_again_when_enabled() {
    let office = Office::new().await;
    let fields = [("username", "alice"), ("password", PASSWORD)];

    let answer = office.press("alice", "disable", &[]).await;
    let said = message(&office.carol, &answer).await;
    assert_eq!(said, "The account is disabled and logged out everywhere.");
    assert_eq!(
        office.alice.get("/welcome").await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        office.alice.post("/login", &fields).await.status,
        StatusCode::UNAUTHORIZED
    );
    office.press("alice", "enable", &[]).await;
    assert_eq!(
        office.alice.get("/welcome").await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        office.alice.post("/login", &fields).await.location(),
        Some("/welcome")
    );
}

#[tokio::test]
async fn whoever_must_choose_another_password_gets_nowhere_else() {
    let office = Office::new().await;

    office.press("alice", "demand-new-password", &[]).await;

    let sent = office.alice.get("/welcome").await;
    assert_eq!(sent.location(), Some("/change-password?next=%2Fwelcome"));
    let page = office.alice.get("/change-password?next=%2Fwelcome").await;
    assert!(page.text().contains("Choose a new password to continue."));
    let script = office.alice.get_with("/welcome", &JSON).await;
    assert_eq!(script.status, StatusCode::FORBIDDEN);
    let fields = [
        ("current_password", PASSWORD),
        ("new_password", "another horse and battery"),
        ("next", "/welcome"),
    ];
    let changed = office.alice.post("/change-password", &fields).await;
    assert_eq!(changed.location(), Some("/welcome"));
    assert_eq!(office.alice.get("/welcome").await.status, StatusCode::OK);
    let page = office.carol.get(&office.path_of("alice").await).await;
    assert!(page.text().contains("password changed"));
}

#[tokio::test]
async fn one_session_of_a_user_is_ended_or_all() {
    let office = Office::new().await;
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    let phone = office.app.browser().user_agent("Phone");
    phone.post("/login", &fields).await;
    let tablet = office.app.browser().user_agent("Tablet");
    tablet.post("/login", &fields).await;
    let path = office.path_of("alice").await;
    let user = office.carol.get_with(&path, &JSON).await.json();
    let sessions = user["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 3);
    let of_phone = sessions
        .iter()
        .find(|session| session["user_agent"] == "Phone");
    let of_phone = of_phone.unwrap()["id"].as_str().unwrap();

    let ended = office
        .press("alice", "end-session", &[("session", of_phone)])
        .await;

    assert_eq!(
        message(&office.carol, &ended).await,
        "The session has ended."
    );
    assert_eq!(phone.get("/welcome").await.status, StatusCode::SEE_OTHER);
    assert_eq!(office.alice.get("/welcome").await.status, StatusCode::OK);
    let again = office
        .press("alice", "end-session", &[("session", of_phone)])
        .await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    office.press("alice", "end-sessions", &[]).await;
    for browser in [&office.alice, &tablet] {
        assert_eq!(browser.get("/welcome").await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(office.carol.get("/admin").await.status, StatusCode::OK);
    let user = office.carol.get_with(&path, &JSON).await.json();
    assert_eq!(user["sessions"], json!([]));
}

#[tokio::test]
async fn an_account_is_deleted_by_typing_its_name() {
    let office = Office::new().await;
    let path = office.path_of("alice").await;

    let refused = office
        .press("alice", "delete", &[("username", "alicia")])
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("The username didn’t match."));
    let gone = office
        .press("alice", "delete", &[("username", "alice")])
        .await;

    assert_eq!(gone.location(), Some("/admin"));
    assert_eq!(office.carol.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        office.alice.get("/welcome").await.status,
        StatusCode::SEE_OTHER
    );
    let deleted = Action::AccountDeleted.as_str().to_owned();
    let line = (deleted, "carol".to_owned(), Some("alice".to_owned()), None);
    assert!(office.log().await.contains(&line));
    let log = office.carol.get("/admin/log").await;
    assert!(
        log.text().contains("account deleted"),
        "the log outlives it"
    );
}

/// A remembered browser can resume without a session, so it must be forgotten too.
#[tokio::test]
async fn a_remembered_browser_is_forgotten_though_its_session_has_run_out() {
    let office = Office::new().await;
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    let laptop = office.app.browser();
    laptop.post("/login", &fields).await;
    office.app.clock.advance(Duration::from_hours(15 * 24));
    let fields = [("username", "carol"), ("password", PASSWORD)];
    office.carol.post("/login", &fields).await;
    let path = office.path_of("alice").await;
    let page = office.carol.get(&path).await;
    assert!(page.text().contains("Log out everywhere"));

    office.press("alice", "end-sessions", &[]).await;

    assert_eq!(laptop.get("/welcome").await.status, StatusCode::SEE_OTHER);
}

/// The app has a required page too; the new password comes first.
#[tokio::test]
async fn an_apps_own_page_to_visit_first_does_not_replace_the_new_password() {
    let app = TestApp::with(|config| {
        config.login(|manager| Ok(manager.must_visit(|_: &Account| Some("/logout"))));
    });
    let app = app.await;
    let alice = app.registered("alice").await;
    let sent = alice.get("/welcome").await;
    assert_eq!(sent.location(), Some("/logout?next=%2Fwelcome"));

    let id = app.account("alice").await.id;
    let operator = app.site.accounts().by(Actor::operator());
    let _ = operator.demand_new_password(&id).await.unwrap();

    let sent = alice.get("/welcome").await;
    assert_eq!(sent.location(), Some("/change-password?next=%2Fwelcome"));
}
