//! Sessions in Redis: servers of our own, on free ports, in temporary folders.
#![cfg(all(feature = "redis", feature = "sqlite"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/redis_server.rs"]
mod redis_server;

use std::ffi::OsString;
use std::time::{Duration, Instant};

use http::StatusCode;
use redis_server::{RedisServer, free_port, join};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::interval;
use vestibule::clock::Timestamp;
use vestibule::crypto::random::Random;
use vestibule::database::Database;
use vestibule::session::{
    DataValues, RememberDigest, RememberedId, RememberedLogin, Replaced, Session, SessionId,
    SessionStore,
};
use vestibule::stores::RedisStore;
use vestibule::testing::{
    TestApp, TestClient, counters_conformance, store_conformance, two_nodes_conformance,
};

fn start(options: &[&str]) -> RedisServer {
    start_at(free_port(), options)
}

fn start_at(port: u16, options: &[&str]) -> RedisServer {
    let at = port.to_string();
    let options = [&["--port", &at][..], options].concat();
    RedisServer::start(port, tempfile::tempdir().unwrap(), &options, Vec::new())
}

fn url(server: &RedisServer) -> String {
    format!("redis://127.0.0.1:{}", server.port)
}

/// Asks until it is so.
async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    let mut again = interval(Duration::from_millis(5));
    while !is_so().await {
        assert!(started.elapsed() < Duration::from_secs(20), "never: {what}");
        again.tick().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_redis_store_keeps_the_rules() {
    let server = start(&[]);
    let store = RedisStore::connect(&url(&server)).await.unwrap();
    let there = RedisStore::connect(&url(&server)).await.unwrap();

    counters_conformance(store.counters()).await;
    store_conformance(store.clone()).await;
    two_nodes_conformance(store, there).await;
}

/// As a call is that is made again, in a cluster, when its answer was lost.
#[tokio::test]
async fn a_session_that_is_there_already_may_be_begun_again_and_no_other_by_its_id() {
    let server = start(&[]);
    let store = RedisStore::connect(&url(&server)).await.unwrap();
    let (now, day) = (Timestamp::from_millis(0), Duration::from_hours(24));
    let (id, remembered) = ([1; 32], [2; 32]);
    let session = |public_id: &str| {
        let (id, user) = (SessionId::from_bytes(id), "1".into());
        Session::new(id, public_id.to_owned(), user, 0, now, day)
    };
    let login = |token| {
        let (id, token) = (RememberedId::from_bytes(remembered), [token; 32]);
        let token = RememberDigest::from_bytes(token);
        RememberedLogin::new(id, token, "1".into(), 0, now, day)
    };
    let create = async |public_id| {
        let (data, replaced) = (DataValues::new(), Replaced::default());
        let created = store.create(session(public_id), data, Some(login(3)), replaced);
        created.await.is_ok()
    };
    let resume = async |public_id: &str| {
        let (seen, mut next) = (login(3).token, session(public_id));
        next.id = SessionId::from_bytes([5; 32]);
        let resumed = store.resume(next, DataValues::new(), login(4), seen);
        resumed.await.unwrap()
    };

    let begun = [create("a").await, create("a").await, create("b").await];

    assert_eq!(begun, [true, true, false]);
    let resumed = [resume("c").await, resume("c").await, resume("d").await];
    assert_eq!(resumed, [true, true, false]);
}

/// Two masters; the one that is asked first has none of the keys, and says who has.
#[tokio::test(flavor = "multi_thread")]
async fn the_redis_store_keeps_the_rules_on_a_cluster() {
    let cluster = ["--cluster-enabled", "yes"];
    let (a, b) = (start(&cluster), start(&cluster));
    join(&a, &b);
    eventually("the cluster is complete", async || {
        a.is_in_whole_cluster() && b.is_in_whole_cluster()
    })
    .await;
    let url = format!("redis+cluster://127.0.0.1:{},127.0.0.1:{}", b.port, a.port);
    let store = RedisStore::connect(&url).await.unwrap();

    let there = RedisStore::connect(&url).await.unwrap();

    counters_conformance(store.counters()).await;
    store_conformance(store.clone()).await;
    two_nodes_conformance(store, there).await;

    a.say(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    let refused = RedisStore::connect(&url).await.unwrap_err();
    assert!(refused.is_config() && refused.to_string().contains("noeviction"));
}

/// A site whose sessions are kept there.
async fn site(url: &str, database: &Database, seed: u64) -> (TestApp, RedisStore) {
    let store = RedisStore::connect(url).await.unwrap();
    let random = Random::insecure_seeded(seed);
    let change = |config: &mut vestibule::flows::SiteConfig| {
        config.random = random;
        config.session_store(store.clone());
    };
    (TestApp::on(database.clone(), change).await, store)
}

async fn status(browser: &TestClient) -> StatusCode {
    browser.get("/welcome").await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_ends_is_refused_on_the_other() {
    let server = start(&[]);
    let database = Database::connect("sqlite::memory:").await.unwrap();
    let (here, store) = site(&url(&server), &database, 2).await;
    let (there, _) = site(&url(&server), &database, 3).await;
    let alice = here.registered("alice").await;
    let at_there = there.browser();
    alice.stolen().hand_over(&at_there);
    eventually("the feed is up", async || {
        assert_eq!(status(&alice).await, StatusCode::OK);
        store.feed().unwrap().is_up()
    })
    .await;
    assert_eq!(status(&alice).await, StatusCode::OK);

    at_there.post("/logout", &[]).await;

    eventually("it is over here", async || {
        status(&alice).await != StatusCode::OK
    })
    .await;
    assert_eq!(server.say(&["DBSIZE"]), "0");
}

/// Nobody is let in or logged out by it, and it comes back by itself.
#[tokio::test(flavor = "multi_thread")]
async fn while_redis_is_down_there_is_503_and_then_all_is_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().display().to_string();
    let persistent = [
        "--appendonly",
        "yes",
        "--appendfsync",
        "always",
        "--dir",
        &dir,
    ];
    let server = start(&persistent);
    let port = server.port;
    let database = Database::connect("sqlite::memory:").await.unwrap();
    let (app, store) = site(&url(&server), &database, 2).await;
    let alice = app.registered("alice").await;
    let bob = app.registered("bob").await;
    bob.stolen().post("/logout", &[]).await;
    assert_eq!(status(&alice).await, StatusCode::OK);

    drop(server);
    eventually("nothing comes from the cache", async || {
        !store.feed().unwrap().is_up()
    })
    .await;
    assert_eq!(status(&alice).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status(&bob).await, StatusCode::SERVICE_UNAVAILABLE);
    let fields = [
        ("username", "alice"),
        ("password", vestibule::testing::PASSWORD),
    ];
    let log_in = app.browser().post("/login", &fields).await;
    assert_eq!(log_in.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(app.browser().get("/login").await.status, StatusCode::OK);

    let _server = start_at(port, &persistent);
    eventually("it is back", async || {
        status(&alice).await == StatusCode::OK
    })
    .await;
    assert_eq!(
        status(&bob).await,
        StatusCode::SEE_OTHER,
        "logged out before"
    );
}

#[tokio::test]
async fn a_server_that_throws_keys_away_is_refused() {
    let server = start(&["--maxmemory-policy", "allkeys-lru"]);

    let error = RedisStore::connect(&url(&server)).await.unwrap_err();

    assert!(error.is_config());
    assert!(error.to_string().contains("noeviction"), "{error}");
}

/// A full server takes no log-in, and still ends sessions.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_server_refuses_log_ins_with_503_and_ends_sessions() {
    let server = start(&[]);
    let database = Database::connect("sqlite::memory:").await.unwrap();
    let (app, _) = site(&url(&server), &database, 2).await;
    let alice = app.registered("alice").await;
    server.say(&["CONFIG", "SET", "maxmemory", "1"]);

    let fields = [
        ("username", "alice"),
        ("password", vestibule::testing::PASSWORD),
    ];
    let log_in = app.browser().post("/login", &fields).await;
    assert_eq!(log_in.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status(&alice).await, StatusCode::OK);
    server.say(&["CONFIG", "SET", "maxmemory", "0"]);
    let log_in = app.browser().post("/login", &fields).await;
    assert_eq!(log_in.status, StatusCode::SEE_OTHER);
}

/// As one that was a replica until its master was lost.
#[tokio::test(flavor = "multi_thread")]
async fn with_a_read_only_server_whoever_is_in_stays_and_nobody_is_told_of_a_log_out() {
    let server = start(&[]);
    let database = Database::connect("sqlite::memory:").await.unwrap();
    let (app, _) = site(&url(&server), &database, 2).await;
    let alice = app.registered("alice").await;
    server.say(&["REPLICAOF", "127.0.0.1", "1"]);

    let fields = [
        ("username", "alice"),
        ("password", vestibule::testing::PASSWORD),
    ];
    let log_in = app.browser().post("/login", &fields).await;
    let log_out = alice.stolen().post("/logout", &[]).await;

    assert_eq!(log_in.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(log_out.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status(&alice).await, StatusCode::OK);
    server.say(&["REPLICAOF", "NO", "ONE"]);
    eventually("it takes writes again", async || {
        app.browser().post("/login", &fields).await.status == StatusCode::SEE_OTHER
    })
    .await;
}

/// As a version before or after this one writes it.
#[tokio::test]
async fn an_entry_with_less_or_more_in_it_is_a_session() {
    let server = start(&[]);
    let database = Database::connect("sqlite::memory:").await.unwrap();
    let (app, _) = site(&url(&server), &database, 2).await;
    let alice = app.registered("alice").await;
    let key = server.say(&["KEYS", "*:s:*"]);
    let entry = server.say(&["HGET", &key, "data"]);
    let mut entry: serde_json::Value = serde_json::from_str(&entry).unwrap();
    let fields = entry.as_object_mut().unwrap();
    for later in ["remembered", "renewed_from", "user_agent", "address"] {
        fields.remove(later);
    }
    fields.insert("in_years".to_owned(), 1.into());

    server.say(&["HSET", &key, "data", &entry.to_string()]);

    assert_eq!(status(&alice).await, StatusCode::OK);
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_503_and_nobody() {
    let server = start(&[]);
    let database = Database::connect("sqlite::memory:").await.unwrap();
    let (app, _) = site(&url(&server), &database, 2).await;
    let alice = app.registered("alice").await;
    let key = server.say(&["KEYS", "*:s:*"]);

    server.say(&["HSET", &key, "data", "{\"id\":1}"]);
    assert_eq!(status(&alice).await, StatusCode::SERVICE_UNAVAILABLE);
    server.say(&["HDEL", &key, "data"]);
    assert_eq!(status(&alice).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_address_is_refused_without_its_password() {
    for url in [
        "redis://:hunter2@127.0.0.1:1",
        "hunter2",
        "redis+cluster://:hunter2@127.0.0.1:1",
        "rediss://:hunter2@127.0.0.1:1",
        "rediss+cluster://:hunter2@127.0.0.1:1",
        "rediss://:hunter2@127.0.0.1:1#insecure",
        "rediss+cluster://127.0.0.1:1,:hunter2@127.0.0.1:2#insecure",
        "rediss://:hunter2#@127.0.0.1:1",
    ] {
        let error = RedisStore::connect(url).await.unwrap_err();

        let is_readable = url.contains("//") && !url.contains('#');
        assert_eq!(error.is_config(), !is_readable, "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_is_full_or_a_replica_is_not_ready_and_a_question_leaves_nothing_behind() {
    let server = start(&["--maxmemory-policy", "noeviction"]);
    let store = RedisStore::connect(&url(&server)).await.unwrap();
    let is_ready = async || store.check_writes().await.is_ok();
    assert!(is_ready().await);
    assert_eq!(server.say(&["DBSIZE"]).trim(), "0");

    for (broken, mended) in [
        (
            &["CONFIG", "SET", "maxmemory", "1"][..],
            &["CONFIG", "SET", "maxmemory", "0"][..],
        ),
        (
            &["REPLICAOF", "127.0.0.1", "1"],
            &["REPLICAOF", "NO", "ONE"],
        ),
        (
            &["CONFIG", "SET", "min-replicas-to-write", "1"],
            &["CONFIG", "SET", "min-replicas-to-write", "0"],
        ),
    ] {
        server.say(broken);
        assert!(!is_ready().await, "{broken:?}");
        server.say(mended);
        assert!(is_ready().await, "{mended:?}");
    }
}

#[tokio::test]
async fn only_a_server_that_may_be_up_soon_is_worth_waiting_for() {
    let port = free_port();
    let options = ["--port", &port.to_string(), "--requirepass", "hunter2"];
    let cli = ["-a", "hunter2"].map(OsString::from).to_vec();
    let server = RedisServer::start(port, tempfile::tempdir().unwrap(), &options, cli);
    let nobody = format!("redis://127.0.0.1:{}", free_port());
    let at = url(&server).replace("redis://", "");

    for (url, is_worth_it) in [
        (nobody.clone(), true),
        (nobody.replace("redis:", "redis+cluster:"), true),
        (format!("redis://{at}"), false),
        (format!("redis://:wrong@{at}"), false),
        (format!("redis+cluster://:wrong@{at}"), false),
        (format!("rediss://:hunter2@{at}"), false),
        ("redis:nowhere".to_owned(), false),
    ] {
        let error = RedisStore::connect(&url).await.unwrap_err();
        assert_eq!(error.is_store(), is_worth_it, "{url}: {error}");
        assert_eq!(error.is_config(), !is_worth_it, "{url}: {error}");
    }
}

#[tokio::test]
async fn a_server_that_still_reads_its_data_is_worth_waiting_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut commands = [0; 4096];
                while let Ok(length @ 1..) = stream.read(&mut commands).await {
                    // Each command is an array.
                    let count = commands[..length].iter().filter(|byte| **byte == b'*');
                    let loading = "-LOADING Redis is loading the dataset in memory\r\n";
                    let answer = loading.repeat(count.count());
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });

    let error = RedisStore::connect(&url).await.unwrap_err();

    assert!(error.is_store(), "{error}");
    assert!(error.to_string().contains("loading"), "{error}");
}
