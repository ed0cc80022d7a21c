//! A log-in that is proved in part, under attack. An app's own second factor stands for all: a
//! code that each user's name says.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use http::StatusCode;
use vestibule::access::{Allowed, Guard, Rule};
use vestibule::accounts::{Account, Actor};
use vestibule::credentials::{Check, Credentials, PasswordChange, SecondFactor, Step};
use vestibule::crypto::random::Random;
use vestibule::database::Database;
use vestibule::flows::SiteConfig;
use vestibule::login::{Event, Sender, SessionLimit};
use vestibule::session::Methods;
use vestibule::testing::{PASSWORD, TestApp, TestClient, TestResponse, fresh_database_url};
use vestibule::{CurrentUser, Error, Login};

const PENDING: &str = "__Host-pending";
const SESSION: &str = "__Host-session";

/// Whoever has shown two factors.
struct TwoFactors;

impl Guard for TwoFactors {
    type User = Account;
    type Object = ();
    const RULE: Rule = Rule::SecondFactor;
}

#[derive(serde::Deserialize)]
struct NameForm {
    name: String,
}

#[derive(serde::Deserialize)]
struct CodeForm {
    code: String,
}

/// The second step of a log-in: the code of whoever has shown the password.
async fn code(
    State(credentials): State<Credentials<Account>>,
    login: Login<Account>,
    Form(form): Form<CodeForm>,
) -> Result<Response, Error> {
    let Some(pending) = login.pending().await? else {
        return Ok((StatusCode::UNAUTHORIZED, "begin again").into_response());
    };
    let tried = match credentials.try_second_factor(&login, pending).await? {
        SecondFactor::MayTry(tried) => tried,
        SecondFactor::Throttled(throttled) => return Ok(throttled.into_response()),
        _ => return Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
    };
    if form.code != format!("code of {}", tried.user().name()) {
        return Ok((StatusCode::UNAUTHORIZED, "wrong code").into_response());
    }
    let proof = credentials.second_factor_shown(tried, Methods::OTHER);
    Ok(match credentials.proceed(&login, proof).await? {
        Step::LoggedIn { next, .. } => Redirect::to(next.or("/welcome")).into_response(),
        Step::TooManySessions => StatusCode::CONFLICT.into_response(),
        Step::Inactive => (StatusCode::UNAUTHORIZED, "inactive").into_response(),
        Step::Expired => (StatusCode::UNAUTHORIZED, "expired").into_response(),
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    })
}

/// The page that asks for the code.
async fn enter(login: Login<Account>) -> Result<String, Error> {
    Ok(match login.pending().await? {
        Some(pending) => format!("enter the code of {}", pending.user().name()),
        None => "begin again".to_owned(),
    })
}

/// A code by mail, which is no second factor beside a password.
async fn mail_code(
    State(credentials): State<Credentials<Account>>,
    login: Login<Account>,
) -> Result<&'static str, Error> {
    let Some(pending) = login.pending().await? else {
        return Ok("none");
    };
    let SecondFactor::MayTry(tried) = credentials.try_second_factor(&login, pending).await? else {
        return Ok("throttled");
    };
    let proof = credentials.second_factor_shown(tried, Methods::MAIL_CODE);
    Ok(match credentials.proceed(&login, proof).await? {
        Step::SecondFactor => "not enough",
        Step::Expired => "expired",
        _ => "in",
    })
}

/// An app's own page for users whose password is too old.
async fn expired_password(
    State(credentials): State<Credentials<Account>>,
    login: Login<Account>,
    Form(form): Form<NameForm>,
) -> Result<&'static str, Error> {
    let old = PASSWORD.into();
    let check = credentials.check_password(&login, &form.name, &old).await?;
    let Check::Proved(proof) = check else {
        return Ok("wrong");
    };
    let new = "another horse and battery".into();
    let change = credentials.change_password(&login, proof, &new).await?;
    let PasswordChange::Changed(proof) = change else {
        return Ok("conflict");
    };
    Ok(match credentials.proceed(&login, proof).await? {
        Step::SecondFactor => "second factor",
        _ => "in",
    })
}

