//! Sessions seen and ended outside of requests, by a `LoginHandle`.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use http::StatusCode;
use vestibule::accounts::{Account, Actor};
use vestibule::clock::{Clock, Timestamp};
use vestibule::credentials::{Check, Credentials, Step};
use vestibule::login::{Epoch, Event, EventRecord, LoginHandle, LoginOutcome, User, UserId};
use vestibule::session::{Methods, SessionExpiry};
use vestibule::stores::MemoryStore;
use vestibule::testing::{PASSWORD, TestApp, TestClient};
use vestibule::{CurrentUser, Error, Login, LoginManager};

#[derive(Clone)]
struct Member(String, i64);

impl User for Member {
    fn id(&self) -> UserId {
        self.0.as_str().into()
    }

    fn session_epoch(&self) -> Epoch {
        self.1.into()
    }
}

/// Users of one store, in two realms.
struct Realms {
    shop: (Router, LoginHandle<Member>),
    staff: (Router, LoginHandle<Member>),
    clock: Clock,
    /// The epoch of all users.
    epoch: Arc<Mutex<i64>>,
    events: Arc<Mutex<Vec<EventRecord>>>,
}

impl Realms {
    fn new() -> Self {
        let (store, clock) = (MemoryStore::new(), Clock::manual(Timestamp::from_millis(0)));
        let epoch = Arc::<Mutex<i64>>::default();
        let events = Arc::<Mutex<Vec<EventRecord>>>::default();
        let one = |realm: &str| {
            let (epochs, told) = (epoch.clone(), events.clone());
            let find = move |id: UserId| {
                let user = Member(id.to_string(), *epochs.lock().unwrap());
                async move { Ok::<_, Infallible>((id.as_str() != "nobody").then_some(user)) }
            };
            let manager = LoginManager::new(find, store.clone())
                .clock(clock.clone())
                .on_event(move |record| told.lock().unwrap().push(record.clone()))
                .realm(realm)
                .unwrap();
            let handle = manager.handle();
            let routes = Router::new().route("/in/{name}", post(log_in)).route(
                "/me",
                get(|user: Option<CurrentUser<Member>>| async {
                    user.map_or("nobody".to_owned(), |user| user.0.clone())
                }),
            );
            (routes.layer(manager.layer()), handle)
        };
        Self {
            shop: one("shop"),
            staff: one("staff"),
            clock,
            epoch,
            events,
        }
    }
}

async fn log_in(login: Login<Member>, Path(name): Path<String>) -> Result<&'static str, Error> {
    let outcome = login.log_in(&Member(name, 0)).remember_if(true).await?;
    assert_eq!(outcome, LoginOutcome::LoggedIn);
    Ok("in")
}

async fn browser(router: &Router, name: &str) -> TestClient {
    let browser = TestClient::new(router.clone());
    assert_eq!(browser.post(&format!("/in/{name}"), &[]).await.text(), "in");
    browser
}

async fn who(browser: &TestClient) -> String {
    browser.get("/me").await.text().to_owned()
}

#[tokio::test]
async fn a_job_ends_all_sessions_and_remembered_logins_of_one_user_in_one_realm() {
    let realms = Realms::new();
    let alice = browser(&realms.shop.0, "alice").await;
    let (bob, again) = (
        browser(&realms.shop.0, "bob").await,
        browser(&realms.shop.0, "alice").await,
    );
    let staff = browser(&realms.staff.0, "alice").await;
    let id = UserId::from("alice");
    realms.events.lock().unwrap().clear();

    let ended = realms.shop.1.clone().log_out_user(&id).await.unwrap();

    assert_eq!(ended, 2);
    let told = realms.events.lock().unwrap().clone();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].event, Event::LoggedOutElsewhere);
    assert_eq!(
        (told[0].user.as_ref(), &*told[0].realm),
        (Some(&id), "shop")
    );
    for out in [&alice, &again] {
        assert_eq!(who(out).await, "nobody", "and not remembered either");
    }
    assert_eq!(who(&bob).await, "bob");
    assert_eq!(who(&staff).await, "alice");
    assert_eq!(realms.shop.1.log_out_user(&id).await.unwrap(), 0);
}

#[tokio::test]
async fn a_job_lists_valid_sessions_and_ends_one_of_them() {
    let realms = Realms::new();
    let id = UserId::from("alice");
    let sessions = async || realms.shop.1.sessions_of(&id, None, 9).await.unwrap();
    let old = browser(&realms.shop.0, "alice").await;
    realms.clock.advance(Duration::from_hours(1));
    let new = browser(&realms.shop.0, "alice").await;

    let listed = sessions().await;
    assert_eq!(listed.len(), 2);
    let (first, second) = (&listed[0].public_id, &listed[1].public_id);
    let after = realms
        .shop
        .1
        .sessions_of(&id, Some(first), 9)
        .await
        .unwrap();
    assert_eq!(after.len(), 1);
    assert_eq!(&after[0].public_id, second);
    let of_bob = realms.shop.1.log_out_session(&"bob".into(), second).await;
    assert!(!of_bob.unwrap(), "it is not bob's");
    assert!(!realms.staff.1.log_out_session(&id, second).await.unwrap());
    assert!(realms.shop.1.log_out_session(&id, second).await.unwrap());

    assert_eq!(who(&old).await, "nobody");
    assert_eq!(who(&new).await, "alice");
    let told = realms.events.lock().unwrap().clone();
    let ended = told
        .iter()
        .find(|record| record.event == Event::SessionEnded);
    assert_eq!(ended.unwrap().session.as_ref(), Some(second));
    realms.clock.advance(SessionExpiry::default().idle);
    assert_eq!(sessions().await.len(), 0, "it has expired");
    browser(&realms.shop.0, "alice").await;
    assert_eq!(sessions().await.len(), 1);
    *realms.epoch.lock().unwrap() = 1;
    assert_eq!(sessions().await.len(), 0, "it is of an earlier epoch");
    let nobodys = realms.shop.1.sessions_of(&"nobody".into(), None, 9).await;
    assert_eq!(nobodys.unwrap().len(), 0);
}

