//! Remembered browsers.

use std::time::Duration;

use vestibule::clock::{Clock, Timestamp};
use vestibule::login::Event;
use vestibule::session::RememberCookie;
use vestibule::testing::{TestClient, TestResponse};

use crate::parity::Options;
use crate::{
    NOTCH, NOTCH_REMEMBER, REMEMBER, SESSION, URL, browser, configured, heard, parity, plain, see,
};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

fn cookie<'a>(response: &'a TestResponse, name: &str) -> Option<&'a str> {
    let prefix = format!("{name}=");
    let cookies = response.set_cookies();
    cookies
        .into_iter()
        .find(|cookie| cookie.starts_with(&prefix))
}

/// `test_remember_me`, `test_remember_me_is_unfresh`
#[tokio::test]
async fn a_remembered_browser_is_logged_in_again_and_not_fresh() {
    let browser = plain();
    browser.get(NOTCH_REMEMBER).await;

    browser.restart();

    let expected = [
        ("/username", "Notch"),
        ("/is-fresh", "False"),
        ("/is-remembered", "True"),
    ];
    see(&browser, &expected).await;
}

/// `test_remember_me_custom_duration`
#[tokio::test]
async fn so_is_one_with_a_duration_of_its_own() {
    let browser = plain();
    let response = browser.get("/login?id=1&remember=1&seconds=25200").await;

    browser.restart();

    let remember = cookie(&response, REMEMBER).unwrap();
    assert!(remember.contains("; Max-Age=25200"), "{remember}");
    see(&browser, &[("/username", "Notch"), ("/is-fresh", "False")]).await;
}

/// `test_remember_me_uses_custom_cookie_parameters`, `test_remember_me_accepts_duration_as_int`
#[tokio::test]
async fn the_cookie_has_the_name_domain_path_and_duration_that_are_set() {
    let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
    let browser = configured(|manager| {
        let mut remember = RememberCookie::default();
        "myname".clone_into(&mut remember.name);
        remember.domain = Some("example.com".to_owned());
        "/app".clone_into(&mut remember.path);
        remember.duration = DAY * 2;
        manager.remember(remember).unwrap().clock(clock)
    });

    let response = browser.get(NOTCH_REMEMBER).await;

    let remember = cookie(&response, "__Secure-myname").unwrap();
    for attribute in [
        "; Domain=example.com",
        "; Path=/app",
        "; Max-Age=172800",
        "; Expires=Sun, 17 Jan 2027 08:00:00 GMT",
        "; HttpOnly",
        "; SameSite=Lax",
        "; Secure",
    ] {
        assert!(remember.contains(attribute), "{attribute}: {remember}");
    }
}

/// `test_remember_me_custom_duration_uses_custom_cookie`
#[tokio::test]
async fn a_duration_at_the_log_in_goes_before_the_setting() {
    let browser = browser(|options| options.remember = Some(DAY * 2));

    let response = browser.get("/login?id=1&remember=1&seconds=25200").await;

    let remember = cookie(&response, REMEMBER).unwrap();
    assert!(remember.contains("; Max-Age=25200"), "{remember}");
}

/// `test_remember_me_no_refresh_every_request`
#[tokio::test]
async fn the_expiry_stays_where_it_is() {
    let (browser, clock) = at_a_clock(false);
    let response = browser.get(NOTCH_REMEMBER).await;
    let expires = expires(cookie(&response, REMEMBER).unwrap());

    clock.advance(HOUR);
    let response = browser.get("/username").await;
    assert_eq!(cookie(&response, REMEMBER), None);
    browser.restart();
    let response = browser.get("/username").await;

    let rotated = cookie(&response, REMEMBER).unwrap();
    assert_eq!(self::expires(rotated), expires);
}

/// `test_remember_me_refresh_each_request`
#[tokio::test]
async fn the_expiry_moves_with_each_request_when_asked() {
    let (browser, clock) = at_a_clock(true);
    let response = browser.get(NOTCH_REMEMBER).await;
    let mut before = expires(cookie(&response, REMEMBER).unwrap());

    for seconds in [5, 100, 3_600] {
        clock.advance(Duration::from_secs(seconds));
        let response = browser.get("/username").await;
        let after = expires(cookie(&response, REMEMBER).unwrap());
        assert_ne!(after, before);
        before = after;
    }
    // Past the first expiry, in the store too.
    clock.advance(DAY * 30 - HOUR);
    browser.restart();
    see(&browser, &[("/username", "Notch")]).await;
}