/// A change of password whose session ends after it was looked up.
async fn slow_change(
    State(credentials): State<Credentials<Account>>,
    user: CurrentUser<Account>,
    login: Login<Account>,
    Form(form): Form<NameForm>,
) -> Result<&'static str, Error> {
    let password = PASSWORD.into();
    let check = credentials.check_own_password(&login, &user, &password);
    let Check::Proved(proof) = check.await? else {
        return Ok("wrong");
    };
    if form.name == "ended" {
        credentials.forget(&user.id).await?;
        if credentials.end_other_sessions(&login).await? {
            return Ok("others ended");
        }
    }
    let new = "another horse and battery".into();
    let change = credentials.change_password(&login, proof, &new).await?;
    Ok(match change {
        PasswordChange::Changed(_) => "changed",
        _ => "conflict",
    })
}

/// A site with alice and bob, who need a second factor to log in, and carol, who does not.
async fn site() -> TestApp {
    site_with(|_| {}).await
}

async fn site_with(change: impl FnOnce(&mut SiteConfig)) -> TestApp {
    let app = TestApp::with(|config| {
        needs_a_code(config);
        change(config);
    });
    with_routes(app.await).await
}

fn needs_a_code(config: &mut SiteConfig) {
    config.credentials(|credentials| {
        Ok(credentials.second_factor(|user: Account| async move { Ok(user.name() != "carol") }))
    });
    config.login(|manager| Ok(manager.second_factor_view("/code")));
}

async fn with_routes(app: TestApp) -> TestApp {
    let credentials = app.site.credentials().clone();
    let routes = Router::new()
        .route("/code", get(enter).post(code))
        .route("/mail-code", post(mail_code))
        .route("/expired-password", post(expired_password))
        .route("/slow-change", post(slow_change))
        .with_state(credentials)
        .route("/two-factors", get(|_: Allowed<TwoFactors>| async { "in" }))
        .route(
            "/everywhere",
            post(|login: Login<Account>| async move { login.log_out_everywhere().await.map(drop) }),
        );
    let app = app.routes(routes);
    for name in ["alice", "bob", "carol"] {
        let fields = [("username", name), ("password", PASSWORD)];
        app.browser().post("/register", &fields).await;
    }
    app
}

async fn log_in(browser: &TestClient, name: &str) -> TestResponse {
    let fields = [("username", name), ("password", PASSWORD)];
    browser.post("/login", &fields).await
}

/// A browser in which this user has shown the password, and no more.
async fn half_way(app: &TestApp, name: &str) -> TestClient {
    let browser = app.browser();
    assert_eq!(log_in(&browser, name).await.location(), Some("/code"));
    browser
}

async fn finish(browser: &TestClient, name: &str) -> TestResponse {
    let code = format!("code of {name}");
    browser.post("/code", &[("code", &code)]).await
}

async fn logged_in(app: &TestApp, name: &str) -> TestClient {
    let browser = half_way(app, name).await;
    assert_eq!(finish(&browser, name).await.location(), Some("/welcome"));
    browser
}

/// Whether somebody is logged in.
async fn is_in(browser: &TestClient) -> bool {
    browser.get("/welcome").await.status == StatusCode::OK
}

/// A log-in that was begun cannot be finished.
async fn is_dead(browser: &TestClient, name: &str) {
    let response = finish(browser, name).await;
    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    assert!(!is_in(browser).await);
}

#[tokio::test]
async fn a_password_alone_logs_nobody_in_who_needs_a_second_factor() {
    let app = site().await;

    let browser = half_way(&app, "alice").await;

    assert_eq!(browser.cookie_names(), [PENDING]);
    assert!(!is_in(&browser).await);
    let users = [("accept", "application/json")];
    for path in [
        "/welcome",
        "/account/sessions",
        "/two-factors",
        "/change-password",
    ] {
        let response = browser.get_with(path, &users).await;
        assert_eq!(response.json()["code"], "login_required", "{path}");
    }
    let carol = app.browser();
    log_in(&carol, "carol").await;
    assert!(is_in(&carol).await);
}

