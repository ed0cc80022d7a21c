use http::StatusCode;

use crate::testing::TestApp;

const COOKIE: &str = "__Host-session";

#[tokio::test]
async fn asking_for_the_page_shows_a_button_and_changes_nothing() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;

    let response = browser.get("/logout").await;

    assert_eq!(response.status, StatusCode::OK);
    assert!(
        response
            .text()
            .contains("<button autofocus>Log out</button>")
    );
    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
}

/// A4: replay after log-out.
#[tokio::test]
async fn logging_out_ends_the_session_for_whoever_has_the_cookie() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;
    let thief = browser.stolen();

    let response = browser.post("/logout", &[]).await;

    assert_eq!(response.status, StatusCode::SEE_OTHER);
    assert_eq!(response.location(), Some("/login"));
    assert_eq!(response.header("clear-site-data"), Some("\"cache\""));
    assert_eq!(browser.cookie(COOKIE), None);
    for browser in [&browser, &thief] {
        assert_eq!(browser.get("/welcome").await.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn the_cookie_is_removed_with_the_attributes_it_was_set_with() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;

    let response = browser.post("/logout", &[]).await;

    let cookie = response
        .set_cookies()
        .into_iter()
        .find(|cookie| cookie.starts_with("__Host-session=;"))
        .unwrap();
    for attribute in [
        "; Max-Age=0",
        "; HttpOnly",
        "; SameSite=Lax",
        "; Secure",
        "; Path=/",
    ] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
}

#[tokio::test]
async fn only_this_session_ends() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;
    let other = app.browser();
    let fields = [
        ("username", "alice"),
        ("password", crate::testing::PASSWORD),
    ];
    other.post("/login", &fields).await;

    browser.post("/logout", &[]).await;

    assert_eq!(other.get("/welcome").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_script_gets_204_logged_in_or_not() {
    let app = TestApp::new().await;
    let accept = [("accept", "application/json")];
    let browser = app.registered("alice").await;

    assert_eq!(
        browser.post_with("/logout", &accept, "").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        browser.post_with("/logout", &accept, "").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        browser.get_with("/welcome", &accept).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn an_anonymous_visitor_is_sent_to_the_login() {
    let app = TestApp::new().await;

    assert_eq!(
        app.browser().get("/logout").await.location(),
        Some("/login")
    );
    assert_eq!(
        app.browser().post("/logout", &[]).await.location(),
        Some("/login")
    );
}

#[tokio::test]
async fn the_next_page_says_once_that_it_is_done() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;

    browser.post("/logout", &[]).await;

    assert!(
        browser
            .get("/login")
            .await
            .text()
            .contains("You are logged out.")
    );
    assert!(
        !browser
            .get("/login")
            .await
            .text()
            .contains("You are logged out.")
    );
    assert_eq!(browser.cookie_names(), ["__Host-device"]);
}

/// F2: log-out by another site's form.
#[tokio::test]
async fn a_form_on_another_site_logs_nobody_out() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;

    let foreign = [("origin", "https://evil.example")];
    let response = browser.post_with("/logout", &foreign, "").await;

    assert_eq!(response.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
}
