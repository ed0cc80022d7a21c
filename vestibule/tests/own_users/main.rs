//! The login manager with users, loader and pages of the app's own: what Flask-Login has no
//! test for, and what its users suffered.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod addresses;
mod default_deny;
mod listeners;
mod loaders;
mod realms;
mod refusals;
mod remember_cookies;
mod sessions;
mod test_client;
mod users_that_change;

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::routing::{any, get, post};
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;
use vestibule::login::{LoginOutcome, User, UserId};
use vestibule::stores::MemoryStore;
use vestibule::testing::TestClient;
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