#[tokio::test]
async fn a_password_that_waits_for_a_second_factor_is_an_event() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = heard.clone();
    let app = site_with(|config| {
        config.login(move |manager| {
            let heard = listener.clone();
            Ok(manager.on_event(move |record| heard.lock().unwrap().push(record.clone())))
        });
    });
    let app = app.await;
    heard.lock().unwrap().clear();

    let browser = half_way(&app, "alice").await;
    finish(&browser, "alice").await;

    let heard = heard.lock().unwrap();
    let events = heard
        .iter()
        .filter(|record| matches!(record.event, Event::LoginPending | Event::LoggedIn));
    let events: Vec<_> = events
        .map(|record| (record.event, record.methods, record.user.is_some()))
        .collect();
    let both = Methods::PASSWORD | Methods::OTHER;
    assert_eq!(
        events,
        [
            (Event::LoginPending, Methods::PASSWORD, true),
            (Event::LoggedIn, both, true)
        ]
    );
}

#[tokio::test]
async fn a_script_is_told_that_a_second_factor_is_needed() {
    let app = site().await;
    let script = app.browser();
    let fields = serde_json::json!({ "username": "alice", "password": PASSWORD });

    let response = script.post_json("/login", &fields).await;

    assert_eq!(response.status, StatusCode::FORBIDDEN);
    assert_eq!(response.json()["code"], "second_factor_required");
    assert_eq!(finish(&script, "alice").await.location(), Some("/welcome"));
}

#[tokio::test]
async fn the_second_factor_finishes_the_log_in_with_what_was_asked_for_at_the_first() {
    let app = site().await;
    let browser = app.browser();
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
        ("next", "/account/sessions"),
    ];
    browser.post("/login", &fields).await;

    let response = finish(&browser, "alice").await;

    assert_eq!(response.location(), Some("/account/sessions"));
    let names = ["__Host-device", "__Host-remember", SESSION];
    assert_eq!(browser.cookie_names(), names);
    assert_eq!(browser.get("/two-factors").await.text(), "in");
    let json = [("accept", "application/json")];
    let sessions = browser.get_with("/account/sessions", &json).await.json();
    assert_eq!(
        sessions["sessions"][0]["methods"],
        serde_json::json!(["password", "other"])
    );
    // What remembers the browser knows it too.
    browser.restart();
    assert_eq!(browser.get("/two-factors").await.text(), "in");
}

#[tokio::test]
async fn a_change_of_password_and_a_confirmed_log_in_keep_what_was_shown_before() {
    let app = site().await;
    let browser = logged_in(&app, "alice").await;
    let new = "another horse and battery";

    browser
        .post("/confirm-login", &[("password", PASSWORD)])
        .await;
    assert_eq!(browser.get("/two-factors").await.text(), "in");
    let fields = [("current_password", PASSWORD), ("new_password", new)];
    let changed = browser.post("/change-password", &fields).await;

    assert_eq!(changed.location(), Some("/welcome"));
    assert_eq!(browser.get("/two-factors").await.text(), "in");
}

#[tokio::test]
async fn who_has_shown_one_factor_does_not_pass_where_two_are_asked_for() {
    let app = site().await;
    let carol = app.browser();
    log_in(&carol, "carol").await;

    let page = carol.get("/two-factors").await;
    let json = [("accept", "application/json")];
    let script = carol.get_with("/two-factors", &json).await;

    assert_eq!(page.location(), Some("/code?next=%2Ftwo-factors"));
    assert_eq!(script.status, StatusCode::FORBIDDEN);
    assert_eq!(script.json()["code"], "second_factor_required");
}

