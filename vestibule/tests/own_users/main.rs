//! The login manager with users, loader and pages of the app's own: what Flask-Login has no
//! test for, and what its users suffered.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::routing::{any, get, post};
use axum::{Extension, Router};
use http::StatusCode;
use http::request::Parts;
use vestibule::clock::{Clock, Timestamp};
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;
use vestibule::login::{
    AddressPrefix, Epoch, Event, EventRecord, LoginOutcome, LoginViews, SessionProtection, User,
    UserId, fresh_login_required, login_required,
};
use vestibule::session::RememberCookie;
use vestibule::stores::MemoryStore;
use vestibule::testing::TestClient;
use vestibule::web::TrustedProxies;
use vestibule::{CurrentUser, Error, FreshUser, Login, LoginManager};

const SESSION: &str = "__Host-session";
const HOUR: Duration = Duration::from_hours(1);

#[derive(Clone)]
struct Member(&'static str);

impl User for Member {
    fn id(&self) -> UserId {
        self.0.into()
    }
}

async fn find(id: UserId) -> Result<Option<Member>, Infallible> {
    let members = ["alice", "bob"];
    let found = members.into_iter().find(|name| *name == id.as_str());
    Ok(found.map(Member))
}

fn manager() -> LoginManager<Member> {
    LoginManager::new(find, MemoryStore::new())
        .public_url("https://example.com".parse().unwrap())
        .login_view("/login")
        .refresh_view("/confirm")
}

fn key() -> SecretKey {
    SecretKey::generate(&Random::insecure_seeded(1)).unwrap()
}

async fn log_in(login: Login<Member>) -> Result<&'static str, Error> {
    assert_eq!(
        login.log_in(&Member("alice")).remember().await?,
        LoginOutcome::LoggedIn
    );
    Ok("in")
}

async fn who(user: Option<CurrentUser<Member>>) -> &'static str {
    user.map_or("nobody", |user| user.0)
}

async fn elsewhere(login: Login<Member>) -> Result<String, Error> {
    Ok(login.log_out_elsewhere().await?.to_string())
}

async fn everywhere(login: Login<Member>) -> Result<String, Error> {
    Ok(login.log_out_everywhere().await?.to_string())
}

async fn confirm(login: Login<Member>) -> Result<String, Error> {
    Ok(format!("{:?}", login.confirm().await?))
}

async fn agent(user: CurrentUser<Member>) -> String {
    let session = user.session().unwrap();
    session.user_agent.clone().unwrap()
}

async fn messages(login: Login<Member>) -> String {
    let messages = login.take_messages();
    let texts: Vec<_> = messages.into_iter().map(|flash| flash.message).collect();
    texts.join("|")
}

fn routes() -> Router {
    Router::new()
        .route("/in", post(log_in))
        .route("/who", get(who))
        .route("/elsewhere", post(elsewhere))
        .route("/everywhere", post(everywhere))
        .route("/confirm-it", post(confirm))
        .route("/messages", get(messages))
        .route("/agent", get(agent))
        .route("/fresh", get(|_: FreshUser<Member>| async { "fresh" }))
        .route(
            "/members",
            any(|_: CurrentUser<Member>| async { "members" }),
        )
        .route(
            "/post-only",
            post(|_: CurrentUser<Member>| async { "posted" }),
        )
}

fn browser(manager: LoginManager<Member>) -> TestClient {
    TestClient::new(routes().layer(manager.layer()))
}

async fn text(browser: &TestClient, path: &str) -> String {
    browser.get(path).await.text().to_owned()
}

/// The same app for several browsers.
fn browsers<const N: usize>(manager: LoginManager<Member>) -> [TestClient; N] {
    let app = routes().layer(manager.layer());
    std::array::from_fn(|_| TestClient::new(app.clone()))
}

#[tokio::test]
async fn the_other_sessions_of_a_user_end_and_this_one_stays() {
    let [here, there, forgotten] = browsers(manager());
    for browser in [&here, &there, &forgotten] {
        browser.post("/in", &[]).await;
    }
    forgotten.restart();

    let ended = here.post("/elsewhere", &[]).await;

    assert_eq!(ended.text(), "2");
    assert_eq!(text(&here, "/who").await, "alice");
    here.restart();
    assert_eq!(text(&here, "/who").await, "alice", "still remembered");
    for browser in [&there, &forgotten] {
        assert_eq!(text(browser, "/who").await, "nobody");
        browser.restart();
        assert_eq!(text(browser, "/who").await, "nobody");
    }
}

#[tokio::test]
async fn all_sessions_of_a_user_end_with_this_one() {
    let [here, there] = browsers(manager());
    for browser in [&here, &there] {
        browser.post("/in", &[]).await;
    }

    let ended = here.post("/everywhere", &[]).await;

    assert_eq!(ended.text(), "2");
    assert!(here.cookie_names().is_empty());
    for browser in [&here, &there] {
        assert_eq!(text(browser, "/who").await, "nobody");
    }
    assert_eq!(here.post("/everywhere", &[]).await.text(), "0");
}

