#![cfg(feature = "sqlite")]

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use futures_util::future::join_all;
use http::StatusCode;
use serde_json::json;

use crate::access::{Allowed, Guard, Rule};
use crate::accounts::Account;
use crate::testing::{
    Mailbox, PASSWORD, TestApp, TestAuthenticator, TestClient, TestResponse, fresh_database,
};

const FACTOR: &str = "/login/factor";
const STEP: Duration = TestAuthenticator::STEP;

/// A site with alice, who has an authenticator app.
async fn site() -> (TestApp, TestAuthenticator) {
    let app = TestApp::new().await;
    let phone = app.add_totp(&app.registered("alice").await).await;
    (app, phone)
}

async fn log_in(browser: &TestClient, name: &str) -> TestResponse {
    let fields = [("username", name), ("password", PASSWORD)];
    browser.post("/login", &fields).await
}

/// A browser in which this user has shown the password, and no more.
async fn half_way(app: &TestApp, name: &str) -> TestClient {
    let browser = app.browser();
    assert_eq!(log_in(&browser, name).await.location(), Some(FACTOR));
    browser
}

async fn send(browser: &TestClient, code: &str) -> TestResponse {
    browser.post(FACTOR, &[("code", code)]).await
}

async fn is_in(browser: &TestClient) -> bool {
    browser.get("/welcome").await.status == StatusCode::OK
}

/// Ten recovery codes of this browser's user, who has just shown a factor.
async fn recovery_codes(browser: &TestClient) -> Vec<String> {
    let made = browser
        .post_json("/account/factors/recovery-codes", &json!({}))
        .await;
    serde_json::from_value(made.json()["codes"].clone()).unwrap()
}

#[tokio::test]
async fn after_the_password_the_code_of_the_app_logs_in() {
    let (app, phone) = site().await;
    let browser = app.browser();
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("next", "/account"),
        ("remember", "on"),
    ];

    let half_way = browser.post("/login", &fields).await;
    assert_eq!(half_way.location(), Some(FACTOR));
    assert_eq!(browser.cookie("__Host-session"), None);
    assert_eq!(browser.cookie("__Host-remember"), None);
    let page = browser.get(FACTOR).await;
    assert!(page.text().contains(r#"autocomplete="one-time-code""#));
    let wrong = send(&browser, "000000").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.text().contains("Wrong code"));
    assert_eq!(browser.cookie("__Host-remember"), None);
    let right = send(&browser, &phone.next_code()).await;

    assert_eq!(right.location(), Some("/account"));
    assert!(is_in(&browser).await);
    browser.forget_cookie("__Host-session");
    assert!(is_in(&browser).await, "remembered after the factor");
    let user = app.account("alice").await;
    let sessions = app.site.login_handle().sessions_of(&user.id, None, 9).await;
    let methods = sessions.unwrap()[0].methods;
    assert_eq!(methods.to_string(), "password, totp");
}

#[tokio::test]
async fn a_script_learns_the_methods_and_logs_in_by_json() {
    let (app, phone) = site().await;
    let browser = app.browser();
    let fields = json!({ "username": "alice", "password": PASSWORD, "next": "/account" });

    let half_way = browser.post_json("/login", &fields).await;
    assert_eq!(half_way.status, StatusCode::OK);
    let step = json!({ "step": "second_factor", "methods": ["totp"] });
    assert_eq!(half_way.json(), step);
    let wrong = browser.post_json(FACTOR, &json!({ "code": "000000" })).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong.json()["code"], "wrong_code");
    let code = json!({ "code": phone.next_code(), "method": "totp" });
    let right = browser.post_json(FACTOR, &code).await;

    assert_eq!(right.status, StatusCode::OK);
    assert_eq!(right.json(), json!({ "username": "alice", "next": "/account" }));
    let again = browser.post_json(FACTOR, &json!({ "code": "000000" })).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED, "logged in: a factor may be shown again");
    let stranger = app.browser().post_json(FACTOR, &code).await;
    assert_eq!(stranger.json()["code"], "login_required");
}

