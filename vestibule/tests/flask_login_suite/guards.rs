//! Pages for users, and for fresh log-ins.

use http::StatusCode;

use crate::{NOTCH, NOTCH_REMEMBER, plain, see};

/// `test_login_required_decorator`, `test_login_required_decorator_with_async`
#[tokio::test]
async fn a_page_for_users_is_401_and_after_the_log_in_there() {
    let browser = plain();

    assert_eq!(
        browser.get("/protected").await.status,
        StatusCode::UNAUTHORIZED
    );
    see(
        &browser,
        &[(NOTCH, "True"), ("/protected", "Access Granted")],
    )
    .await;
}

/// `test_fresh_login_required_decorator`
#[tokio::test]
async fn a_page_for_fresh_log_ins_is_401_for_remembered_ones_until_they_confirm() {
    let browser = plain();

    assert_eq!(browser.get("/fresh").await.status, StatusCode::UNAUTHORIZED);
    see(
        &browser,
        &[(NOTCH_REMEMBER, "True"), ("/fresh", "Access Granted")],
    )
    .await;
    browser.restart();
    assert_eq!(browser.get("/fresh").await.status, StatusCode::UNAUTHORIZED);
    let expected = [("/confirm-login", "True"), ("/fresh", "Access Granted")];
    see(&browser, &expected).await;
}
