#![cfg(feature = "sqlite")]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use crate::accounts::{ADMIN, Actor, ChangeOutcome, LogEntry};
use crate::error::Error;
use crate::flows::SiteConfig;
use crate::login::{Event, EventRecord};
use crate::testing::{Mailbox, PASSWORD, TestApp, TestClient, TestResponse};

const PATH: &str = "/account/close";
const EMAIL: &str = "alice@example.com";
const JSON: [(&str, &str); 1] = [("accept", "application/json")];
const GRACE: Duration = Duration::from_hours(14 * 24);

/// A site where users can close their account.
async fn app() -> TestApp {
    TestApp::with(|config| config.users_can_close_account = true).await
}

async fn close(browser: &TestClient, password: &str) -> TestResponse {
    browser.post(PATH, &[("password", password)]).await
}

async fn exists(app: &TestApp, name: &str) -> bool {
    let found = app.site.accounts().find(name).await;
    found.unwrap().is_some()
}

async fn log_in(app: &TestApp, name: &str) -> (TestClient, TestResponse) {
    let browser = app.browser();
    let fields = [("username", name), ("password", PASSWORD)];
    let answer = browser.post("/login", &fields).await;
    (browser, answer)
}

/// A listener, and what it has heard.
fn hear(config: &mut SiteConfig) -> Arc<Mutex<Vec<EventRecord>>> {
    let heard = Arc::<Mutex<Vec<EventRecord>>>::default();
    let hear = heard.clone();
    config.login(move |manager| {
        let hear = hear.clone();
        Ok(manager.on_event(move |record| hear.lock().unwrap().push(record.clone())))
    });
    heard
}

fn count(heard: &Mutex<Vec<EventRecord>>, event: Event) -> usize {
    let heard = heard.lock().unwrap();
    heard.iter().filter(|record| record.event == event).count()
}

#[tokio::test]
async fn a_user_closes_their_account_and_is_logged_out_everywhere() {
    let mut heard = Arc::default();
    let (app, mailbox) = TestApp::with_mail_and(|config| {
        config.users_can_close_account = true;
        heard = hear(config);
    })
    .await;
    let alice = app.registered("alice").await;
    app.set_email("alice", EMAIL).await;
    let elsewhere = app.browser();
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    elsewhere.post("/login", &fields).await;
    assert!(alice.get("/account").await.text().contains(PATH));
    let page = alice.get(PATH).await;
    assert!(
        page.text().contains("2027-01-29 08:00 UTC"),
        "{}",
        page.text()
    );

    let closed = close(&alice, PASSWORD).await;

    assert_eq!(closed.location(), Some("/login"));
    assert_eq!(closed.header("clear-site-data"), Some("\"cache\""));
    assert!(alice.cookie("__Host-session").is_none());
    let login = alice.get("/login").await;
    let until = "Log in until 2027-01-29 08:00 UTC";
    assert!(login.text().contains(until), "{}", login.text());
    assert!(exists(&app, "alice").await);
    let rejected = elsewhere.get("/welcome").await;
    assert_eq!(rejected.status, StatusCode::SEE_OTHER);
    elsewhere.restart();
    let remembered = elsewhere.get("/welcome").await;
    assert_eq!(remembered.status, StatusCode::SEE_OTHER, "remembered");
    let id = app.account("alice").await.id;
    let log = app.site.accounts().security_log(Some(&id), None, 9).await;
    let by_alice = |line: &&LogEntry| (&*line.action, &*line.actor) == ("account closed", "alice");
    assert_eq!(log.unwrap().iter().filter(by_alice).count(), 1);
    let mail = mailbox.of_kind("account_closed", 1).await.remove(0);
    assert_eq!(mail.to().as_str(), EMAIL);
    assert!(
        mail.text().contains("On 2027-01-29 08:00 UTC"),
        "{}",
        mail.text()
    );
    assert_eq!(count(&heard, Event::AccountClosed), 1);
    assert_eq!(count(&heard, Event::AccountDeleted), 0);
}

