//! Messages for the visitor: none is lost, none is shown twice, whatever the order.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::{get, post};
use http::StatusCode;
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;
use vestibule::login::{User, UserId};
use vestibule::stores::MemoryStore;
use vestibule::testing::TestClient;
use vestibule::{CurrentUser, Error, Login, LoginManager};

#[derive(Clone)]
struct Member;

impl User for Member {
    fn id(&self) -> UserId {
        "alice".into()
    }
}

async fn find(_: UserId) -> Result<Option<Member>, Infallible> {
    Ok(Some(Member))
}

fn manager() -> LoginManager<Member> {
    LoginManager::new(find, MemoryStore::new()).login_view("/login")
}

/// Takes (`take`) the messages, which it responds with, and adds others, in this order.
async fn steps(login: Login<Member>, Path(steps): Path<String>) -> Result<String, Error> {
    let mut shown = Vec::new();
    for step in steps.split(',') {
        match step {
            "take" => shown.extend(login.take_messages().into_iter().map(|flash| flash.message)),
            message => login.flash("info", message)?,
        }
    }
    Ok(shown.join(" "))
}

/// Adds this many messages of 900 bytes, numbered.
async fn flood(login: Login<Member>, Path(count): Path<usize>) -> Result<(), Error> {
    (0..count).try_for_each(|number| login.flash("info", format!("{number} {}", "x".repeat(900))))
}

async fn late(login: Login<Member>) -> Body {
    Body::from_stream(futures_util::stream::once(async move {
        let late = login
            .flash("info", "late")
            .map_err(|error| error.is_config());
        Ok::<_, Infallible>(format!("{late:?}"))
    }))
}

fn browser_of(manager: LoginManager<Member>) -> TestClient {
    let router = Router::new()
        .route("/{steps}", get(steps))
        .route("/flood/{count}", post(flood))
        .route("/late", get(late))
        .route("/private", get(|_: CurrentUser<Member>| async {}));
    TestClient::new(router.layer(manager.layer()))
}

fn browser() -> TestClient {
    let key = SecretKey::generate(&Random::insecure_seeded(1)).unwrap();
    browser_of(manager().messages(&key))
}

#[tokio::test]
async fn each_message_is_shown_once_in_order_whatever_comes_first_in_a_response() {
    for requests in [
        &[("a", ""), ("take", "a"), ("take", "")][..],
        &[("a", ""), ("take,b", "a"), ("take", "b"), ("take", "")],
        &[("a", ""), ("b,take", "a b"), ("take", "")],
        &[
            ("a", ""),
            ("b", ""),
            ("c,d", ""),
            ("take", "a b c d"),
            ("take", ""),
        ],
        &[("a,take", "a"), ("take", "")],
        &[("a,take,b,take,c", "a b"), ("take", "c"), ("take", "")],
        &[
            ("a", ""),
            ("take,take,b,b", "a"),
            ("take", "b b"),
            ("take", ""),
        ],
    ] {
        let browser = browser();
        for (path, shown) in requests {
            let response = browser.get(&format!("/{path}")).await;
            assert_eq!(response.text(), *shown, "{path} in {requests:?}");
        }
        assert!(browser.cookie_names().is_empty(), "{requests:?}");
    }
}

#[tokio::test]
async fn a_message_of_the_app_and_that_of_a_redirect_come_together() {
    let browser = browser();

    browser.get("/saved").await;
    let redirected = browser.get("/private").await;
    browser.get("/private").await;

    assert_eq!(redirected.status, StatusCode::SEE_OTHER);
    let shown = browser.get("/take").await;
    assert_eq!(shown.text(), "saved Please log in to access this page.");
}

#[tokio::test]
async fn of_more_messages_than_a_cookie_holds_the_oldest_are_dropped() {
    let browser = browser();

    browser.post("/flood/5", &[]).await;

    let shown = browser.get("/take").await;
    let numbers = shown.text().split(' ').filter(|word| word.len() == 1);
    assert_eq!(numbers.collect::<Vec<_>>(), ["3", "4"]);
}

#[tokio::test]
async fn a_message_that_cannot_arrive_is_an_error() {
    let without_key = browser_of(manager());

    assert_eq!(browser().get("/late").await.text(), "Err(true)");
    let failed = without_key.get("/a").await;
    assert_eq!(failed.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(without_key.get("/take").await.text(), "");
}

/// `Page` has the same messages as `Login`.
#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_page_and_a_login_add_to_the_same_messages() {
    use axum::response::Response;
    use vestibule::accounts::Account;
    use vestibule::flows::Page;
    use vestibule::testing::TestApp;
    use vestibule::web::Flash;

    async fn add(page: Page, login: Login<Account>) -> Result<Response, Error> {
        login.flash("info", "of the login")?;
        Ok(page.redirect("/show", Flash::new("info", "of the page")))
    }
    async fn show(page: Page, login: Login<Account>) -> Result<Response, Error> {
        login.flash("info", "of this response")?;
        page.render("welcome.html", ())
    }
    let app = TestApp::new().await;
    let pages = Router::new()
        .route("/add", get(add))
        .route("/show", get(show))
        .with_state(app.site.clone());
    let app = app.routes(pages);
    let alice = app.registered("alice").await;
    alice.get("/welcome").await;

    alice.get("/add").await;
    let shown = alice.get("/show").await;
    let then = alice.get("/welcome").await;

    for message in ["of the login", "of the page", "of this response"] {
        assert!(shown.text().contains(message), "{message}");
        assert!(!then.text().contains(message), "{message}");
    }
}
