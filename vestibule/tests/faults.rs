//! What a broken, full or busy database comes to: an answer each, and nobody let in who must not
//! be. Redis has its own in `redis.rs`, other nodes in `nodes.rs`.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/own_connection.rs"]
mod own_connection;

use std::future::Future;
use std::task::{Context, Waker};
use std::time::Duration;

use http::StatusCode;
use own_connection::own_connection;
use sea_orm::{
    ConnectionTrait, Database as Connection, DatabaseConnection, DbBackend, TransactionTrait,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use vestibule::database::Database;
use vestibule::login::Event;
use vestibule::testing::{PASSWORD, TestApp, TestClient, fresh_database_url};

const DOWN: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

/// A site with one connection to its database, which keeps nothing between requests; and alice,
/// who is logged in.
struct Target {
    app: TestApp,
    connection: DatabaseConnection,
    alice: TestClient,
    events: UnboundedReceiver<Event>,
    _folder: tempfile::TempDir,
}

impl Target {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = fresh_database_url(folder.path()).await;
        Self::on(url, folder).await
    }

    async fn on(url: String, folder: tempfile::TempDir) -> Self {
        let mut options = own_connection(url);
        options
            .max_connections(1)
            // For a new connection too, which a busy server takes a while to make.
            .acquire_timeout(Duration::from_secs(3));
        let connection = Connection::connect(options).await.unwrap();
        let database = Database::from_connection(connection.clone());
        let (tell, events) = unbounded_channel();
        let app = TestApp::on(database, |config| {
            config.sessions.cached = 0;
            config.login(move |manager| {
                let tell = tell.clone();
                Ok(manager.on_event(move |record| {
                    tell.send(record.event).ok();
                }))
            });
        })
        .await;
        let alice = app.registered("alice").await;
        Self {
            app,
            connection,
            alice,
            events,
            _folder: folder,
        }
    }

    async fn run(&self, sql: &str) {
        self.connection.execute_unprepared(sql).await.unwrap();
    }

    async fn page(&self) -> StatusCode {
        self.alice.get("/welcome").await.status
    }

    /// The status of a log-in of alice's, in another browser.
    async fn log_in(&self) -> StatusCode {
        let fields = [("username", "alice"), ("password", PASSWORD)];
        self.app.browser().post("/login", &fields).await.status
    }
}

