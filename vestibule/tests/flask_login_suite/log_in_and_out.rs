//! Logging in and out.

use vestibule::login::Event;

use crate::{NOTCH, browser, heard, plain, see};

/// `test_test_request_context_users_are_anonymous`, `test_defaults_anonymous`
#[tokio::test]
async fn a_visitor_is_anonymous_at_first() {
    see(&plain(), &[("/username", "Anonymous")]).await;
}

/// `test_login_user`, `test_authentication_is_fresh`
#[tokio::test]
async fn a_log_in_makes_the_user_current_fresh_and_not_remembered() {
    let expected = [
        (NOTCH, "True"),
        ("/username", "Notch"),
        ("/is-fresh", "True"),
        ("/is-remembered", "False"),
    ];
    see(&plain(), &expected).await;
}

/// `test_login_user_not_fresh`
#[tokio::test]
async fn a_log_in_that_is_not_fresh_is_not() {
    let expected = [
        ("/login?id=1&fresh=0", "True"),
        ("/username", "Notch"),
        ("/is-fresh", "False"),
    ];
    see(&plain(), &expected).await;
}

/// `test_login_user_emits_signal`
#[tokio::test]
async fn a_log_in_is_told_once() {
    let (browser, heard) = heard(|_| {});

    browser.get(NOTCH).await;

    assert_eq!(heard.users(Event::LoggedIn), [Some("1".to_owned())]);
}

/// `test_login_inactive_user`
#[tokio::test]
async fn an_inactive_user_is_not_logged_in() {
    let (browser, heard) = heard(|_| {});

    see(
        &browser,
        &[("/login?id=3", "False"), ("/username", "Anonymous")],
    )
    .await;

    assert_eq!(heard.users(Event::Inactive), [Some("3".to_owned())]);
}

/// `test_login_inactive_user_forced`
#[tokio::test]
async fn an_inactive_user_can_be_forced_in_and_is_out_at_the_next_request() {
    let expected = [("/login?id=3&force=1", "True"), ("/username", "Anonymous")];
    see(&plain(), &expected).await;
}

/// `test_login_user_with_request`, `test_login_invalid_user_with_request`
#[tokio::test]
async fn the_request_loader_finds_the_user_or_nobody() {
    let browser = browser(|options| options.request_loader = true);

    let expected = [
        ("/username?user_id=2", "Steve"),
        ("/username?user_id=9000", "Anonymous"),
    ];
    see(&browser, &expected).await;
}

/// `test_logout_logs_out_current_user`, `test_logout_persists`
#[tokio::test]
async fn a_log_out_is_for_good() {
    let expected = [
        (NOTCH, "True"),
        ("/logout", "True"),
        ("/username", "Anonymous"),
        ("/username", "Anonymous"),
    ];
    see(&plain(), &expected).await;
}

/// `test_logout_emits_signal`
#[tokio::test]
async fn a_log_out_is_told_with_the_user_before() {
    let (browser, heard) = heard(|_| {});
    browser.get(NOTCH).await;

    browser.get("/logout").await;

    assert_eq!(heard.users(Event::LoggedOut), [Some("1".to_owned())]);
}

/// `test_logout_without_current_user`
#[tokio::test]
async fn a_log_out_of_nobody_is_told_too() {
    let (browser, heard) = heard(|_| {});

    see(&browser, &[("/logout", "True")]).await;

    assert_eq!(heard.users(Event::LoggedOut), [None]);
}

/// `test_login_persists`
#[tokio::test]
async fn a_log_in_persists() {
    let browser = plain();
    see(&browser, &[(NOTCH, "True"), ("/username", "Notch")]).await;
    see(&browser, &[("/username", "Notch")]).await;
}

/// `test_incorrect_id_logs_out`
#[tokio::test]
async fn a_user_who_is_gone_is_logged_out() {
    let expected = [
        (NOTCH, "True"),
        ("/delete-user?id=1", "True"),
        ("/username", "Anonymous"),
    ];
    see(&plain(), &expected).await;
}
