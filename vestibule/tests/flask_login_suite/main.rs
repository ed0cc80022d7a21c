//! The cases of Flask-Login's own test suite, one by one; its name for each stands above ours.
//! `docs/src/flask-login.md` has the same list, with those that cannot apply, and why.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use vestibule::clock::{Clock, Timestamp};
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;
use vestibule::login::{
    Event, EventRecord, LoginViews, RejectedRequest, SessionProtection, User, UserId,
    login_required, login_url,
};
use vestibule::session::RememberCookie;
use vestibule::stores::MemoryStore;
use vestibule::testing::{TestClient, TestResponse};
use vestibule::web::Flash;
use vestibule::{CurrentUser, LoginManager};

#[path = "../examples/parity.rs"]
#[allow(dead_code, reason = "its command line")]
mod parity;

use parity::{Options, Player};

const URL: &str = "https://example.com";
const SESSION: &str = "__Host-session";
const REMEMBER: &str = "__Host-remember";
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A browser at the fixture, with these options.
fn browser(change: impl FnOnce(&mut Options)) -> TestClient {
    let mut options = Options::default();
    change(&mut options);
    TestClient::new(parity::app(URL, &options).unwrap())
}

/// A browser at the fixture as it is.
fn plain() -> TestClient {
    browser(|_| {})
}

fn with_views(options: &mut Options) {
    options.login_view = Some("/login".to_owned());
    options.refresh_view = Some("/refresh-view".to_owned());
}

/// A browser at the fixture, with views and with settings that its options do not have.
fn configured(change: impl FnOnce(LoginManager<Player>) -> LoginManager<Player>) -> TestClient {
    let mut options = Options::default();
    with_views(&mut options);
    TestClient::new(parity::app_with(URL, &options, change).unwrap())
}

/// What happened, as a listener heard it.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<EventRecord>>>);

impl Heard {
    fn listener(&self) -> impl Fn(&EventRecord) + Send + Sync + 'static {
        let heard = self.clone();
        move |record| heard.0.lock().unwrap().push(record.clone())
    }

    /// The users to whom this happened.
    fn users(&self, event: Event) -> Vec<Option<String>> {
        let heard = self.0.lock().unwrap();
        let records = heard.iter().filter(|record| record.event == event);
        let user = |record: &EventRecord| record.user.as_ref().map(ToString::to_string);
        records.map(user).collect()
    }

    fn count(&self, event: Event) -> usize {
        self.users(event).len()
    }
}

fn heard(change: impl FnOnce(&mut Options)) -> (TestClient, Heard) {
    let heard = Heard::default();
    let mut options = Options::default();
    change(&mut options);
    let app = parity::app_with(URL, &options, |manager| manager.on_event(heard.listener()));
    (TestClient::new(app.unwrap()), heard)
}

async fn text(browser: &TestClient, path: &str) -> String {
    browser.get(path).await.text().to_owned()
}

/// Asks for each page in turn, and for the answers.
async fn see(browser: &TestClient, expected: &[(&str, &str)]) {
    for (path, body) in expected {
        assert_eq!(text(browser, path).await, *body, "{path}");
    }
}

fn cookie<'a>(response: &'a TestResponse, name: &str) -> Option<&'a str> {
    let prefix = format!("{name}=");
    let cookies = response.set_cookies();
    cookies
        .into_iter()
        .find(|cookie| cookie.starts_with(&prefix))
}

const NOTCH: &str = "/login?id=1";
const NOTCH_REMEMBER: &str = "/login?id=1&remember=1";

mod static_files_and_set_up {
    use super::*;

    /// `test_static_loads_anonymous`, `test_static_loads_without_accessing_session`
    #[tokio::test]
    async fn a_page_that_asks_nobody_who_they_are_looks_nobody_up() {
        let (browser, heard) = heard(|_| {});
        browser.get(NOTCH).await;

        let page = browser.get("/").await;

        assert_eq!(page.text(), "The index");
        assert_eq!(heard.count(Event::Accessed), 0);
        assert_eq!(page.header("vary"), None);
        assert_eq!(page.header("cache-control"), None);
    }

    /// `test_options_call_exempt`
    #[tokio::test]
    async fn an_exempt_method_passes() {
        let browser = plain();

        let options = browser.request("OPTIONS", "/method", &[], "").await;

        assert_eq!(options.status, StatusCode::OK);
        for method in ["GET", "POST"] {
            let refused = browser.request(method, "/method", &[], "").await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        }
    }
}

mod log_in_and_out {
    use super::*;

    /// `test_test_request_context_users_are_anonymous`, `test_defaults_anonymous`
    #[tokio::test]
    async fn a_visitor_is_anonymous_at_first() {
        see(&plain(), &[("/username", "Anonymous")]).await;
    }

