//! Values of anonymous visitors in the session store.

use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use http::StatusCode;
use vestibule::accounts::Account;
use vestibule::login::SessionData;
use vestibule::session::{DataOutcome, SessionExpiry};
use vestibule::testing::{PASSWORD, TestApp, TestClient};
use vestibule::{CurrentUser, Error};

use crate::{CART, COLOUR, add, done, empty, show, shown};

const COOKIE: &str = "__Host-data";

type Data = SessionData<Account>;

async fn paint(data: Data, body: String) -> Result<String, Error> {
    Ok(format!("{:?}", data.set(COLOUR, &body).await?))
}

/// Writes two values at the same time, by two arguments.
async fn both(cart: Data, colour: Data) -> Result<String, Error> {
    let (red, apples) = ("red".to_owned(), vec![7]);
    let (cart, colour) = tokio::join!(cart.set(CART, &apples), colour.set(COLOUR, &red));
    assert_eq!(colour?, DataOutcome::Written);
    Ok(format!("{:?}", cart?))
}

async fn name(user: CurrentUser<Account>) -> String {
    user.name().to_owned()
}

async fn shop() -> TestApp {
    let app = TestApp::with(|config| {
        config.login(|manager| Ok(manager.anonymous_data_in_store()));
    });
    let routes = Router::new()
        .route("/add/{id}", post(add::<Account>))
        .route("/paint", post(paint))
        .route("/both", post(both))
        .route("/show", get(show::<Account>))
        .route("/empty", post(empty::<Account>))
        .route("/name", get(name));
    app.await.routes(routes)
}

async fn log_in(client: &TestClient) {
    let fields = [("username", "alice"), ("password", PASSWORD)];
    let response = client.post("/login", &fields).await;
    assert_eq!(response.status, StatusCode::SEE_OTHER);
}

async fn paint_with(client: &TestClient, colour: String) -> String {
    let response = client.post_with("/paint", &[], colour).await;
    response.text().to_owned()
}

#[tokio::test]
async fn they_are_under_a_token_that_comes_with_the_first_one() {
    let visitor = shop().await.browser();
    let response = visitor.get("/show").await;
    assert_eq!(response.text(), "None None");
    assert_eq!(done(&visitor, "/empty").await, "None");
    assert!(visitor.cookie_names().is_empty(), "nothing is written yet");

    let response = visitor.post("/add/7", &[]).await;

    assert_eq!(response.text(), "Written");
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let cookie = response.set_cookies()[0].to_owned();
    for attribute in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert_eq!(visitor.cookie(COOKIE).unwrap().len(), 43, "a token alone");
    let response = visitor.post("/add/8", &[]).await;
    assert!(response.set_cookies().is_empty(), "the same goes on");
    assert_eq!(shown(&visitor).await, "Some([7, 8]) None");
    assert_eq!(done(&visitor, "/empty").await, "None");
    assert_eq!(shown(&visitor).await, "None None");
}

#[tokio::test]
async fn there_is_as_much_room_as_in_a_session() {
    let visitor = shop().await.browser();

    let long = "x".repeat(32_000);

    assert_eq!(paint_with(&visitor, long.clone()).await, "Written");

    let painted = format!("None Some({long:?})");
    assert_eq!(shown(&visitor).await, painted);
    assert_eq!(paint_with(&visitor, "y".repeat(32_768)).await, "TooMuch");
    assert_eq!(shown(&visitor).await, painted);
    let other = shop().await.browser();
    assert_eq!(paint_with(&other, "y".repeat(32_768)).await, "TooMuch");
    assert!(other.cookie_names().is_empty(), "and no session for it");
}

