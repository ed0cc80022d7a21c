use std::time::Duration;

use axum::Router;
use axum::routing::post;
use http::StatusCode;
use percent_encoding::percent_decode_str;
use serde_json::json;
use url::Url;

use crate::accounts::{Account, Actor};
use crate::credentials::Username;
use crate::login::{Event, Login, SessionLimit};
use crate::testing::{PASSWORD, TestApp, TestClient, TestResponse};

const COOKIE: &str = "__Host-session";

async fn log_in(browser: &TestClient, username: &str, password: &str) -> TestResponse {
    let fields = [("username", username), ("password", password)];
    browser.post("/login", &fields).await
}

async fn is_logged_in(browser: &TestClient) -> bool {
    browser.get("/welcome").await.status == StatusCode::OK
}

async fn disable(app: &TestApp, name: &str) {
    let username: Username = name.parse().unwrap();
    let accounts = app.site.accounts();
    let account = accounts.find(username.as_str()).await.unwrap().unwrap();
    accounts
        .by(Actor::operator())
        .disable(&account.id)
        .await
        .map(drop)
        .unwrap();
}

#[tokio::test]
async fn the_right_password_logs_in_and_goes_to_welcome() {
    let app = TestApp::new().await;
    app.registered("Alice").await;
    let browser = app.browser();

    let response = log_in(&browser, "alice", PASSWORD).await;

    assert_eq!(response.status, StatusCode::SEE_OTHER);
    assert_eq!(response.location(), Some("/welcome"));
    assert!(browser.get("/welcome").await.text().contains("Alice"));
    assert_eq!(browser.get("/login").await.location(), Some("/welcome"));
}

#[tokio::test]
async fn a_log_in_that_is_lost_for_want_of_cookies_says_why() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let says = async |browser: &TestClient, path: &str, from: &str| {
        let page = browser.get_with(path, &[("referer", from)]).await;
        page.text()
            .contains("your browser keeps no cookies from this site")
    };
    let (site, back) = ("https://example.com", "/login?next=%2Fwelcome");
    let browser = app.browser();
    let logged_in = log_in(&browser, "alice", PASSWORD).await;
    assert_eq!(logged_in.location(), Some("/welcome"));
    for name in browser.cookie_names() {
        browser.forget_cookie(&name);
    }

    let rejected = browser.get("/welcome").await;
    assert_eq!(rejected.location(), Some(back));
    for from in ["/login", "/login?next=%2Fwelcome", "/register"] {
        assert!(
            says(&browser, back, &format!("{site}{from}")).await,
            "{from}"
        );
    }
    for (path, from) in [
        (back, "https://example.com/about"),
        (back, "https://evil.example/login"),
        (back, ""),
        ("/login", "https://example.com/login"),
    ] {
        assert!(!says(&browser, path, from).await, "{path} {from}");
    }
    browser.set_cookie("other", "1");
    assert!(!says(&browser, back, "https://example.com/login").await);
}

#[tokio::test]
async fn a_script_logs_in_with_json() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let fields = json!({ "username": "alice", "password": PASSWORD, "next": "/a" });
    let wrong = json!({ "username": "alice", "password": "wrong" });

    let response = app.browser().post_json("/login", &fields).await;
    let refused = app.browser().post_json("/login", &wrong).await;

    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(
        response.json(),
        json!({ "username": "alice", "next": "/a" })
    );
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        refused.header("content-type"),
        Some("application/problem+json")
    );
}

/// B1 of the attack list: the responses differ only in the name that was typed.
#[tokio::test]
async fn unknown_wrong_disabled_and_impossible_get_the_same_answer() {
    let app = TestApp::new().await;
    for name in ["known", "shut1"] {
        app.registered(name).await;
    }
    disable(&app, "shut1").await;
    let mut answers = Vec::new();

    for (username, password) in [
        ("known", "wrong password here"),
        ("ghost", PASSWORD),
        ("shut1", PASSWORD),
        ("a b c", PASSWORD),
        ("known", &"x".repeat(5_000)),
    ] {
        let response = log_in(&app.browser(), username, password).await;
        let headers: Vec<_> = response.headers.clone().into_iter().collect();
        let body = response.text().replace(username, "NAME");
        answers.push((response.status, headers, body));
    }

    assert_eq!(answers[0].0, StatusCode::UNAUTHORIZED);
    assert!(answers[0].2.contains("Wrong username or password"));
    for answer in &answers[1..] {
        assert_eq!(answer, &answers[0]);
    }
}

