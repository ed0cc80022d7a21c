//! Attacks on the second factor at a log-in.

use std::time::Duration;

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::json;

use super::{FACTOR, STEP, half_way, is_in, log_in, recovery_codes, send, site};
use crate::testing::{Mailbox, TestApp, fresh_database};

/// Attack G1.
#[tokio::test]
async fn a_code_works_once_in_any_session_and_after_a_restart() {
    let database = fresh_database().await;
    let app = TestApp::on(database.clone(), |_| {}).await;
    let phone = app.add_totp(&app.registered("alice").await).await;
    // The code that has added the app.
    let first = half_way(&app, "alice").await;
    let of_enrolment = send(&first, &phone.code()).await;
    assert_eq!(of_enrolment.status, StatusCode::UNAUTHORIZED);

    let code = phone.next_code();
    assert_eq!(send(&first, &code).await.location(), Some("/welcome"));

    let second = half_way(&app, "alice").await;
    assert_eq!(send(&second, &code).await.status, StatusCode::UNAUTHORIZED);
    let restarted = TestApp::on(database, |config| config.clock = app.clock.clone()).await;
    let third = half_way(&restarted, "alice").await;
    assert_eq!(send(&third, &code).await.status, StatusCode::UNAUTHORIZED);
    let next = phone.next_code();
    assert_eq!(send(&third, &next).await.location(), Some("/welcome"));
}

/// Attack G1.
#[tokio::test]
async fn of_many_requests_with_one_code_one_logs_in() {
    let (app, phone) = site().await;
    let mut browsers = Vec::new();
    for _ in 0..5 {
        browsers.push(half_way(&app, "alice").await);
    }
    let code = phone.next_code();

    let all = browsers.iter().map(|browser| send(browser, &code));
    let answers = join_all(all).await;

    let right = answers
        .iter()
        .filter(|answer| answer.location() == Some("/welcome"));
    assert_eq!(right.count(), 1);
}

/// Attack G1.
#[tokio::test]
async fn a_code_of_an_older_step_is_rejected_after_a_newer_one() {
    let (app, phone) = site().await;
    let (older, newer) = (phone.next_code(), phone.next_code());

    let first = half_way(&app, "alice").await;
    assert_eq!(send(&first, &newer).await.location(), Some("/welcome"));
    let second = half_way(&app, "alice").await;
    let refused = send(&second, &older).await;

    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
}

/// Attack G3.
#[tokio::test]
async fn only_codes_of_the_steps_beside_the_present_one_work() {
    for (late, is_right) in [(STEP, true), (2 * STEP, false)] {
        let (app, phone) = site().await;
        let code = phone.next_code();
        app.clock.advance(late);
        let browser = half_way(&app, "alice").await;

        assert_eq!(send(&browser, &code).await.location().is_some(), is_right);
    }
}

/// Attack G4.
#[tokio::test]
async fn what_is_not_six_digits_is_no_code_and_does_not_count() {
    let (app, phone) = site().await;
    let browser = half_way(&app, "alice").await;
    let code = phone.next_code();
    let wide: String = code
        .chars()
        .filter_map(|c| char::from_u32(c as u32 + 0xFF10 - '0' as u32))
        .collect();
    let (plus, minus) = (format!("+{}", &code[1..]), format!("-{code}0"));

    for malformed in ["", "12345", "1234567", &plus, &minus, &wide, "abcdef"] {
        let answer = send(&browser, malformed).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{malformed}"
        );
        assert!(answer.text().contains("Enter the 6 digits"), "{malformed}");
    }
    let large = send(&browser, &"1".repeat(1_000_000)).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    let spaced = format!(" {} {}-{} ", &code[..3], &code[3..4], &code[4..]);
    assert_eq!(send(&browser, &spaced).await.location(), Some("/welcome"));
}

/// Attack G2: NIST SP 800-63B-4, 3.2.2.
#[tokio::test]
async fn after_a_hundred_wrong_codes_only_another_factor_works() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let phone = app.add_totp(&alice).await;
    let codes = recovery_codes(&alice).await;

    // Each from its own pending log-in, and so after the right password.
    let mut checked = 0;
    for _ in 0..150 {
        app.clock.advance(Duration::from_hours(1));
        let guesser = half_way(&app, "alice").await;
        if send(&guesser, "000000").await.status == StatusCode::UNAUTHORIZED {
            checked += 1;
        }
    }
    assert_eq!(checked, 100);

    let browser = half_way(&app, "alice").await;
    let right = send(&browser, &phone.next_code()).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(right.text().contains("recovery code"));
    assert_eq!(send(&browser, &codes[0]).await.location(), Some("/welcome"));
    let browser = half_way(&app, "alice").await;
    assert_eq!(
        send(&browser, &phone.next_code()).await.location(),
        Some("/welcome")
    );
}

/// Attack G2.
#[tokio::test]
async fn a_thousand_guesses_at_once_are_five() {
    let (app, _) = site().await;
    let browser = half_way(&app, "alice").await;
    let codes: Vec<_> = (0..1_000).map(|i| format!("{i:06}")).collect();

    let all = codes.iter().map(|code| send(&browser, code));
    let answers = join_all(all).await;

    let checked = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::UNAUTHORIZED);
    assert_eq!(checked.count(), 5);
}

