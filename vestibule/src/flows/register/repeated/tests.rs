#![cfg(feature = "sqlite")]

use std::time::Duration;

use http::StatusCode;

use crate::accounts::{Action, Actor, Cursor, LogFilter};
use crate::flows::RegistrationOutcome;
use crate::testing::{PASSWORD, TestApp, TestClient, TestResponse};

async fn register(browser: &TestClient, password: &str) -> TestResponse {
    let fields = [("username", "alice"), ("password", password)];
    browser.post("/register", &fields).await
}

/// Registers alice, and loses the response.
async fn registered(app: &TestApp) {
    let first = register(&app.browser(), PASSWORD).await;
    assert!(first.status.is_redirection(), "{}", first.text());
}

async fn is_in(browser: &TestClient) -> bool {
    browser.get("/welcome").await.status == StatusCode::OK
}

async fn failed_log_ins(app: &TestApp) -> u64 {
    let filter = LogFilter {
        action: Some(Action::LoginFailed),
        ..LogFilter::default()
    };
    let accounts = app.site.accounts();
    let found = accounts.search_security_log(&filter, Cursor::Start, 10);
    found
        .await
        .unwrap()
        .lines
        .iter()
        .map(|line| line.times)
        .sum()
}

/// As at any name that is taken.
async fn is_taken(browser: &TestClient, response: &TestResponse) {
    assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(response.text().contains("This username is taken."));
    assert!(!is_in(browser).await);
}

#[tokio::test]
async fn a_registration_that_is_sent_twice_logs_in_and_adds_one_account() {
    let app = TestApp::new().await;
    registered(&app).await;
    app.clock.advance(Duration::from_secs(2));
    let browser = app.browser();

    let again = register(&browser, PASSWORD).await;

    assert_eq!(again.location(), Some("/welcome"));
    let welcome = browser.get("/welcome").await;
    assert!(
        welcome
            .text()
            .contains("Your account is ready, and you are logged in.")
    );
    assert_eq!(app.site.accounts().list(None, 9).await.unwrap().len(), 1);
    assert_eq!(failed_log_ins(&app).await, 0);
}

#[tokio::test]
async fn another_password_is_a_wrong_one_and_the_name_is_taken() {
    let app = TestApp::with(|config| config.throttle.limits.account.free = 2).await;
    registered(&app).await;

    for _ in 0..2 {
        let browser = app.browser();
        let other = register(&browser, "wrong horse and battery").await;
        is_taken(&browser, &other).await;
    }

    assert_eq!(failed_log_ins(&app).await, 2, "counted, and noted");
    let browser = app.browser();
    let right = register(&browser, PASSWORD).await;
    is_taken(&browser, &right).await;
}

/// A visitor who would like a name that is taken does not guess at its user's password.
#[tokio::test]
async fn after_a_while_a_registration_tries_no_password() {
    let app = TestApp::new().await;
    registered(&app).await;
    app.clock.advance(Duration::from_mins(6));
    let browser = app.browser();

    for password in [PASSWORD, "wrong horse and battery"] {
        let late = register(&browser, password).await;
        is_taken(&browser, &late).await;
    }

    assert_eq!(failed_log_ins(&app).await, 0);
}

#[tokio::test]
async fn whoever_needs_a_second_factor_is_not_in_without_it() {
    let app = TestApp::with(|config| {
        config.credentials(|credentials| Ok(credentials.second_factor(|_| async { Ok(true) })));
        config.login(|manager| {
            let views = crate::login::LoginViews::new().second_factor_view("/code");
            Ok(manager.views(views))
        });
    });
    let app = app.await;
    registered(&app).await;
    let browser = app.browser();

    let again = register(&browser, PASSWORD).await;

    assert_eq!(again.location(), Some("/code"), "{}", again.text());
    assert!(!is_in(&browser).await);
}

/// The app may still reject the account.
#[tokio::test]
async fn where_the_app_checks_new_accounts_nobody_gets_in_before() {
    let app = TestApp::with(|config| {
        config.on_register(|_, _| async { Ok(RegistrationOutcome::Accepted) });
    });
    let app = app.await;
    registered(&app).await;
    let browser = app.browser();

    let again = register(&browser, PASSWORD).await;

    is_taken(&browser, &again).await;
}

#[tokio::test]
async fn a_disabled_account_stays_shut() {
    let app = TestApp::new().await;
    registered(&app).await;
    let alice = app.account("alice").await;
    let operator = app.site.accounts().by(Actor::operator());
    let _ = operator.disable(&alice.id).await.unwrap();
    let browser = app.browser();

    let again = register(&browser, PASSWORD).await;

    is_taken(&browser, &again).await;
}
