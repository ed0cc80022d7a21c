//! What is kept between requests: who is asked, how often, and that nothing is believed which may
//! have changed.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/failing_store.rs"]
mod failing_store;
#[path = "support/own_connection.rs"]
mod own_connection;

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use failing_store::FailingStore;
use futures_util::future::join_all;
use http::StatusCode;
use own_connection::own_connection;
use sea_orm::Database as Connection;
use tempfile::TempDir;
use vestibule::clock::{Clock, Timestamp};
use vestibule::database::Database;
use vestibule::login::{Epoch, SessionProtection, User, UserId};
use vestibule::session::{Invalidation, InvalidationFeed, SessionExpiry, SessionStore};
use vestibule::stores::SqlStore;
use vestibule::testing::{PASSWORD, TestApp, TestClient, fresh_database_url};
use vestibule::{CurrentUser, Login, LoginManager};

/// A user of the app's own.
#[derive(Clone)]
struct Member {
    name: String,
    is_active: bool,
    epoch: i64,
}

impl User for Member {
    fn id(&self) -> UserId {
        "1".into()
    }

    fn is_active(&self) -> bool {
        self.is_active
    }

    fn session_epoch(&self) -> Epoch {
        self.epoch.into()
    }
}

/// An app with users of its own, of whom there is one; and how often it was asked for them.
struct App {
    router: Router,
    store: FailingStore,
    member: Arc<Mutex<Member>>,
    asked: Arc<AtomicUsize>,
    clock: Clock,
    changes: InvalidationFeed,
}

impl App {
    fn new(change: impl FnOnce(LoginManager<Member>) -> LoginManager<Member>) -> Self {
        let member = Arc::new(Mutex::new(Member {
            name: "alice".to_owned(),
            is_active: true,
            epoch: 0,
        }));
        let asked = Arc::new(AtomicUsize::new(0));
        let loader = {
            let (member, asked) = (member.clone(), asked.clone());
            move |_| {
                asked.fetch_add(1, Ordering::SeqCst);
                let found = member.lock().unwrap().clone();
                async { Ok::<_, Infallible>(Some(found)) }
            }
        };
        let log_in = {
            let member = member.clone();
            move |login: Login<Member>| {
                let member = member.lock().unwrap().clone();
                async move { login.log_in(&member).await.map(drop) }
            }
        };
        let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
        let store = FailingStore::default();
        let manager = change(LoginManager::new(loader, store.clone()).clock(clock.clone()));
        let changes = manager.user_feed();
        let router = Router::new()
            .route("/in", post(log_in))
            .route("/name", get(name))
            .layer(manager.layer());
        Self {
            router,
            store,
            member,
            asked,
            clock,
            changes,
        }
    }

    async fn logged_in(&self) -> TestClient {
        let browser = TestClient::new(self.router.clone()).user_agent("Firefox");
        let response = browser.post("/in", &[]).await;
        assert_eq!(response.status, StatusCode::OK, "{}", response.text());
        browser
    }

    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }

    fn rename(&self, name: &str) {
        name.clone_into(&mut self.member.lock().unwrap().name);
    }
}

async fn name(user: CurrentUser<Member>) -> String {
    user.name.clone()
}

async fn shown(browser: &TestClient) -> String {
    browser.get("/name").await.text().to_owned()
}

#[tokio::test]
async fn a_loader_of_the_apps_own_is_asked_at_each_request() {
    let app = App::new(|manager| manager);
    let alice = app.logged_in().await;

    for name in ["alice", "alicia"] {
        app.rename(name);
        assert_eq!(shown(&alice).await, name);
    }
    assert_eq!(app.asked(), 2);
    app.member.lock().unwrap().is_active = false;
    assert_eq!(alice.get("/name").await.status, StatusCode::UNAUTHORIZED);
    app.member.lock().unwrap().is_active = true;
    assert_eq!(shown(&alice).await, "alicia");
    app.member.lock().unwrap().epoch = 1;
    assert_eq!(alice.get("/name").await.status, StatusCode::UNAUTHORIZED);
    app.member.lock().unwrap().epoch = 0;
    let after = alice.get("/name").await.status;
    assert_eq!(after, StatusCode::UNAUTHORIZED, "that session is ended");
}

#[tokio::test]
async fn a_user_is_kept_for_as_long_as_the_app_says() {
    let app = App::new(|manager| manager.cache_users_for(Duration::from_secs(10)));
    let alice = app.logged_in().await;
    assert_eq!(shown(&alice).await, "alice");
    app.rename("alicia");

    app.clock.advance(Duration::from_millis(9_999));
    assert_eq!(shown(&alice).await, "alice");
    assert_eq!(app.asked(), 1);
    app.clock.advance(Duration::from_millis(1));

    assert_eq!(shown(&alice).await, "alicia");
    assert_eq!(app.asked(), 1);
}