#[tokio::test]
async fn while_all_connections_are_taken_there_is_503_and_then_all_is_as_it_was() {
    let target = Target::new().await;
    let taken = target.connection.begin().await.unwrap();

    let (page, log_in, log_out) = tokio::join!(
        target.page(),
        target.log_in(),
        target.alice.post("/logout", &[])
    );
    assert_eq!(page, DOWN);
    assert_eq!(log_in, DOWN);
    assert_eq!(log_out.status, DOWN, "whoever is not logged out is told");
    let public = target.app.browser().get("/login").await;
    assert_eq!(public.status, StatusCode::OK, "what asks nobody goes on");

    taken.rollback().await.unwrap();
    assert_eq!(target.page().await, StatusCode::OK);
    assert_eq!(target.log_in().await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn with_a_read_only_database_whoever_is_in_stays_and_nobody_is_told_of_a_log_out() {
    let target = Target::new().await;
    let (lock, open) = match target.connection.get_database_backend() {
        DbBackend::Postgres => (
            "SET default_transaction_read_only = on",
            "SET default_transaction_read_only = off",
        ),
        DbBackend::MySql => (
            "SET SESSION TRANSACTION READ ONLY",
            "SET SESSION TRANSACTION READ WRITE",
        ),
        _ => ("PRAGMA query_only = on", "PRAGMA query_only = off"),
    };
    target.run(lock).await;

    assert_eq!(target.page().await, StatusCode::OK);
    target.app.clock.advance(Duration::from_secs(120));
    assert_eq!(
        target.page().await,
        StatusCode::OK,
        "seen now, and not noted"
    );
    assert_eq!(target.log_in().await, DOWN);
    assert_eq!(target.alice.post("/logout", &[]).await.status, DOWN);

    target.run(open).await;
    assert_eq!(target.page().await, StatusCode::OK);
    assert_eq!(target.log_in().await, StatusCode::SEE_OTHER);
}

/// On SQLite, wherever the other tests run: it alone can be told how much there is room for.
#[tokio::test]
async fn with_a_full_database_nobody_logs_in_and_whoever_is_in_can_log_out() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/site.db?mode=rwc", folder.path().display());
    let target = Target::on(url, folder).await;
    target.run("PRAGMA max_page_count = 1").await;

    let mut last = StatusCode::SEE_OTHER;
    for _ in 0..100 {
        last = target.log_in().await;
        if last != StatusCode::SEE_OTHER {
            break;
        }
    }

    assert_eq!(last, DOWN, "it is full");
    assert_eq!(target.page().await, StatusCode::OK);
    let log_out = target.alice.post("/logout", &[]).await;
    assert_eq!(log_out.status, StatusCode::SEE_OTHER);
    assert_ne!(target.page().await, StatusCode::OK);
    target.run("PRAGMA max_page_count = 100000").await;
    assert_eq!(target.log_in().await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_row_of_before_the_later_columns_is_a_session() {
    let target = Target::new().await;

    target
        .run(
            "UPDATE sessions SET user_agent = NULL, address = NULL, remembered_id = NULL, \
             renewed_from = NULL",
        )
        .await;

    assert_eq!(target.page().await, StatusCode::OK);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_503_and_one_of_impossible_times_is_nobody() {
    let target = Target::new().await;
    let (short, then) = match target.connection.get_database_backend() {
        DbBackend::Postgres => ("'\\x00'::bytea", DOWN),
        // Which fills it up to the length of the column.
        DbBackend::MySql => ("x'00'", StatusCode::OK),
        _ => ("x'00'", DOWN),
    };
    for (change, back, status) in [
        (
            format!("remembered_id = {short}"),
            "remembered_id = NULL",
            then,
        ),
        (
            "address = 'rubbish'".to_owned(),
            "address = NULL",
            StatusCode::OK,
        ),
        (
            format!("expires_at = {}", i64::MIN),
            "expires_at = 4000000000000",
            StatusCode::SEE_OTHER,
        ),
        (
            format!("created_at = {}", i64::MAX),
            "created_at = 1800000000000",
            StatusCode::SEE_OTHER,
        ),
        (
            format!("last_seen_at = {}", i64::MAX),
            "last_seen_at = 1800000000000",
            StatusCode::SEE_OTHER,
        ),
        (
            format!("user_epoch = {}", i64::MIN),
            "user_epoch = user_epoch",
            StatusCode::SEE_OTHER,
        ),
    ] {
        target.run(&format!("UPDATE sessions SET {change}")).await;
        assert_eq!(target.page().await, status, "{change}");
        target.run(&format!("UPDATE sessions SET {back}")).await;
        if !change.starts_with("user_epoch") {
            assert_eq!(target.page().await, StatusCode::OK, "{back}");
        }
    }
}

/// The client of a log-out hangs up while the database is busy.
#[tokio::test]
async fn what_a_client_began_is_finished_when_it_hangs_up() {
    let mut target = Target::new().await;
    let taken = target.connection.begin().await.unwrap();
    while target.events.try_recv().is_ok() {}
    let mut log_out = Box::pin(target.alice.post("/logout", &[]));
    let mut nobody_waits = Context::from_waker(Waker::noop());
    assert!(log_out.as_mut().poll(&mut nobody_waits).is_pending());

    drop(log_out);
    taken.rollback().await.unwrap();

    let logged_out = async { while target.events.recv().await.unwrap() != Event::LoggedOut {} };
    let patience = Duration::from_secs(30);
    tokio::time::timeout(patience, logged_out).await.unwrap();
    assert_eq!(target.page().await, StatusCode::SEE_OTHER);
}
