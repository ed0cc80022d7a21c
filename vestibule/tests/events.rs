//! What happens is an event, with who, where and by which method.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use vestibule::accounts::{Account, Actor};
use vestibule::flows::SiteConfig;
use vestibule::login::{Event, EventRecord, SessionLimit};
use vestibule::session::Methods;
use vestibule::testing::{Mailbox, PASSWORD, TestApp, TestClient, TestResponse};
use vestibule::{CurrentUser, Error};

#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<EventRecord>>>);

impl Told {
    /// The last event of this kind.
    fn last(&self, event: Event) -> Option<EventRecord> {
        let told = self.0.lock().unwrap();
        let of_kind = told.iter().rfind(|record| record.event == event);
        of_kind.cloned()
    }

    fn count(&self, event: Event) -> usize {
        let told = self.0.lock().unwrap();
        told.iter().filter(|record| record.event == event).count()
    }
}

async fn app_with(change: impl FnOnce(&mut SiteConfig)) -> (TestApp, Told) {
    let told = Told::default();
    let tell = told.clone();
    let app = TestApp::with(|config| {
        config.login(move |manager| {
            let tell = tell.clone();
            Ok(manager.on_event(move |record| tell.0.lock().unwrap().push(record.clone())))
        });
        change(config);
    });
    (app.await, told)
}

async fn log_in(browser: &TestClient, name: &str, password: &str) -> TestResponse {
    let fields = [("username", name), ("password", password)];
    browser.post("/login", &fields).await
}

/// A form that another site sends.
async fn from_another_site(browser: &TestClient, path: &str) -> TestResponse {
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "cross-site"),
    ];
    browser.request("POST", path, &headers, "a=b").await
}

/// Attack F1; ASVS 16.2.1 and 16.3.3.
#[tokio::test]
async fn a_rejected_request_of_another_site_is_an_event_with_path_address_and_user() {
    let (app, told) = app_with(|_| {}).await;
    let alice = app.registered("alice").await;
    let id = app.account("alice").await.id;
    let with_cookie = alice.stolen().address("192.0.2.7".parse().unwrap());
    let token = alice.cookie("__Host-session");

    let rejected = from_another_site(&with_cookie, "/change-password?secret=1").await;

    assert_eq!(rejected.status, StatusCode::FORBIDDEN);
    let record = told.last(Event::CrossOrigin).unwrap();
    assert_eq!(record.user, Some(id));
    assert!(record.session.is_some());
    assert_eq!(record.address, Some("192.0.2.7".parse().unwrap()));
    let what = record.rejected.unwrap();
    assert_eq!(
        (&*what.method, &*what.path, &*what.rule),
        ("POST", "/change-password", "same origin")
    );
    from_another_site(&app.browser(), "/logout").await;
    let record = told.last(Event::CrossOrigin).unwrap();
    assert_eq!((record.user, record.session), (None, None));
    assert_eq!(told.count(Event::CrossOrigin), 2);
    assert_eq!(alice.get("/welcome").await.status, StatusCode::OK);
    assert_eq!(
        alice.cookie("__Host-session"),
        token,
        "the session is as it was"
    );
}

/// The rejected request does not use up the remember cookie.
#[tokio::test]
async fn a_request_of_another_site_resumes_no_remembered_login() {
    let (app, told) = app_with(|_| {}).await;
    app.registered("alice").await;
    let browser = app.browser();
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    browser.post("/login", &fields).await;
    browser.restart();

    from_another_site(&browser, "/logout").await;

    assert_eq!(told.last(Event::CrossOrigin).unwrap().user, None);
    assert_eq!(told.count(Event::LoadedFromCookie), 0);
    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
}

/// ASVS 16.3.1.
#[tokio::test]
async fn a_log_in_and_a_failed_one_say_by_which_method() {
    let (app, told) = app_with(|_| {}).await;
    let alice = app.registered("alice").await;
    let browser = app.browser();

    log_in(&browser, "alice", "wrong").await;
    assert_eq!(
        told.last(Event::LoginFailed).unwrap().methods,
        Methods::PASSWORD
    );
    log_in(&browser, "nobody", "wrong").await;
    assert_eq!(
        told.last(Event::LoginFailed).unwrap().methods,
        Methods::PASSWORD
    );
    log_in(&browser, "alice", PASSWORD).await;
    assert_eq!(
        told.last(Event::LoggedIn).unwrap().methods,
        Methods::PASSWORD
    );
    alice.post("/confirm-login", &[("password", "wrong")]).await;
    assert_eq!(told.count(Event::LoginFailed), 3);
    assert_eq!(
        told.last(Event::LoginFailed).unwrap().methods,
        Methods::PASSWORD
    );
}