#[tokio::test]
async fn a_user_is_kept_until_the_app_tells_of_a_change() {
    let app = App::new(|manager| manager.cache_users_for(Duration::from_secs(50)));
    let alice = app.logged_in().await;
    shown(&alice).await;
    app.rename("alicia");

    app.changes.invalidate(Invalidation::User(&"2".into()));
    assert_eq!(shown(&alice).await, "alice", "another one was changed");
    app.changes.invalidate(Invalidation::User(&"1".into()));

    assert_eq!(shown(&alice).await, "alicia");
}

#[tokio::test]
async fn what_the_store_ends_is_over_at_the_very_next_request() {
    let app = App::new(|manager| manager.cache_users_for(Duration::from_secs(50)));
    for round in 0..3 {
        let alice = app.logged_in().await;
        assert_eq!(shown(&alice).await, "alice");
        assert_eq!(shown(&alice).await, "alice");
        let sessions = app
            .store
            .list_user("", &"1".into(), None, 100)
            .await
            .unwrap();
        match round {
            0 => drop(app.store.revoke(sessions[0].id).await),
            1 => drop(app.store.revoke_user("", &"1".into(), None).await),
            _ => drop(alice.stolen().post("/in", &[]).await),
        }

        let status = alice.get("/name").await.status;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{round}");
    }
}

#[tokio::test]
async fn a_kept_session_ends_by_itself_too() {
    for (idle, absolute) in [(30, 3_600), (3_600, 30)] {
        let expiry = SessionExpiry {
            idle: Duration::from_secs(idle),
            absolute: Duration::from_secs(absolute),
        };
        let app = App::new(|manager| {
            let manager = manager.expiry(expiry);
            manager.cache_users_for(Duration::from_secs(50))
        });
        let alice = app.logged_in().await;
        assert_eq!(shown(&alice).await, "alice");

        app.clock.advance(Duration::from_secs(30));

        let status = alice.get("/name").await.status;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{expiry:?}");
    }
}

/// The clock of the last look is kept with the session.
#[tokio::test]
async fn a_busy_session_does_not_idle_out_for_being_kept() {
    let expiry = SessionExpiry {
        // Less than a session is kept for.
        idle: Duration::from_secs(40),
        absolute: Duration::from_hours(1),
    };
    let app = App::new(|manager| {
        let manager = manager.expiry(expiry);
        manager.cache_users_for(Duration::from_secs(50))
    });
    let alice = app.logged_in().await;

    for _ in 0..30 {
        app.clock.advance(Duration::from_secs(20));
        assert_eq!(shown(&alice).await, "alice");
    }
}

/// A thief with the cookie gets nothing more out of it for the owner's being there.
#[tokio::test]
async fn a_kept_session_is_protected_from_another_browser() {
    for protection in [SessionProtection::Basic, SessionProtection::Strong] {
        let app = App::new(|manager| {
            let manager = manager.session_protection(protection);
            manager.cache_users_for(Duration::from_secs(50))
        });
        let alice = app.logged_in().await;
        shown(&alice).await;
        let session = async || {
            app.store
                .list_user("", &"1".into(), None, 100)
                .await
                .unwrap()
        };
        assert!(session().await[0].is_fresh);

        let thief = TestClient::new(app.router.clone()).user_agent("curl");
        alice.stolen().hand_over(&thief);
        let answer = thief.get("/name").await;

        match protection {
            SessionProtection::Basic => assert!(!session().await[0].is_fresh),
            _ => {
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
                assert_eq!(session().await, []);
            }
        }
    }
}

#[tokio::test]
async fn a_small_cache_is_slower_and_no_less_right() {
    for capacity in [0, 1, 3] {
        let app = App::new(|manager| {
            let manager = manager.cached_sessions(capacity);
            manager.cache_users_for(Duration::from_secs(50))
        });
        let mut browsers = Vec::new();
        for _ in 0..20 {
            browsers.push(app.logged_in().await);
        }
        app.asked();

        for _ in 0..2 {
            for browser in &browsers {
                assert_eq!(shown(browser).await, "alice");
            }
        }

        let asked = app.asked();
        assert!(asked >= 40 - 2 * capacity, "{capacity}: {asked}");
    }
}

/// The site on a database that counts the statements sent to it.
struct Counted {
    app: TestApp,
    statements: Arc<Mutex<Vec<String>>>,
    _folder: TempDir,
}

impl Counted {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = own_connection(fresh_database_url(folder.path()).await);
        options.sqlx_logging(false);
        let mut connection = Connection::connect(options).await.unwrap();
        let statements = Arc::new(Mutex::new(Vec::new()));
        let noted = statements.clone();
        connection.set_metric_callback(move |info| {
            noted.lock().unwrap().push(info.statement.sql.clone());
        });
        Self {
            app: TestApp::on(Database::from_connection(connection), |_| {}).await,
            statements,
            _folder: folder,
        }
    }

    /// The statements since the last call, but for those of the sweep that the first log-in sets
    /// off beside the requests.
    fn sent(&self) -> Vec<String> {
        let sent = std::mem::take(&mut *self.statements.lock().unwrap());
        let is_of_sweep = |sql: &String| sql.contains("LIMIT");
        sent.into_iter().filter(|sql| !is_of_sweep(sql)).collect()
    }
}

