//! The request loader.

use http::StatusCode;
use vestibule::testing::TestClient;

use crate::{NOTCH, REMEMBER, SESSION, browser, see};

fn by_request() -> TestClient {
    browser(|options| options.request_loader = true)
}

/// `LoginViaRequest.test_request_context_users_are_anonymous`, `test_defaults_anonymous`
#[tokio::test]
async fn without_a_credential_it_is_401() {
    let response = by_request().get("/protected").await;

    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
}

/// `test_login_via_request`, `test_login_user_with_request_does_not_modify_session`
#[tokio::test]
async fn with_one_it_is_there_for_this_request_alone() {
    let browser = by_request();

    let response = browser.get("/protected?user_id=2").await;

    assert_eq!(response.text(), "Access Granted");
    assert_eq!(response.set_cookies(), [""; 0]);
    see(&browser, &[("/username", "Anonymous")]).await;
}

/// `test_login_via_request_uses_cookie_when_already_logged_in`
#[tokio::test]
async fn a_session_goes_before_it() {
    let browser = by_request();
    browser.get(NOTCH).await;

    see(&browser, &[("/username?user_id=2", "Notch")]).await;
}

/// `test_login_invalid_user_with_request`,
/// `test_login_invalid_user_with_request_when_already_logged_in`
#[tokio::test]
async fn a_wrong_one_is_401_and_takes_nothing_from_a_session() {
    let browser = by_request();

    let refused = browser.get("/protected?user_id=9000").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    browser.get(NOTCH).await;
    see(&browser, &[("/protected?user_id=9000", "Access Granted")]).await;
}

/// Issue 901: an invalid remember cookie locked the request loader out.
#[tokio::test]
async fn a_bad_cookie_does_not_stand_in_its_way() {
    let browser = by_request();
    browser.set_cookie(REMEMBER, "foo|bar");
    browser.set_cookie(SESSION, "foo");

    see(&browser, &[("/username?user_id=2", "Steve")]).await;
}

#[tokio::test]
async fn its_user_is_not_fresh() {
    let response = by_request().get("/fresh?user_id=2").await;

    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
}