#[tokio::test]
async fn without_a_log_in_to_complete_a_visitor_begins_again() {
    let (app, phone) = site().await;
    let stranger = app.browser();

    let page = stranger.get("/login/factor?next=%2Faccount").await;
    assert_eq!(page.location(), Some("/login?next=%2Faccount"));
    let code = send(&stranger, &phone.next_code()).await;
    assert_eq!(code.location(), Some("/login"));

    let late = half_way(&app, "alice").await;
    app.clock.advance(Duration::from_secs(10 * 60));
    assert_eq!(send(&late, &phone.code()).await.location(), Some("/login"));
    assert!(!is_in(&late).await);
}

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

    let right = answers.iter().filter(|answer| answer.location() == Some("/welcome"));
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
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{malformed}");
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
    assert_eq!(send(&browser, &phone.next_code()).await.location(), Some("/welcome"));
}

/// Attack G2.
#[tokio::test]
async fn a_thousand_guesses_at_once_are_five() {
    let (app, _) = site().await;
    let browser = half_way(&app, "alice").await;
    let codes: Vec<_> = (0..1_000).map(|i| format!("{i:06}")).collect();

    let all = codes.iter().map(|code| send(&browser, code));
    let answers = join_all(all).await;

    let checked = answers.iter().filter(|answer| answer.status == StatusCode::UNAUTHORIZED);
    assert_eq!(checked.count(), 5);
}

/// Attack G5.
#[tokio::test]
async fn half_a_log_in_has_no_rights() {
    let (app, _) = site().await;
    let browser = half_way(&app, "alice").await;

    for path in ["/welcome", "/account", "/account/factors", "/account/sessions"] {
        let answer = browser.get(path).await;
        let login = format!("/login?next={}", path.replace('/', "%2F"));
        assert_eq!(answer.location(), Some(&*login), "{path}");
    }
    let id = app.site.factors(&app.account("alice").await.id).await.unwrap().remove(0).id;
    for path in [
        &*format!("/account/factors/{id}/remove"),
        "/account/factors/recovery-codes",
        "/change-password",
    ] {
        let answer = browser.post_json(path, &json!({})).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(browser.cookie("__Host-remember"), None);
    assert_eq!(log_in(&app.browser(), "alice").await.location(), Some(FACTOR));
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
    let methods = browser.get_with(FACTOR, &[("accept", "application/json")]).await;
    assert_eq!(methods.json()["methods"], json!(["totp", "recovery_code"]));
    let other_way = browser.get("/login/factor?method=recovery_code").await;
    assert!(other_way.text().contains("Recovery code"));
    assert_eq!(send(&browser, &codes[0].to_uppercase()).await.location(), Some("/welcome"));
    let again = send(&half_way(&app, "alice").await, &codes[0]).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);

    let mail = mailbox.of_kind("recovery_code_used", 1).await.pop().unwrap();
    assert!(mail.text().contains("one of your recovery codes"), "{}", mail.text());
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

    let right = answers.iter().filter(|answer| answer.location() == Some("/welcome"));
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
    thief.post("/forgot-password", &[("email", "alice@example.com")]).await;
    let mail = mailbox.of_kind("reset_password", 1).await.pop().unwrap();
    let link = Mailbox::link(&mail);
    thief.get(&link).await;

    let new = [("username", "alice"), ("password", "quite another staple horse")];
    let reset = thief.post("/reset-password", &new).await;
    assert_eq!(reset.status, StatusCode::SEE_OTHER, "{}", reset.text());

    assert!(!is_in(&thief).await);
    let fields = [("username", "alice"), ("password", "quite another staple horse")];
    let half_way = thief.post("/login", &fields).await;
    assert_eq!(half_way.location(), Some(FACTOR));
    assert!(!is_in(&thief).await);
    assert_eq!(send(&thief, &phone.next_code()).await.location(), Some("/welcome"));
}

/// Users who have shown two factors.
struct TwoFactors;

impl Guard for TwoFactors {
    type User = Account;
    type Object = ();
    const RULE: Rule = Rule::SecondFactor;
}