#[tokio::test]
async fn empty_fields_are_named_and_cost_no_hashing() {
    let app = TestApp::new().await;

    let response = log_in(&app.browser(), "", "").await;

    assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(response.text().contains("Enter your username."));
    assert!(response.text().contains("Enter your password."));
}

#[tokio::test]
async fn only_a_remembered_cookie_outlives_the_browser() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];

    let remembered = app.browser().post("/login", &fields).await;
    let plain = app.browser().post("/login", &fields[..2]).await;

    let [session, remember, _device] = remembered.set_cookies()[..] else {
        panic!("three cookies: {:?}", remembered.set_cookies());
    };
    assert!(!session.contains("Max-Age"), "{session}");
    assert!(remember.starts_with("__Host-remember="), "{remember}");
    assert!(remember.contains("; Max-Age=2592000"), "{remember}");
    assert_eq!(plain.set_cookies().len(), 2, "and that of the device");
    assert!(!plain.set_cookies()[0].contains("Max-Age"));
}

#[tokio::test]
async fn a_disabled_user_is_out_at_the_next_request() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;

    disable(&app, "alice").await;

    assert!(!is_logged_in(&browser).await);
    let username: Username = "alice".parse().unwrap();
    let accounts = app.site.accounts();
    let account = accounts.find(username.as_str()).await.unwrap().unwrap();
    accounts
        .by(Actor::operator())
        .enable(&account.id)
        .await
        .map(drop)
        .unwrap();
    assert!(
        !is_logged_in(&browser).await,
        "its sessions are ended for good"
    );
    assert_eq!(
        log_in(&browser, "alice", PASSWORD).await.location(),
        Some("/welcome")
    );
}

#[tokio::test]
async fn a_new_password_ends_all_sessions_and_the_old_password() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;
    let username: Username = "alice".parse().unwrap();
    let accounts = app.site.accounts();
    let account = accounts.find(username.as_str()).await.unwrap().unwrap();

    let new = "another horse and battery";
    accounts
        .by(Actor::operator())
        .set_password(&account.id, &new.into())
        .await
        .map(drop)
        .unwrap();

    assert!(!is_logged_in(&browser).await);
    let old = log_in(&browser, "alice", PASSWORD).await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        log_in(&browser, "alice", new).await.location(),
        Some("/welcome")
    );
}

/// F2: log-in by another site's form.
#[tokio::test]
async fn a_form_on_another_site_logs_nobody_in() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let form = format!("username=alice&password={}", PASSWORD.replace(' ', "+"));
    let content_type = ("content-type", "application/x-www-form-urlencoded");
    let browser = app.browser();

    let foreign = [content_type, ("sec-fetch-site", "cross-site")];
    let refused = browser.post_with("/login", &foreign, form.clone()).await;

    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.cookie(COOKIE), None);
    let own = [content_type, ("origin", "https://example.com")];
    let accepted = browser.post_with("/login", &own, form).await;
    assert_eq!(accepted.location(), Some("/welcome"));
}

#[tokio::test]
async fn the_visitor_goes_where_they_were_going() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let browser = app.browser();

    let form = browser.get("/login?next=%2Freports%3Fyear%3D2026").await;
    assert!(form.text().contains("Log in to see that page."));
    assert!(
        form.text()
            .contains(r#"name="next" value="&#x2f;reports?year=2026""#)
    );
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("next", "/reports?year=2026"),
    ];
    let response = browser.post("/login", &fields).await;
    assert_eq!(response.location(), Some("/reports?year=2026"));
    let again = browser.get("/login?next=/reports").await;
    assert_eq!(again.location(), Some("/reports"));
}

