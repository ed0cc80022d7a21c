//! Guessing, through HTTP: what the throttle stops, and whom it does not.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

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
    Attempt, Counted, Counter, CounterKey, CounterKind, Counters, MemoryCounters, Settlement,
    Streak, ThrottleLimits,
};
use vestibule::flows::SiteConfig;
use vestibule::login::Event;
use vestibule::testing::{Mailbox, PASSWORD, TestApp, TestClient, TestResponse};

const WRONG: &str = "a password of somebody else";

/// A browser at this address.
fn at(app: &TestApp, address: &str) -> TestClient {
    app.browser().address(address.parse().unwrap())
}

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

#[tokio::test]
async fn from_one_network_five_wrong_passwords_pass_and_each_further_one_waits_longer() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let thief = at(&app, "198.51.100.7");

    for _ in 0..5 {
        let response = try_login(&thief, "alice", WRONG).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    }
    for wait in [2, 4, 8, 16] {
        let response = try_login(&thief, "alice", PASSWORD).await;
        assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS);
        let seconds = response.header(RETRY_AFTER.as_str());
        assert_eq!(seconds, Some(&*wait.to_string()), "although it is right");
        app.clock.advance(Duration::from_secs(wait));
        let response = try_login(&thief, "alice", WRONG).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    }
    let neighbour = try_login(&at(&app, "198.51.100.200"), "alice", PASSWORD).await;
    assert_eq!(
        neighbour.status,
        StatusCode::TOO_MANY_REQUESTS,
        "one network"
    );
    let elsewhere = try_login(&at(&app, "203.0.113.7"), "alice", PASSWORD).await;
    assert_eq!(elsewhere.status, StatusCode::SEE_OTHER, "another network");
}

#[tokio::test]
async fn from_many_networks_twenty_wrong_passwords_pass() {
    let app = TestApp::new().await;
    app.registered("alice").await;

    assert_eq!(guesses(&app, "alice").await, 20);

    let response = try_login(&stranger(&app, 200), "alice", PASSWORD).await;
    assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.header(RETRY_AFTER.as_str()), Some("5"));
    app.clock.advance(Duration::from_secs(5));
    let response = try_login(&stranger(&app, 200), "alice", PASSWORD).await;
    assert_eq!(response.status, StatusCode::SEE_OTHER);
    assert_eq!(guesses(&app, "alice").await, 20, "a log-in begins anew");
}