#[tokio::test]
async fn a_log_in_in_time_opens_the_account_again() {
    let mut heard = Arc::default();
    let app = TestApp::with(|config| {
        config.users_can_close_account = true;
        heard = hear(config);
    })
    .await;
    let alice = app.registered("alice").await;
    close(&alice, PASSWORD).await;
    app.clock.advance(GRACE - Duration::from_secs(1));

    let wrong = [("username", "alice"), ("password", "wrong")];
    app.browser().post("/login", &wrong).await;
    assert!(
        app.account("alice").await.closes_at.is_some(),
        "not by a guess"
    );
    let (back, answer) = log_in(&app, "alice").await;

    assert_eq!(answer.location(), Some("/welcome"));
    let welcome = back.get("/welcome").await;
    let text = "Welcome back. Your account is open again.";
    assert!(welcome.text().contains(text), "{}", welcome.text());
    assert_eq!(app.account("alice").await.closes_at, None);
    assert_eq!(count(&heard, Event::AccountReopened), 1);
    app.clock.advance(GRACE);
    log_in(&app, "alice").await;
    assert!(exists(&app, "alice").await);
    let again = log_in(&app, "alice").await.0.get("/welcome").await;
    assert!(!again.text().contains(text), "only once");
}

/// Attack: the account of a thief's victim, which only a second factor should open.
#[tokio::test]
async fn a_password_alone_does_not_open_an_account_with_a_second_factor() {
    let app = TestApp::with(|config| {
        config.users_can_close_account = true;
        config.credentials(|credentials| {
            Ok(
                credentials.second_factor(async |account: crate::accounts::Account| {
                    Ok(account.closes_at.is_some())
                }),
            )
        });
    })
    .await;
    let alice = app.registered("alice").await;
    close(&alice, PASSWORD).await;

    let (thief, _) = log_in(&app, "alice").await;

    assert!(app.account("alice").await.closes_at.is_some());
    let rejected = thief.get("/welcome").await;
    assert_eq!(rejected.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_disabled_account_is_not_opened_by_a_log_in() {
    let app = app().await;
    let alice = app.registered("alice").await;
    close(&alice, PASSWORD).await;
    let id = app.account("alice").await.id;
    let operator = app.site.accounts().by(Actor::operator());
    assert_eq!(operator.disable(&id).await.unwrap(), ChangeOutcome::Done);

    let (_, answer) = log_in(&app, "alice").await;

    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(app.account("alice").await.closes_at.is_some());
}

#[tokio::test]
async fn a_forgotten_password_of_a_closed_account_is_got_back() {
    let (app, mailbox) = TestApp::with_mail_and(|config| {
        config.users_can_close_account = true;
    })
    .await;
    let alice = app.registered("alice").await;
    app.set_email("alice", EMAIL).await;
    close(&alice, PASSWORD).await;

    let browser = app.browser();
    browser.post("/forgot-password", &[("email", EMAIL)]).await;
    let mail = mailbox.of_kind("reset_password", 1).await.remove(0);
    browser.get(&Mailbox::link(&mail)).await;
    let new = "another horse and battery";
    let done = browser.post("/reset-password", &[("password", new)]).await;

    assert_eq!(done.location(), Some("/login"));
    let fields = [("username", "alice"), ("password", new)];
    let answer = browser.post("/login", &fields).await;
    assert_eq!(answer.location(), Some("/welcome"));
    assert_eq!(app.account("alice").await.closes_at, None);
}

#[tokio::test]
async fn after_its_time_a_closed_account_is_erased_and_the_log_keeps_its_lines_without_the_name() {
    let mut heard = Arc::default();
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let (app, mailbox) = TestApp::with_mail_and(|config| {
        config.users_can_close_account = true;
        config.users_can_change_username = true;
        heard = hear(config);
        let asked = asked.clone();
        config.on_erase(move |account| {
            asked.lock().unwrap().push(account.name().to_owned());
            async { Ok(()) }
        });
    })
    .await;
    let alice = app.registered("alicia").await;
    alice
        .post("/account/username", &[("username", "alice")])
        .await;
    app.set_email("alice", EMAIL).await;
    let id = app.account("alice").await.id;
    close(&alice, PASSWORD).await;
    app.registered("bob").await;
    app.clock.advance(GRACE);

    // Any log-in looks for accounts to erase.
    log_in(&app, "bob").await;

    assert!(!exists(&app, "alice").await);
    assert_eq!(*asked.lock().unwrap(), ["alice"]);
    assert_eq!(count(&heard, Event::AccountDeleted), 1);
    let (_, answer) = log_in(&app, "alice").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let log = app
        .site
        .accounts()
        .security_log(None, None, 100)
        .await
        .unwrap();
    let lines: Vec<_> = log
        .iter()
        .filter(|line| line.user_id.as_ref() == Some(&id))
        .collect();
    let actions: Vec<_> = lines.iter().map(|line| &*line.action).collect();
    for action in [
        "account added",
        "username changed",
        "account closed",
        "account deleted",
    ] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
    for name in ["alice", "alicia", EMAIL] {
        let said = format!("{log:?}");
        assert!(!said.contains(name), "{name}: {said}");
    }
    let mail = mailbox.of_kind("account_deleted", 1).await.remove(0);
    assert_eq!(mail.to().as_str(), EMAIL);
    app.registered("alice").await;
    let former = app.browser();
    let fields = [("username", "alicia"), ("password", PASSWORD)];
    let free = former.post("/register", &fields).await;
    assert_eq!(free.location(), Some("/welcome"), "{}", free.text());
}

#[tokio::test]
async fn an_account_stays_until_the_app_has_erased_its_own() {
    let (fails, calls) = (
        Arc::new(AtomicBool::new(true)),
        Arc::new(AtomicUsize::new(0)),
    );
    let (will_fail, called) = (fails.clone(), calls.clone());
    let app = TestApp::with(|config| {
        config.users_can_close_account = true;
        config.on_erase(move |_| {
            let (will_fail, called) = (will_fail.clone(), called.clone());
            async move {
                let call = called.fetch_add(1, Ordering::SeqCst);
                assert!(call > 0, "the first call panics");
                match will_fail.load(Ordering::SeqCst) {
                    true => Err(Error::store("the photos cannot be reached")),
                    false => Ok(()),
                }
            }
        });
    })
    .await;
    let alice = app.registered("alice").await;
    close(&alice, PASSWORD).await;
    app.clock.advance(GRACE);

    for tries in 1..=2 {
        let erased = app.site.erase_closed_accounts().await.unwrap();
        let at_once = app.site.erase_closed_accounts().await.unwrap();
        assert_eq!((erased, at_once), (0, 0));
        assert_eq!(calls.load(Ordering::SeqCst), tries, "not again at once");
        app.clock.advance(Duration::from_mins(10));
    }
    assert!(exists(&app, "alice").await);
    // The time to come back is over, although the account is there.
    let (_, answer) = log_in(&app, "alice").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let id = app.account("alice").await.id;
    let log = app.site.accounts().security_log(Some(&id), None, 1).await;
    let last = log.unwrap().remove(0);
    let why = (&*last.action, last.detail.as_deref());
    assert_eq!(why, ("log-in rejected", Some("account closed")));
    fails.store(false, Ordering::SeqCst);
    app.clock.advance(Duration::from_mins(10));

    assert_eq!(app.site.erase_closed_accounts().await.unwrap(), 1);
    assert!(!exists(&app, "alice").await);
}

#[tokio::test]
async fn of_several_nodes_one_erases_an_account() {
    let calls = Arc::new(AtomicUsize::new(0));
    let called = calls.clone();
    let app = TestApp::with(|config| {
        config.users_can_close_account = true;
        config.on_erase(move |_| {
            called.fetch_add(1, Ordering::SeqCst);
            async { Ok(()) }
        });
    })
    .await;
    for name in ["alice", "bob", "carol"] {
        close(&app.registered(name).await, PASSWORD).await;
    }
    app.clock.advance(GRACE);
    let erase = || app.site.erase_closed_accounts();

    let (one, two, three, four) = tokio::join!(erase(), erase(), erase(), erase());

    let erased = [one, two, three, four].map(Result::unwrap);
    assert_eq!(erased.iter().sum::<u64>(), 3, "{erased:?}");
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn without_grace_an_account_is_erased_at_once() {
    let (app, mailbox) = TestApp::with_mail_and(|config| {
        config.users_can_close_account = true;
        config.close_grace = Duration::ZERO;
    })
    .await;
    let alice = app.registered("alice").await;
    app.set_email("alice", EMAIL).await;
    assert!(
        alice
            .get(PATH)
            .await
            .text()
            .contains("This deletes the account")
    );

    let closed = close(&alice, PASSWORD).await;

    assert_eq!(closed.location(), Some("/login"));
    let login = alice.get("/login").await;
    assert!(login.text().contains("Your account has been deleted."));
    assert!(!exists(&app, "alice").await);
    mailbox.of_kind("account_deleted", 1).await;
    let mails = app.site.queued_mails(None, None, 9).await.unwrap();
    assert_eq!(mails.len(), 1, "{mails:?}");
}

/// Attack: an unlocked browser, or a copied session cookie.
#[tokio::test]
async fn without_the_password_nothing_is_closed_and_guessing_is_throttled() {
    let app = app().await;
    let thief = app.registered("alice").await.stolen();

    assert_eq!(
        thief.post(PATH, &[]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    for _ in 0..5 {
        let wrong = close(&thief, "a wrong password").await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    }
    let right = close(&thief, PASSWORD).await;

    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(app.account("alice").await.closes_at, None);
}

#[tokio::test]
async fn closing_needs_a_fresh_log_in() {
    let app = app().await;
    let alice = app.registered("alice").await;
    app.clock.advance(Duration::from_mins(16));

    for rejected in [alice.get(PATH).await, close(&alice, PASSWORD).await] {
        let to = rejected.location().unwrap_or_default();
        assert!(to.starts_with("/confirm-login"), "{to}");
    }
    assert_eq!(app.account("alice").await.closes_at, None);
}

#[tokio::test]
async fn the_last_admin_cannot_close_their_account() {
    let app = app().await;
    for name in ["carol", "dora"] {
        app.registered(name).await;
        app.grant(name, ADMIN).await;
    }
    let (carol, dora) = (app.browser(), app.browser());
    app.log_in(&carol, "carol").await;
    app.log_in(&dora, "dora").await;

    let first = carol
        .post_json(PATH, &json!({ "password": PASSWORD }))
        .await;
    assert_eq!(first.status, StatusCode::NO_CONTENT, "dora is an admin too");
    let last = dora.post_json(PATH, &json!({ "password": PASSWORD })).await;

    assert_eq!(
        last.status,
        StatusCode::CONFLICT,
        "a closed one does not count"
    );
    assert_eq!(last.json()["code"], "conflict");
    assert_eq!(app.account("dora").await.closes_at, None);
    let users = dora.get("/admin").await;
    assert_eq!(users.status, StatusCode::OK, "still logged in");
    assert_eq!(users.text().matches(">closed</span>").count(), 1, "carol");
    for (state, name) in [("closed", "carol"), ("active", "dora")] {
        let found = dora.get_with(&format!("/admin?state={state}"), &JSON).await;
        let users = found.json()["users"].as_array().unwrap().clone();
        let names: Vec<_> = users.iter().map(|user| &user["username"]).collect();
        assert_eq!(names, [name], "{state}");
    }
}

#[tokio::test]
async fn a_form_on_another_site_and_a_stranger_close_nothing() {
    let app = app().await;
    let alice = app.registered("alice").await;
    let foreign = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "cross-site"),
    ];
    let body = format!("password={}", PASSWORD.replace(' ', "+"));

    let foreign = alice.post_with(PATH, &foreign, body).await;
    let stranger = close(&app.browser(), PASSWORD).await;

    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert_eq!(stranger.location().map(|to| &to[..6]), Some("/login"));
    assert_eq!(app.account("alice").await.closes_at, None);
}

#[tokio::test]
async fn a_user_who_was_disabled_or_logged_out_meanwhile_closes_nothing() {
    let app = app().await;
    app.registered("alice").await;
    let alice = app.account("alice").await;
    let accounts = app.site.accounts();
    let operator = accounts.by(Actor::operator());
    let _ = operator.end_sessions(&alice.id).await.unwrap();

    let themself = accounts.by(Actor::themself(&alice));
    let stale = themself.close(&alice.id, GRACE).await;
    assert_eq!(stale.unwrap(), ChangeOutcome::ActorLacksRole);
    let _ = operator.disable(&alice.id).await.unwrap();
    let disabled = app.account("alice").await;
    let themself = accounts.by(Actor::themself(&disabled));
    let disabled = themself.close(&alice.id, GRACE).await;
    assert_eq!(disabled.unwrap(), ChangeOutcome::ActorLacksRole);
    assert_eq!(app.account("alice").await.closes_at, None);
}

#[tokio::test]
async fn without_the_setting_nobody_can_close_their_account() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;

    assert_eq!(alice.get(PATH).await.status, StatusCode::NOT_FOUND);
    assert_eq!(close(&alice, PASSWORD).await.status, StatusCode::NOT_FOUND);
    assert!(!alice.get("/account").await.text().contains(PATH));

    let named = TestApp::with(|config| {
        let flows = ["register", "password_login", "close_account"];
        config.flows = Some(flows.map(str::to_owned).to_vec());
    });
    let flows = named.await;
    assert_eq!(flows.site.path("close_account"), Some(PATH));
}