#[tokio::test]
async fn without_a_page_for_it_who_lacks_a_second_factor_gets_403() {
    let flows = ["register", "password_login", "welcome"];
    let app = TestApp::with(|config| config.flows = Some(flows.map(str::to_owned).to_vec())).await;
    let app = app
        .routes(Router::new().route("/two-factors", get(|_: Allowed<TwoFactors>| async { "in" })));
    let browser = app.registered("alice").await;

    let response = browser.get("/two-factors").await;

    assert_eq!(response.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_pending_log_in_is_used_once() {
    let app = site().await;
    let browser = half_way(&app, "alice").await;
    let thief = browser.stolen();

    assert_eq!(finish(&browser, "alice").await.location(), Some("/welcome"));

    is_dead(&thief, "alice").await;
    assert!(browser.cookie(PENDING).is_none());
    assert!(is_in(&browser).await);
}

#[tokio::test]
async fn of_fifty_requests_that_finish_one_log_in_one_begins_a_session() {
    let app = site().await;
    let browser = half_way(&app, "alice").await;

    let copies: Vec<_> = (0..50).map(|_| browser.stolen()).collect();
    let tasks: Vec<_> = copies
        .into_iter()
        .map(|copy| tokio::spawn(async move { finish(&copy, "alice").await.status }))
        .collect();
    let mut begun = 0;
    for task in tasks {
        begun += usize::from(task.await.unwrap() == StatusCode::SEE_OTHER);
    }

    assert_eq!(begun, 1);
    let alice = app.account("alice").await;
    let sessions = app.site.accounts().sessions(&alice, None, 10).await;
    assert_eq!(sessions.unwrap().len(), 1);
}

#[tokio::test]
async fn a_pending_token_that_the_client_brings_is_never_adopted() {
    let app = site().await;
    let attacker = half_way(&app, "bob").await;
    let planted = attacker.cookie(PENDING).unwrap();
    let victim = app.browser();
    victim.set_cookie(PENDING, &planted);

    log_in(&victim, "alice").await;

    assert_ne!(victim.cookie(PENDING).unwrap(), planted);
    // What the browser had begun before has ended.
    is_dead(&attacker, "bob").await;
    assert_eq!(finish(&victim, "alice").await.location(), Some("/welcome"));
}

#[tokio::test]
async fn a_made_up_pending_token_is_nothing() {
    let app = site().await;
    let token = half_way(&app, "alice").await.cookie(PENDING).unwrap();
    let flipped = format!(
        "{}{}",
        if token.starts_with('A') { 'B' } else { 'A' },
        &token[1..]
    );
    for made_up in ["", "x", &flipped, &format!("{token}=")] {
        let browser = app.browser();
        browser.set_cookie(PENDING, made_up);

        is_dead(&browser, "alice").await;
    }
}

/// Each kind of token is one in its own realm.
#[tokio::test]
async fn a_pending_token_is_no_session_and_a_session_token_is_no_pending_log_in() {
    let app = site().await;
    let pending = half_way(&app, "alice").await.cookie(PENDING).unwrap();
    let session = logged_in(&app, "alice").await.cookie(SESSION).unwrap();
    let browser = app.browser();

    browser.set_cookie(SESSION, &pending);
    assert!(!is_in(&browser).await);
    // Also after somebody has asked for it, and the cache might know it.
    assert!(!is_in(&browser).await);
    browser.forget_cookie(SESSION);
    browser.set_cookie(PENDING, &session);
    is_dead(&browser, "alice").await;
}

#[tokio::test]
async fn a_factor_of_another_user_finishes_nothing() {
    let app = site().await;
    let browser = half_way(&app, "alice").await;

    assert_eq!(finish(&browser, "bob").await.text(), "wrong code");

    assert!(!is_in(&browser).await);
    assert_eq!(finish(&browser, "alice").await.location(), Some("/welcome"));
}

#[tokio::test]
async fn a_new_password_ends_the_log_in_that_was_begun_with_the_old_one() {
    let app = site().await;
    let browser = half_way(&app, "alice").await;
    let kept = browser.stolen();
    let alice = app.account("alice").await;
    let operator = app.site.accounts().by(Actor::operator());

    let another = "another horse and battery".into();

    let changed = operator.set_password(&alice.id, &another).await;

    changed.map(drop).unwrap();
    is_dead(&browser, "alice").await;
    is_dead(&kept, "alice").await;
}

/// Where the store could not remove it, the epoch ends it.
#[tokio::test]
async fn a_log_in_of_an_epoch_before_cannot_be_finished() {
    let app = site().await;
    let accounts = app.site.accounts();
    let browser = half_way(&app, "alice").await;
    let alice = app.account("alice").await;
    let passwords = vestibule::password::Passwords::new(Default::default()).unwrap();
    let hash = passwords.hash(&"another horse and battery".into()).await;

    // Writes the password and begins a new epoch, and no more.
    use vestibule::credentials::PasswordUsers;
    let changed = accounts
        .set_hash(&alice, &hash.unwrap(), &Sender::at(None))
        .await;

    assert!(changed.unwrap().is_some());
    is_dead(&browser, "alice").await;
}

#[tokio::test]
async fn a_log_out_everywhere_ends_what_was_begun_in_other_browsers() {
    for path in ["/everywhere", "/account/sessions/end-others"] {
        let app = site().await;
        let at_home = logged_in(&app, "alice").await;
        let elsewhere = half_way(&app, "alice").await;
        let bobs = half_way(&app, "bob").await;

        at_home.post(path, &[]).await;

        is_dead(&elsewhere, "alice").await;
        assert_eq!(finish(&bobs, "bob").await.location(), Some("/welcome"));
    }
}

#[tokio::test]
async fn a_log_out_in_the_same_browser_ends_what_was_begun_there() {
    let app = site().await;
    let browser = half_way(&app, "alice").await;
    let thief = browser.stolen();

    browser.post("/logout", &[]).await;

    assert!(browser.cookie(PENDING).is_none());
    is_dead(&thief, "alice").await;
}

#[tokio::test]
async fn a_log_in_as_somebody_else_ends_what_was_begun_in_the_browser() {
    let app = site().await;
    let browser = half_way(&app, "alice").await;
    let thief = browser.stolen();

    log_in(&browser, "carol").await;

    assert!(is_in(&browser).await);
    assert!(browser.cookie(PENDING).is_none());
    is_dead(&thief, "alice").await;
}

#[tokio::test]
async fn a_pending_log_in_ends_in_another_browser() {
    let app = site().await;
    let browser = half_way(&app, "alice").await;

    is_dead(&browser.stolen().user_agent("another browser"), "alice").await;

    is_dead(&browser, "alice").await;
}

#[tokio::test]
async fn a_pending_log_in_lasts_ten_minutes() {
    let app = site().await;
    let (early, late) = (half_way(&app, "alice").await, half_way(&app, "alice").await);

    app.clock.advance(Duration::from_secs(9 * 60 + 59));
    assert_eq!(finish(&early, "alice").await.location(), Some("/welcome"));
    app.clock.advance(Duration::from_secs(1));

    is_dead(&late, "alice").await;
    // Alice's late one, and those that the two registrations began.
    assert_eq!(app.site.accounts().sweep_sessions().await.unwrap(), 3);
}

#[tokio::test]
async fn who_is_disabled_meanwhile_is_not_logged_in() {
    let app = site().await;
    let browser = half_way(&app, "alice").await;
    let alice = app.account("alice").await;
    let operator = app.site.accounts().by(Actor::operator());

    operator.disable(&alice.id).await.map(drop).unwrap();

    is_dead(&browser, "alice").await;
}

#[tokio::test]
async fn a_pending_log_in_is_in_no_list_and_counts_for_no_limit() {
    let app = site_with(|config| config.sessions.limit = SessionLimit::reject(1)).await;
    let first = half_way(&app, "alice").await;
    let second = half_way(&app, "alice").await;
    let alice = app.account("alice").await;
    let sessions = async || {
        app.site
            .accounts()
            .sessions(&alice, None, 10)
            .await
            .unwrap()
            .len()
    };

    assert_eq!(sessions().await, 0);
    assert_eq!(finish(&first, "alice").await.location(), Some("/welcome"));
    assert_eq!(sessions().await, 1);
    // The limit is asked before the pending log-in is used up.
    assert_eq!(finish(&second, "alice").await.status, StatusCode::CONFLICT);
    first.post("/logout", &[]).await;
    assert_eq!(finish(&second, "alice").await.location(), Some("/welcome"));
}

#[tokio::test]
async fn a_pending_log_in_outlives_a_restart_of_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh_database_url(folder.path()).await;
    let open = async || {
        let database = Database::connect(&url).await.unwrap();
        TestApp::on(database, |config| {
            needs_a_code(config);
            // Or the tokens of before would come again.
            config.random = Random::system();
        })
        .await
    };
    let before = with_routes(open().await).await;
    let browser = half_way(&before, "alice").await;
    if before.memory().is_some() {
        return;
    }
    #[cfg(feature = "redis")]
    if before.redis().is_some() {
        return;
    }
    drop(before);

    let after = with_routes(open().await).await;
    let client = after.browser();
    browser.hand_over(&client);

    assert_eq!(finish(&client, "alice").await.location(), Some("/welcome"));
}

#[tokio::test]
async fn a_page_about_a_pending_log_in_is_kept_by_no_cache() {
    let app = site().await;
    let browser = half_way(&app, "alice").await;

    for browser in [browser, app.browser()] {
        let page = browser.get("/code").await;
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("vary"), Some("cookie"));
    }
}

