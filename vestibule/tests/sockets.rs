//! WebSockets and streams: who may open one, and when it ends.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::{any, get, post};
use futures_util::StreamExt;
use http::StatusCode;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use vestibule::clock::{Clock, Timestamp};
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;
use vestibule::login::{Epoch, Event, LoginOutcome, User, UserId};
use vestibule::session::{Invalidation, SessionExpiry, SessionStore};
use vestibule::stores::MemoryStore;
use vestibule::testing::TestClient;
use vestibule::{CurrentUser, Error, Login, LoginManager};

#[path = "../examples/chat.rs"]
mod chat;

#[derive(Clone)]
struct Member {
    name: String,
    is_active: bool,
    epoch: i64,
}

impl User for Member {
    fn id(&self) -> UserId {
        self.name.as_str().into()
    }

    fn is_active(&self) -> bool {
        self.is_active
    }

    fn session_epoch(&self) -> Epoch {
        self.epoch.into()
    }
}

fn member(name: &str) -> Member {
    Member {
        name: name.to_owned(),
        is_active: true,
        epoch: 0,
    }
}

/// An app whose only other user than bob is alice, as a test sets her.
struct App {
    router: Router,
    store: MemoryStore,
    clock: Clock,
    alice: Arc<Mutex<Result<Option<Member>, &'static str>>>,
    events: Arc<Mutex<Vec<Event>>>,
}

impl App {
    fn new() -> Self {
        let (store, clock) = (MemoryStore::new(), Clock::manual(Timestamp::from_millis(0)));
        let alice = Arc::new(Mutex::new(Ok(Some(member("alice")))));
        let events = Arc::<Mutex<Vec<Event>>>::default();
        let (known, told) = (alice.clone(), events.clone());
        let find = move |id: UserId| {
            let found = match id.as_str() {
                "alice" => known.lock().unwrap().clone(),
                _ => Ok(Some(member(id.as_str()))),
            };
            async move { found.map_err(std::io::Error::other) }
        };
        let key = SecretKey::generate(&Random::insecure_seeded(1)).unwrap();
        let manager = LoginManager::new(find, store.clone())
            .public_url("https://example.com".parse().unwrap())
            .login_view("/login")
            .messages(&key)
            .next_in_cookie(&key)
            .clock(clock.clone())
            .on_event(move |record| told.lock().unwrap().push(record.event));
        let router = Router::new()
            .route("/open", any(|_: CurrentUser<Member>| async { "open" }))
            .route("/wait", get(wait))
            .route("/in/{name}", post(log_in))
            .route("/out", post(log_out))
            .route("/elsewhere", post(log_out_elsewhere))
            .route("/confirm", post(confirm))
            .layer(manager.layer());
        Self {
            router,
            store,
            clock,
            alice,
            events,
        }
    }

    /// A browser in which this user is logged in.
    async fn browser(&self, name: &str) -> TestClient {
        let browser = TestClient::new(self.router.clone());
        assert_eq!(browser.post(&format!("/in/{name}"), &[]).await.text(), "in");
        browser
    }

    fn set_alice(&self, alice: Result<Option<Member>, &'static str>) {
        *self.alice.lock().unwrap() = alice;
    }
}

async fn wait(_: CurrentUser<Member>, login: Login<Member>) -> &'static str {
    login.until_logged_out().await;
    "ended"
}

async fn log_in(
    login: Login<Member>,
    name: axum::extract::Path<String>,
) -> Result<&'static str, Error> {
    let outcome = login.log_in(&member(&name)).await?;
    assert_eq!(outcome, LoginOutcome::LoggedIn);
    Ok("in")
}

async fn log_out(login: Login<Member>) -> Result<(), Error> {
    login.log_out().await
}

async fn log_out_elsewhere(login: Login<Member>) -> Result<(), Error> {
    login.log_out_elsewhere().await.map(drop)
}

async fn confirm(login: Login<Member>) -> Result<String, Error> {
    Ok(format!("{:?}", login.confirm().await?))
}

/// A request of this browser that waits for the end of its session.
fn waiting(browser: &TestClient) -> JoinHandle<String> {
    let waiting = browser.stolen();
    tokio::spawn(async move { waiting.get("/wait").await.text().to_owned() })
}