#[tokio::test]
async fn a_logged_in_user_shows_the_second_factor_and_returns() {
    let (app, phone) = site().await;
    let page = Router::new().route("/pay", get(async |_: Allowed<TwoFactors>| "paid"));
    let app = app.routes(page);
    let alice = app.browser().logged_in_as(&app.account("alice").await);

    let needed = alice.get("/pay").await;
    assert_eq!(needed.location(), Some("/login/factor?next=%2Fpay"));
    let page = alice.get("/login/factor?next=%2Fpay").await;
    assert_eq!(page.status, StatusCode::OK);
    let wrong = alice.post(FACTOR, &[("code", "000000"), ("next", "/pay")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let code = phone.next_code();
    let right = alice.post(FACTOR, &[("code", &code), ("next", "/pay")]).await;

    assert_eq!(right.location(), Some("/pay"));
    assert_eq!(alice.get("/pay").await.text(), "paid");
    assert_eq!(alice.get("/login/factor?next=%2Fpay").await.location(), Some("/pay"));
    let replayed = alice.stolen().post(FACTOR, &[("code", &code)]).await;
    assert_eq!(replayed.status, StatusCode::UNAUTHORIZED);

    let bob = app.registered("bob").await;
    let needed = bob.get("/pay").await;
    assert_eq!(needed.location(), Some("/login/factor?next=%2Fpay"));
    let led = bob.get("/login/factor?next=%2Fpay").await;
    assert_eq!(led.location(), Some("/account/factors"));
}

/// A thief with an open session, who guesses.
#[tokio::test]
async fn codes_of_a_logged_in_user_count_too() {
    let (app, phone) = site().await;
    let alice = app.browser().logged_in_as(&app.account("alice").await);

    for _ in 0..5 {
        assert_eq!(send(&alice, "000000").await.status, StatusCode::UNAUTHORIZED);
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

#[tokio::test]
async fn who_must_have_a_factor_can_do_nothing_else_before() {
    use crate::flows::SecondFactorFor;

    let app = TestApp::with(|config| config.require_second_factor = SecondFactorFor::All).await;
    let alice = app.registered("alice").await;

    for path in ["/welcome", "/account", "/account/sessions"] {
        let led = format!("/account/factors?next={}", path.replace('/', "%2F"));
        assert_eq!(alice.get(path).await.location(), Some(&*led));
    }
    let json = [("accept", "application/json")];
    let welcome = alice.get_with("/welcome", &json).await;
    assert_eq!(welcome.status, StatusCode::FORBIDDEN);
    assert_eq!(welcome.json()["code"], "second_factor_enrolment_required");
    let page = alice.get("/account/factors").await;
    assert!(page.text().contains("requires a second factor"));
    let phone = app.add_totp(&alice).await;
    assert!(is_in(&alice).await);

    // A session from before that has shown none is led to show it.
    let old = app.browser().logged_in_as(&app.account("alice").await);
    let led = old.get("/welcome").await;
    assert_eq!(led.location(), Some("/account/factors?next=%2Fwelcome"));
    let shown = old.get("/account/factors").await;
    assert_eq!(shown.location(), Some("/login/factor?next=%2Faccount%2Ffactors"));
    send(&old, &phone.next_code()).await;
    assert!(is_in(&old).await);
}

#[tokio::test]
async fn only_admins_must_have_a_factor_where_the_site_says_so() {
    use crate::flows::SecondFactorFor;

    let app = TestApp::with(|config| config.require_second_factor = SecondFactorFor::Admins).await;
    let bob = app.registered("bob").await;
    let alice = app.registered("alice").await;
    app.grant("alice", "admin").await;
    app.log_in(&alice, "alice").await;

    assert!(is_in(&bob).await);
    let led = alice.get("/admin").await;
    assert_eq!(led.location(), Some("/account/factors?next=%2Fadmin"));
    app.add_totp(&alice).await;
    assert_eq!(alice.get("/admin").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_code_confirms_a_log_in_as_the_password_does() {
    let (app, phone) = site().await;
    let alice = half_way(&app, "alice").await;
    send(&alice, &phone.next_code()).await;
    app.clock.advance(Duration::from_secs(15 * 60));

    let page = alice.get("/confirm-login?next=%2Faccount%2Fnotices").await;
    assert!(page.text().contains("Use a code instead"));
    let wrong = alice.post_json("/confirm-login", &json!({ "code": "000000" })).await;
    assert_eq!(wrong.json()["code"], "wrong_code");
    let malformed = alice.post_json("/confirm-login", &json!({ "code": "1" })).await;
    assert_eq!(malformed.status, StatusCode::UNPROCESSABLE_ENTITY);
    let code = json!({ "code": phone.next_code(), "next": "/account" });
    let right = alice.post_json("/confirm-login", &code).await;

    assert_eq!(right.status, StatusCode::OK);
    assert_eq!(alice.get("/account/factors").await.status, StatusCode::OK);
}

/// Attack G8.
#[tokio::test]
async fn a_trusted_browser_needs_no_second_factor_for_thirty_days() {
    let (app, phone) = site().await;
    let browser = half_way(&app, "alice").await;
    assert!(browser.get(FACTOR).await.text().contains("for 30 days"));
    let code = phone.next_code();
    browser.post(FACTOR, &[("code", &code), ("trust", "on")]).await;
    let cookie = browser.cookie("__Host-trusted").unwrap();

    browser.post("/logout", &[]).await;
    assert_eq!(log_in(&browser, "alice").await.location(), Some("/welcome"));
    let user = app.account("alice").await;
    let sessions = app.site.login_handle().sessions_of(&user.id, None, 9).await;
    let methods = sessions.unwrap()[0].methods;
    assert_eq!(methods.to_string(), "password, trusted_browser");
    // Changes of factors still need one.
    let list = browser.get("/account/factors").await;
    assert_eq!(list.location(), Some("/login/factor?next=%2Faccount%2Ffactors"));

    // It is for alice alone, and for no other browser without its cookie.
    app.add_totp(&app.registered("bob").await).await;
    let of_bob = app.browser();
    of_bob.set_cookie("__Host-trusted", &cookie);
    assert_eq!(log_in(&of_bob, "bob").await.location(), Some(FACTOR));
    half_way(&app, "alice").await;
    app.clock.advance(Duration::from_secs(30 * 24 * 60 * 60));
    let late = app.browser();
    late.set_cookie("__Host-trusted", &cookie);
    assert_eq!(log_in(&late, "alice").await.location(), Some(FACTOR));
}

/// Attack G8.
#[tokio::test]
async fn a_new_password_a_change_of_factors_and_the_user_end_the_trust() {
    for ends in ["password", "factor", "user"] {
        let (app, phone) = site().await;
        let browser = half_way(&app, "alice").await;
        let code = phone.next_code();
        browser.post(FACTOR, &[("code", &code), ("trust", "on")]).await;
        let json = [("accept", "application/json")];
        let list = browser.get_with("/account/factors", &json).await.json();
        let id = list["trusted_browsers"][0]["id"].as_str().unwrap();
        let mut password = PASSWORD;
        match ends {
            "password" => {
                password = "another horse and battery";
                let fields = [("current_password", PASSWORD), ("new_password", password)];
                browser.post("/change-password", &fields).await;
            }
            "factor" => drop(app.add_totp(&browser).await),
            _ => {
                let path = format!("/account/factors/trusted-browsers/{id}/remove");
                let ended = browser.post(&path, &[]).await;
                assert_eq!(ended.location(), Some("/account/factors"));
                assert_eq!(browser.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
            }
        }

        browser.post("/logout", &[]).await;
        let fields = [("username", "alice"), ("password", password)];
        let login = browser.post("/login", &fields).await;
        assert_eq!(login.location(), Some(FACTOR), "{ends}");
    }
}

/// Attack G8.
#[tokio::test]
async fn a_made_up_trusted_cookie_is_nothing() {
    let (app, _) = site().await;
    for made_up in ["", "A", &"A".repeat(43), &"A".repeat(4_096)] {
        let browser = app.browser();
        browser.set_cookie("__Host-trusted", made_up);
        assert_eq!(log_in(&browser, "alice").await.location(), Some(FACTOR));
    }
}