#[tokio::test]
async fn a_factor_that_does_not_count_uses_the_log_in_up_and_makes_it_last_no_longer() {
    let app = site().await;
    let alone = half_way(&app, "bob").await;
    assert_eq!(alone.post("/mail-code", &[]).await.text(), "not enough");
    let browser = half_way(&app, "alice").await;
    let copy = browser.stolen();

    app.clock.advance(Duration::from_secs(6 * 60));
    let (one, other) = tokio::join!(
        browser.post("/mail-code", &[]),
        copy.post("/mail-code", &[])
    );

    let mut answers = [one.text(), other.text()];
    answers.sort();
    assert_eq!(answers[1], "not enough");
    assert!(["expired", "none"].contains(&answers[0]), "{answers:?}");
    app.clock.advance(Duration::from_secs(4 * 60));
    is_dead(&browser, "alice").await;
    is_dead(&copy, "alice").await;
}

#[tokio::test]
async fn a_session_of_somebody_else_is_no_way_past_the_second_factor() {
    let app = site().await;
    let carol = app.browser();
    log_in(&carol, "carol").await;

    let answer = carol.post("/expired-password", &[("name", "alice")]).await;

    assert_eq!(answer.text(), "second factor");
    let page = carol.get("/welcome").await;
    assert!(!page.text().contains("alice"), "{}", page.text());
}