    /// `test_login_user`, `test_authentication_is_fresh`
    #[tokio::test]
    async fn a_log_in_makes_the_user_current_fresh_and_not_remembered() {
        let expected = [
            (NOTCH, "True"),
            ("/username", "Notch"),
            ("/is-fresh", "True"),
            ("/is-remembered", "False"),
        ];
        see(&plain(), &expected).await;
    }

    /// `test_login_user_not_fresh`
    #[tokio::test]
    async fn a_log_in_that_is_not_fresh_is_not() {
        let expected = [
            ("/login?id=1&fresh=0", "True"),
            ("/username", "Notch"),
            ("/is-fresh", "False"),
        ];
        see(&plain(), &expected).await;
    }

    /// `test_login_user_emits_signal`
    #[tokio::test]
    async fn a_log_in_is_told_once() {
        let (browser, heard) = heard(|_| {});

        browser.get(NOTCH).await;

        assert_eq!(heard.users(Event::LoggedIn), [Some("1".to_owned())]);
    }

    /// `test_login_inactive_user`
    #[tokio::test]
    async fn an_inactive_user_is_not_logged_in() {
        let (browser, heard) = heard(|_| {});

        see(
            &browser,
            &[("/login?id=3", "False"), ("/username", "Anonymous")],
        )
        .await;

        assert_eq!(heard.users(Event::Inactive), [Some("3".to_owned())]);
    }

    /// `test_login_inactive_user_forced`
    #[tokio::test]
    async fn an_inactive_user_can_be_forced_in_and_is_out_at_the_next_request() {
        let expected = [("/login?id=3&force=1", "True"), ("/username", "Anonymous")];
        see(&plain(), &expected).await;
    }

    /// `test_login_user_with_request`, `test_login_invalid_user_with_request`
    #[tokio::test]
    async fn the_request_loader_finds_the_user_or_nobody() {
        let browser = browser(|options| options.request_loader = true);

        let expected = [
            ("/username?user_id=2", "Steve"),
            ("/username?user_id=9000", "Anonymous"),
        ];
        see(&browser, &expected).await;
    }

    /// `test_logout_logs_out_current_user`, `test_logout_persists`
    #[tokio::test]
    async fn a_log_out_is_for_good() {
        let expected = [
            (NOTCH, "True"),
            ("/logout", "True"),
            ("/username", "Anonymous"),
            ("/username", "Anonymous"),
        ];
        see(&plain(), &expected).await;
    }

    /// `test_logout_emits_signal`
    #[tokio::test]
    async fn a_log_out_is_told_with_the_user_before() {
        let (browser, heard) = heard(|_| {});
        browser.get(NOTCH).await;

        browser.get("/logout").await;

        assert_eq!(heard.users(Event::LoggedOut), [Some("1".to_owned())]);
    }

    /// `test_logout_without_current_user`
    #[tokio::test]
    async fn a_log_out_of_nobody_is_told_too() {
        let (browser, heard) = heard(|_| {});

        see(&browser, &[("/logout", "True")]).await;

        assert_eq!(heard.users(Event::LoggedOut), [None]);
    }

    /// `test_login_persists`
    #[tokio::test]
    async fn a_log_in_persists() {
        let browser = plain();
        see(&browser, &[(NOTCH, "True"), ("/username", "Notch")]).await;
        see(&browser, &[("/username", "Notch")]).await;
    }

    /// `test_incorrect_id_logs_out`
    #[tokio::test]
    async fn a_user_who_is_gone_is_logged_out() {
        let expected = [
            (NOTCH, "True"),
            ("/delete-user?id=1", "True"),
            ("/username", "Anonymous"),
        ];
        see(&plain(), &expected).await;
    }
}

mod unauthorized {
    use super::*;

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
}

mod remember_me {
    use super::*;

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
        assert_eq!(super::expires(rotated), expires);
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
}

mod needs_refresh {
    use super::*;

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
}

mod session_protection {
    use super::*;

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
}

mod guards {
    use super::*;

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
}

mod by_request {
    use super::*;

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
}

mod urls {
    use super::*;

    /// `test_make_next_param`, `test_login_url_generation`,
    /// `test_login_url_generation_with_view`
    #[test]
    fn the_login_url_has_the_way_back_as_far_as_it_must() {
        let here = "http://localhost".parse().unwrap();
        for (view, expected) in [
            ("/login", "/login?next=%2Fprotected"),
            (
                "https://auth.localhost/login",
                "https://auth.localhost/login?next=http%3A%2F%2Flocalhost%2Fprotected",
            ),
            ("/login?affil=cgnu", "/login?affil=cgnu&next=%2Fprotected"),
        ] {
            assert_eq!(login_url(view, "/protected", &here), expected);
        }
    }
}

mod without_next {
    use super::*;