#[tokio::test]
async fn freshness_is_a_time_that_confirming_begins_anew() {
    let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
    let browser = browser(manager().clock(clock.clone()).fresh_for(HOUR));
    browser.post("/in", &[]).await;

    clock.advance(HOUR - Duration::from_millis(1));
    assert_eq!(text(&browser, "/fresh").await, "fresh");
    clock.advance(Duration::from_millis(1));
    let refused = browser.get("/fresh").await;
    assert_eq!(refused.location(), Some("/confirm?next=%2Ffresh"));
    assert_eq!(browser.post("/confirm-it", &[]).await.text(), "Confirmed");
    assert_eq!(text(&browser, "/fresh").await, "fresh");
}

#[tokio::test]
async fn there_is_nothing_to_confirm_for_who_is_not_logged_in() {
    let browser = browser(manager());

    assert_eq!(browser.post("/confirm-it", &[]).await.text(), "NoSession");
    assert!(browser.cookie_names().is_empty());
}

/// Between the look at the session and the new token, somebody ends it.
#[tokio::test]
async fn what_is_ended_while_it_is_being_confirmed_stays_ended() {
    async fn end_then_confirm(login: Login<Member>) -> Result<String, Error> {
        login.current_user().await?;
        let other = login.log_out_everywhere().await?;
        let confirmed = login.confirm().await?;
        Ok(format!("{other} {confirmed:?}"))
    }
    async fn confirm_late(
        user: CurrentUser<Member>,
        login: Login<Member>,
        Extension(store): Extension<MemoryStore>,
    ) -> Result<String, Error> {
        use vestibule::session::SessionStore;
        store.revoke_user("", &user.id(), None).await?;
        Ok(format!("{:?}", login.confirm().await?))
    }
    let store = MemoryStore::new();
    let app = routes()
        .route("/end-then-confirm", post(end_then_confirm))
        .route("/confirm-late", post(confirm_late))
        .layer(LoginManager::new(find, store.clone()).layer())
        .layer(Extension(store));
    let browser = TestClient::new(app);

    for (path, answer) in [
        ("/end-then-confirm", "1 NoSession"),
        ("/confirm-late", "NoSession"),
    ] {
        browser.post("/in", &[]).await;
        assert_eq!(browser.post(path, &[]).await.text(), answer);
        assert_eq!(text(&browser, "/who").await, "nobody");
        browser.restart();
        assert_eq!(text(&browser, "/who").await, "nobody");
    }
}

mod users_that_change {
    use super::*;

    #[derive(Clone, Copy)]
    struct Player {
        epoch: i64,
        is_active: bool,
    }

    impl User for Player {
        fn id(&self) -> UserId {
            1_i64.into()
        }

        fn is_active(&self) -> bool {
            self.is_active
        }

        fn session_epoch(&self) -> Epoch {
            self.epoch.into()
        }
    }

    const PLAYER: Player = Player {
        epoch: 0,
        is_active: true,
    };

    /// A browser, and the one player for the test to change.
    fn game() -> (TestClient, Arc<Mutex<Option<Player>>>) {
        let player = Arc::new(Mutex::new(Some(PLAYER)));
        let current = {
            let player = player.clone();
            move || {
                let player = *player.lock().unwrap();
                async move { Ok::<_, Infallible>(player) }
            }
        };
        let by_request = {
            let current = current.clone();
            move |request: Parts| {
                let player = current();
                async move {
                    if request.headers.contains_key("x-api-key") {
                        return player.await;
                    }
                    Ok(None)
                }
            }
        };
        let log_in = async |login: Login<Player>| {
            let outcome = login.log_in(&PLAYER).remember().await;
            outcome.map(|outcome| format!("{outcome:?}"))
        };
        let who = async |player: Option<CurrentUser<Player>>| player.is_some().to_string();
        let manager = LoginManager::new(move |_| current(), MemoryStore::new());
        let app = Router::new()
            .route("/in", post(log_in))
            .route("/who", get(who))
            .layer(manager.request_loader(by_request).layer());
        (TestClient::new(app), player)
    }

    #[tokio::test]
    async fn a_remembered_user_of_another_epoch_or_none_is_forgotten_for_good() {
        for changed in [Some(Player { epoch: 1, ..PLAYER }), None] {
            let (browser, player) = game();
            browser.post("/in", &[]).await;
            browser.restart();

            *player.lock().unwrap() = changed;
            assert_eq!(text(&browser, "/who").await, "false");

            *player.lock().unwrap() = Some(PLAYER);
            assert_eq!(text(&browser, "/who").await, "false", "for good");
        }
    }

    #[tokio::test]
    async fn an_inactive_user_comes_in_by_no_door() {
        let (browser, player) = game();
        browser.post("/in", &[]).await;
        let remembered = browser.stolen();
        remembered.restart();
        let key = [("x-api-key", "k")];
        let stranger = browser.stolen();
        for name in stranger.cookie_names() {
            stranger.forget_cookie(&name);
        }
        assert_eq!(stranger.get_with("/who", &key).await.text(), "true");

        *player.lock().unwrap() = Some(Player {
            is_active: false,
            ..PLAYER
        });

        for browser in [&browser, &remembered] {
            assert_eq!(text(browser, "/who").await, "false");
        }
        assert_eq!(stranger.get_with("/who", &key).await.text(), "false");
        *player.lock().unwrap() = Some(PLAYER);
        for browser in [&browser, &remembered] {
            assert_eq!(text(browser, "/who").await, "true", "active again");
        }
    }
}