/// Attack G5.
#[tokio::test]
async fn half_a_log_in_has_no_rights() {
    let (app, _) = site().await;
    let browser = half_way(&app, "alice").await;

    for path in [
        "/welcome",
        "/account",
        "/account/factors",
        "/account/sessions",
    ] {
        let answer = browser.get(path).await;
        let login = format!("/login?next={}", path.replace('/', "%2F"));
        assert_eq!(answer.location(), Some(&*login), "{path}");
    }
    let id = app
        .site
        .factors(&app.account("alice").await.id)
        .await
        .unwrap()
        .remove(0)
        .id;
    for path in [
        &*format!("/account/factors/{id}/remove"),
        "/account/factors/recovery-codes",
        "/change-password",
    ] {
        let answer = browser.post_json(path, &json!({})).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(browser.cookie("__Host-remember"), None);
    assert_eq!(
        log_in(&app.browser(), "alice").await.location(),
        Some(FACTOR)
    );
}

/// Attack G7.
#[tokio::test]
async fn a_recovery_code_works_once_for_its_user_and_is_told_by_mail() {
    let (app, mailbox) = TestApp::with_mail().await;
    let alice = app.registered("alice").await;
    app.set_email("alice", "alice@example.com").await;
    let alice = {
        app.log_in(&alice, "alice").await;
        alice
    };
    app.add_totp(&alice).await;
    let codes = recovery_codes(&alice).await;
    let bob = app.registered("bob").await;
    app.add_totp(&bob).await;

    let of_another = send(&half_way(&app, "bob").await, &codes[0]).await;
    assert_eq!(of_another.status, StatusCode::UNAUTHORIZED);
    let browser = half_way(&app, "alice").await;
    let methods = browser
        .get_with(FACTOR, &[("accept", "application/json")])
        .await;
    assert_eq!(methods.json()["methods"], json!(["totp", "recovery_code"]));
    let other_way = browser.get("/login/factor?method=recovery_code").await;
    assert!(other_way.text().contains("Recovery code"));
    assert_eq!(
        send(&browser, &codes[0].to_uppercase()).await.location(),
        Some("/welcome")
    );
    let again = send(&half_way(&app, "alice").await, &codes[0]).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);

    let mail = mailbox
        .of_kind("recovery_code_used", 1)
        .await
        .pop()
        .unwrap();
    assert!(
        mail.text().contains("one of your recovery codes"),
        "{}",
        mail.text()
    );
    let list = browser.get("/account/factors").await;
    assert!(list.text().contains("9 unused recovery codes"));
}

/// Attack G7.
#[tokio::test]
async fn of_many_uses_of_one_recovery_code_one_logs_in() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    app.add_totp(&alice).await;
    let code = recovery_codes(&alice).await.remove(0);
    let mut browsers = Vec::new();
    for _ in 0..4 {
        browsers.push(half_way(&app, "alice").await);
    }

    let answers = join_all(browsers.iter().map(|browser| send(browser, &code))).await;

    let right = answers
        .iter()
        .filter(|answer| answer.location() == Some("/welcome"));
    assert_eq!(right.count(), 1);
}

#[tokio::test]
async fn the_code_of_another_user_logs_nobody_in() {
    let (app, _) = site().await;
    let phone_of_bob = app.add_totp(&app.registered("bob").await).await;
    let browser = half_way(&app, "alice").await;

    let refused = send(&browser, &phone_of_bob.next_code()).await;

    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_new_password_by_mail_does_not_get_around_the_factor() {
    let (app, mailbox) = TestApp::with_mail().await;
    let alice = app.registered("alice").await;
    app.set_email("alice", "alice@example.com").await;
    app.log_in(&alice, "alice").await;
    let phone = app.add_totp(&alice).await;
    let thief = app.browser();
    thief
        .post("/forgot-password", &[("email", "alice@example.com")])
        .await;
    let mail = mailbox.of_kind("reset_password", 1).await.pop().unwrap();
    let link = Mailbox::link(&mail);
    thief.get(&link).await;

    let new = [
        ("username", "alice"),
        ("password", "quite another staple horse"),
    ];
    let reset = thief.post("/reset-password", &new).await;
    assert_eq!(reset.status, StatusCode::SEE_OTHER, "{}", reset.text());

    assert!(!is_in(&thief).await);
    let fields = [
        ("username", "alice"),
        ("password", "quite another staple horse"),
    ];
    let half_way = thief.post("/login", &fields).await;
    assert_eq!(half_way.location(), Some(FACTOR));
    assert!(!is_in(&thief).await);
    assert_eq!(
        send(&thief, &phone.next_code()).await.location(),
        Some("/welcome")
    );
}

/// A thief with an open session, who guesses.
#[tokio::test]
async fn codes_of_a_logged_in_user_count_too() {
    let (app, phone) = site().await;
    let alice = app.browser().logged_in_as(&app.account("alice").await);

    for _ in 0..5 {
        assert_eq!(
            send(&alice, "000000").await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    let sixth = send(&alice, &phone.code()).await;
    let elsewhere = send(&half_way(&app, "alice").await, &phone.code()).await;

    assert_eq!(sixth.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(elsewhere.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_code_sent_from_another_site_logs_nobody_in() {
    let (app, phone) = site().await;
    let browser = half_way(&app, "alice").await;
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://elsewhere.example"),
    ];

    let form = format!("code={}", phone.next_code());
    let answer = browser.post_with(FACTOR, &headers, form).await;

    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(!is_in(&browser).await);
}