#[tokio::test]
async fn a_session_that_has_ended_meanwhile_ends_no_other_and_changes_no_password() {
    let app = site().await;
    let carol = app.browser();
    log_in(&carol, "carol").await;

    let late = carol.post("/slow-change", &[("name", "ended")]).await;

    assert_eq!(late.text(), "conflict");
    log_in(&carol, "carol").await;
    assert!(is_in(&carol).await, "the password is the old one");
    let change = carol.post("/slow-change", &[("name", "")]).await;
    assert_eq!(change.text(), "changed");
}

#[tokio::test]
async fn the_code_cannot_be_guessed_either() {
    let app = site().await;
    let browser = app.browser().address("192.0.2.7".parse().unwrap());
    log_in(&browser, "alice").await;

    for _ in 0..5 {
        let response = browser.post("/code", &[("code", "wrong")]).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    }

    let response = finish(&browser, "alice").await;
    assert_eq!(
        response.status,
        StatusCode::TOO_MANY_REQUESTS,
        "although right"
    );
    assert_eq!(response.header("retry-after"), Some("2"));
    app.clock.advance(Duration::from_secs(2));
    let response = finish(&browser, "alice").await;
    assert_eq!(
        response.status,
        StatusCode::SEE_OTHER,
        "the log-in still waits"
    );
}
