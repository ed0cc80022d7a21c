//! Guessing, through HTTP: what the throttle stops, and whom it does not.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod guesses;
mod known_browsers;
mod logged_in;
mod registrations;

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use http::header::RETRY_AFTER;
use serde_json::json;
use vestibule::Error;
use vestibule::accounts::{Actor, ChangeOutcome};
use vestibule::clock::Timestamp;
use vestibule::credentials::throttle::{
    Attempt, Counted, Counter, CounterKey, Counters, MemoryCounters, Settlement, Streak,
    ThrottleLimits,
};
use vestibule::flows::SiteConfig;
use vestibule::login::Event;
use vestibule::testing::{Mailbox, PASSWORD, TestApp, TestClient, TestResponse};

const WRONG: &str = "a password of somebody else";

/// A browser in a network of its own.
fn stranger(app: &TestApp, network: u8) -> TestClient {
    let address = IpAddr::from([198, 51, network, 7]);
    app.browser().address(address)
}

async fn try_login(browser: &TestClient, name: &str, password: &str) -> TestResponse {
    let fields = [("username", name), ("password", password)];
    browser.post("/login", &fields).await
}

/// Tries wrong passwords, each from a network of its own, until one is rejected unseen. Returns how
/// many were looked at.
async fn guesses(app: &TestApp, name: &str) -> u8 {
    tries(app, name, WRONG).await
}

/// As [`guesses`], with this password, which must not log in.
async fn tries(app: &TestApp, name: &str, password: &str) -> u8 {
    for count in 0..=u8::MAX {
        let response = try_login(&stranger(app, count), name, password).await;
        if response.status == StatusCode::TOO_MANY_REQUESTS {
            return count;
        }
        assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    }
    panic!("nobody stops the guessing");
}

/// Counters that take their time to settle a try, and count how often a try is counted.
#[derive(Default)]
struct Slow(MemoryCounters, Arc<AtomicUsize>);

impl Counters for Slow {
    async fn count(&self, attempt: Attempt<'_>, now: Timestamp) -> Result<Counted, Error> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.count(attempt, now).await
    }

    async fn settle(&self, settlement: &Settlement, now: Timestamp) -> Result<(), Error> {
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        self.0.settle(settlement, now).await
    }

    async fn clear(&self, keys: &[CounterKey]) -> Result<u64, Error> {
        self.0.clear(keys).await
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&CounterKey>,
        limit: u64,
    ) -> Result<Vec<Counter>, Error> {
        self.0.list(prefix, after, limit).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, Error> {
        self.0.sweep(now).await
    }
}

/// The book states the figures.
#[test]
fn the_book_has_the_limits_that_count() {
    let book = include_str!("../../../docs/src/throttle.md");
    let limits = ThrottleLimits::default();
    let time = |duration: Duration| match duration.as_millis() {
        60_000 => "minute".to_owned(),
        millis if millis % 3_600_000 == 0 => format!("{} hour", millis / 3_600_000),
        millis if millis % 60_000 == 0 => format!("{} minutes", millis / 60_000),
        millis if millis % 1_000 == 0 => format!("{} seconds", millis / 1_000),
        millis => format!("{millis} milliseconds"),
    };
    let streak = |name: &str, streak: Streak, closed: &str| {
        let (first, longest) = (time(streak.first), time(streak.longest));
        let closed = streak
            .closed_after
            .map(|after| format!("; after {after}, {closed}"));
        let closed = closed.unwrap_or_default();
        let free = streak.free;
        let wait = format!("{first}, twice as long each time, at most {longest}{closed}");
        let row = book
            .lines()
            .find(|line| line.starts_with(&format!("| {name} |")));
        let row = row.unwrap();
        assert!(row.ends_with(&format!("| {free} | {wait} |")), "{row}");
    };
    streak("account", limits.account, "none");
    streak("pair", limits.pair, "none");
    streak("device", limits.device, "it is a stranger");
    streak("session", limits.session, "none");
    streak("factor", limits.factor, "none");
    for (name, rate) in [
        ("network", limits.network),
        ("overall", limits.overall),
        ("registrations", limits.registrations),
        ("all registrations", limits.all_registrations),
    ] {
        let found = book
            .lines()
            .find(|line| line.starts_with(&format!("| {name} |")));
        let row = format!("| {} | one each {} |", rate.burst, time(rate.each));
        assert!(found.unwrap().ends_with(&row), "{name}: {row}");
    }
    let a_minute = limits.overall.each.as_millis();
    let a_minute = u128::from(limits.overall.burst) + 60_000 / a_minute;
    assert!(book.contains(&format!("In a minute at most {a_minute} wrong tries")));
}

#[tokio::test]
async fn the_owner_is_told_once() {
    let mailbox = Mailbox::default();
    let told = Arc::<Mutex<Vec<Event>>>::default();
    let app = TestApp::with(|config| {
        config.mailer(mailbox.clone());
        let told = told.clone();
        config.login(move |manager| {
            let told = told.clone();
            Ok(manager.on_event(move |record| told.lock().unwrap().push(record.event)))
        });
    })
    .await;
    app.registered("alice").await;
    let operator = app.site.accounts().by(Actor::operator());
    let (alice, email) = (app.account("alice").await, "alice@example.com".parse());
    let set = operator.set_email(&alice.id, Some(&email.unwrap())).await;
    assert_ne!(set.unwrap(), ChangeOutcome::NoSuchUser);

    for name in ["alice", "nobody"] {
        guesses(&app, name).await;
        app.clock.advance(Duration::from_mins(20));
        guesses(&app, name).await;
    }

    let mails = mailbox.of_kind("guessing", 1).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    let told = told.lock().unwrap();
    let count = |event| told.iter().filter(|told| **told == event).count();
    assert_eq!(count(Event::GuessingSuspected), 1, "once for an account");
    assert!(count(Event::LoginThrottled) >= 4);
}

#[tokio::test]
async fn scripts_get_the_wait_as_a_problem() {
    let app = TestApp::new().await;
    let body = json!({ "username": "alice", "password": WRONG });
    let browser = stranger(&app, 1);
    for _ in 0..5 {
        browser.post_json("/login", &body).await;
    }

    let response = browser.post_json("/login", &body).await;

    assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.header(RETRY_AFTER.as_str()), Some("2"));
    let problem = response.json();
    assert_eq!(problem["code"], "throttled");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("Try again in 2 seconds"), "{detail}");
}

#[tokio::test]
async fn without_a_throttle_nothing_is_counted() {
    let app = TestApp::with(|config: &mut SiteConfig| config.throttle.is_on = false).await;
    app.registered("alice").await;
    let browser = stranger(&app, 1);

    for _ in 0..150 {
        let response = try_login(&browser, "alice", WRONG).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    }

    let right = try_login(&browser, "alice", PASSWORD).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER);
    assert!(browser.cookie("__Host-device").is_none());
}