#[tokio::test]
async fn a_wrong_password_does_not_lose_where_the_visitor_was_going() {
    let app = TestApp::new().await;
    let fields = [
        ("username", "alice"),
        ("password", "wrong"),
        ("next", "/reports"),
    ];

    let response = app.browser().post("/login", &fields).await;

    assert!(
        response
            .text()
            .contains(r#"name="next" value="&#x2f;reports""#)
    );
}

/// F8, F9, F11: each payload raw and decoded once, in the query, percent-encoded, and in the form.
/// The test follows the redirect as a browser does, twice.
#[tokio::test]
async fn next_never_leads_elsewhere() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;
    let payloads = include_str!("elsewhere.txt");
    let mut tried = 0;

    for line in payloads.lines() {
        let decoded = percent_decode_str(line).decode_utf8_lossy().into_owned();
        for next in [line, &decoded] {
            let fields = [
                ("username", "alice"),
                ("password", PASSWORD),
                ("next", next),
            ];
            let posted = browser.post("/login", &fields).await;
            if next.contains('\0') {
                assert_eq!(posted.status, StatusCode::BAD_REQUEST, "{next:?}");
            } else {
                assert_stays(&posted, next);
            }

            let query: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
            let asked = browser.get(&format!("/login?next={query}")).await;
            assert_stays(&asked, next);
            tried += 1;
        }
        let raw = format!("/login?next={line}");
        if raw.parse::<http::Uri>().is_ok() {
            assert_stays(&browser.get(&raw).await, line);
            tried += 1;
        }
    }

    assert_eq!(tried, 90 + 90 + 89, "one line is no URI as it stands");
}

fn assert_stays(response: &TestResponse, next: &str) {
    let base = Url::parse("https://example.com/login").unwrap();
    assert_eq!(response.status, StatusCode::SEE_OTHER, "{next}");
    assert!(response.header("x").is_none() && response.set_cookies().len() <= 2);
    let location = response.location().unwrap();
    let first = base.join(location).unwrap();
    assert_eq!(first.origin(), base.origin(), "{next} gave {location}");
    let second = base.join(first.path()).unwrap();
    assert_eq!(second.origin(), base.origin(), "{next} gave {location}");
    assert!(!["/login", "/logout"].contains(&first.path()), "{next}");
}

#[tokio::test]
async fn whoever_logs_in_to_change_the_password_gets_there() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let browser = app.browser();
    let sent = browser.get("/change-password").await;
    assert_eq!(sent.location(), Some("/login?next=%2Fchange-password"));

    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("next", "/change-password"),
    ];
    let logged_in = browser.post("/login", &fields).await;

    assert_eq!(logged_in.location(), Some("/change-password"));
    let fields = [
        ("current_password", PASSWORD),
        ("new_password", "another horse and battery"),
        ("next", "/change-password"),
    ];
    let changed = browser.post("/change-password", &fields).await;
    assert_eq!(changed.location(), Some("/welcome"), "and not there again");
}

/// For monitoring; the page says the same in each case.
#[tokio::test]
async fn a_wrong_password_is_told_with_the_user_who_was_tried() {
    let (app, told) = TestApp::with_events().await;
    app.registered("alice").await;
    let alice = app.account("alice").await.id;

    let known = log_in(&app.browser(), "alice", "wrong horse and battery").await;
    let unknown = log_in(&app.browser(), "nobody", "wrong horse and battery").await;

    let told = told.lock().unwrap();
    let failed = told
        .iter()
        .filter(|record| record.event == Event::LoginFailed);
    let tried: Vec<_> = failed.map(|record| record.user.clone()).collect();
    assert_eq!(tried, [Some(alice), None]);
    assert_eq!(
        known.text().replace("alice", "nobody"),
        unknown.text(),
        "and nobody else"
    );
}

#[tokio::test]
async fn of_two_nexts_in_a_query_neither_is_followed() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;

    let response = browser.get("/login?next=/a&next=/b").await;

    assert_eq!(response.location(), Some("/welcome"));
}

/// A log-in whose password was checked just before the password changed.
#[tokio::test]
async fn a_log_in_under_way_does_not_survive_a_new_password_or_a_shut_account() {
    for shut in [false, true] {
        let app = TestApp::new().await;
        app.registered("alice").await;
        let accounts = app.site.accounts().clone();
        let checked = accounts.find("alice").await.unwrap().unwrap();
        let id = checked.id.clone();
        let late = move |login: Login<Account>| async move {
            let _ = login.log_in(&checked).await?;
            Ok::<_, crate::Error>("in")
        };
        let app = app.routes(Router::new().route("/late", post(late)));
        let browser = app.browser();

        if shut {
            accounts
                .by(Actor::operator())
                .disable(&id)
                .await
                .map(drop)
                .unwrap();
        } else {
            let new = "another horse and battery";
            accounts
                .by(Actor::operator())
                .set_password(&id, &new.into())
                .await
                .map(drop)
                .unwrap();
        }
        assert_eq!(browser.post("/late", &[]).await.text(), "in");

        assert!(browser.cookie(COOKIE).is_some());
        accounts
            .by(Actor::operator())
            .enable(&id)
            .await
            .map(drop)
            .unwrap();
        assert!(!is_logged_in(&browser).await, "shut: {shut}");
    }
}

