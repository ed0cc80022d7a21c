//! Codes by mail, for users without a second factor.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use super::{FACTOR, half_way, is_in, log_in, send};
use crate::accounts::{Actor, ChangeOutcome};
use crate::credentials::throttle::Streak;
use crate::error::Error;
use crate::flows::{SecondFactorFor, Site, SiteConfig};
use crate::testing::{Mailbox, PASSWORD, TestApp, TestClient, TestResponse, fresh_database};

const ADDRESS: &str = "alice@example.com";

/// A site that sends codes, with alice, who has verified her address.
async fn site() -> (TestApp, Mailbox) {
    site_with(|_| {}).await
}

async fn site_with(change: impl FnOnce(&mut SiteConfig)) -> (TestApp, Mailbox) {
    let (app, mailbox) = TestApp::with_mail_and(|config| {
        config.mail_codes = true;
        change(config);
    })
    .await;
    app.registered("alice").await;
    app.set_email("alice", ADDRESS).await;
    verify(&app, "alice").await;
    (app, mailbox)
}

async fn verify(app: &TestApp, name: &str) {
    let id = app.account(name).await.id;
    let operator = app.site.accounts().by(Actor::operator());
    let change = operator.verify_email(&id).await.unwrap();
    assert_eq!(change, ChangeOutcome::Done);
}

async fn ask(browser: &TestClient) -> TestResponse {
    browser.post(FACTOR, &[("method", "mail_code")]).await
}

/// The code of the mail that comes as the `count`th.
async fn code(mailbox: &Mailbox, count: usize) -> String {
    let mails = mailbox.of_kind("login_code", count).await;
    let text = mails[count - 1].text().to_owned();
    let is_code = |line: &&str| {
        let digits = line.chars().filter(char::is_ascii_digit).count();
        digits == 8 && line.chars().all(|c| c.is_ascii_digit() || c == ' ')
    };
    let found = text.lines().map(str::trim).find(is_code);
    found.unwrap_or_else(|| panic!("{text}")).to_owned()
}

/// Another code than this.
fn wrong(right: &str) -> String {
    let last = right.chars().last().unwrap();
    let other = if last == '0' { '1' } else { '0' };
    format!("{}{other}", &right[..right.len() - 1])
}

