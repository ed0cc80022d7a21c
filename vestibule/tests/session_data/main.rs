//! The app's own values of a visitor, through HTTP.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[cfg(feature = "sqlite")]
mod in_store;
mod in_streams;
mod with_failures;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRequestParts, Path};
use axum::routing::{get, post};
use http::StatusCode;
use http::request::Parts;
use tokio::sync::Notify;
use vestibule::clock::{Clock, Timestamp};
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;
use vestibule::login::{LoginOutcome, SessionData, User, UserId};
use vestibule::session::{DataKey, DataOutcome, SessionExpiry, SessionStore};
use vestibule::stores::MemoryStore;
use vestibule::testing::TestClient;
use vestibule::{CurrentUser, Error, Login, LoginManager};

const CART: DataKey<Vec<u32>> = DataKey::new("cart").kept_at_log_in();
const COLOUR: DataKey<String> = DataKey::new("colour");
const CART_COOKIE: &str = "__Host-data.cart";

#[derive(Clone)]
struct Member(&'static str);

impl User for Member {
    fn id(&self) -> UserId {
        self.0.into()
    }
}

/// Works for the shop, under another login.
#[derive(Clone)]
struct Clerk;

impl User for Clerk {
    fn id(&self) -> UserId {
        "clerk".into()
    }
}

async fn find(id: UserId) -> Result<Option<Member>, Infallible> {
    let members = ["alice", "bob"];
    let found = members.into_iter().find(|name| *name == id.as_str());
    Ok(found.map(Member))
}

fn key() -> SecretKey {
    SecretKey::generate(&Random::insecure_seeded(1)).unwrap()
}

fn manager(store: impl SessionStore) -> LoginManager<Member> {
    let https = "https://example.com".parse().unwrap();
    LoginManager::new(find, store).public_url(https)
}

type Data = SessionData<Member>;

async fn add<U: User>(data: SessionData<U>, Path(id): Path<u32>) -> Result<String, Error> {
    let mut cart = data.get(CART).await?.unwrap_or_default();
    cart.push(id);
    let outcome = data.set(CART, &cart).await?;
    Ok(format!("{outcome:?}"))
}

async fn paint(data: Data, Path(colour): Path<String>) -> Result<String, Error> {
    let outcome = data.set(COLOUR, &colour).await?;
    assert_eq!(
        data.get(COLOUR).await?.is_some(),
        outcome == DataOutcome::Written
    );
    Ok(format!("{outcome:?}"))
}

async fn show<U: User>(data: SessionData<U>) -> Result<String, Error> {
    let (cart, colour) = (data.get(CART).await?, data.get(COLOUR).await?);
    Ok(format!("{cart:?} {colour:?}"))
}

async fn empty<U: User>(data: SessionData<U>) -> Result<String, Error> {
    data.remove(CART).await?;
    Ok(format!("{:?}", data.get(CART).await?))
}

async fn log_in(login: Login<Member>, Path(name): Path<String>) -> Result<(), Error> {
    // As a log-in page does.
    login.current_user().await?;
    let member = find(name.as_str().into()).await.unwrap().unwrap();
    assert_eq!(login.log_in(&member).await?, LoginOutcome::LoggedIn);
    Ok(())
}

async fn remember(login: Login<Member>, Path(name): Path<String>) -> Result<(), Error> {
    let member = find(name.as_str().into()).await.unwrap().unwrap();
    assert_eq!(
        login.log_in(&member).remember().await?,
        LoginOutcome::LoggedIn
    );
    Ok(())
}

async fn try_to(login: Login<Member>, Path(name): Path<String>) -> Result<String, Error> {
    let member = find(name.as_str().into()).await.unwrap().unwrap();
    Ok(format!("{:?}", login.log_in(&member).await?))
}

async fn log_out(login: Login<Member>) -> Result<(), Error> {
    login.log_out().await
}

async fn confirm(login: Login<Member>) -> Result<(), Error> {
    let _ = login.confirm().await?;
    Ok(())
}

/// Puts something into the cart, and logs in, in one request.
async fn buy(data: Data, login: Login<Member>) -> Result<String, Error> {
    assert_eq!(data.set(CART, &vec![9]).await?, DataOutcome::Written);
    assert_eq!(
        login.log_in(&Member("alice")).await?,
        LoginOutcome::LoggedIn
    );
    Ok(format!("{:?}", data.get(CART).await?))
}

fn app(manager: LoginManager<Member>) -> TestClient {
    let router = Router::new()
        .route("/add/{id}", post(add::<Member>))
        .route("/paint/{colour}", post(paint))
        .route("/show", get(show::<Member>))
        .route("/empty", post(empty::<Member>))
        .route("/log-in/{name}", post(log_in))
        .route("/remember/{name}", post(remember))
        .route("/try/{name}", post(try_to))
        .route("/log-out", post(log_out))
        .route("/confirm", post(confirm))
        .route("/buy", post(buy))
        .layer(manager.layer());
    TestClient::new(router)
}

async fn done(client: &TestClient, path: &str) -> String {
    let response = client.post(path, &[]).await;
    assert_eq!(response.status, StatusCode::OK, "{path}");
    response.text().to_owned()
}

async fn shown(client: &TestClient) -> String {
    client.get("/show").await.text().to_owned()
}

#[tokio::test]
async fn a_user_s_values_are_in_the_store_and_end_with_the_session() {
    let client = app(manager(MemoryStore::new()).anonymous_data(&key()));
    done(&client, "/log-in/alice").await;

    assert_eq!(done(&client, "/add/1").await, "Written");
    assert_eq!(done(&client, "/add/2").await, "Written");
    assert_eq!(done(&client, "/paint/blue").await, "Written");

    assert_eq!(shown(&client).await, r#"Some([1, 2]) Some("blue")"#);
    assert_eq!(
        client.cookie_names(),
        ["__Host-session"],
        "nothing is in the browser"
    );
    done(&client, "/confirm").await;
    assert_eq!(
        shown(&client).await,
        r#"Some([1, 2]) Some("blue")"#,
        "it goes on"
    );
    assert_eq!(done(&client, "/empty").await, "None");
    assert_eq!(shown(&client).await, r#"None Some("blue")"#);
    let thief = client.stolen();
    done(&client, "/log-out").await;
    assert_eq!(shown(&client).await, "None None");
    assert_eq!(shown(&thief).await, "None None");
    done(&client, "/log-in/alice").await;
    assert_eq!(shown(&client).await, "None None");
}

#[tokio::test]
async fn nobody_gets_the_values_of_the_user_before() {
    let client = app(manager(MemoryStore::new()).anonymous_data(&key()));
    done(&client, "/log-in/alice").await;
    done(&client, "/add/1").await;

    done(&client, "/log-in/bob").await;

    assert_eq!(shown(&client).await, "None None");
}

#[tokio::test]
async fn an_anonymous_visitor_s_values_are_cookies_that_nobody_can_read_or_make() {
    let client = app(manager(MemoryStore::new()).anonymous_data(&key()));
    let response = client.get("/show").await;
    assert_eq!(response.text(), "None None");
    assert!(
        response.set_cookies().is_empty(),
        "none until something is written"
    );

    let response = client.post("/add/7777777", &[]).await;

    let cookie = response.set_cookies()[0].to_owned();
    for attribute in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let value = client.cookie(CART_COOKIE).unwrap();
    let bytes = data_encoding::BASE64URL_NOPAD
        .decode(value.as_bytes())
        .unwrap();
    assert!(!bytes.windows(7).any(|window| window == b"7777777"));
    done(&client, "/paint/blue").await;
    assert_eq!(shown(&client).await, r#"Some([7777777]) Some("blue")"#);

    let colour = client.cookie("__Host-data.colour").unwrap();
    for (name, value) in [
        (CART_COOKIE, colour.as_str()),
        (CART_COOKIE, "AAAA"),
        (CART_COOKIE, ""),
    ] {
        client.set_cookie(name, value);
        assert_eq!(shown(&client).await, r#"None Some("blue")"#, "{value}");
    }
    client.set_cookie(CART_COOKIE, &value);
    assert_eq!(done(&client, "/empty").await, "None");
    assert_eq!(client.cookie(CART_COOKIE), None);
    let other = SecretKey::generate(&Random::insecure_seeded(2)).unwrap();
    let elsewhere = app(manager(MemoryStore::new()).anonymous_data(&other));
    elsewhere.set_cookie(CART_COOKIE, &value);
    assert_eq!(shown(&elsewhere).await, "None None", "another key");
}

#[tokio::test]
async fn an_anonymous_visitor_s_values_expire() {
    let clock = Clock::manual(Timestamp::from_millis(0));
    let client = app(manager(MemoryStore::new())
        .clock(clock.clone())
        .anonymous_data(&key()));
    done(&client, "/add/1").await;
    let value = client.cookie(CART_COOKIE).unwrap();

    clock.advance(SessionExpiry::default().absolute);

    client.set_cookie(CART_COOKIE, &value);
    assert_eq!(shown(&client).await, "None None");
}

#[tokio::test]
async fn at_the_log_in_what_is_to_be_kept_is_kept_and_the_rest_ends() {
    let client = app(manager(MemoryStore::new()).anonymous_data(&key()));
    done(&client, "/add/1").await;
    done(&client, "/paint/blue").await;

    done(&client, "/log-in/alice").await;

    assert_eq!(shown(&client).await, "Some([1]) None");
    assert_eq!(client.cookie_names(), ["__Host-session"]);
    done(&client, "/log-out").await;
    assert_eq!(shown(&client).await, "None None", "the cart is alice's");
}

#[tokio::test]
async fn what_is_written_in_the_request_of_the_log_in_is_kept_too() {
    let client = app(manager(MemoryStore::new()).anonymous_data(&key()));

    assert_eq!(done(&client, "/buy").await, "Some([9])");

    assert_eq!(shown(&client).await, "Some([9]) None");
    assert_eq!(client.cookie_names(), ["__Host-session"]);
}

#[tokio::test]
async fn answers_in_parallel_change_their_own_values_only() {
    let client = app(manager(MemoryStore::new()).anonymous_data(&key()));
    for log_in in [false, true] {
        if log_in {
            done(&client, "/log-in/alice").await;
        }

        let (added, painted) = tokio::join!(done(&client, "/add/1"), done(&client, "/paint/red"));

        assert_eq!((&*added, &*painted), ("Written", "Written"));
        let shown = shown(&client).await;
        assert!(shown.ends_with(r#"1]) Some("red")"#), "{shown}");
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_what_was_there_stays() {
    let client = app(manager(MemoryStore::new()).anonymous_data(&key()));
    let long = "x".repeat(2_490);
    assert_eq!(done(&client, "/add/1").await, "Written");

    assert_eq!(done(&client, &format!("/paint/{long}")).await, "TooMuch");

    assert_eq!(shown(&client).await, "Some([1]) None");
    done(&client, "/empty").await;
    assert_eq!(
        done(&client, &format!("/paint/{}", &long[12..])).await,
        "Written"
    );
    let cookie = client.cookie("__Host-data.colour").unwrap();
    assert!(cookie.len() < 3_700, "{}", cookie.len());
}

#[tokio::test]
async fn a_value_of_another_version_of_the_app_is_none() {
    const OLD: DataKey<String> = DataKey::new("cart");
    async fn older(data: Data) -> Result<(), Error> {
        let _ = data.set(OLD, &"apples".to_owned()).await?;
        Ok(())
    }
    let layer = manager(MemoryStore::new()).anonymous_data(&key()).layer();
    let router = Router::new()
        .route("/older", post(older))
        .route("/show", get(show::<Member>))
        .layer(layer);
    let client = TestClient::new(router);

    done(&client, "/older").await;

    assert_eq!(shown(&client).await, "None None");
}

#[tokio::test]
async fn without_a_key_anonymous_visitors_have_none_and_the_developer_is_told() {
    let client = app(manager(MemoryStore::new()));

    assert_eq!(shown(&client).await, "None None");
    assert_eq!(done(&client, "/empty").await, "None");
    let response = client.post("/add/1", &[]).await;

    assert_eq!(response.status, StatusCode::INTERNAL_SERVER_ERROR);
    done(&client, "/log-in/alice").await;
    assert_eq!(done(&client, "/add/1").await, "Written");
}

#[tokio::test]
async fn a_key_without_a_proper_name_is_the_developer_s_error() {
    async fn wrong(data: Data) -> String {
        let mut errors = String::new();
        for name in ["", "a b", "a.b", "ä", &"x".repeat(65)] {
            let key = DataKey::<u8>::new(String::leak(name.to_owned()));
            errors += &data.set(key, &1).await.unwrap_err().to_string();
        }
        errors
    }
    let layer = manager(MemoryStore::new()).anonymous_data(&key()).layer();
    let router = Router::new().route("/wrong", get(wrong)).layer(layer);

    let response = TestClient::new(router).get("/wrong").await;

    assert_eq!(response.text().matches("letters, digits").count(), 5);
    assert!(response.set_cookies().is_empty());
}

#[tokio::test]
async fn a_user_of_the_request_loader_has_no_values_and_leaves_the_visitor_s_alone() {
    async fn by_key(request: Parts) -> Result<Option<Member>, Infallible> {
        let is_theirs = request.headers.contains_key("x-api-key");
        Ok(is_theirs.then_some(Member("alice")))
    }
    let in_cookies = manager(MemoryStore::new()).anonymous_data(&key());
    let in_store = manager(MemoryStore::new()).anonymous_data_in_store();
    for manager in [in_cookies, in_store] {
        let client = app(manager.request_loader(by_key));
        done(&client, "/add/7").await;
        let headers = [("x-api-key", "1")];

        let response = client.post_with("/add/1", &headers, ()).await;

        assert_eq!(response.text(), "NoSession");
        assert!(response.set_cookies().is_empty());
        let response = client.get_with("/show", &headers).await;
        assert_eq!(response.text(), "None None");
        assert_eq!(shown(&client).await, "Some([7]) None");
        client.post_with("/log-in/bob", &headers, ()).await;
        assert_eq!(shown(&client).await, "Some([7]) None", "bob's now");
    }
}

/// It would wait for the very user whom it is to find.
#[tokio::test]
async fn a_request_loader_that_asks_for_its_own_login_is_refused() {
    async fn asks(mut request: Parts) -> Result<Option<Member>, Error> {
        let refused = SessionData::<Member>::from_request_parts(&mut request, &()).await;
        assert_eq!(
            format!("{refused:?}").split('(').nth(1),
            Some("LayerMissing")
        );
        let around = Login::<Clerk>::from_request_parts(&mut request, &()).await;
        let clerk = around.unwrap().current_user().await?;
        Ok(clerk.map(|_| Member("bob")))
    }
    let clerks = LoginManager::new(async |_| Ok::<_, Infallible>(None), MemoryStore::new())
        .realm("clerks")
        .unwrap()
        .request_loader(async |_| Ok::<_, Infallible>(Some(Clerk)));
    let layer = manager(MemoryStore::new()).request_loader(asks).layer();
    let router = Router::new()
        .route("/name", get(async |user: CurrentUser<Member>| user.0))
        .layer(layer)
        .layer(clerks.layer());

    assert_eq!(TestClient::new(router).get("/name").await.text(), "bob");
}

/// Logs alice in, and brings back a value from before: an answer to a request from before the
/// log-in may arrive after it.
async fn late_answer(client: &TestClient) {
    done(client, "/add/1").await;
    let late = client.cookie(CART_COOKIE).unwrap();
    done(client, "/empty").await;
    done(client, "/log-in/alice").await;
    client.set_cookie(CART_COOKIE, &late);
    assert_eq!(client.cookie(CART_COOKIE), Some(late));
}

/// A log-in page need not ask first who this is.
#[tokio::test]
async fn whoever_logs_in_where_another_was_gets_nothing_that_lay_in_the_browser() {
    let client = app(manager(MemoryStore::new()).anonymous_data(&key()));
    late_answer(&client).await;

    assert_eq!(done(&client, "/try/bob").await, "LoggedIn");

    assert_eq!(shown(&client).await, "None None");
    assert_eq!(client.cookie_names(), ["__Host-session"]);
}

/// A log-in takes its time, for the password.
#[tokio::test]
async fn what_is_written_while_somebody_logs_in_is_kept() {
    let (read, written) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (read, written) = (read.clone(), written.clone());
        async move |data: Data, login: Login<Member>| {
            data.get(CART).await?;
            read.notify_one();
            written.notified().await;
            login.log_in(&Member("alice")).await.map(drop)
        }
    };
    let layer = manager(MemoryStore::new())
        .anonymous_data_in_store()
        .layer();
    let router = Router::new()
        .route("/add/{id}", post(add::<Member>))
        .route("/show", get(show::<Member>))
        .route("/slow", post(slow))
        .layer(layer);
    let client = TestClient::new(router);
    done(&client, "/add/1").await;
    let other_tab = client.stolen();

    tokio::join!(done(&client, "/slow"), async {
        read.notified().await;
        done(&other_tab, "/add/2").await;
        written.notify_one();
    });

    assert_eq!(shown(&client).await, "Some([1, 2]) None");
}

#[tokio::test]
async fn what_a_late_answer_left_in_the_browser_is_nobody_s() {
    for asks in [false, true] {
        let client = app(manager(MemoryStore::new()).anonymous_data(&key()));
        late_answer(&client).await;
        if asks {
            assert_eq!(
                shown(&client).await,
                "None None",
                "alice's are in her session"
            );
            assert_eq!(client.cookie_names(), ["__Host-session"]);
        }

        done(&client, "/log-out").await;

        assert_eq!(client.cookie_names(), [""; 0], "nothing is left");
        done(&client, "/log-in/bob").await;
        assert_eq!(shown(&client).await, "None None");
    }
}

#[tokio::test]
async fn cookies_that_are_ours_no_more_are_taken_away() {
    let client = app(manager(MemoryStore::new()).anonymous_data(&key()));
    client.set_cookie(CART_COOKIE, "AAAA");

    assert_eq!(done(&client, "/empty").await, "None");
    assert_eq!(client.cookie(CART_COOKIE), None);

    client.set_cookie(CART_COOKIE, "AAAA");
    done(&client, "/log-in/alice").await;
    assert_eq!(client.cookie_names(), ["__Host-session"]);
}

/// Two tabs used one remember token, and the browser works in the session that is soon over.
#[tokio::test]
async fn the_values_of_a_second_tab_s_session_continue_in_the_next_one() {
    let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
    let first = app(manager(MemoryStore::new()).clock(clock.clone()));
    done(&first, "/remember/alice").await;
    first.restart();
    let second = first.stolen();
    assert_eq!(shown(&first).await, "None None");
    assert_eq!(done(&second, "/add/7").await, "Written");

    clock.advance(Duration::from_mins(10));

    assert_eq!(shown(&second).await, "Some([7]) None");
    assert_eq!(shown(&second).await, "Some([7]) None");
}

#[tokio::test]
async fn a_session_that_has_expired_leaves_no_values_to_the_remembered_one() {
    let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
    let client = app(manager(MemoryStore::new()).clock(clock.clone()));
    done(&client, "/remember/alice").await;
    done(&client, "/add/7").await;
    done(&client, "/paint/red").await;

    clock.advance(SessionExpiry::default().idle);

    assert_eq!(shown(&client).await, "None None");
}