async fn logged_in_from(app: &TestApp, user_agent: &str) -> (TestClient, StatusCode) {
    let browser = app.browser().user_agent(user_agent);
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    let status = browser.post("/login", &fields).await.status;
    app.clock.advance(Duration::from_secs(1));
    (browser, status)
}

/// A16: very many sessions.
#[tokio::test]
async fn with_one_session_too_many_the_one_seen_longest_ago_ends() {
    let app = TestApp::with(|config| config.sessions.limit = SessionLimit::end_oldest(2)).await;
    let first = app.registered("alice").await;
    app.clock.advance(Duration::from_secs(1));
    let (second, _) = logged_in_from(&app, "second").await;
    app.clock.advance(Duration::from_secs(120));
    assert!(
        is_logged_in(&first).await,
        "and so the second is the oldest"
    );

    let (third, status) = logged_in_from(&app, "third").await;

    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(is_logged_in(&first).await && is_logged_in(&third).await);
    assert!(!is_logged_in(&second).await, "forgotten too");
    // A browser that logs in again replaces its own session.
    let fields = [("username", "alice"), ("password", PASSWORD)];
    third.post("/login", &fields).await;
    assert!(is_logged_in(&first).await && is_logged_in(&third).await);
}

/// A16: a remembered browser that resumes does not count as another one.
#[tokio::test]
async fn a_remembered_browser_comes_back_within_its_limit_however_often() {
    for limit in [SessionLimit::end_oldest(1), SessionLimit::reject(1)] {
        let app = TestApp::with(|config| config.sessions.limit = limit).await;
        let first = app.registered("alice").await;
        first.post("/logout", &[]).await;
        let (browser, _) = logged_in_from(&app, "tablet").await;
        for _ in 0..3 {
            browser.restart();
            app.clock.advance(Duration::from_secs(90));
            assert!(is_logged_in(&browser).await, "{limit:?}: comes back");
            assert!(is_logged_in(&browser).await, "{limit:?}: and stays");
        }

        // The new session replaces all previous ones of this browser.
        let fields = [("username", "alice"), ("password", PASSWORD)];
        let again = browser.post("/login", &fields).await;

        assert_eq!(again.status, StatusCode::SEE_OTHER, "{limit:?}");
        assert!(is_logged_in(&browser).await, "{limit:?}");
    }
}

/// A16: a limit that rejects log-ins.
#[tokio::test]
async fn with_as_many_sessions_as_allowed_the_next_log_in_is_refused() {
    let app = TestApp::with(|config| config.sessions.limit = SessionLimit::reject(2)).await;
    let first = app.registered("alice").await;
    let (second, _) = logged_in_from(&app, "second").await;

    let (third, status) = logged_in_from(&app, "third").await;

    assert_eq!(status, StatusCode::CONFLICT);
    assert!(!is_logged_in(&third).await);
    assert!(is_logged_in(&first).await && is_logged_in(&second).await);
    let wrong = log_in(&third, "alice", "wrong horse and battery").await;
    assert_eq!(
        wrong.status,
        StatusCode::UNAUTHORIZED,
        "only the right password is told"
    );
    first.post("/logout", &[]).await;
    let (fourth, status) = logged_in_from(&app, "fourth").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(is_logged_in(&fourth).await);
    second.restart();
    assert!(
        is_logged_in(&second).await,
        "a remembered browser comes back"
    );
}

#[tokio::test]
async fn a_throttled_try_costs_no_hash() {
    let app = TestApp::with(|config| config.throttle.limits.account.free = 1).await;
    app.registered("alice").await;
    let passwords = app.site.credentials().passwords();
    log_in(&app.browser(), "alice", "wrong").await;
    let before = passwords.runs();

    for _ in 0..3 {
        let response = log_in(&app.browser(), "alice", PASSWORD).await;
        assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS);
    }

    assert_eq!(passwords.runs(), before);
}
