//! The examples do what they say.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use http::StatusCode;
use vestibule::testing::TestClient;

#[path = "../examples/hello.rs"]
mod hello;
#[path = "../examples/own_users.rs"]
mod own_users;

const PUBLIC_URL: &str = "https://example.com";

#[tokio::test]
async fn hello_logs_in_shows_the_secret_page_and_logs_out() {
    let browser = TestClient::new(hello::app(PUBLIC_URL).unwrap());

    let anonymous = browser.get("/secret").await;
    assert_eq!(anonymous.location(), Some("/login?next=%2Fsecret"));
    let login = anonymous.location().unwrap();
    let wrong = browser.post(login, &[("password", "x")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let right = browser.post(login, &[("password", "open sesame")]).await;
    assert_eq!(right.location(), Some("/secret"));
    assert_eq!(browser.get("/secret").await.text(), "For alice alone");
    assert!(browser.get("/").await.text().contains("Hello, alice"));
    browser.post("/logout", &[]).await;
    assert_eq!(browser.get("/secret").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn own_users_are_still_logged_in_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/app.db?mode=rwc", folder.path().display());
    let start = || async { TestClient::new(own_users::app(&url, PUBLIC_URL).await.unwrap()) };
    let browser = start().await;
    let fields = |password| [("email", "alice@example.com"), ("password", password)];

    let wrong = browser.post("/login", &fields("wrong")).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let elsewhere = "/login?next=%2F%2Fevil.example";
    let right = browser
        .post(elsewhere, &fields("open sesame, please"))
        .await;
    assert_eq!(right.location(), Some("/welcome"));
    let restarted = start().await;
    let token = browser.cookie("__Host-session").unwrap();
    restarted.set_cookie("__Host-session", &token);
    let welcome = restarted.get("/welcome").await;
    assert_eq!(welcome.text(), "Welcome alice@example.com");
    restarted.post("/logout", &[]).await;
    assert_eq!(browser.get("/welcome").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_post_from_another_site_is_refused_by_the_managers_layer() {
    let browser = TestClient::new(hello::app(PUBLIC_URL).unwrap());
    let foreign = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "cross-site"),
    ];

    let refused = browser
        .post_with("/login", &foreign, "password=open+sesame")
        .await;

    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(browser.cookie_names().is_empty());
}