/// Whether it goes on waiting. Tokio's paused time passes at once.
async fn still_waits(waiting: &mut JoinHandle<String>, duration: Duration) -> bool {
    timeout(duration, waiting).await.is_err()
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_handshake_from_another_origin_is_rejected_as_a_post_is() {
    let app = App::new();
    let alice = app.browser("alice").await;
    let foreign = [
        ("origin", "https://evil.example"),
        ("origin", "http://example.com"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ];
    let handshakes = [
        ("GET", "upgrade", "websocket"),
        ("GET", "upgrade", "WebSocket"),
        ("GET", "upgrade", "h2c, websocket"),
        ("CONNECT", "sec-websocket-version", "13"),
    ];

    for (method, name, value) in handshakes {
        for from in foreign {
            app.events.lock().unwrap().clear();
            let refused = alice
                .request(method, "/open", &[(name, value), from], "")
                .await;
            assert_eq!(
                refused.status,
                StatusCode::FORBIDDEN,
                "{method} {value} {from:?}"
            );
            assert_eq!(*app.events.lock().unwrap(), [Event::CrossOrigin]);
        }
        for from in [("origin", "https://example.com"), ("x-from", "a script")] {
            let opened = alice
                .request(method, "/open", &[(name, value), from], "")
                .await;
            assert_eq!(opened.status, StatusCode::OK, "{method} {value} {from:?}");
        }
    }
    let lines = [("upgrade", "h2c"), ("upgrade", "websocket"), foreign[0]];
    assert_eq!(
        alice.get_with("/open", &lines).await.status,
        StatusCode::FORBIDDEN
    );
    let link = alice.get_with("/open", &[foreign[3]]).await;
    assert_eq!(
        link.text(),
        "open",
        "a link from another site opens the page"
    );
}

#[tokio::test]
async fn an_anonymous_handshake_or_stream_is_401_and_leaves_no_cookie() {
    let browser = TestClient::new(App::new().router);

    for (method, headers) in [
        ("GET", [("upgrade", "websocket"), ("accept", "text/html")]),
        ("CONNECT", [("x-protocol", "websocket"), ("accept", "*/*")]),
        (
            "GET",
            [
                ("accept", "text/event-stream"),
                ("cache-control", "no-cache"),
            ],
        ),
    ] {
        let refused = browser.request(method, "/open", &headers, "").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{headers:?}");
        assert_eq!(refused.location(), None);
        assert!(browser.cookie_names().is_empty());
    }
    browser.get("/open").await;
    assert_eq!(
        browser.cookie_names().len(),
        2,
        "a page leaves both cookies"
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_hears_of_each_end_of_the_session() {
    for how in ["out", "elsewhere", "revoked"] {
        let app = App::new();
        let (alice, other) = (app.browser("alice").await, app.browser("alice").await);
        let mut waiting = waiting(&alice);
        assert!(still_waits(&mut waiting, 2 * MINUTE).await);

        match how {
            "out" => drop(alice.post("/out", &[]).await),
            "elsewhere" => drop(other.post("/elsewhere", &[]).await),
            _ => drop(
                app.store
                    .revoke_user("", &"alice".into(), None)
                    .await
                    .unwrap(),
            ),
        }

        assert_eq!(timeout(SECOND, waiting).await.expect(how).unwrap(), "ended");
    }
}

/// The store has a feed, but this users table has none.
#[tokio::test(start_paused = true)]
async fn whoever_waits_hears_what_became_of_the_user() {
    let alice = member("alice");
    for now in [
        None,
        Some(Member {
            is_active: false,
            ..alice.clone()
        }),
        Some(Member { epoch: 1, ..alice }),
    ] {
        let app = App::new();
        let mut waiting = waiting(&app.browser("alice").await);
        assert!(still_waits(&mut waiting, 2 * MINUTE).await);

        app.set_alice(Ok(now));

        assert_eq!(
            timeout(10 * SECOND, waiting).await.unwrap().unwrap(),
            "ended"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_is_no_use_of_the_session_so_it_expires() {
    let app = App::new();
    let mut waiting = waiting(&app.browser("alice").await);
    assert!(still_waits(&mut waiting, MINUTE).await);
    let idle = SessionExpiry::default().idle;
    app.clock.advance(idle - SECOND);
    assert!(still_waits(&mut waiting, 2 * MINUTE).await);
    let sessions = app
        .store
        .list_user("", &"alice".into(), None, 9)
        .await
        .unwrap();
    assert_eq!(sessions[0].last_seen_at, Timestamp::from_millis(0));

    app.clock.advance(SECOND);

    assert_eq!(
        timeout(10 * SECOND, waiting).await.unwrap().unwrap(),
        "ended"
    );
}

#[tokio::test(start_paused = true)]
async fn a_confirmed_log_in_and_other_users_end_nothing() {
    let app = App::new();
    let (alice, bob) = (app.browser("alice").await, app.browser("bob").await);
    let mut waiting = waiting(&alice);
    assert!(still_waits(&mut waiting, MINUTE).await);

    assert_eq!(alice.post("/confirm", &[]).await.text(), "Confirmed");
    bob.post("/out", &[]).await;
    app.store
        .feed()
        .unwrap()
        .invalidate(Invalidation::Everything);

    assert!(still_waits(&mut waiting, 5 * MINUTE).await);
    alice.post("/out", &[]).await;
    assert_eq!(timeout(SECOND, waiting).await.unwrap().unwrap(), "ended");
}

#[tokio::test(start_paused = true)]
async fn a_short_failure_ends_nothing_and_a_long_one_does() {
    let app = App::new();
    let mut waiting = waiting(&app.browser("alice").await);
    assert!(still_waits(&mut waiting, MINUTE).await);

    app.set_alice(Err("the table is gone"));
    assert!(still_waits(&mut waiting, 50 * SECOND).await);
    app.set_alice(Ok(Some(member("alice"))));
    assert!(still_waits(&mut waiting, 5 * MINUTE).await);
    app.set_alice(Err("the table is gone"));

    assert_eq!(
        timeout(2 * MINUTE, waiting).await.unwrap().unwrap(),
        "ended"
    );
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn whoever_waits_on_our_own_accounts_hears_of_it_at_once() {
    use vestibule::accounts::{Account, Actor};

    let wait = async |_: CurrentUser<Account>, login: Login<Account>| {
        login.until_logged_out().await;
        "ended"
    };
    let app = vestibule::testing::TestApp::new().await;
    let app = app.routes(Router::new().route("/wait", get(wait)));
    let alice = app.registered("alice").await;
    let mut waiting = waiting(&alice);
    assert!(still_waits(&mut waiting, Duration::from_millis(200)).await);

    let id = app.account("alice").await.id;
    let operator = app.site.accounts().by(Actor::operator());
    drop(operator.disable(&id).await.unwrap());

    assert_eq!(
        timeout(3 * SECOND, waiting).await.unwrap().unwrap(),
        "ended"
    );
}

/// Triggers report it to this node.
#[cfg(feature = "sqlite")]
#[tokio::test]
async fn whoever_waits_on_one_node_hears_of_a_log_out_on_another() {
    use vestibule::accounts::Account;
    use vestibule::database::Database;
    use vestibule::stores::{SqlStore, sql};
    use vestibule::testing::{TestApp, fresh_database_url};

    let folder = tempfile::tempdir().unwrap();
    let url = fresh_database_url(folder.path()).await;
    let node = async || {
        let database = Database::connect(&url).await.unwrap();
        database.migrate(sql::MIGRATIONS).await.unwrap();
        let sessions = SqlStore::new(database.clone());
        TestApp::on(database, |config| config.session_store(sessions)).await
    };
    let wait = async |_: CurrentUser<Account>, login: Login<Account>| {
        login.until_logged_out().await;
        "ended"
    };
    let (here, there) = (node().await, node().await);
    let here = here.routes(Router::new().route("/wait", get(wait)));
    let alice = here.registered("alice").await;
    let mut waiting = waiting(&alice);
    assert!(still_waits(&mut waiting, Duration::from_millis(200)).await);

    let elsewhere = there.browser();
    let token = alice.cookie("__Host-session").unwrap();
    elsewhere.set_cookie("__Host-session", &token);
    let logged_out = elsewhere.post("/logout", &[]).await;
    assert_eq!(logged_out.status, StatusCode::SEE_OTHER);

    // Without the report, the stores would be asked after a minute.
    let ended = timeout(20 * SECOND, waiting).await.unwrap();
    assert_eq!(ended.unwrap(), "ended");
}

#[tokio::test]
async fn whoever_is_not_logged_in_does_not_wait() {
    let manager = LoginManager::new(
        async |_: UserId| Ok::<Option<Member>, Error>(None),
        MemoryStore::new(),
    );
    let wait = async |login: Login<Member>| login.until_logged_out().await;
    let app = Router::new().route("/", get(wait)).layer(manager.layer());

    assert_eq!(TestClient::new(app).get("/").await.status, StatusCode::OK);
}

/// The example at a loopback port.
struct Chat(SocketAddr);

impl Chat {
    async fn serve() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = chat::app(&format!("http://{address}")).unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self(address)
    }

    /// The cookie of a log-in.
    async fn log_in(&self) -> String {
        let url = format!("http://{}/login", self.0);
        let response = tokio::task::spawn_blocking(move || {
            let agent = ureq::Agent::config_builder().max_redirects(0).build();
            let agent = agent.new_agent();
            agent
                .post(url)
                .send_form([("password", "open sesame")])
                .unwrap()
        });
        let response = response.await.unwrap();
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    async fn log_out_everywhere(&self, cookie: String) {
        let url = format!("http://{}/logout", self.0);
        let logged_out = tokio::task::spawn_blocking(move || {
            let agent = ureq::Agent::config_builder().max_redirects(0).build();
            let post = agent.new_agent().post(url).header("cookie", cookie);
            post.send_empty().unwrap().status()
        });
        assert_eq!(logged_out.await.unwrap(), StatusCode::SEE_OTHER);
    }

    async fn open(
        &self,
        cookie: Option<&str>,
        origin: &str,
    ) -> Result<WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>, SocketError> {
        let mut request = format!("ws://{}/chat", self.0)
            .into_client_request()
            .unwrap();
        let headers = request.headers_mut();
        headers.insert("origin", origin.parse().unwrap());
        if let Some(cookie) = cookie {
            headers.insert("cookie", cookie.parse().unwrap());
        }
        connect_async(request).await.map(|(socket, _)| socket)
    }
}

#[tokio::test]
async fn a_socket_opens_for_users_of_this_origin_and_closes_at_a_log_out_elsewhere() {
    let chat = Chat::serve().await;
    let own = format!("http://{}", chat.0);
    let (here, elsewhere) = (chat.log_in().await, chat.log_in().await);

    let status = |refused| match refused {
        Err(SocketError::Http(response)) => response.status(),
        other => panic!("{other:?}"),
    };
    let foreign = chat.open(Some(&here), "http://evil.example").await;
    assert_eq!(status(foreign), StatusCode::FORBIDDEN);
    let anonymous = chat.open(None, &own).await;
    assert_eq!(status(anonymous), StatusCode::UNAUTHORIZED);
    let mut socket = chat.open(Some(&here), &own).await.unwrap();
    futures_util::SinkExt::send(&mut socket, Message::text("hello"))
        .await
        .unwrap();
    let said = socket.next().await.unwrap().unwrap();
    assert_eq!(said, Message::text("alice: hello"));
    chat.log_out_everywhere(elsewhere).await;

    assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)))));
}

#[tokio::test]
async fn a_stream_of_events_ends_at_a_log_out_elsewhere() {
    const SITE: &str = "https://example.com";
    let app = chat::app(SITE).unwrap();
    let (alice, other) = (TestClient::new(app.clone()), TestClient::new(app));
    for browser in [&alice, &other] {
        let password = [("password", "open sesame")];
        let logged_in = browser.post("/login", &password).await;
        assert_eq!(logged_in.status, StatusCode::SEE_OTHER);
    }
    let asks = [("accept", "text/event-stream")];
    let listening = alice.stolen();
    let mut stream = tokio::spawn(async move { listening.get_with("/events", &asks).await });
    assert!(
        timeout(Duration::from_millis(100), &mut stream)
            .await
            .is_err()
    );

    other.post("/logout", &[]).await;

    let stream = timeout(3 * SECOND, stream).await.unwrap().unwrap();
    assert_eq!(stream.header("content-type"), Some("text/event-stream"));
    let again = alice.get_with("/events", &asks).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
}
