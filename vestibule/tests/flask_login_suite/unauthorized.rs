//! Visitors who must log in.

use http::StatusCode;
use vestibule::login::{Event, LoginViews, RejectedRequest, SessionProtection};
use vestibule::web::Flash;

use crate::{NOTCH, browser, configured, heard, localize, plain, see, with_views};

/// `test_unauthorized_fires_unauthorized_signal`
#[tokio::test]
async fn it_is_told() {
    let (browser, heard) = heard(|_| {});

    browser.get("/secret").await;

    assert_eq!(heard.count(Event::Unauthorized), 1);
}

/// `test_unauthorized_flashes_message_with_login_view`
#[tokio::test]
async fn a_message_of_the_apps_own_waits_on_the_login_page() {
    let message = Flash::new("login", "Log in!");
    let views = LoginViews::new().login_message(Some(message));
    let browser = configured(|manager| manager.views(views));

    browser.get("/secret").await;

    see(
        &browser,
        &[("/messages", "login: Log in!"), ("/messages", "")],
    )
    .await;
}

#[tokio::test]
async fn without_settings_the_messages_are_flask_logins() {
    let browser = browser(with_views);

    browser.get("/secret").await;
    browser.get("/needs-refresh").await;

    let expected = "message: Please log in to access this page.\n\
                    message: Please reauthenticate to access this page.";
    see(&browser, &[("/messages", expected)]).await;
}

/// `test_unauthorized_flash_message_localized`
#[tokio::test]
async fn a_message_is_said_in_the_visitors_language() {
    let browser = configured(|manager| manager.localize(localize));

    browser
        .get_with("/secret", &[("accept-language", "de")])
        .await;

    let expected = "message: [de] Please log in to access this page.";
    see(&browser, &[("/messages", expected)]).await;
}

/// `test_unauthorized_uses_authorized_handler`
#[tokio::test]
async fn a_handler_answers_in_its_place() {
    let browser = configured(|manager| {
        manager.on_unauthorized(async |refusal: RejectedRequest| {
            let body = format!("This is secret! {}", refusal.login_url.unwrap());
            (StatusCode::UNAUTHORIZED, body)
        })
    });

    let response = browser.get("/secret").await;

    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    let expected = "This is secret! /login?next=%2Fsecret";
    assert_eq!(response.text(), expected);
    see(&browser, &[("/messages", "")]).await;
}

/// `test_unauthorized_aborts_with_401`
#[tokio::test]
async fn without_a_login_view_it_is_401() {
    let response = plain().get("/secret").await;

    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
}

/// `test_unauthorized_redirects_to_login_view`, `test_set_login_view_without_blueprints`
#[tokio::test]
async fn with_a_login_view_it_is_a_redirect_there_with_the_way_back() {
    let browser = browser(|options| options.login_view = Some("/app_login".to_owned()));

    let secret = browser.get("/secret").await;
    let protected = browser.get("/protected").await;

    assert_eq!(secret.location(), Some("/app_login?next=%2Fsecret"));
    assert_eq!(protected.location(), Some("/app_login?next=%2Fprotected"));
}

/// `test_unauthorized_with_next_in_session`, `test_unauthorized_with_next_in_strong_session`
#[tokio::test]
async fn the_way_back_can_be_kept_in_a_cookie() {
    for protection in [SessionProtection::Basic, SessionProtection::Strong] {
        let browser = browser(|options| {
            with_views(options);
            options.next_in_session = true;
            options.session_protection = protection;
        });

        let response = browser.get("/secret").await;

        assert_eq!(response.location(), Some("/login"));
        let expected = [
            ("/username", "Anonymous"),
            ("/next", "/secret"),
            ("/next", "/secret"),
            (NOTCH, "True"),
            ("/next", "None"),
        ];
        see(&browser, &expected).await;
    }
}

/// `test_unauthorized_uses_blueprint_login_view`
#[tokio::test]
async fn a_router_can_have_a_login_view_of_its_own() {
    let browser = browser(|options| options.login_view = Some("/app_login".to_owned()));

    for (path, location) in [
        ("/protected", "/app_login?next=%2Fprotected"),
        ("/first/protected", "/first_login?next=%2Ffirst%2Fprotected"),
        (
            "/second/protected",
            "/second_login?next=%2Fsecond%2Fprotected",
        ),
    ] {
        assert_eq!(browser.get(path).await.location(), Some(location));
    }
}

/// `test_unauthorized_uses_host_from_next_url`
#[tokio::test]
async fn the_host_that_was_asked_for_changes_nothing() {
    let browser = browser(with_views);

    let response = browser.get_with("/secret", &[("host", "foo.com")]).await;

    assert_eq!(response.location(), Some("/login?next=%2Fsecret"));
}

/// `test_unauthorized_uses_host_from_config_when_available`
#[tokio::test]
async fn a_forced_host_is_where_it_leads() {
    let browser = configured(|manager| manager.login_host("good.com").unwrap());

    let response = browser.get_with("/secret", &[("host", "bad.com")]).await;

    let expected = "https://good.com/login?next=%2Fsecret";
    assert_eq!(response.location(), Some(expected));
}