/// ASVS 16.3.1: what the credential does not explain.
#[tokio::test]
async fn a_log_in_that_the_limit_of_sessions_rejects_is_an_event() {
    let (app, told) = app_with(|config| config.sessions.limit = SessionLimit::reject(1)).await;
    app.registered("alice").await;
    let id = app.account("alice").await.id;

    let rejected = log_in(&app.browser(), "alice", PASSWORD).await;

    assert_eq!(rejected.status, StatusCode::CONFLICT);
    let record = told.last(Event::TooManySessions).unwrap();
    assert_eq!(record.user, Some(id));
    assert_eq!(told.count(Event::TooManySessions), 1);
    assert_eq!(told.count(Event::LoginFailed), 0);
}

/// Attack H2.
#[tokio::test]
async fn asking_for_a_session_or_an_account_that_is_not_ones_own_is_an_event() {
    let (app, told) = app_with(|_| {}).await;
    let alice = app.registered("alice").await;
    app.registered("bob").await;
    let of_bob = app.account("bob").await;
    let sessions = app
        .site
        .accounts()
        .sessions(&of_bob, None, 10)
        .await
        .unwrap();
    let foreign = &*sessions[0].public_id;

    let rejected = alice
        .post("/account/sessions/end", &[("session", foreign)])
        .await;

    assert_eq!(rejected.status, StatusCode::NOT_FOUND);
    let record = told.last(Event::Forbidden).unwrap();
    assert_eq!(record.user, Some(app.account("alice").await.id));
    let what = record.rejected.unwrap();
    assert_eq!(
        (&*what.path, &*what.rule),
        ("/account/sessions/end", "own session")
    );

    let carol = app.registered("carol").await;
    app.grant("carol", "admin").await;
    app.log_in(&carol, "carol").await;
    let unknown = "/admin/users/0190163d-8694-739b-aea5-966c26f8ad91";
    let bob = format!("/admin/users/{}", of_bob.id);
    let end = |path: &str| format!("{path}/end-session");
    let nothing = [("session", "AAAAAAAAAAAAAAAA")];
    for (rejected, path) in [
        (carol.get(unknown).await, unknown.to_owned()),
        (carol.post(&end(unknown), &nothing).await, end(unknown)),
        (carol.post(&end(&bob), &nothing).await, end(&bob)),
    ] {
        assert_eq!(rejected.status, StatusCode::NOT_FOUND, "{path}");
        let told = told.0.lock().unwrap();
        let paths = told
            .iter()
            .filter(|record| record.event == Event::Forbidden);
        let paths = paths.filter_map(|record| record.rejected.as_ref());
        assert!(
            paths.clone().any(|rejected| rejected.path == path),
            "{path}"
        );
    }
}

/// ASVS 6.3.5.
#[tokio::test]
async fn a_log_in_in_a_new_browser_is_told_to_its_user_once() {
    let mailbox = Mailbox::new();
    let (app, told) = app_with(|config| config.mailer(mailbox.clone())).await;
    let first = app.registered("alice").await;
    let account = app.account("alice").await;
    let email = "alice@example.com".parse().unwrap();
    let operator = app.site.accounts().by(Actor::operator());
    let _ = operator.set_email(&account.id, Some(&email)).await.unwrap();
    let second = app.browser();

    for _ in 0..2 {
        first.post("/logout", &[]).await;
        log_in(&first, "alice", PASSWORD).await;
    }
    let no_other = "it is the browser that registered";
    assert_eq!(told.count(Event::NewDevice), 0, "{no_other}");
    log_in(&second, "alice", "wrong").await;
    assert_eq!(told.count(Event::NewDevice), 0, "only a log-in counts");
    for _ in 0..2 {
        log_in(&second, "alice", PASSWORD).await;
        second.post("/logout", &[]).await;
    }

    assert_eq!(told.count(Event::NewDevice), 1);
    assert_eq!(told.last(Event::NewDevice).unwrap().user, Some(account.id));
    let mails = mailbox.received(1).await;
    assert_eq!(
        (mails[0].to().as_str(), mails.len()),
        ("alice@example.com", 1)
    );
    assert!(
        mails[0].text().contains("a browser that is new"),
        "{}",
        mails[0].text()
    );
    let new = "another horse and battery";
    let fields = [("current_password", PASSWORD), ("new_password", new)];
    let changed = first.post("/change-password", &fields).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER);
    let no_log_in = "a change of password is none";
    assert_eq!(told.count(Event::NewDevice), 1, "{no_log_in}");
}