#[tokio::test]
async fn after_the_password_a_user_without_a_factor_enters_a_code_from_a_mail() {
    let (app, mailbox) = site().await;
    let browser = app.browser();
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("next", "/account"),
        ("remember", "on"),
    ];
    let first = browser.post("/login", &fields).await;
    assert_eq!(first.location(), Some(FACTOR));
    let page = browser.get(FACTOR).await;
    assert!(page.text().contains("Send me a code"), "{}", page.text());
    assert!(!page.text().contains(r#"name="code""#));
    assert!(browser.cookie("__Host-remember").is_none());

    let asked = ask(&browser).await;

    assert_eq!(asked.location(), Some(FACTOR));
    let page = browser.get(FACTOR).await;
    assert!(page.text().contains("We have sent you an email"));
    assert!(page.text().contains(r#"name="code""#));
    let code = code(&mailbox, 1).await;
    let done = browser
        .post(FACTOR, &[("code", &code), ("method", "mail_code")])
        .await;
    assert_eq!(done.location(), Some("/account"));
    assert!(browser.cookie("__Host-remember").is_some());
    let json = [("accept", "application/json")];
    let sessions = browser.get_with("/account/sessions", &json).await.json();
    let methods = &sessions["sessions"][0]["methods"];
    assert_eq!(*methods, json!(["password", "mail_code"]));
}

#[tokio::test]
async fn scripts_take_the_same_steps() {
    let (app, mailbox) = site().await;
    let browser = app.browser();
    let fields = json!({ "username": "alice", "password": PASSWORD });

    let step = browser.post_json("/login", &fields).await;

    let expected = json!({ "step": "second_factor", "methods": ["mail_code"] });
    assert_eq!(step.json(), expected);
    let asked = browser
        .post_json(FACTOR, &json!({ "method": "mail_code" }))
        .await;
    assert_eq!(asked.status, StatusCode::ACCEPTED);
    assert_eq!(asked.json()["methods"], json!(["mail_code"]));
    let code = json!({ "code": code(&mailbox, 1).await });
    let done = browser.post_json(FACTOR, &code).await;
    assert_eq!(done.json()["username"], "alice");
}

#[tokio::test]
async fn users_without_a_verified_address_need_no_code() {
    let (app, mailbox) = site().await;
    app.registered("bob").await;
    app.set_email("bob", "bob@example.com").await;

    let browser = app.browser();
    let response = log_in(&browser, "bob").await;

    assert_eq!(response.location(), Some("/welcome"));
    assert!(
        mailbox
            .mails()
            .iter()
            .all(|mail| mail.kind() != "login_code")
    );
}

/// Attack: a thief of the mailbox chooses the weakest way.
#[tokio::test]
async fn a_user_with_a_second_factor_gets_no_code() {
    let (app, mailbox) = site().await;
    let browser = half_way(&app, "alice").await;
    ask(&browser).await;
    let early = code(&mailbox, 1).await;
    send(&browser, &early).await;
    let phone = app.add_totp(&browser).await;
    app.clock.advance(Duration::from_mins(2));
    let browser = half_way(&app, "alice").await;
    let page = browser.get("/login/factor?method=mail_code").await;
    assert!(!page.text().contains("Send me a code"), "{}", page.text());

    let asked = ask(&browser).await;

    assert_eq!(asked.status, StatusCode::NOT_FOUND);
    let fields = [("code", "12345678"), ("method", "mail_code")];
    let sent = browser.post(FACTOR, &fields).await;
    assert_eq!(sent.status, StatusCode::UNAUTHORIZED);
    assert!(!is_in(&browser).await);
    send(&browser, &phone.next_code()).await;
    assert!(is_in(&browser).await);
}

/// And a code that was sent before the factor was added.
#[tokio::test]
async fn a_code_from_before_the_second_factor_does_not_stand_for_it() {
    let (app, mailbox) = site().await;
    let owner = half_way(&app, "alice").await;
    ask(&owner).await;
    let first = code(&mailbox, 1).await;
    let thief = half_way(&app, "alice").await;
    send(&owner, &first).await;
    app.clock.advance(Duration::from_mins(2));
    ask(&thief).await;
    let second = code(&mailbox, 2).await;
    app.add_totp(&owner).await;

    // The first factor has ended this log-in too.
    assert_eq!(send(&thief, &second).await.location(), Some("/login"));
    let thief = half_way(&app, "alice").await;
    let sent = send(&thief, &second).await;

    assert_eq!(sent.status, StatusCode::UNAUTHORIZED);
    assert!(!is_in(&thief).await);
}

#[tokio::test]
async fn a_code_works_once_for_ten_minutes_and_for_its_user() {
    let (app, mailbox) = site().await;
    app.registered("bob").await;
    app.set_email("bob", "bob@example.com").await;
    verify(&app, "bob").await;
    let browser = half_way(&app, "alice").await;
    ask(&browser).await;
    let first = code(&mailbox, 1).await;
    // Of another user.
    let of_bob = half_way(&app, "bob").await;
    assert_eq!(send(&of_bob, &first).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(send(&browser, &first).await.location(), Some("/welcome"));
    // A second time.
    let again = half_way(&app, "alice").await;
    assert_eq!(send(&again, &first).await.status, StatusCode::UNAUTHORIZED);
    // After ten minutes.
    app.clock.advance(Duration::from_mins(2));
    let late = half_way(&app, "alice").await;
    ask(&late).await;
    let second = code(&mailbox, 2).await;
    app.clock.advance(Duration::from_mins(10));
    let late = half_way(&app, "alice").await;
    assert_eq!(send(&late, &second).await.status, StatusCode::UNAUTHORIZED);
}

/// Attack: guessing, in parallel too.
#[tokio::test]
async fn a_code_can_be_tried_five_times() {
    let (app, mailbox) = site_with(|config| {
        // So that only the tries at the code count.
        config.throttle.limits.factor.free = 1_000;
        config.throttle.limits.account.free = 1_000;
        config.throttle.limits.pair.free = 1_000;
        config.throttle.limits.factor.closed_after = None;
    })
    .await;
    let browser = half_way(&app, "alice").await;
    ask(&browser).await;
    let right = code(&mailbox, 1).await;
    let guesses = (0..20).map(|_| {
        let (browser, guess) = (browser.stolen(), wrong(&right));
        tokio::spawn(async move { send(&browser, &guess).await.status })
    });
    for guess in guesses.collect::<Vec<_>>() {
        assert_eq!(guess.await.unwrap(), StatusCode::UNAUTHORIZED);
    }

    let sent = send(&browser, &right).await;

    assert_eq!(sent.status, StatusCode::UNAUTHORIZED);
    assert!(!is_in(&browser).await);
}

/// Attack G11: neither a new code nor a new log-in gives more tries.
#[tokio::test]
async fn a_new_code_does_not_end_the_wait_after_wrong_ones() {
    let (app, mailbox) = site_with(|config| {
        config.throttle.limits.factor = Streak {
            free: 2,
            first: Duration::from_hours(1),
            ..config.throttle.limits.factor
        };
    })
    .await;
    let browser = half_way(&app, "alice").await;
    ask(&browser).await;
    let first = wrong(&code(&mailbox, 1).await);
    for _ in 0..2 {
        send(&browser, &first).await;
    }
    app.clock.advance(Duration::from_mins(2));
    let browser = half_way(&app, "alice").await;
    ask(&browser).await;

    let sent = send(&browser, &code(&mailbox, 2).await).await;

    assert_eq!(sent.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!is_in(&browser).await);
}

/// Attack G11: a flood of mails.
#[tokio::test]
async fn an_address_gets_a_code_in_a_minute_and_the_older_one_goes_on_working() {
    let (app, mailbox) = site().await;
    let browser = half_way(&app, "alice").await;
    ask(&browser).await;
    let first = code(&mailbox, 1).await;

    for _ in 0..5 {
        let again = ask(&browser).await;
        assert_eq!(again.location(), Some(FACTOR));
    }

    let page = browser.get(FACTOR).await;
    assert!(page.text().contains("We have just sent you a code"));
    let mails = mailbox.mails();
    let codes = mails.iter().filter(|mail| mail.kind() == "login_code");
    assert_eq!(codes.count(), 1);
    assert_eq!(send(&browser, &first).await.location(), Some("/welcome"));
}

#[tokio::test]
async fn a_new_password_ends_the_code() {
    let (app, mailbox) = site().await;
    let browser = half_way(&app, "alice").await;
    ask(&browser).await;
    let sent = code(&mailbox, 1).await;
    let id = app.account("alice").await.id;
    let operator = app.site.accounts().by(Actor::operator());
    let change = operator.set_password(&id, &PASSWORD.into()).await.unwrap();
    assert_eq!(change, ChangeOutcome::Done);

    let browser = half_way(&app, "alice").await;
    let response = send(&browser, &sent).await;

    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_trusted_browser_needs_no_code_for_thirty_days() {
    let (app, mailbox) = site().await;
    let browser = half_way(&app, "alice").await;
    ask(&browser).await;
    let code = code(&mailbox, 1).await;
    browser
        .post(FACTOR, &[("code", &code), ("trust", "on")])
        .await;
    browser.post("/logout", &[]).await;

    assert_eq!(log_in(&browser, "alice").await.location(), Some("/welcome"));
    browser.post("/logout", &[]).await;
    app.clock.advance(Duration::from_hours(30 * 24));
    assert_eq!(log_in(&browser, "alice").await.location(), Some(FACTOR));
}

/// NIST SP 800-63B-4, 3.1.3.1.
#[tokio::test]
async fn a_code_from_a_mail_is_no_second_factor() {
    let (app, mailbox) = site_with(|config| {
        config.require_second_factor = SecondFactorFor::All;
    })
    .await;
    let browser = half_way(&app, "alice").await;
    ask(&browser).await;

    let fields = [("code", &*code(&mailbox, 1).await), ("trust", "on")];
    browser.post(FACTOR, &fields).await;

    let page = browser.get("/welcome").await;
    assert_eq!(page.location(), Some("/account/factors?next=%2Fwelcome"));
    // Nor is a browser that is trusted after it.
    browser.post("/logout", &[]).await;
    log_in(&browser, "alice").await;
    let page = browser.get("/welcome").await;
    assert_eq!(page.location(), Some("/account/factors?next=%2Fwelcome"));
}

/// Attack: somebody who knows the password locks the owner out.
#[tokio::test]
async fn wrong_codes_from_mails_never_close_the_account_for_good() {
    let (app, mailbox) = site_with(|config| {
        config.throttle.limits.factor.free = 1;
        config.throttle.limits.factor.longest = Duration::from_mins(15);
        config.throttle.limits.factor.closed_after = Some(3);
    })
    .await;
    for _ in 0..5 {
        let thief = half_way(&app, "alice").await;
        send(&thief, "00000000").await;
        app.clock.advance(Duration::from_mins(15));
    }

    let owner = half_way(&app, "alice").await;
    ask(&owner).await;
    let sent = send(&owner, &code(&mailbox, 1).await).await;

    assert_eq!(sent.location(), Some("/welcome"), "{}", sent.text());
}

/// Attack: somebody at an unlocked browser, who reads its user's mail there.
#[tokio::test]
async fn a_code_from_a_mail_confirms_no_log_in() {
    let (app, mailbox) = site().await;
    let browser = half_way(&app, "alice").await;
    ask(&browser).await;
    send(&browser, &code(&mailbox, 1).await).await;
    app.clock.advance(Duration::from_mins(20));
    let other = half_way(&app, "alice").await;
    ask(&other).await;
    let code = code(&mailbox, 2).await;

    for path in ["/confirm-login", FACTOR] {
        let response = browser.post_json(path, &json!({ "code": code })).await;
        assert_eq!(response.json()["code"], "invalid_fields", "{path}");
    }
}

#[tokio::test]
async fn codes_need_mail() {
    let mut config = SiteConfig::new(
        "https://example.com".parse().unwrap(),
        crate::crypto::key::SecretKey::generate(&crate::crypto::random::Random::system()).unwrap(),
    );
    config.mail_codes = true;

    let opened: Result<Site, Error> = Site::open(fresh_database().await, config).await;

    let error = opened.unwrap_err();
    assert!(error.is_config());
    assert!(error.to_string().contains("mailer"), "{error}");
}

#[tokio::test]
async fn a_required_factor_can_wait_for_a_day_that_was_announced() {
    let day = Duration::from_hours(24);
    let app = TestApp::with(|config| {
        config.require_second_factor = SecondFactorFor::All;
        config.require_second_factor_from = Some(config.clock.now() + 10 * day);
    });
    let app = app.await;
    let alice = app.registered("alice").await;
    let page = alice.get("/welcome").await;
    assert!(
        page.text().contains("this site requires a second factor"),
        "{}",
        page.text()
    );
    assert!(alice.get("/account").await.text().contains("Add one now"));
    let with_factor = app.registered("bob").await;
    app.add_totp(&with_factor).await;
    let page = with_factor.get("/welcome").await;
    assert!(!page.text().contains("this site requires"));

    app.clock.advance(10 * day - Duration::from_secs(1));
    app.log_in(&alice, "alice").await;
    assert_eq!(alice.get("/welcome").await.status, StatusCode::OK);
    app.clock.advance(Duration::from_secs(1));

    let page = alice.get("/welcome").await;
    assert_eq!(page.location(), Some("/account/factors?next=%2Fwelcome"));
    let json = [("accept", "application/json")];
    let owed = alice.get_with("/welcome", &json).await;
    assert_eq!(owed.status, StatusCode::FORBIDDEN);
}