    /// `test_login_url_no_next_url`
    #[tokio::test]
    async fn the_login_page_is_asked_for_as_it_is() {
        let browser = configured(|manager| manager.without_next().login_view("/foo?a=1"));

        assert_eq!(browser.get("/secret").await.location(), Some("/foo?a=1"));
    }
}

mod users {
    use super::*;

    #[derive(Clone)]
    struct Minimal;

    impl User for Minimal {
        fn id(&self) -> UserId {
            7_i64.into()
        }
    }

    /// `TestMixins.test_default_values`, `test_get_id_from_id_attribute`
    #[test]
    fn a_user_is_active_and_has_an_id_and_needs_to_say_no_more() {
        assert!(Minimal.is_active());
        assert_eq!(Minimal.id(), UserId::from("7"));
    }
}

mod test_client {
    use super::*;

    #[derive(Clone)]
    struct Steve;

    impl User for Steve {
        fn id(&self) -> UserId {
            2_i64.into()
        }
    }

    async fn find(id: UserId) -> Result<Option<Steve>, std::convert::Infallible> {
        Ok((id.as_str() == "2").then_some(Steve))
    }

    async fn who(user: Option<CurrentUser<Steve>>) -> String {
        let fact = |user: CurrentUser<Steve>| format!("Steve {}", user.is_fresh());
        user.map_or_else(|| "Anonymous".to_owned(), fact)
    }

    fn client(protection: SessionProtection) -> TestClient {
        let manager = LoginManager::new(find, MemoryStore::new()).session_protection(protection);
        let router = Router::new()
            .route("/who", get(who))
            .merge(
                Router::new()
                    .route("/protected", get(|| async { "Access Granted" }))
                    .route_layer(login_required::<Steve>()),
            )
            .layer(manager.layer());
        TestClient::new(router)
    }

    /// `test_no_args_to_test_client`
    #[tokio::test]
    async fn a_test_client_is_anonymous() {
        let browser = client(SessionProtection::Basic);

        see(&browser, &[("/who", "Anonymous")]).await;
    }

    /// `test_user_arg_to_test_client`, `test_fresh_login_arg_to_test_client`,
    /// `test_session_protection_modes`
    #[tokio::test]
    async fn a_test_client_can_be_logged_in_fresh_or_not_under_any_protection() {
        for protection in [
            SessionProtection::Off,
            SessionProtection::Basic,
            SessionProtection::Strong,
        ] {
            let fresh = client(protection).logged_in_as(&Steve);
            let stale = client(protection).logged_in_as(&Steve).fresh(false);

            for browser in [(fresh, "Steve true"), (stale, "Steve false")] {
                see(&browser.0, &[("/who", browser.1), ("/who", browser.1)]).await;
            }
        }
    }

    /// `test_decorators_are_disabled` (0.6.3)
    #[tokio::test]
    async fn a_test_client_can_do_without_login() {
        let browser = client(SessionProtection::Basic);

        let refused = browser.get("/protected").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        let browser = browser.without_login();
        see(&browser, &[("/protected", "Access Granted")]).await;
    }
}

/// `test_user_context_processor` is in `flows/welcome/tests.rs`: templates see `current_user`.
mod secret_key {
    use super::*;

    /// `TestSecretKey.test_bytes`, `test_native`, `test_default`
    #[test]
    fn a_secret_key_is_bytes_or_text_or_made() {
        let text = "0123456789abcdefghijklmnopqrstuvwxyz";

        assert!(SecretKey::new(text.as_bytes().to_vec()).is_ok());
        assert!(text.parse::<SecretKey>().is_ok());
        assert!(SecretKey::generate(&Random::system()).is_ok());
        assert!("short".parse::<SecretKey>().is_err());
    }
}

/// The book's table names tests of this file; this file names Flask-Login's.
#[test]
fn the_book_names_every_case_and_no_test_that_is_not_there() {
    let suite = include_str!("flask_login_suite.rs");
    let book = include_str!("../../docs/src/flask-login.md");
    let (_, table) = book.split_once("\n## The tests of Flask-Login").unwrap();

    let cases = table.lines().filter(|line| line.starts_with("| `test_"));
    assert_eq!(cases.count(), 107);
    let ours = table.split('`').filter_map(|name| name.split_once("::"));
    let mut count = 0;
    for (module, test) in ours {
        let (_, module) = suite
            .split_once(&format!("\nmod {module} {{"))
            .unwrap_or_else(|| panic!("no module {module}"));
        let module = module.split("\n}\n").next().unwrap();
        assert!(module.contains(&format!("fn {test}(")), "{test}");
        count += 1;
    }
    assert!(count > 80, "{count}");
}

fn localize(message: &str, headers: &HeaderMap) -> String {
    let language = headers["accept-language"].to_str().unwrap();
    format!("[{language}] {message}")
}

fn expires(cookie: &str) -> String {
    let (_, rest) = cookie.split_once("; Expires=").unwrap();
    rest.split(';').next().unwrap().to_owned()
}