/// Two managers, one store, users of the same id: what one remembers is nothing to the other.
#[tokio::test]
async fn what_one_realm_remembers_is_nobody_in_another() {
    let store = MemoryStore::new();
    let [shop, office] = ["shop", "office"].map(|realm| {
        let manager = LoginManager::new(find, store.clone()).realm(realm).unwrap();
        TestClient::new(routes().layer(manager.layer()))
    });
    shop.post("/in", &[]).await;

    for name in ["session", "remember"] {
        let value = shop.cookie(&format!("__Host-shop-{name}")).unwrap();
        office.set_cookie(&format!("__Host-office-{name}"), &value);
        assert_eq!(text(&office, "/who").await, "nobody", "{name}");
    }
    office.post("/in", &[]).await;
    assert_eq!(office.post("/everywhere", &[]).await.text(), "1");
    assert_eq!(text(&shop, "/who").await, "alice");
}

/// Without a realm of its own, a second manager would take the first one's users for its own.
#[tokio::test]
async fn two_managers_that_are_not_told_apart_are_a_mistake_and_nobody_is_let_in() {
    #[derive(Clone)]
    struct Admin;

    impl User for Admin {
        fn id(&self) -> UserId {
            "alice".into()
        }
    }

    async fn find_admin(_: UserId) -> Result<Option<Admin>, Infallible> {
        Ok(Some(Admin))
    }
    let store = MemoryStore::new();
    let admins = || LoginManager::new(find_admin, store.clone());
    let reports = || {
        routes().route(
            "/reports",
            get(|_: CurrentUser<Admin>| async { "for admins" }),
        )
    };
    let told_apart = reports()
        .layer(LoginManager::new(find, store.clone()).layer())
        .layer(admins().realm("admin").unwrap().layer());
    let one_realm = reports()
        .layer(admins().layer())
        .layer(LoginManager::new(find, store.clone()).layer());
    let one_type = routes()
        .layer(LoginManager::new(find, store.clone()).layer())
        .layer(manager().realm("other").unwrap().layer());

    let browser = TestClient::new(told_apart);
    browser.post("/in", &[]).await;
    assert_eq!(text(&browser, "/who").await, "alice");
    let refused = browser.get("/reports").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let token = browser.cookie(SESSION).unwrap();
    for (app, path) in [(one_realm, "/reports"), (one_type, "/who")] {
        let browser = TestClient::new(app);
        browser.set_cookie(SESSION, &token);
        let response = browser.get(path).await;
        assert_eq!(response.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
    }
}

mod addresses {
    use super::*;

    fn at(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    fn protected(proxies: &[&str]) -> TestClient {
        let proxies: TrustedProxies = proxies.join(",").parse().unwrap();
        let manager = manager()
            .session_protection(SessionProtection::Strong)
            .protect_address(AddressPrefix::default())
            .trusted_proxies(proxies);
        browser(manager)
    }

    #[tokio::test]
    async fn a_session_stays_in_its_network_when_asked() {
        for (home, same, other) in [
            ("192.0.2.1", "192.0.2.200", "192.0.3.1"),
            ("2001:db8:1::1", "2001:db8:1:ffff::1", "2001:db8:2::1"),
        ] {
            let browser = protected(&[]).address(at(home));
            browser.post("/in", &[]).await;

            let same = browser.stolen().address(at(same));
            assert_eq!(text(&same, "/who").await, "alice");
            let other = browser.stolen().address(at(other));
            assert_eq!(text(&other, "/who").await, "nobody");
        }
    }

    /// Issue 700: the address was whatever `X-Forwarded-For` said.
    #[tokio::test]
    async fn a_thief_cannot_write_the_owners_address_into_a_header() {
        let browser = protected(&["10.0.0.1/32"]).address(at("10.0.0.1"));
        let owner = [("x-forwarded-for", "192.0.2.1"), ("content-length", "0")];
        browser.post_with("/in", &owner, "").await;
        assert_eq!(browser.get_with("/who", &owner[..1]).await.text(), "alice");

        // Through the proxy, which adds the thief's own; and past it.
        let through = [("x-forwarded-for", "192.0.2.1, 203.0.113.9")];
        let past = browser.stolen().address(at("203.0.113.9"));
        assert_eq!(past.get_with("/who", &owner[..1]).await.text(), "nobody");
        browser.post_with("/in", &owner, "").await;
        let thief = browser.stolen();
        assert_eq!(thief.get_with("/who", &through).await.text(), "nobody");
    }

    #[tokio::test]
    async fn a_phone_that_changes_networks_stays_logged_in_by_default() {
        let manager = manager().session_protection(SessionProtection::Strong);
        let browser = browser(manager).address(at("192.0.2.1"));
        browser.post("/in", &[]).await;

        let elsewhere = browser.stolen().address(at("203.0.113.9"));

        assert_eq!(text(&elsewhere, "/who").await, "alice");
    }
}

#[tokio::test]
async fn a_user_agent_of_any_length_and_bytes_is_compared_and_kept_short() {
    let long = "x".repeat(5_000);
    let manager = manager().session_protection(SessionProtection::Strong);
    let browser = browser(manager).user_agent(&long);
    browser.post("/in", &[]).await;

    assert_eq!(text(&browser, "/who").await, "alice");
    assert_eq!(text(&browser, "/agent").await.len(), 512);
    let none = browser.stolen().user_agent("");
    assert_eq!(text(&none, "/who").await, "nobody");
}

mod loaders {
    use super::*;

    #[tokio::test]
    async fn a_request_loader_that_fails_is_503_and_not_asked_for_a_session() {
        let fails = async |_: Parts| Err::<Option<Member>, _>("the table is gone");
        let browser = browser(manager().request_loader(fails));

        for path in ["/who", "/members"] {
            let response = browser.get(path).await;
            assert_eq!(response.status, StatusCode::SERVICE_UNAVAILABLE);
            assert!(!response.text().contains("table"));
        }
        browser.post("/in", &[]).await;
        assert_eq!(text(&browser, "/who").await, "alice");
    }

    #[tokio::test]
    async fn a_request_loader_sees_the_whole_head_of_the_request() {
        let by_header = async |request: Parts| {
            let is_bob = request.method == "PUT"
                && request.uri.query() == Some("as=bob")
                && request
                    .headers
                    .get("x-api-key")
                    .is_some_and(|key| key == "k");
            Ok::<_, Infallible>(is_bob.then_some(Member("bob")))
        };
        let browser = browser(manager().request_loader(by_header));
        let key = [("x-api-key", "k")];

        let response = browser.request("PUT", "/members?as=bob", &key, "").await;

        assert_eq!(response.text(), "members");
        let refused = browser.request("PUT", "/members", &key, "").await;
        assert_ne!(refused.status, StatusCode::OK);
    }

    #[test]
    fn a_realm_or_a_host_that_is_none_is_refused_at_the_start() {
        assert!(manager().realm("a b").is_err());
        assert!(manager().realm("ü").is_err());
        assert!(manager().realm(&"x".repeat(33)).is_err());
        for host in [
            "",
            "a/b",
            "user@example.com",
            "example.com?x",
            "a b",
            "EXAMPLE.com",
        ] {
            assert!(manager().login_host(host).is_err(), "{host}");
        }
        assert!(manager().login_host("example.com:8443").is_ok());
    }
}

mod listeners {
    use super::*;

    #[tokio::test]
    async fn each_event_says_who_where_and_by_which_session() {
        let heard = Arc::<Mutex<Vec<EventRecord>>>::default();
        let listener = {
            let heard = heard.clone();
            move |record: &EventRecord| heard.lock().unwrap().push(record.clone())
        };
        let clock = Clock::manual(Timestamp::from_millis(7));
        let browser = browser(manager().clock(clock).on_event(listener))
            .user_agent("UA/1")
            .address("192.0.2.1".parse().unwrap());

        browser.post("/in", &[]).await;

        let heard = heard.lock().unwrap();
        let [record] = &heard[..] else {
            panic!("one event: {heard:?}");
        };
        assert_eq!(record.event, Event::LoggedIn);
        assert_eq!(record.user, Some("alice".into()));
        assert_eq!(record.session.as_ref().unwrap().len(), 24);
        assert_eq!(record.address, "192.0.2.1".parse().ok());
        assert_eq!(record.user_agent.as_deref(), Some("UA/1"));
        assert_eq!(record.at, Timestamp::from_millis(7));
    }

    /// An audit log follows a session by its public id.
    #[tokio::test]
    async fn a_session_keeps_its_public_id_when_it_is_confirmed() {
        let heard = Arc::<Mutex<Vec<EventRecord>>>::default();
        let listener = {
            let heard = heard.clone();
            move |record: &EventRecord| heard.lock().unwrap().push(record.clone())
        };
        let browser = browser(manager().on_event(listener));

        browser.post("/in", &[]).await;
        browser.post("/confirm-it", &[]).await;

        let heard = heard.lock().unwrap();
        let session = |event| {
            let mut told = heard.iter().filter(|record| record.event == event);
            told.next().unwrap().session.clone()
        };
        assert!(session(Event::LoggedIn).is_some());
        assert_eq!(session(Event::LoggedIn), session(Event::LoginConfirmed));
    }

    #[tokio::test]
    async fn a_listener_that_waits_has_heard_before_the_answer_is_out() {
        let heard = Arc::<Mutex<Vec<Event>>>::default();
        let listener = {
            let heard = heard.clone();
            move |record: EventRecord| {
                let heard = heard.clone();
                async move {
                    tokio::task::yield_now().await;
                    heard.lock().unwrap().push(record.event);
                }
            }
        };
        let browser = browser(manager().on_event_async(listener));

        browser.post("/in", &[]).await;
        browser.post("/elsewhere", &[]).await;

        let expected = [Event::LoggedIn, Event::Accessed, Event::LoggedOutElsewhere];
        assert_eq!(*heard.lock().unwrap(), expected);
    }
}

mod refusals {
    use super::*;

    /// Issues 479, 317, 498: after the log-in, GET on what knows only POST was 405.
    #[tokio::test]
    async fn what_was_posted_leads_back_to_the_page_with_the_form_and_never_to_itself() {
        let browser = browser(manager().messages(&key()));

        for (referer, location) in [
            (
                "https://example.com/form?draft=1",
                "/login?next=%2Fform%3Fdraft%3D1",
            ),
            ("https://evil.example/form", "/login"),
            ("https://example.com.evil.example/form", "/login"),
            ("http://example.com/form", "/login"),
            ("https://example.com//evil.example", "/login"),
            ("rubbish", "/login"),
        ] {
            let headers = [("referer", referer)];
            let sent = browser.post_with("/post-only", &headers, "").await;
            assert_eq!(sent.location(), Some(location), "{referer}");
        }
        let sent = browser.post_with("/post-only", &[], "").await;
        assert_eq!(sent.location(), Some("/login"));
        assert_eq!(
            text(&browser, "/messages").await,
            "What you sent may not have been saved. Log in first, then check.",
            "told, and once"
        );
    }

    #[tokio::test]
    async fn messages_do_not_pile_up() {
        let browser = browser(manager().messages(&key()));

        for _ in 0..10 {
            browser.get("/members").await;
        }

        let expected = "Please log in to access this page.";
        assert_eq!(text(&browser, "/messages").await, expected);
        assert_eq!(text(&browser, "/messages").await, "");
    }

    #[tokio::test]
    async fn a_script_gets_401_and_neither_message_nor_redirect() {
        let browser = browser(manager().messages(&key()).next_in_cookie(&key()));

        let json = [("accept", "application/json")];
        let refused = browser.get_with("/members", &json).await;

        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert_eq!(refused.json()["detail"], "Log in to see this.");
        assert!(browser.cookie_names().is_empty());
    }

    #[tokio::test]
    async fn a_login_page_on_another_host_gets_the_whole_address() {
        let browser = browser(manager().login_view("https://auth.example.com/login?a=1"));

        let refused = browser.get("/members?page=2").await;

        assert_eq!(
            refused.location(),
            Some(
                "https://auth.example.com/login?a=1\
                 &next=https%3A%2F%2Fexample.com%2Fmembers%3Fpage%3D2"
            )
        );
    }

    /// Issue 524: there was no way to do without.
    #[tokio::test]
    async fn next_can_be_left_out() {
        let browser = browser(manager().without_next());

        assert_eq!(browser.get("/members").await.location(), Some("/login"));
    }

    #[tokio::test]
    async fn a_kept_next_that_somebody_else_wrote_is_not_followed() {
        async fn kept(login: Login<Member>) -> String {
            login.next().or("none").to_owned()
        }
        let app = |key: &SecretKey| {
            let manager = manager().next_in_cookie(key);
            routes().route("/kept", get(kept)).layer(manager.layer())
        };
        let browser = TestClient::new(app(&key()));
        browser.get("/members").await;
        assert_eq!(text(&browser, "/kept").await, "/members");
        let cookie = browser.cookie("__Host-next").unwrap();
        let other_key = SecretKey::generate(&Random::insecure_seeded(2)).unwrap();

        let foreign = TestClient::new(app(&other_key));
        foreign.set_cookie("__Host-next", &cookie);

        assert_eq!(text(&foreign, "/kept").await, "none");
        browser.set_cookie("__Host-next", &cookie[1..]);
        assert_eq!(text(&browser, "/kept").await, "none");
    }

    #[tokio::test]
    async fn a_kept_next_is_used_up_and_never_that_of_another_page() {
        async fn kept(login: Login<Member>) -> String {
            login.next().or("none").to_owned()
        }
        let manager = manager().next_in_cookie(&key());
        let app = routes().route("/kept", get(kept)).layer(manager.layer());
        let browser = TestClient::new(app);

        browser.get("/members").await;
        browser.post_with("/post-only", &[], "").await;
        assert_eq!(text(&browser, "/kept").await, "none", "no way back");
        browser.post("/in", &[]).await;
        browser.restart();
        browser.get("/fresh").await;
        assert_eq!(text(&browser, "/kept").await, "/fresh");
        browser.post("/confirm-it", &[]).await;
        assert_eq!(text(&browser, "/kept").await, "none", "used up");
    }

    #[tokio::test]
    async fn a_login_page_that_itself_asks_does_not_send_round_in_circles() {
        for view in [
            "/members",
            "/members?lang=de",
            "https://example.com/members",
            "/x/../members",
        ] {
            let browser = browser(manager().login_view(view));

            let response = browser.get("/members?page=2").await;

            assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{view}");
        }
    }

    #[tokio::test]
    async fn a_view_that_no_header_could_hold_is_written_as_an_address() {
        let manager = manager().login_view("/anmelden/ü\n?a=b c").without_next();

        let response = browser(manager).get("/members").await;

        assert_eq!(response.location(), Some("/anmelden/%C3%BC?a=b%20c"));
    }

    #[tokio::test]
    async fn without_a_message_for_what_was_lost_there_is_the_usual_one() {
        let views = LoginViews::new().lost_message(None);
        let browser = browser(manager().messages(&key()).views(views));

        browser.post_with("/post-only", &[], "").await;

        let expected = "Please log in to access this page.";
        assert_eq!(text(&browser, "/messages").await, expected);
    }

    #[tokio::test]
    async fn a_router_can_have_views_messages_or_no_login_page_of_its_own() {
        let area = |views| {
            Router::new()
                .route("/", get(|_: CurrentUser<Member>| async { "members" }))
                .layer(views)
        };
        let app = routes()
            .nest("/api", area(LoginViews::new().no_login_view()))
            .nest(
                "/office",
                area(LoginViews::new().login_view("/office-login")),
            )
            .nest(
                "/shop",
                Router::new()
                    .nest(
                        "/inner",
                        area(LoginViews::new().refresh_view("/shop-confirm")),
                    )
                    .layer(LoginViews::new().login_view("/shop-login")),
            )
            .layer(manager().layer());
        let browser = TestClient::new(app);

        assert_eq!(browser.get("/api").await.status, StatusCode::UNAUTHORIZED);
        let inner = browser.get("/shop/inner").await;
        assert_eq!(inner.location(), Some("/shop-login?next=%2Fshop%2Finner"));
        let office = browser.get("/office").await;
        assert_eq!(office.location(), Some("/office-login?next=%2Foffice"));
        let others = browser.get("/members").await;
        assert_eq!(others.location(), Some("/login?next=%2Fmembers"));
    }
}

mod default_deny {
    use super::*;

    fn site() -> TestClient {
        let page = || async { "page" };
        let app = Router::new()
            .route("/about", get(page))
            .route("/about/team", get(page))
            .route("/posts/{id}", get(page))
            .route("/private", get(page))
            .nest("/help", Router::new().route("/faq", get(page)))
            .fallback(page)
            .layer(login_required::<Member>().except(["/about", "/posts/{id}", "/help/faq"]))
            .merge(routes())
            .layer(manager().layer());
        TestClient::new(app)
    }

    /// Issues 168, 247, 411.
    #[tokio::test]
    async fn a_router_is_closed_but_for_the_routes_on_the_list() {
        let browser = site();

        for open in ["/about", "/about?x=1", "/posts/7", "/help/faq"] {
            assert_eq!(browser.get(open).await.text(), "page", "{open}");
        }
        for closed in [
            "/private",
            "/about/team",
            "/unknown",
            "//about",
            "/About",
            "/about/",
            "/about;x",
            "/private?/about",
            "/private#/about",
            "/posts/7/edit",
            "/help/../private",
            "/%61bout/x",
        ] {
            let response = browser.get(closed).await;
            assert_eq!(response.status, StatusCode::SEE_OTHER, "{closed}");
        }
        browser.post("/in", &[]).await;
        assert_eq!(browser.get("/private").await.text(), "page");
    }

    #[tokio::test]
    async fn a_router_for_fresh_log_ins_sends_the_others_to_the_refresh_page() {
        let app = Router::new()
            .route("/danger", get(|| async { "danger" }))
            .layer(fresh_login_required::<Member>())
            .merge(routes())
            .layer(manager().layer());
        let browser = TestClient::new(app);

        let anonymous = browser.get("/danger").await;
        assert_eq!(anonymous.location(), Some("/login?next=%2Fdanger"));
        browser.post("/in", &[]).await;
        assert_eq!(browser.get("/danger").await.text(), "danger");
        browser.restart();
        let remembered = browser.get("/danger").await;
        assert_eq!(remembered.location(), Some("/confirm?next=%2Fdanger"));
    }
}

/// What the browser would have dropped in time, a thief has not.
#[tokio::test]
async fn refreshing_revives_no_remembered_login_that_has_expired() {
    let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
    let mut remember = RememberCookie::default();
    remember.duration = HOUR;
    remember.refresh_each_request = true;
    let manager = manager().clock(clock.clone()).remember(remember).unwrap();
    let browser = browser(manager);
    browser.post("/in", &[]).await;

    clock.advance(HOUR);

    assert_eq!(text(&browser, "/who").await, "alice", "by the session");
    browser.restart();
    assert_eq!(text(&browser, "/who").await, "nobody");
}

#[tokio::test]
async fn refreshing_begins_the_duration_anew_with_each_request_and_each_return() {
    for duration in [HOUR, Duration::from_mins(2)] {
        let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
        let mut remember = RememberCookie::default();
        remember.duration = duration;
        remember.refresh_each_request = true;
        let manager = manager().clock(clock.clone()).remember(remember).unwrap();
        let browser = browser(manager);
        browser.post("/in", &[]).await;

        for _ in 0..2 {
            clock.advance(duration * 3 / 8);
            assert_eq!(text(&browser, "/who").await, "alice", "by the session");
            browser.restart();
            clock.advance(duration * 3 / 4);
            assert_eq!(text(&browser, "/who").await, "alice", "by the cookie");
        }
    }
}

#[tokio::test]
async fn a_session_that_a_remember_cookie_begins_may_outlast_the_cookie() {
    let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
    let mut remember = RememberCookie::default();
    remember.duration = HOUR;
    let manager = manager().clock(clock.clone()).remember(remember).unwrap();
    let browser = browser(manager);
    browser.post("/in", &[]).await;

    browser.restart();
    clock.advance(HOUR - Duration::from_secs(1));
    assert_eq!(text(&browser, "/who").await, "alice");
    clock.advance(HOUR);

    assert_eq!(text(&browser, "/who").await, "alice");
}

#[tokio::test]
async fn a_log_in_that_remembers_nobody_sets_one_cookie() {
    async fn plainly(login: Login<Member>) -> Result<String, Error> {
        Ok(format!("{:?}", login.log_in(&Member("alice")).await?))
    }
    let app = routes()
        .route("/plainly", post(plainly))
        .layer(manager().layer());

    let response = TestClient::new(app).post("/plainly", &[]).await;

    assert_eq!(response.set_cookies().len(), 1);
}

#[tokio::test]
async fn a_remember_cookie_that_is_no_token_goes_at_the_next_log_in_or_out() {
    async fn plainly(login: Login<Member>) -> Result<String, Error> {
        Ok(format!("{:?}", login.log_in(&Member("alice")).await?))
    }
    async fn out(login: Login<Member>) -> Result<(), Error> {
        login.log_out().await
    }
    for path in ["/plainly", "/out"] {
        let app = routes()
            .route("/plainly", post(plainly))
            .route("/out", post(out))
            .layer(manager().layer());
        let browser = TestClient::new(app);
        browser.set_cookie("__Host-remember", "rubbish");

        browser.post(path, &[]).await;

        assert_eq!(browser.cookie("__Host-remember"), None, "{path}");
    }
}

/// The handler of the log-in has not asked who is there.
#[tokio::test]
async fn a_log_in_that_asks_nobody_ends_what_remembered_the_browser() {
    let browser = browser(manager());
    browser.post("/in", &[]).await;
    browser.restart();
    let thief = browser.stolen();

    browser.post("/in", &[]).await;

    assert_eq!(text(&thief, "/who").await, "nobody");
    assert_eq!(text(&browser, "/who").await, "alice");
}

/// The one who finds the cookie used is told, whoever that is.
#[tokio::test]
async fn who_is_logged_out_by_a_theft_is_told_so_on_the_next_page() {
    let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
    let owner = browser(manager().clock(clock.clone()).messages(&key()));
    owner.post("/in", &[]).await;
    owner.restart();
    owner.stolen().get("/who").await;
    clock.advance(HOUR);

    owner.get("/who").await;

    assert_eq!(
        text(&owner, "/messages").await,
        "You were logged out, as somebody used a copy of what your browser remembers."
    );
}

#[tokio::test]
async fn a_test_client_says_that_the_app_does_not_know_its_user() {
    let browser = browser(manager()).logged_in_as(&Member("mallory"));

    let response = browser.get("/who").await;

    assert_eq!(response.status, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn a_log_out_by_the_remember_cookie_alone_is_told_with_the_user() {
    async fn out(login: Login<Member>) -> Result<(), Error> {
        login.log_out().await
    }
    let heard = Arc::<Mutex<Vec<EventRecord>>>::default();
    let listener = {
        let heard = heard.clone();
        move |record: &EventRecord| heard.lock().unwrap().push(record.clone())
    };
    let manager = manager().on_event(listener);
    let app = routes().route("/out", post(out)).layer(manager.layer());
    let browser = TestClient::new(app);
    browser.post("/in", &[]).await;
    browser.restart();
    let thief = browser.stolen();

    browser.post("/out", &[]).await;

    assert_eq!(text(&thief, "/who").await, "nobody");
    let heard = heard.lock().unwrap();
    let mut out = heard.iter().filter(|told| told.event == Event::LoggedOut);
    let last = out.next().unwrap();
    assert_eq!(last.user, Some("alice".into()));
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

/// Two tabs: one confirms while the other has begun to log out.
#[tokio::test]
async fn a_log_out_ends_the_session_that_was_confirmed_meanwhile() {
    let [reached, go] = [(), ()].map(|()| Arc::new(tokio::sync::Notify::new()));
    let slow_out = {
        let (reached, go) = (reached.clone(), go.clone());
        move |login: Login<Member>| async move {
            login.current_user().await?;
            reached.notify_one();
            go.notified().await;
            login.log_out().await
        }
    };
    let app = routes().route("/slow-out", post(slow_out));
    let browser = TestClient::new(app.layer(manager().layer()));
    browser.post("/in", &[]).await;
    let tab = browser.stolen();

    let out = tokio::spawn(async move { tab.post("/slow-out", &[]).await.status });
    reached.notified().await;
    assert_eq!(browser.post("/confirm-it", &[]).await.text(), "Confirmed");
    go.notify_one();

    assert_eq!(out.await.unwrap(), StatusCode::OK);
    assert_eq!(text(&browser, "/who").await, "nobody");
    browser.restart();
    assert_eq!(text(&browser, "/who").await, "nobody");
}

/// A browser sends a cookie with a path to that path only, and not to the login page.
#[tokio::test]
async fn a_remember_cookie_under_a_path_goes_with_the_next_log_in_or_out() {
    async fn plainly(login: Login<Member>) -> Result<String, Error> {
        Ok(format!("{:?}", login.log_in(&Member("bob")).await?))
    }
    async fn out(login: Login<Member>) -> Result<(), Error> {
        login.log_out().await
    }
    let mut remember = RememberCookie::default();
    "/app".clone_into(&mut remember.path);
    let app = routes()
        .route("/plainly", post(plainly))
        .route("/out", post(out))
        .layer(manager().remember(remember).unwrap().layer());
    let browser = TestClient::new(app);

    for path in ["/plainly", "/out"] {
        let response = browser.post(path, &[]).await;
        let cookies = response.set_cookies();
        let mut removal = cookies
            .iter()
            .filter(|c| c.starts_with("__Secure-remember=;"));
        let removal = removal.next().unwrap();
        assert!(removal.contains("; Path=/app"), "{removal}");
    }
}

#[tokio::test]
async fn a_refusal_is_shown_without_cookies_and_credentials() {
    let shown = Arc::<Mutex<String>>::default();
    let handler = {
        let shown = shown.clone();
        move |refusal| {
            *shown.lock().unwrap() = format!("{refusal:?}");
            async { StatusCode::FORBIDDEN }
        }
    };
    let browser = browser(manager().on_needs_refresh(handler));
    browser.post("/in", &[]).await;
    browser.restart();
    let secret = [("authorization", "Basic c2VjcmV0"), ("x-shown", "shown")];

    browser.get_with("/fresh", &secret).await;

    let shown = shown.lock().unwrap();
    let remember = browser.cookie("__Host-remember").unwrap();
    assert!(shown.contains("x-shown"), "{shown}");
    for secret in ["c2VjcmV0", "__Host-", &remember[..20]] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// Issue 600: clearing the session after a log-out kept the remember cookie alive.
#[tokio::test]
async fn whatever_comes_after_the_log_out_in_a_request_cannot_undo_it() {
    async fn out_and_on(login: Login<Member>) -> Result<String, Error> {
        login.log_out().await?;
        let confirmed = login.confirm().await?;
        let user = login.current_user().await?;
        login.log_out().await?;
        Ok(format!("{confirmed:?} {}", user.is_some()))
    }
    let app = routes().route("/out", post(out_and_on));
    let browser = TestClient::new(app.layer(manager().layer()));
    browser.post("/in", &[]).await;
    let thief = browser.stolen();

    let response = browser.post("/out", &[]).await;

    assert_eq!(response.text(), "NoSession false");
    assert!(browser.cookie_names().is_empty());
    assert_eq!(text(&thief, "/who").await, "nobody");
}

/// Issue 449: the session's id was the same from log-in to log-in.
#[tokio::test]
async fn logging_in_twice_in_a_request_leaves_one_session() {
    async fn twice(login: Login<Member>) -> Result<String, Error> {
        for member in ["alice", "bob"] {
            let outcome = login.log_in(&Member(member)).remember().await?;
            assert_eq!(outcome, LoginOutcome::LoggedIn);
        }
        let user = login.current_user().await?;
        Ok(user.map_or("nobody", |user| user.0).to_owned())
    }
    let store = MemoryStore::new();
    let manager = LoginManager::new(find, store.clone());
    let app = routes().route("/twice", post(twice)).layer(manager.layer());
    let browser = TestClient::new(app);

    assert_eq!(browser.post("/twice", &[]).await.text(), "bob");

    assert_eq!(text(&browser, "/who").await, "bob");
    assert_eq!(
        format!("{store:?}"),
        "MemoryStore { sessions: 1, remembered_logins: 1 }"
    );
    assert_ne!(browser.cookie(SESSION), None);
}

#[tokio::test]
async fn where_the_routes_are_an_api_each_client_gets_401_and_no_cookie() {
    let private = || get(|_: CurrentUser<Member>| async { "private" });
    let guarded = Router::new().route("/guarded", private());
    let api = Router::new()
        .route("/orders", private())
        .merge(guarded.route_layer(login_required::<Member>()))
        .nest(
            "/inner",
            Router::new()
                .route("/page", private())
                .layer(LoginViews::new().login_view("/inner/login")),
        )
        .layer(LoginViews::new().api());
    let manager = manager().messages(&key()).next_in_cookie(&key());
    let routes = Router::new().route("/page", private()).nest("/api", api);
    let script = TestClient::new(routes.layer(manager.layer()));

    for path in ["/api/orders", "/api/guarded", "/api/inner/page"] {
        for headers in [&[][..], &[("accept", "*/*")], &[("accept", "text/html")]] {
            let refused = script.get_with(path, headers).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{path}");
            assert_eq!(refused.json()["code"], "login_required");
            assert!(script.cookie_names().is_empty());
        }
    }
    assert_eq!(script.get("/page").await.status, StatusCode::SEE_OTHER);
}
