//! Session protection.

use vestibule::login::{Event, SessionProtection};
use vestibule::testing::TestClient;

use crate::{Heard, NOTCH, NOTCH_REMEMBER, browser, heard, see, with_views};

fn protected(protection: SessionProtection) -> (TestClient, Heard) {
    let (browser, heard) = heard(|options| options.session_protection = protection);
    (browser.user_agent("UA/1"), heard)
}

/// `test_session_protection_basic_passes_successive_requests`,
/// `test_session_protection_strong_passes_successive_requests`
#[tokio::test]
async fn the_same_browser_passes_again_and_again() {
    for protection in [SessionProtection::Basic, SessionProtection::Strong] {
        let (browser, heard) = protected(protection);
        let expected = [
            (NOTCH, "True"),
            ("/username", "Notch"),
            ("/is-fresh", "True"),
        ];
        see(&browser, &expected).await;
        assert_eq!(heard.count(Event::SessionProtected), 0);
    }
}

/// `test_session_protection_basic_marks_session_unfresh`,
/// `test_session_protection_basic_fires_signal`
#[tokio::test]
async fn in_another_browser_basic_makes_it_stale_for_good_and_tells() {
    let (browser, heard) = protected(SessionProtection::Basic);
    browser.get(NOTCH).await;

    let other = browser.stolen().user_agent("UA/2");

    see(&other, &[("/username", "Notch"), ("/is-fresh", "False")]).await;
    see(&browser, &[("/is-fresh", "False")]).await;
    assert_eq!(heard.users(Event::SessionProtected), [Some("1".to_owned())]);
}

/// `test_session_protection_basic_skips_when_remember_me`,
/// `test_session_protection_strong_skips_when_remember_me`
#[tokio::test]
async fn a_remember_cookie_alone_is_not_held_against_anybody() {
    for protection in [SessionProtection::Basic, SessionProtection::Strong] {
        let (browser, heard) = protected(protection);
        browser.get(NOTCH_REMEMBER).await;
        browser.restart();

        let expected = [("/username", "Notch"), ("/username", "Notch")];
        see(&browser, &expected).await;

        assert_eq!(heard.count(Event::SessionProtected), 0);
    }
}

/// `test_session_protection_strong_deletes_session`,
/// `test_session_protection_strong_fires_signal_user_agent`
#[tokio::test]
async fn in_another_browser_strong_ends_it_and_tells() {
    let (browser, heard) = protected(SessionProtection::Strong);
    browser.get(NOTCH_REMEMBER).await;

    let other = browser.stolen().user_agent("UA/2");

    see(&other, &[("/username", "Anonymous")]).await;
    assert!(other.cookie_names().is_empty());
    see(&browser, &[("/username", "Anonymous")]).await;
    assert_eq!(heard.users(Event::SessionProtected), [Some("1".to_owned())]);
}

/// `test_session_protection_strong_deletes_session`: "unrelated key foo=bar survives"; here,
/// messages.
#[tokio::test]
async fn strong_leaves_messages_alone() {
    let browser = browser(|options| {
        with_views(options);
        options.session_protection = SessionProtection::Strong;
    })
    .user_agent("UA/1");
    browser.get(NOTCH).await;
    browser.get("/secret").await;

    let other = browser.stolen().user_agent("UA/2");

    let expected = "message: Please log in to access this page.";
    let expected = [("/username", "Anonymous"), ("/messages", expected)];
    see(&other, &expected).await;
}

/// `test_session_protection_skip_when_off_and_anonymous`,
/// `test_session_protection_skip_when_basic_and_anonymous`
#[tokio::test]
async fn an_anonymous_visitor_is_nobody_to_protect() {
    for protection in [
        SessionProtection::Off,
        SessionProtection::Basic,
        SessionProtection::Strong,
    ] {
        let (browser, heard) = protected(protection);

        let first = browser.get("/username").await;
        let second = browser.stolen().user_agent("UA/2").get("/username").await;

        assert_eq!(
            [first.set_cookies(), second.set_cookies()].concat(),
            [""; 0]
        );
        assert_eq!(heard.count(Event::SessionProtected), 0);
    }
}

/// `test_requests_without_accessing_session`
#[tokio::test]
async fn the_session_is_accessed_once_a_request_and_only_when_asked() {
    let (browser, heard) = protected(SessionProtection::Basic);
    browser.get(NOTCH).await;

    browser.get("/").await;
    assert_eq!(heard.count(Event::Accessed), 0);
    browser.get("/fresh").await;
    assert_eq!(heard.users(Event::Accessed), [Some("1".to_owned())]);
}