#[tokio::test]
async fn without_the_notice_of_new_browsers_no_mail_is_sent() {
    let mailbox = Mailbox::new();
    let (app, told) = app_with(|config| {
        config.mailer(mailbox.clone());
        config.new_device_notice = false;
    })
    .await;
    app.registered("alice").await;
    let account = app.account("alice").await;
    let email = "alice@example.com".parse().unwrap();
    let operator = app.site.accounts().by(Actor::operator());
    let _ = operator.set_email(&account.id, Some(&email)).await.unwrap();

    log_in(&app.browser(), "alice", PASSWORD).await;
    let alice = app.browser();
    log_in(&alice, "alice", PASSWORD).await;
    let new = "another correct horse battery";
    let fields = [("current_password", PASSWORD), ("new_password", new)];
    let changed = alice.post("/change-password", &fields).await;
    assert!(changed.status.is_redirection(), "{}", changed.text());

    assert!(told.count(Event::NewDevice) > 0);
    let mails = mailbox.received(1).await;
    assert!(
        mails[0].subject().contains("password"),
        "only what comes later"
    );
}

/// What a log in memory has.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// The log of what runs in this thread until the guard is dropped.
    fn begin(&self) -> tracing::subscriber::DefaultGuard {
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn lines(&self) -> Vec<String> {
        let log = self.0.lock().unwrap();
        let log = String::from_utf8_lossy(&log);
        log.lines().map(str::to_owned).collect()
    }
}

async fn broken() -> Result<&'static str, Error> {
    Err(Error::config("the secret cause"))
}

async fn down(_: CurrentUser<Account>) -> Result<&'static str, Error> {
    Err(Error::store(std::io::Error::other("the secret cause")))
}

async fn panics() {
    panic!("the secret cause");
}

/// ASVS 16.3.4.
#[tokio::test]
async fn an_error_page_has_the_id_of_its_line_in_the_log_and_nothing_of_the_cause() {
    let (app, _) = app_with(|_| {}).await;
    let app = app.routes(
        Router::new()
            .route("/broken", get(broken))
            .route("/down", get(down))
            .route("/panics", get(panics)),
    );
    let browser = app.registered("alice").await;
    let log = Log::default();
    let logging = log.begin();
    let mut ids = std::collections::BTreeSet::new();

    for path in ["/broken", "/down", "/panics"] {
        let page = browser.get(path).await;
        let json = browser
            .get_with(path, &[("accept", "application/json")])
            .await;
        assert!(page.status.is_server_error());
        let in_page = page.text().split(", id ").nth(1).unwrap().to_owned();
        let in_page = in_page[..8].to_owned();
        let in_json = json.json()["error_id"].as_str().unwrap().to_owned();
        for (id, body) in [(in_page, page.text()), (in_json, json.text())] {
            assert!(!body.contains("secret cause"), "{body}");
            let lines = log.lines();
            let of_id: Vec<_> = lines.iter().filter(|line| line.contains(&id)).collect();
            assert_eq!(of_id.len(), 1, "{path} {id} {lines:#?}");
            assert!(of_id[0].contains("ERROR"), "{}", of_id[0]);
            assert!(ids.insert(id), "each has its own");
        }
    }

    drop(logging);
    let not_found = browser.get("/nowhere").await;
    assert!(!not_found.text().contains(", id "), "no error, no line");
}

/// ASVS 16.4.1: text of visitors makes no line of its own.
#[tokio::test]
async fn an_event_of_a_request_of_another_site_is_one_line_whatever_the_visitor_wrote() {
    let (app, _) = app_with(|_| {}).await;
    let browser = app.browser().user_agent("x\" event=LoggedIn");
    let log = Log::default();
    let logging = log.begin();

    from_another_site(&browser, "/logout%0Aevent=LoggedIn").await;

    drop(logging);
    let lines = log.lines();
    let events: Vec<_> = lines
        .iter()
        .filter(|line| line.contains("CrossOrigin"))
        .collect();
    assert_eq!(events.len(), 1, "{lines:#?}");
    for part in [
        "event=CrossOrigin",
        "method=\"POST\"",
        "path=\"/logout%0Aevent=LoggedIn\"",
    ] {
        assert!(events[0].contains(part), "{part}: {}", events[0]);
    }
    assert!(
        events[0].contains("user_agent=\"x\\\" event=LoggedIn\""),
        "{}",
        events[0]
    );
}