#[tokio::test]
async fn a_realm_that_a_handle_does_not_have_is_an_error() {
    let find = async |_: UserId| Ok::<Option<Member>, Infallible>(None);
    let manager = LoginManager::new(find, MemoryStore::new());

    let _handle = manager.handle();

    assert!(manager.realm("shop").unwrap_err().is_config());
}

/// Half of a log-in, with the password alone, and the rest of it.
async fn half(credentials: Credentials<Account>, login: Login<Account>) -> Result<String, Error> {
    let password = PASSWORD.into();
    let check = credentials
        .check_password(&login, "alice", &password)
        .await?;
    let Check::Proved(proof) = check else {
        return Ok("wrong".to_owned());
    };
    Ok(match credentials.proceed(&login, proof).await? {
        Step::SecondFactor => "half".to_owned(),
        step => format!("{step:?}"),
    })
}

async fn rest(credentials: Credentials<Account>, login: Login<Account>) -> Result<String, Error> {
    use vestibule::credentials::SecondFactor;

    let Some(pending) = login.pending().await? else {
        return Ok("none".to_owned());
    };
    let SecondFactor::MayTry(tried) = credentials.try_second_factor(&login, pending).await? else {
        return Ok("throttled".to_owned());
    };
    let proof = credentials.second_factor_shown(tried, Methods::OTHER);
    let step = credentials.proceed(&login, proof).await?;
    Ok(format!("{}", matches!(step, Step::LoggedIn { .. })))
}

#[tokio::test]
async fn a_log_in_that_waits_for_a_second_factor_ends_too() {
    let app = TestApp::with(|config| {
        config
            .credentials(|credentials| Ok(credentials.second_factor(async |_: Account| Ok(true))));
    })
    .await;
    let operator = app.site.accounts().by(Actor::operator());
    let name = "alice".parse().unwrap();
    drop(operator.add(&name, &PASSWORD.into()).await.unwrap());
    let of = |site: &vestibule::flows::Site| site.credentials().clone();
    let (first, second) = (of(&app.site), of(&app.site));
    let routes = Router::new()
        .route("/half", post(move |login| half(first.clone(), login)))
        .route("/rest", post(move |login| rest(second.clone(), login)));
    let app = app.routes(routes);
    let (one, two) = (app.browser(), app.browser());
    assert_eq!(one.post("/half", &[]).await.text(), "half");
    assert_eq!(one.post("/rest", &[]).await.text(), "true");
    assert_eq!(two.post("/half", &[]).await.text(), "half");

    let id = app.account("alice").await.id;
    app.site.login_handle().log_out_user(&id).await.unwrap();

    assert_eq!(two.post("/rest", &[]).await.text(), "none");
    assert_eq!(one.get("/welcome").await.status, StatusCode::SEE_OTHER);
}

/// With a new password they would end the sessions of another realm, and none of these.
#[tokio::test]
async fn credentials_and_a_login_manager_of_two_realms_are_an_error() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let manager = app
        .site
        .credentials()
        .login_manager()
        .realm("shop")
        .unwrap();
    let (ours, theirs) = (
        app.site.credentials().clone(),
        app.site.credentials().clone().realm("shop"),
    );
    let routes = Router::new()
        .route("/wrong", post(move |login| half(ours.clone(), login)))
        .route("/right", post(move |login| half(theirs.clone(), login)))
        .layer(manager.layer());
    let browser = TestClient::new(routes);

    let refused = browser.post("/wrong", &[]).await;
    assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(browser.cookie_names().is_empty());
    let logged_in = browser.post("/right", &[]).await;
    assert!(
        logged_in.text().starts_with("LoggedIn"),
        "{}",
        logged_in.text()
    );
}

#[tokio::test]
async fn a_sites_realm_is_in_its_cookies_and_ends_sessions_by_accounts_and_handle() {
    let app = TestApp::with(|config| config.sessions.realm = "blog".to_owned()).await;
    let alice = app.registered("alice").await;
    let account = app.account("alice").await;

    assert!(alice.cookie("__Host-blog-session").is_some());
    assert!(alice.cookie("__Host-session").is_none());
    let listed = app.site.accounts().sessions(&account, None, 9).await;
    assert_eq!(listed.unwrap().len(), 1);
    let ended = app.site.login_handle().log_out_user(&account.id).await;
    assert_eq!(ended.unwrap(), 1);
    assert_eq!(alice.get("/welcome").await.status, StatusCode::SEE_OTHER);
}