#[tokio::test]
async fn the_last_seen_times_of_those_who_come_together_are_written_together() {
    let app = App::new(|manager| manager);
    let mut browsers = Vec::new();
    for _ in 0..20 {
        browsers.push(app.logged_in().await);
    }
    app.clock.advance(Duration::from_secs(60));
    app.store.calls();

    join_all(browsers.iter().map(|browser| browser.get("/name"))).await;

    let calls = app.store.calls();
    let touches = calls.iter().filter(|call| **call == "touch");
    assert_eq!(touches.count(), 1, "{calls:?}");
    let sessions = app
        .store
        .list_user("", &"1".into(), None, 100)
        .await
        .unwrap();
    let now = app.clock.now();
    let seen = sessions
        .iter()
        .filter(|session| session.last_seen_at == now);
    assert_eq!(seen.count(), 20);
    app.clock.advance(Duration::from_secs(60));
    app.store.fail(&["touch"]);
    let page = browsers[0].get("/name").await;
    assert_eq!(page.status, StatusCode::OK, "it is no reason to stop");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_and_its_user_are_found_in_one_round_trip_and_then_not_asked_for() {
    let site = Counted::new().await;
    let alice = site.app.registered("alice").await;
    let feed = SqlStore::new(site.app.database.clone())
        .feed()
        .unwrap()
        .clone();
    // The first request makes the feed look.
    while !feed.is_up() {
        assert_eq!(alice.get("/welcome").await.status, StatusCode::OK);
    }
    // Nobody has asked for this one yet.
    let bob = site.app.registered("bob").await;
    site.sent();
    bob.get("/welcome").await;
    let first = site.sent();
    assert_eq!(first.len(), 1, "{first:?}");
    bob.get("/welcome").await;
    assert_eq!(site.sent(), [""; 0], "from the cache");

    site.app.clock.advance(Duration::from_secs(60));
    bob.get("/welcome").await;

    let after_a_minute = site.sent();
    assert_eq!(
        after_a_minute.len(),
        2,
        "read, and touched: {after_a_minute:?}"
    );
    assert!(after_a_minute[1].contains("last_seen_at"));
}

/// The table in `docs/src/sessions.md`. `BEGIN` and `COMMIT` are not among them.
#[tokio::test]
async fn logging_in_and_out_takes_so_many_statements() {
    let site = Counted::new().await;
    site.app.registered("alice").await;
    let browser = site.app.browser();
    let of_store = || {
        let sent = std::mem::take(&mut *site.statements.lock().unwrap());
        // The sweep that the first log-in set off may still be looking.
        let is_of_sweep = |sql: &str| sql.contains("expires_at") && sql.contains("<=");
        let is_of_store = |sql: &&String| {
            (sql.contains("sessions") || sql.contains("remembered_logins")) && !is_of_sweep(sql)
        };
        sent.iter().filter(is_of_store).count()
    };
    let fields = [("username", "alice"), ("password", PASSWORD)];
    let remember = [fields[0], fields[1], ("remember", "on")];
    of_store();

    let mut counted = Vec::new();
    for (path, fields) in [
        ("/login", &fields[..]),
        ("/login", &fields),
        ("/logout", &[]),
        ("/login", &remember),
        ("/login", &remember),
        ("/logout", &[]),
    ] {
        browser.post(path, fields).await;
        counted.push(of_store());
    }

    assert_eq!(counted, [1, 4, 3, 2, 7, 7]);
}

/// So a flood of them costs little.
#[tokio::test]
async fn of_a_stranger_who_has_to_wait_the_database_is_not_asked_again() {
    let site = Counted::new().await;
    site.app.registered("alice").await;
    let thief = site.app.browser().address([198, 51, 100, 7].into());
    let fields = [("username", "alice"), ("password", "a password of hers")];
    let mut tries = 0;
    while thief.post("/login", &fields).await.status != StatusCode::TOO_MANY_REQUESTS {
        tries += 1;
        assert!(tries < 10, "nobody stops the guessing");
    }
    site.sent();

    let again = thief.post("/login", &fields).await;

    assert_eq!(again.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(site.sent(), [""; 0]);
}

#[tokio::test]
async fn a_password_change_counts_at_the_next_request_of_all_other_browsers() {
    let site = Counted::new().await;
    let alice = site.app.registered("alice").await;
    let elsewhere = site.app.browser();
    let fields = [("username", "alice"), ("password", PASSWORD)];
    elsewhere.post("/login", &fields).await;
    for _ in 0..3 {
        assert_eq!(elsewhere.get("/welcome").await.status, StatusCode::OK);
    }

    let fields = [
        ("current_password", PASSWORD),
        ("new_password", "another horse battery staple"),
    ];
    let changed = alice.post("/change-password", &fields).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.text());

    let status = elsewhere.get("/welcome").await.status;
    assert_eq!(status, StatusCode::SEE_OTHER);
}
