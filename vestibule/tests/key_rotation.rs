//! A new secret key in front of the old one: nobody is logged out, and nothing that a browser keeps
//! is lost. Without the old one, only what depends on the key is lost.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::convert::Infallible;

use axum::Router;
use axum::routing::{get, post};
use http::StatusCode;
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;
use vestibule::database::Database;
use vestibule::login::{SessionData, User, UserId};
use vestibule::session::{DataKey, DataOutcome};
use vestibule::stores::MemoryStore;
use vestibule::testing::{PASSWORD, TestApp, TestClient, fresh_database};
use vestibule::{CurrentUser, Error, Login, LoginManager};

const WRONG: &str = "a password of somebody else";

fn key(seed: u64) -> SecretKey {
    SecretKey::generate(&Random::insecure_seeded(seed)).unwrap()
}

/// The keys of a site over a rotation: before, with the new key prepared on every node, with the new
/// key in front, and with the old one dropped.
fn rotation() -> [SecretKey; 4] {
    let (old, new) = (key(1), key(2));
    let rotated = new.clone().fallback(old.clone());
    let prepared = old.clone().fallback(rotated.clone());
    [old, prepared, rotated, new]
}

async fn site(database: &Database, key: &SecretKey) -> TestApp {
    TestApp::on(database.clone(), |config| {
        config.secret_key = key.clone();
        config.random = Random::system();
    })
    .await
}

#[tokio::test]
async fn no_new_key_logs_anybody_out() {
    let database = fresh_database().await;
    let [old, prepared, rotated, new] = rotation();
    let app = site(&database, &old).await;
    app.registered("alice").await;
    let mut browser = app.browser();
    let alice = [("username", "alice"), ("password", PASSWORD)];
    let fields = [&alice[..], &[("remember", "yes")]].concat();
    browser.post("/login", &fields).await;

    for key in [prepared, rotated, new, key(3)] {
        let app = site(&database, &key).await;
        let next = app.browser();
        browser.hand_over(&next);
        browser = next;

        assert!(browser.get("/welcome").await.text().contains("alice"));
        browser.restart();
        assert!(browser.get("/welcome").await.text().contains("alice"));
    }
}

/// A new name for the counter of a name would let a guesser begin again, and so tell that nobody has
/// that name: the counter of a user has the same name as before.
#[tokio::test]
async fn the_throttle_finds_the_names_again_that_it_counted_under_the_old_key() {
    let database = fresh_database().await;
    let [old, prepared, rotated, new] = rotation();
    let app = site(&database, &old).await;
    for _ in 0..20 {
        try_login(&app).await;
    }
    assert_eq!(try_login(&app).await, StatusCode::TOO_MANY_REQUESTS);

    for key in [prepared, rotated] {
        let app = site(&database, &key).await;
        assert_eq!(try_login(&app).await, StatusCode::TOO_MANY_REQUESTS);
    }
    // As the book says of dropping a key.
    let app = site(&database, &new).await;
    assert_eq!(try_login(&app).await, StatusCode::UNAUTHORIZED);
}

async fn try_login(app: &TestApp) -> StatusCode {
    let fields = [("username", "nobody"), ("password", WRONG)];
    app.browser().post("/login", &fields).await.status
}

#[derive(Clone)]
struct Member;

impl User for Member {
    fn id(&self) -> UserId {
        "alice".into()
    }
}

const CART: DataKey<String> = DataKey::new("cart");

/// An app with a message, a `next` and a value of a visitor who is not logged in, all in cookies.
fn app(key: &SecretKey) -> Router {
    let find = async |_: UserId| Ok::<_, Infallible>(Some(Member));
    let manager = LoginManager::new(find, MemoryStore::new())
        .public_url("https://example.com".parse().unwrap())
        .login_view("/login")
        .messages(key)
        .next_in_cookie(key)
        .anonymous_data(key);
    Router::new()
        .route("/members", get(async |_: CurrentUser<Member>| "members"))
        .route("/fill", post(fill))
        .route("/shown", get(shown))
        .layer(manager.layer())
}

async fn fill(cart: SessionData<Member>) -> Result<(), Error> {
    let outcome = cart.set(CART, &"apples".to_owned()).await?;
    assert_eq!(outcome, DataOutcome::Written);
    Ok(())
}

async fn shown(login: Login<Member>, cart: SessionData<Member>) -> Result<String, Error> {
    let messages = login.take_messages();
    let cart = cart.get(CART).await?.unwrap_or_default();
    Ok(format!(
        "{} {} {cart}",
        messages.len(),
        login.next().or("none")
    ))
}

/// What an app with the key `reading` shows a visitor of an app with the key `writing`.
async fn shown_by(reading: &SecretKey, writing: &SecretKey) -> String {
    let browser = TestClient::new(app(writing));
    browser.get("/members").await;
    browser.post("/fill", &[]).await;
    let then = TestClient::new(app(reading));
    browser.hand_over(&then);
    then.get("/shown").await.text().to_owned()
}

#[tokio::test]
async fn what_browsers_keep_is_read_on_nodes_before_and_after_each_step() {
    let [old, prepared, rotated, new] = rotation();
    for (one, other) in [(&old, &prepared), (&prepared, &rotated)] {
        for (reading, writing) in [(one, one), (one, other), (other, one), (other, other)] {
            assert_eq!(shown_by(reading, writing).await, "1 /members apples");
        }
    }
    // Time has passed: what the old key signed has expired.
    assert_eq!(shown_by(&new, &rotated).await, "1 /members apples");
}

#[tokio::test]
async fn what_a_dropped_key_signed_is_worth_nothing() {
    let [old, _, rotated, new] = rotation();

    assert_eq!(shown_by(&new, &old).await, "0 none ");
    assert_eq!(shown_by(&rotated, &key(3)).await, "0 none ");
}
