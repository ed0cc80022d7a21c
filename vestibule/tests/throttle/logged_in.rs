//! Right passwords, and tries of users who are logged in.

use std::time::Duration;

use http::StatusCode;
use http::header::RETRY_AFTER;
use vestibule::accounts::Actor;
use vestibule::testing::{PASSWORD, TestApp};

use crate::{WRONG, guesses, stranger, tries, try_login};

#[tokio::test]
async fn right_passwords_are_no_wrong_tries() {
    let app = TestApp::new().await;
    app.registered("alice").await;

    for _ in 0..300 {
        let response = try_login(&stranger(&app, 1), "alice", PASSWORD).await;
        assert_eq!(response.status, StatusCode::SEE_OTHER);
    }
}

/// Or the count would say which password is theirs.
#[tokio::test]
async fn the_right_password_of_a_disabled_user_counts_as_a_wrong_one() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let alice = app.account("alice").await;
    let operator = app.site.accounts().by(Actor::operator());
    let _ = operator.disable(&alice.id).await.unwrap();

    assert_eq!(tries(&app, "alice", PASSWORD).await, 20);
}

#[tokio::test]
async fn a_new_password_has_all_tries_again() {
    let app = TestApp::new().await;
    let owner = app.registered("alice").await;
    guesses(&app, "alice").await;

    let new = "another horse and battery";
    let fields = [("current_password", PASSWORD), ("new_password", new)];
    owner.post("/change-password", &fields).await;

    let response = try_login(&stranger(&app, 1), "alice", new).await;
    assert_eq!(response.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_stolen_session_cannot_guess_its_way_to_a_fresh_log_in() {
    for path in ["/confirm-login", "/change-password"] {
        let app = TestApp::new().await;
        let thief = app.registered("alice").await;
        let new = "another horse and battery";
        let fields = |password| {
            [
                ("password", password),
                ("current_password", password),
                ("new_password", new),
            ]
        };
        // Each page ignores what it does not know, but for the one field that it needs.
        let send = async |password| match path {
            "/confirm-login" => thief.post(path, &fields(password)[..1]).await,
            _ => thief.post(path, &fields(password)[1..]).await,
        };
        app.clock.advance(Duration::from_mins(20));

        for _ in 0..5 {
            assert_eq!(send(WRONG).await.status, StatusCode::UNAUTHORIZED, "{path}");
        }
        let right = send(PASSWORD).await;

        assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert_eq!(right.header(RETRY_AFTER.as_str()), Some("2"), "{path}");
        app.clock.advance(Duration::from_secs(2));
        assert_eq!(send(PASSWORD).await.status, StatusCode::SEE_OTHER, "{path}");
        for _ in 0..5 {
            let again = "the right one begins anew";
            assert_eq!(
                send(WRONG).await.status,
                StatusCode::UNAUTHORIZED,
                "{again}"
            );
        }
    }
}

#[tokio::test]
async fn a_remembered_login_gets_no_new_tries_by_a_new_session() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let thief = app.browser();
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    thief.post("/login", &fields).await;

    for _ in 0..5 {
        thief.restart();
        let response = thief.post("/confirm-login", &[("password", WRONG)]).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    }
    thief.restart();
    let response = thief.post("/confirm-login", &[("password", WRONG)]).await;
    assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS);
}
