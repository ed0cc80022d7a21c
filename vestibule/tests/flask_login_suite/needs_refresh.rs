//! Users who must confirm their login.

use http::StatusCode;
use vestibule::login::{Event, LoginViews};
use vestibule::web::Flash;

use crate::{browser, configured, heard, localize, plain, see, with_views};

/// `test_needs_refresh_uses_handler`
#[tokio::test]
async fn a_handler_answers_in_its_place() {
    let browser = configured(|manager| {
        manager.on_needs_refresh(async |_| (StatusCode::FORBIDDEN, "Needs Refresh!"))
    });

    let response = browser.get("/needs-refresh").await;

    assert_eq!(response.status, StatusCode::FORBIDDEN);
    assert_eq!(response.text(), "Needs Refresh!");
}

/// `test_needs_refresh_fires_needs_refresh_signal`
#[tokio::test]
async fn it_is_told() {
    let (browser, heard) = heard(|_| {});

    browser.get("/needs-refresh").await;

    assert_eq!(heard.count(Event::NeedsRefresh), 1);
}

/// `test_needs_refresh_fires_flash_when_redirect_to_refresh_view`
#[tokio::test]
async fn a_message_of_the_apps_own_waits_on_the_refresh_page() {
    let message = Flash::new("refresh", "Once more!");
    let views = LoginViews::new().refresh_message(Some(message));
    let browser = configured(|manager| manager.views(views));

    browser.get("/needs-refresh").await;

    see(&browser, &[("/messages", "refresh: Once more!")]).await;
}

/// `test_needs_refresh_flash_message_localized`
#[tokio::test]
async fn a_message_is_said_in_the_visitors_language() {
    let browser = configured(|manager| manager.localize(localize));
    let german = [("accept-language", "de")];

    browser.get_with("/needs-refresh", &german).await;

    let expected = "message: [de] Please reauthenticate to access this page.";
    see(&browser, &[("/messages", expected)]).await;
}

/// `test_needs_refresh_aborts_401`
#[tokio::test]
async fn without_a_refresh_view_it_is_401() {
    let response = plain().get("/needs-refresh").await;

    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
}

/// `test_redirects_to_refresh_view`
#[tokio::test]
async fn with_a_refresh_view_it_is_a_redirect_there_with_the_way_back() {
    let response = browser(with_views).get("/needs-refresh").await;

    let expected = "/refresh-view?next=%2Fneeds-refresh";
    assert_eq!(response.location(), Some(expected));
}

/// `test_refresh_with_next_in_session`
#[tokio::test]
async fn the_way_back_can_be_kept_in_a_cookie() {
    let browser = browser(|options| {
        with_views(options);
        options.next_in_session = true;
    });

    let response = browser.get("/needs-refresh").await;

    assert_eq!(response.location(), Some("/refresh-view"));
    see(&browser, &[("/next", "/needs-refresh")]).await;
}
