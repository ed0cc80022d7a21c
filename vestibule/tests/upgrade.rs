//! A database, cookies and a secret key of the version before the credentials had a place of their
//! own (commit 68f2cd9) keep working.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use sea_orm::ConnectionTrait;
use serde_json::json;
use tokio::time::interval;
use vestibule::access::{Allowed, Guard, Rule};
use vestibule::accounts::Account;
use vestibule::clock::{Clock, Timestamp};
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;
use vestibule::database::Database;
use vestibule::session::SessionStore;
use vestibule::stores::SqlStore;
use vestibule::testing::{PASSWORD, TestApp, TestClient};

const SECRET_KEY: &str = "AJrRe1lHGoaFaldirle0N_NBgj6dhunlZ17vZKVx-Y8";
/// A moment after the last of its log-ins.
const NOW: Timestamp = Timestamp::from_millis(1_795_883_074_972);
const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

const SESSION: &str = "session-5907";
const ALICE: &str = "Sqyjqdxs26Lq6gqa-JDbLj6_co6HeWfVY_vaL48Mtts";
const BOB: &str = "75Fs7A7DxdYbG9l_0R66rFeInv_U7OSFKb18XKKqvHI";
const REMEMBER: &str = "remember-5907";
const ALICES_BROWSER: &str = "WbaR67ziZJxfNaUeOGP8sQZym15kocI06SvURddCqRZeP8RsrD1PlmIOFUSwzoby";

const DUMP: &str = include_str!("upgrade/site.sql");

struct TwoFactors;

impl Guard for TwoFactors {
    type User = Account;
    type Object = ();
    const RULE: Rule = Rule::SecondFactor;
}

/// The site on the database of then.
async fn upgraded() -> TestApp {
    let connection = sea_orm::Database::connect("sqlite::memory:").await.unwrap();
    connection.execute_unprepared(DUMP).await.unwrap();
    upgraded_on(Database::from_connection(connection)).await
}

async fn upgraded_on(database: Database) -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    let key_file = folder.path().join("secret_key");
    std::fs::write(&key_file, SECRET_KEY).unwrap();
    let sessions = vestibule::stores::SqlStore::new(database.clone());
    let migrations = vestibule::stores::sql::MIGRATIONS;
    database.migrate(migrations).await.unwrap();
    let app = TestApp::on(database, |config| {
        config.session_store(sessions);
        config.public_url = "http://127.0.0.1:5907".parse().unwrap();
        config.secret_key = SecretKey::from_file(&key_file).unwrap();
        config.clock = Clock::manual(NOW);
        config.random = Random::system();
    });
    app.await
        .routes(Router::new().route("/two-factors", get(|_: Allowed<TwoFactors>| async { "in" })))
}

fn with_cookie(app: &TestApp, name: &str, value: &str) -> TestClient {
    let browser = app.browser().user_agent(USER_AGENT);
    browser.set_cookie(name, value);
    browser
}

#[tokio::test]
async fn who_was_logged_in_still_is_with_the_same_rights() {
    let app = upgraded().await;
    let alice = with_cookie(&app, SESSION, ALICE);

    assert!(alice.get("/welcome").await.text().contains("Alice"));
    assert_eq!(alice.get("/admin").await.status, StatusCode::OK);
    let bob = with_cookie(&app, SESSION, BOB)
        .get("/account/sessions")
        .await;
    assert_eq!(
        bob.location(),
        Some("/change-password?next=%2Faccount%2Fsessions")
    );
}

#[tokio::test]
async fn log_ins_of_then_were_proved_by_a_password_alone() {
    let app = upgraded().await;
    let json = [("accept", "application/json")];

    for (cookie, value) in [(SESSION, ALICE), (REMEMBER, ALICES_BROWSER)] {
        let browser = with_cookie(&app, cookie, value);
        let sessions = browser.get_with("/account/sessions", &json).await.json();
        for session in sessions["sessions"].as_array().unwrap() {
            assert_eq!(session["methods"], json!(["password"]), "{session}");
        }
        let refused = browser.get_with("/two-factors", &json).await;
        assert_eq!(refused.json()["code"], "second_factor_required", "{cookie}");
    }
}

#[tokio::test]
async fn a_remembered_browser_of_then_comes_back_and_a_second_use_of_its_cookie_ends_it() {
    let app = upgraded().await;
    let browser = with_cookie(&app, REMEMBER, ALICES_BROWSER);
    let thief = with_cookie(&app, REMEMBER, ALICES_BROWSER);

    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
    browser.restart();
    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
    assert_eq!(thief.get("/welcome").await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/welcome").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn passwords_of_then_log_in() {
    let app = upgraded().await;
    let browser = app.browser();
    let fields = [("username", "alice"), ("password", PASSWORD)];

    let response = browser.post("/login", &fields).await;

    assert_eq!(response.location(), Some("/welcome"));
}

#[tokio::test]
async fn nobody_registers_a_name_that_looks_like_one_of_then() {
    let app = upgraded().await;
    let fields = [("username", "a1ice"), ("password", PASSWORD)];

    let response = app.browser().post("/register", &fields).await;

    assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(response.text().contains("taken"), "{}", response.text());
}

/// Its table of counters has rows of then, by another byte of a user's id.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_sql_reaches_the_cache_of_the_upgraded_site() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/site.db?mode=rwc", folder.path().display());
    let by_hand = sea_orm::Database::connect(&*url).await.unwrap();
    by_hand.execute_unprepared(DUMP).await.unwrap();
    let database = Database::connect(&url).await.unwrap();
    let feed = SqlStore::new(database.clone()).feed().unwrap().clone();
    let app = upgraded_on(database).await;
    let alice = with_cookie(&app, SESSION, ALICE);
    let is_in = async || alice.get("/welcome").await.status == StatusCode::OK;
    eventually("the feed is up", async || is_in().await && feed.is_up()).await;
    assert!(is_in().await);

    let disable = "UPDATE users SET is_disabled = TRUE WHERE username = 'Alice'";
    by_hand.execute_unprepared(disable).await.unwrap();

    eventually("Alice is out", async || !is_in().await).await;
    assert!(feed.is_up());
}

/// Asks until it is so.
async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    let mut again = interval(Duration::from_millis(2));
    while !is_so().await {
        assert!(started.elapsed() < Duration::from_secs(10), "never: {what}");
        again.tick().await;
    }
}