/// Flask-Login 0.6.3 gives it to everybody (issues 424, 684, 824).
#[tokio::test]
async fn refreshing_makes_nobody_remembered_who_did_not_ask() {
    let (browser, _) = at_a_clock(true);
    browser.get(NOTCH).await;

    browser.get("/username").await;

    assert_eq!(browser.cookie_names(), [SESSION]);
}

/// `test_user_loaded_from_cookie_fired`
#[tokio::test]
async fn a_user_who_is_remembered_is_told() {
    let (browser, heard) = heard(|_| {});
    browser.get(NOTCH_REMEMBER).await;
    browser.restart();

    browser.get("/username").await;
    browser.get("/username").await;

    assert_eq!(heard.users(Event::LoadedFromCookie), [Some("1".to_owned())]);
    assert_eq!(heard.count(Event::LoggedIn), 1, "by the log-in alone");
}

/// `test_user_loaded_from_request_fired`
#[tokio::test]
async fn a_user_of_the_request_loader_is_told() {
    let (browser, heard) = heard(|options| options.request_loader = true);

    browser.get("/username?user_id=1").await;

    let users = heard.users(Event::LoadedFromRequest);
    assert_eq!(users, [Some("1".to_owned())]);
}

/// `test_logout_stays_logged_out_with_remember_me`,
/// `test_logout_stays_logged_out_with_remember_me_custom_duration`
#[tokio::test]
async fn a_log_out_forgets_the_browser() {
    for log_in in [NOTCH_REMEMBER, "/login?id=1&remember=1&seconds=25200"] {
        let browser = plain();
        browser.get(log_in).await;
        let thief = browser.stolen();

        let response = browser.get("/logout").await;

        let removal = cookie(&response, REMEMBER).unwrap();
        for attribute in ["; Max-Age=0", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
            assert!(removal.contains(attribute), "{removal}");
        }
        assert!(browser.cookie_names().is_empty());
        see(&browser, &[("/username", "Anonymous")]).await;
        thief.forget_cookie(SESSION);
        see(&thief, &[("/username", "Anonymous")]).await;
    }
}

/// `test_confirm_login`
#[tokio::test]
async fn a_confirmed_log_in_is_fresh_and_still_remembered() {
    let browser = plain();
    browser.get(NOTCH_REMEMBER).await;
    browser.restart();

    let expected = [
        ("/is-fresh", "False"),
        ("/confirm-login", "True"),
        ("/is-fresh", "True"),
        ("/is-remembered", "True"),
    ];
    see(&browser, &expected).await;
}

/// `test_user_login_confirmed_signal_fired`
#[tokio::test]
async fn a_confirmed_log_in_is_told() {
    let (browser, heard) = heard(|_| {});
    browser.get(NOTCH).await;

    browser.get("/confirm-login").await;

    assert_eq!(heard.users(Event::LoginConfirmed), [Some("1".to_owned())]);
}

/// `test_session_not_modified`
#[tokio::test]
async fn an_anonymous_request_sets_no_cookie() {
    let response = plain().get("/username").await;

    assert_eq!(response.set_cookies(), [""; 0]);
}

/// `test_invalid_remember_cookie`
#[tokio::test]
async fn a_remember_cookie_that_is_none_is_nobodys() {
    let (browser, heard) = heard(|_| {});
    browser.set_cookie(REMEMBER, "foo");

    see(&browser, &[("/username", "Anonymous")]).await;

    assert_eq!(heard.count(Event::MalformedCookie), 1);
}

/// `test_remember_me_username`, `test_remember_me_user_id`
#[tokio::test]
async fn an_id_and_a_name_in_any_script_survive_the_cookie() {
    let browser = plain();
    let expected = [
        ("/login?id=%E4%BD%90%E8%97%A4&remember=1", "True"),
        ("/username", "Müller"),
    ];
    see(&browser, &expected).await;

    browser.restart();

    see(&browser, &[("/username", "Müller")]).await;
}

fn at_a_clock(refresh_each_request: bool) -> (TestClient, Clock) {
    let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
    let options = Options {
        refresh_each_request,
        ..Options::default()
    };
    let app = parity::app_with(URL, &options, |manager| manager.clock(clock.clone()));
    (TestClient::new(app.unwrap()), clock)
}

fn expires(cookie: &str) -> String {
    let (_, rest) = cookie.split_once("; Expires=").unwrap();
    rest.split(';').next().unwrap().to_owned()
}
