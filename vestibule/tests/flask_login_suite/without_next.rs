//! The login page without the way back.

use crate::configured;

/// `test_login_url_no_next_url`
#[tokio::test]
async fn the_login_page_is_asked_for_as_it_is() {
    let browser = configured(|manager| manager.without_next().login_view("/foo?a=1"));

    assert_eq!(browser.get("/secret").await.location(), Some("/foo?a=1"));
}