#[tokio::test]
async fn two_values_written_at_once_are_in_one_session() {
    let visitor = shop().await.browser();

    assert_eq!(done(&visitor, "/both").await, "Written");

    assert_eq!(shown(&visitor).await, r#"Some([7]) Some("red")"#);
}

#[tokio::test]
async fn an_older_value_cannot_be_brought_back() {
    let visitor = shop().await.browser();
    done(&visitor, "/add/1").await;
    let earlier = visitor.stolen();

    done(&visitor, "/add/2").await;

    assert_eq!(shown(&earlier).await, "Some([1, 2]) None");
}

#[tokio::test]
async fn at_the_log_in_what_is_to_be_kept_is_kept_and_the_rest_ends() {
    let app = shop().await;
    app.registered("alice").await;
    let visitor = app.browser();
    done(&visitor, "/add/1").await;
    paint_with(&visitor, "blue".to_owned()).await;
    let copy = visitor.stolen();

    log_in(&visitor).await;

    assert_eq!(shown(&visitor).await, "Some([1]) None");
    assert_eq!(visitor.cookie_names(), ["__Host-device", "__Host-session"]);
    assert_eq!(shown(&copy).await, "None None", "it has ended for all");
    visitor.post("/logout", &[]).await;
    assert_eq!(shown(&visitor).await, "None None", "the cart is alice's");
}

/// An answer to a request from before the log-in may arrive after it.
#[tokio::test]
async fn what_a_late_answer_left_in_the_browser_is_nobody_s() {
    let app = shop().await;
    app.registered("alice").await;
    let (visitor, late) = (app.browser(), app.browser());
    done(&late, "/add/1").await;
    let token = late.cookie(COOKIE).unwrap();
    log_in(&visitor).await;
    visitor.set_cookie(COOKIE, &token);

    assert_eq!(shown(&visitor).await, "None None");

    assert_eq!(visitor.cookie_names(), ["__Host-device", "__Host-session"]);
    assert_eq!(shown(&late).await, "None None");
}

#[tokio::test]
async fn no_token_of_theirs_logs_anybody_in_and_none_of_a_log_in_is_theirs() {
    let app = shop().await;
    app.registered("alice").await;
    let (visitor, alice) = (app.browser(), app.browser());
    done(&visitor, "/add/1").await;
    log_in(&alice).await;
    done(&alice, "/add/2").await;
    let thief = app.browser();

    thief.set_cookie("__Host-session", &visitor.cookie(COOKIE).unwrap());
    assert_ne!(thief.get("/name").await.status, StatusCode::OK);
    assert_eq!(shown(&thief).await, "None None");
    assert_eq!(shown(&visitor).await, "Some([1]) None", "nothing has ended");

    thief.forget_cookie("__Host-session");
    thief.set_cookie(COOKIE, &alice.cookie("__Host-session").unwrap());
    assert_eq!(shown(&thief).await, "None None");
    done(&thief, "/add/3").await;
    assert_eq!(shown(&alice).await, "Some([2]) None");
}

#[tokio::test]
async fn a_token_that_is_nobody_s_is_never_taken_on() {
    let app = shop().await;
    let (visitor, victim) = (app.browser(), app.browser());
    done(&visitor, "/add/1").await;
    let mut made_up = visitor.cookie(COOKIE).unwrap();
    let first = if made_up.starts_with('A') { "B" } else { "A" };
    made_up.replace_range(..1, first);

    for planted in [&*made_up, "AAAA", ""] {
        victim.set_cookie(COOKIE, planted);
        assert_eq!(shown(&victim).await, "None None");
        assert_eq!(done(&victim, "/add/2").await, "Written");
        assert_ne!(victim.cookie(COOKIE).unwrap(), planted);
        assert_eq!(shown(&victim).await, "Some([2]) None");
    }
}

#[tokio::test]
async fn they_end_when_a_session_would_be_over_and_are_swept() {
    let app = shop().await;
    let expiry = SessionExpiry::default();
    let (idle, busy) = (app.browser(), app.browser());
    done(&idle, "/add/1").await;
    done(&busy, "/add/2").await;

    app.clock.advance(expiry.idle - Duration::from_secs(1));
    assert_eq!(shown(&busy).await, "Some([2]) None");
    app.clock.advance(Duration::from_secs(1));

    assert_eq!(shown(&idle).await, "None None");
    assert_eq!(shown(&busy).await, "Some([2]) None", "reading counts");
    assert_eq!(app.site.accounts().sweep_sessions().await.unwrap(), 1);
    assert_eq!(shown(&busy).await, "Some([2]) None");
    app.clock.advance(expiry.absolute - expiry.idle);
    assert_eq!(shown(&busy).await, "None None");
    assert_eq!(app.site.accounts().sweep_sessions().await.unwrap(), 1);
}