#[tokio::test]
async fn after_a_hundred_wrong_passwords_only_known_browsers_pass_until_it_is_cleared() {
    let app = TestApp::new().await;
    let owner = app.registered("alice").await;
    owner.post("/logout", &[]).await;

    let mut passed = 0;
    for _ in 0..1_000 {
        let thief = stranger(&app, 1).user_agent("thief");
        let response = try_login(&thief, "alice", WRONG).await;
        passed += u32::from(response.status == StatusCode::UNAUTHORIZED);
        app.clock.advance(Duration::from_hours(1));
    }

    assert_eq!(passed, 100);
    let closed = try_login(&stranger(&app, 2), "alice", PASSWORD).await;
    assert_eq!(closed.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(closed.header(RETRY_AFTER.as_str()), Some("86400"));
    assert!(
        closed.text().contains("contact the site’s administrator"),
        "{}",
        closed.text()
    );
    let known = try_login(&owner, "alice", PASSWORD).await;
    assert_eq!(known.status, StatusCode::SEE_OTHER);
    let still = try_login(&stranger(&app, 2), "alice", PASSWORD).await;
    let why = "a known browser does not let the strangers in";
    assert_eq!(still.status, StatusCode::TOO_MANY_REQUESTS, "{why}");
    app.site
        .credentials()
        .clear_throttle("ALICE")
        .await
        .unwrap();
    let cleared = try_login(&stranger(&app, 1), "alice", PASSWORD).await;
    assert_eq!(cleared.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn strangers_do_not_keep_the_owner_out_of_a_browser_that_knows_them() {
    let app = TestApp::new().await;
    let owner = app.registered("alice").await;
    owner.post("/logout", &[]).await;
    guesses(&app, "alice").await;

    for _ in 0..3 {
        let response = try_login(&owner, "alice", PASSWORD).await;
        assert_eq!(response.status, StatusCode::SEE_OTHER);
        owner.post("/logout", &[]).await;
    }

    for _ in 0..5 {
        let response = try_login(&owner, "alice", WRONG).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    }
    let response = try_login(&owner, "alice", PASSWORD).await;
    let why = "its budget is its own, and small";
    assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS, "{why}");
}

#[tokio::test]
async fn a_browser_is_known_for_each_account_alone_and_by_its_newest_token() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;
    browser.post("/logout", &[]).await;
    app.registered("bob").await;
    guesses(&app, "alice").await;
    guesses(&app, "bob").await;

    let other = try_login(&browser, "bob", PASSWORD).await;
    assert_eq!(
        other.status,
        StatusCode::TOO_MANY_REQUESTS,
        "bob was never here"
    );
    let old = browser.cookie("__Host-device").unwrap();
    let own = try_login(&browser, "alice", PASSWORD).await;
    assert_eq!(own.status, StatusCode::SEE_OTHER);
    let new = browser.cookie("__Host-device").unwrap();
    assert_ne!(old, new, "each log-in gives another token");
    let thief = stranger(&app, 250);
    thief.set_cookie("__Host-device", &old);
    let copy = try_login(&thief, "alice", PASSWORD).await;
    assert_eq!(
        copy.status,
        StatusCode::TOO_MANY_REQUESTS,
        "an old one is none"
    );
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

/// So a flood of them costs the store nothing.
#[tokio::test]
async fn for_a_network_that_has_to_wait_the_counters_are_not_asked_again() {
    let asked = Arc::<AtomicUsize>::default();
    let app = TestApp::with(|config| {
        config.throttle.limits.network.burst = 1;
        config.throttle_counters(Slow(MemoryCounters::new(), asked.clone()));
    })
    .await;
    let tried = async |name| try_login(&stranger(&app, 1), name, WRONG).await.status;
    assert_eq!(tried("alice").await, StatusCode::UNAUTHORIZED);
    assert_eq!(tried("bobby").await, StatusCode::TOO_MANY_REQUESTS);
    let before = asked.load(Ordering::Relaxed);

    assert_eq!(tried("carol").await, StatusCode::TOO_MANY_REQUESTS);

    assert_eq!(asked.load(Ordering::Relaxed), before);
}

#[tokio::test]
async fn a_browser_that_logs_in_again_at_once_is_known_already() {
    let slow = |config: &mut SiteConfig| config.throttle_counters(Slow::default());
    let app = TestApp::with(slow).await;
    let owner = app.registered("alice").await;
    // One that does not wait until all is settled, as those of the test kit do.
    let at_once = TestClient::new(app.site.router());
    owner.hand_over(&at_once);
    guesses(&app, "alice").await;

    for _ in 0..3 {
        let response = try_login(&at_once, "alice", PASSWORD).await;
        assert_eq!(response.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn a_browser_is_known_for_several_accounts() {
    let app = TestApp::new().await;
    let browser = app.browser();
    for name in ["alice", "bob", "carol"] {
        let fields = [("username", name), ("password", PASSWORD)];
        browser.post("/register", &fields).await;
        browser.post("/logout", &[]).await;
    }
    for name in ["alice", "bob", "carol"] {
        guesses(&app, name).await;
        app.clock.advance(Duration::from_secs(60));
        guesses(&app, name).await;
    }

    for name in ["bob", "alice", "carol", "bob"] {
        let response = try_login(&browser, name, PASSWORD).await;
        assert_eq!(response.status, StatusCode::SEE_OTHER, "{name}");
        browser.post("/logout", &[]).await;
    }
}

#[tokio::test]
async fn an_account_knows_fifty_browsers_and_the_oldest_makes_room() {
    let app = TestApp::new().await;
    let mut browsers = vec![app.registered("alice").await];
    browsers[0].post("/logout", &[]).await;
    let known = async || {
        let credentials = app.site.credentials();
        let known = credentials.throttle_counters(CounterKind::Device, None);
        known.await.unwrap().len()
    };
    for number in 2..=51 {
        app.clock.advance(Duration::from_secs(1));
        let browser = app.browser();
        try_login(&browser, "alice", PASSWORD).await;
        assert_eq!(known().await, number.min(50));
        browsers.push(browser);
    }
    // One of the fifty, who takes nobody's place.
    try_login(&browsers[50], "alice", PASSWORD).await;
    assert_eq!(known().await, 50);

    guesses(&app, "alice").await;

    for (number, status) in [
        (0, StatusCode::TOO_MANY_REQUESTS),
        (1, StatusCode::SEE_OTHER),
        (50, StatusCode::SEE_OTHER),
    ] {
        let again = try_login(&browsers[number], "alice", PASSWORD).await;
        assert_eq!(again.status, status, "{number}");
    }
}

#[tokio::test]
async fn names_that_nobody_has_are_throttled_like_others_to_the_byte() {
    let app = TestApp::new().await;
    app.registered("alice").await;

    for browser in 0..2 {
        for step in 0..30 {
            if step % 3 == 2 {
                app.clock.advance(Duration::from_secs(3));
            }
            let mut answers = Vec::new();
            for name in ["alice", "nobody"] {
                let thief = stranger(&app, browser);
                let response = try_login(&thief, name, WRONG).await;
                let text = response.text().replace(name, "NAME");
                let headers: Vec<_> = response.headers.keys().cloned().collect();
                let wait = response.header(RETRY_AFTER.as_str()).map(str::to_owned);
                answers.push((response.status, wait, headers, text));
            }
            assert_eq!(answers[0], answers[1], "try {step}");
        }
    }
}

#[tokio::test]
async fn names_that_nobody_has_are_kept_for_thirty_days() {
    let app = TestApp::with(|config| config.throttle_counters(MemoryCounters::new())).await;
    try_login(&stranger(&app, 1), "nobody", WRONG).await;

    for (days, names) in [(29, 2), (2, 1)] {
        app.clock.advance(Duration::from_hours(days * 24));
        try_login(&stranger(&app, 2), "neither", WRONG).await;
        tokio::task::yield_now().await;
        let credentials = app.site.credentials();
        let kept = credentials.throttle_counters(CounterKind::Name, None).await;
        assert_eq!(kept.unwrap().len(), names, "{days} days later");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_tries_at_once_no_more_are_looked_at_than_one_by_one() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let mut tasks = tokio::task::JoinSet::new();
    for network in 0..50 {
        let browser = stranger(&app, network);
        tasks.spawn(async move { try_login(&browser, "alice", WRONG).await.status });
    }

    let statuses = tasks.join_all().await;

    let looked_at = statuses
        .iter()
        .filter(|status| **status == StatusCode::UNAUTHORIZED);
    assert_eq!(looked_at.count(), 20, "{statuses:?}");
}

#[tokio::test]
async fn one_network_cannot_try_one_password_at_all_accounts() {
    let app = TestApp::new().await;
    let sprayer = at(&app, "2001:db8:1:1::7");

    for index in 0..50 {
        let response = try_login(&sprayer, &format!("user{index}"), WRONG).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{index}");
    }

    let response = try_login(&sprayer, "user50", WRONG).await;
    assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS);
    let neighbour = try_login(&at(&app, "2001:db8:1:1::8"), "user51", WRONG).await;
    assert_eq!(
        neighbour.status,
        StatusCode::TOO_MANY_REQUESTS,
        "one network"
    );
    let other = try_login(&at(&app, "2001:db8:1:2::7"), "user51", WRONG).await;
    assert_eq!(other.status, StatusCode::UNAUTHORIZED, "another one");
}

#[tokio::test]
async fn spraying_from_everywhere_slows_strangers_down_and_no_known_browser() {
    let app = TestApp::new().await;
    let owner = app.registered("alice").await;
    owner.post("/logout", &[]).await;

    let mut passed = 0;
    for index in 0..1_200_u32 {
        let [.., a, b] = index.to_be_bytes();
        let browser = app.browser().address(IpAddr::from([10, a, b, 1]));
        let response = try_login(&browser, &format!("user{index}"), WRONG).await;
        passed += u32::from(response.status == StatusCode::UNAUTHORIZED);
        app.clock.advance(Duration::from_millis(50));
    }

    assert!(
        passed <= 300,
        "in a minute {passed} wrong tries were looked at"
    );
    // There may be room for one.
    try_login(&stranger(&app, 1), "bob", WRONG).await;
    let stranger = try_login(&stranger(&app, 1), "alice", PASSWORD).await;
    assert_eq!(stranger.status, StatusCode::TOO_MANY_REQUESTS);
    let known = try_login(&owner, "alice", PASSWORD).await;
    assert_eq!(known.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn one_network_alone_slows_nobody_else_down() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let flooder = at(&app, "192.0.2.7");
    for index in 0..300 {
        try_login(&flooder, &format!("user{index}"), WRONG).await;
    }

    let response = try_login(&stranger(&app, 1), "alice", PASSWORD).await;

    assert_eq!(response.status, StatusCode::SEE_OTHER);
}

/// B11.
#[tokio::test]
async fn other_spellings_of_a_name_and_addresses_of_a_network_count_together() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let names = ["alice", " ALICE ", "Alice", "\u{ff21}lice", "alice\t"];
    for (index, name) in names.iter().enumerate() {
        let browser = at(&app, &format!("::ffff:192.0.2.{index}"));
        let response = try_login(&browser, name, WRONG).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{name}");
    }

    let response = try_login(&at(&app, "192.0.2.77"), "aLICE", PASSWORD).await;

    assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS);
}

/// B15.
#[tokio::test]
async fn a_log_in_to_an_account_of_ones_own_clears_nothing_of_another() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    app.registered("mallory").await;

    let mut passed = 0;
    for _ in 0..60 {
        let response = try_login(&at(&app, "192.0.2.7"), "alice", WRONG).await;
        passed += u32::from(response.status == StatusCode::UNAUTHORIZED);
        try_login(&at(&app, "192.0.2.7"), "mallory", PASSWORD).await;
    }

    assert_eq!(passed, 5);
}

/// The book states the figures.
#[test]
fn the_book_has_the_limits_that_count() {
    let book = include_str!("../../docs/src/throttle.md");
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

/// B11: accounts by the thousand, and with them the hashing queue.
#[tokio::test]
async fn one_network_registers_so_many_and_then_one_a_minute() {
    let app = TestApp::new().await;
    let register = async |number: u8, name: String| {
        let fields = [("username", &*name), ("password", PASSWORD)];
        stranger(&app, number).post("/register", &fields).await
    };
    for number in 0..30 {
        let made = register(1, format!("user{number}")).await;
        assert_eq!(made.status, StatusCode::SEE_OTHER, "{number}");
    }

    let rejected = register(1, "one-more".to_owned()).await;

    assert_eq!(rejected.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(rejected.header("retry-after"), Some("60"));
    assert!(
        rejected.text().contains("Try again in 60 seconds"),
        "in words"
    );
    assert!(
        rejected.text().contains("one-more"),
        "and the name stays in the form"
    );
    let taken = register(1, "user1".to_owned()).await;
    assert_eq!(
        taken.status,
        StatusCode::TOO_MANY_REQUESTS,
        "names too are not asked for"
    );
    let elsewhere = register(2, "elsewhere".to_owned()).await;
    assert_eq!(elsewhere.status, StatusCode::SEE_OTHER);
    let logged_in = try_login(&stranger(&app, 1), "user1", PASSWORD).await;
    assert_eq!(logged_in.status, StatusCode::SEE_OTHER, "a log-in is none");
    app.clock.advance(Duration::from_mins(1));
    let later = register(1, "later".to_owned()).await;
    assert_eq!(later.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn all_networks_together_register_three_hundred_at_most_in_a_minute() {
    let app = TestApp::new().await;
    let mut made = 0;
    for second in 0..60_u8 {
        for number in 0..10_u8 {
            let name = format!("user{second}-{number}");
            let fields = [("username", &*name), ("password", PASSWORD)];
            let registered = stranger(&app, second).post("/register", &fields).await;
            made += u32::from(registered.status == StatusCode::SEE_OTHER);
        }
        app.clock.advance(Duration::from_secs(1));
    }

    assert!((250..=300).contains(&made), "{made}");
}

#[tokio::test]
async fn a_registration_under_a_taken_name_takes_none_from_the_others() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let all = async || {
        let kind = CounterKind::AllRegistrations;
        let counters = app.site.credentials().throttle_counters(kind, None);
        let counters = counters.await.unwrap();
        counters
            .into_iter()
            .map(|counter| counter.tally.tries)
            .sum::<u32>()
    };
    assert_eq!(all().await, 1);

    let fields = [("username", "alice"), ("password", WRONG)];
    let taken = stranger(&app, 1).post("/register", &fields).await;

    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(all().await, 1);
}

#[tokio::test]
async fn a_network_that_is_cleared_may_try_and_register_again() {
    let app = TestApp::with(|config| {
        config.throttle.limits.network.burst = 1;
        config.throttle.limits.registrations.burst = 1;
    })
    .await;
    let address = IpAddr::from([198, 51, 1, 200]);
    let tried = async || try_login(&stranger(&app, 1), "nobody", WRONG).await.status;
    let registered = async |name| {
        let fields = [("username", name), ("password", PASSWORD)];
        stranger(&app, 1).post("/register", &fields).await.status
    };
    for status in [StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS] {
        assert_eq!(tried().await, status);
    }
    assert_eq!(registered("alice").await, StatusCode::SEE_OTHER);
    assert_eq!(registered("bobby").await, StatusCode::TOO_MANY_REQUESTS);

    let credentials = app.site.credentials();
    let counters = credentials.clear_throttle_of_network(address).await;

    assert_eq!(counters.unwrap(), 2, "of log-ins, and of registrations");
    assert_eq!(tried().await, StatusCode::UNAUTHORIZED);
    assert_eq!(registered("bobby").await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn right_passwords_are_no_wrong_tries() {
    let app = TestApp::new().await;
    app.registered("alice").await;

    for _ in 0..300 {
        let response = try_login(&stranger(&app, 1), "alice", PASSWORD).await;
        assert_eq!(response.status, StatusCode::SEE_OTHER);
    }
}

/// Or the count would say which password is theirs.
#[tokio::test]
async fn the_right_password_of_a_disabled_user_counts_as_a_wrong_one() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let alice = app.account("alice").await;
    let operator = app.site.accounts().by(Actor::operator());
    let _ = operator.disable(&alice.id).await.unwrap();

    assert_eq!(tries(&app, "alice", PASSWORD).await, 20);
}

#[tokio::test]
async fn a_new_password_has_all_tries_again() {
    let app = TestApp::new().await;
    let owner = app.registered("alice").await;
    guesses(&app, "alice").await;

    let new = "another horse and battery";
    let fields = [("current_password", PASSWORD), ("new_password", new)];
    owner.post("/change-password", &fields).await;

    let response = try_login(&stranger(&app, 1), "alice", new).await;
    assert_eq!(response.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_stolen_session_cannot_guess_its_way_to_a_fresh_log_in() {
    for path in ["/confirm-login", "/change-password"] {
        let app = TestApp::new().await;
        let thief = app.registered("alice").await;
        let new = "another horse and battery";
        let fields = |password| {
            [
                ("password", password),
                ("current_password", password),
                ("new_password", new),
            ]
        };
        // Each page ignores what it does not know, but for the one field that it needs.
        let send = async |password| match path {
            "/confirm-login" => thief.post(path, &fields(password)[..1]).await,
            _ => thief.post(path, &fields(password)[1..]).await,
        };
        app.clock.advance(Duration::from_mins(20));

        for _ in 0..5 {
            assert_eq!(send(WRONG).await.status, StatusCode::UNAUTHORIZED, "{path}");
        }
        let right = send(PASSWORD).await;

        assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert_eq!(right.header(RETRY_AFTER.as_str()), Some("2"), "{path}");
        app.clock.advance(Duration::from_secs(2));
        assert_eq!(send(PASSWORD).await.status, StatusCode::SEE_OTHER, "{path}");
        for _ in 0..5 {
            let again = "the right one begins anew";
            assert_eq!(
                send(WRONG).await.status,
                StatusCode::UNAUTHORIZED,
                "{again}"
            );
        }
    }
}

#[tokio::test]
async fn a_remembered_login_gets_no_new_tries_by_a_new_session() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let thief = app.browser();
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    thief.post("/login", &fields).await;

    for _ in 0..5 {
        thief.restart();
        let response = thief.post("/confirm-login", &[("password", WRONG)]).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    }
    thief.restart();
    let response = thief.post("/confirm-login", &[("password", WRONG)]).await;
    assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS);
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

    let mails = mailbox.received(1).await;
    assert!(mails[0].subject.contains("guess"), "{mails:?}");
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
