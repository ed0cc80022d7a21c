//! The test client with a user of its own.

use axum::routing::post;
use http::StatusCode;
use vestibule::testing::TestClient;
use vestibule::{Error, Login};

use crate::{Member, browser, manager, routes, text};

#[tokio::test]
async fn a_test_client_says_that_the_app_does_not_know_its_user() {
    let browser = browser(manager()).logged_in_as(&Member("mallory"));

    let response = browser.get("/who").await;

    assert_eq!(response.status, StatusCode::INTERNAL_SERVER_ERROR);
}

/// A test's own log-in goes before that of the test kit.
#[tokio::test]
async fn a_test_client_that_logs_in_or_out_first_is_not_logged_in_again() {
    async fn as_bob(login: Login<Member>) -> Result<String, Error> {
        Ok(format!("{:?}", login.log_in(&Member("bob")).await?))
    }
    async fn out(login: Login<Member>) -> Result<(), Error> {
        login.log_out().await
    }
    for (path, expected) in [("/as-bob", "bob"), ("/out", "nobody")] {
        let app = routes()
            .route("/as-bob", post(as_bob))
            .route("/out", post(out))
            .layer(manager().layer());
        let browser = TestClient::new(app).logged_in_as(&Member("alice"));

        browser.post(path, &[]).await;

        assert_eq!(text(&browser, "/who").await, expected);
    }
}
