//! WebAuthn under attack (G9): what a browser or an authenticator would never send.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};

use super::{SESSION, add, options, options_to_add, show, with_two_factors};
use crate::accounts::{Actor, ChangeOutcome};
use crate::testing::passkey::{
    BACKED_UP, BACKUP_ELIGIBLE, Says, TestPasskey, USER_PRESENT, USER_VERIFIED, base64url,
};
use crate::testing::{PASSWORD, TestApp, TestClient, TestResponse};

async fn send(browser: &TestClient, shown: &Value) -> TestResponse {
    browser.post_json("/login/passkey", shown).await
}

/// Every wrong passkey has the same answer, which has no detail.
fn assert_wrong(response: &TestResponse, case: &str) {
    let expected = json!({
        "status": 401,
        "title": "Unauthorized",
        "code": "wrong_credentials",
        "detail": "That passkey didn’t work. Try again, or choose another way.",
    });
    assert_eq!(response.json(), expected, "{case}");
}

/// An app, alice's browser, and her passkey.
pub(super) async fn alice() -> (TestApp, TestClient, TestPasskey) {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let mut phone = TestPasskey::new(1);
    add(&alice, &mut phone).await;
    (app, alice, phone)
}

/// Changes one byte of a member of the response, in base64url.
fn flipped(shown: &Value, member: &str, index: usize) -> Value {
    let mut shown = shown.clone();
    let text = shown["response"][member].as_str().unwrap();
    let mut bytes = data_encoding::BASE64URL_NOPAD
        .decode(text.as_bytes())
        .unwrap();
    bytes[index] ^= 1;
    shown["response"][member] = base64url(&bytes).into();
    shown
}

#[tokio::test]
async fn a_log_in_that_says_anything_but_the_truth_is_rejected() {
    let (app, _alice, phone) = alice().await;
    let mut cases: Vec<(String, Says)> = [
        "https://login.example.com",
        "https://com",
        "https://example.com:8443",
        "https://example.com:443",
        "https://example.com/",
        "http://example.com",
        "https://example.com.evil.test",
        "https://evil-example.com",
        "null",
    ]
    .into_iter()
    .map(|origin| {
        let says = Says {
            origin,
            ..Says::default()
        };
        (origin.to_owned(), says)
    })
    .collect();
    for rp_id in ["com", "login.example.com", "https://example.com", ""] {
        let says = Says {
            rp_id,
            ..Says::default()
        };
        cases.push((format!("rp id {rp_id}"), says));
    }
    for kind in ["webauthn.create", "payment.get", ""] {
        let kind = Some(kind);
        cases.push((
            format!("{kind:?}"),
            Says {
                kind,
                ..Says::default()
            },
        ));
    }
    for client in [
        json!({ "crossOrigin": true }),
        json!({ "crossOrigin": true, "topOrigin": "https://example.com" }),
        json!({ "topOrigin": "https://evil.test" }),
    ] {
        cases.push((
            client.to_string(),
            Says {
                client,
                ..Says::default()
            },
        ));
    }
    let challenge = Some(base64url(&[7; 32]));
    cases.push((
        "another challenge".to_owned(),
        Says {
            challenge,
            ..Says::default()
        },
    ));

    for (case, says) in cases {
        let browser = app.browser();
        let shown = phone.clone().get_saying(&options(&browser).await, &says);

        let response = send(&browser, &shown).await;

        assert_wrong(&response, &case);
        assert_eq!(browser.cookie(SESSION), None, "{case}");
    }
    // The truth is accepted.
    assert_eq!(
        show(&app.browser(), &mut phone.clone()).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_log_in_with_wrong_flags_is_rejected() {
    let (app, _alice, phone) = alice().await;
    for (case, flags) in [
        ("the user is absent", USER_VERIFIED),
        ("the user is not verified", USER_PRESENT),
        (
            "eligible for backup, and was not",
            USER_PRESENT | USER_VERIFIED | BACKUP_ELIGIBLE,
        ),
        (
            "backed up, and not eligible",
            USER_PRESENT | USER_VERIFIED | BACKED_UP,
        ),
    ] {
        let mut phone = phone.clone();
        phone.flags = flags;

        let response = show(&app.browser(), &mut phone).await;

        assert_wrong(&response, case);
    }
}

#[tokio::test]
async fn a_changed_response_is_rejected() {
    let (app, _alice, mut phone) = alice().await;
    for (member, index) in [
        ("signature", 9),
        ("signature", 0),
        ("authenticatorData", 0),
        ("authenticatorData", 36),
        ("clientDataJSON", 3),
    ] {
        let browser = app.browser();
        let shown = phone.get(&options(&browser).await);
        let response = send(&browser, &flipped(&shown, member, index)).await;
        assert_wrong(&response, member);
    }
    let changes: [fn(&mut Value); 9] = [
        |shown| shown["response"]["signature"] = "".into(),
        |shown| shown["response"]["authenticatorData"] = "AAAA".into(),
        |shown| shown["response"]["clientDataJSON"] = base64url(b"[1]").into(),
        |shown| shown["response"]["userHandle"] = Value::Null,
        |shown| shown["response"]["userHandle"] = base64url(&[7; 16]).into(),
        |shown| shown["id"] = base64url(&[9; 32]).into(),
        |shown| shown["rawId"] = base64url(&[9; 32]).into(),
        |shown| shown["type"] = "password".into(),
        |shown| {
            shown["id"] = base64url(&[1; 1024]).into();
            shown["rawId"] = shown["id"].clone();
        },
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let browser = app.browser();
        let mut shown = phone.get(&options(&browser).await);
        change(&mut shown);
        assert_wrong(&send(&browser, &shown).await, &index.to_string());
    }
}

#[tokio::test]
async fn a_challenge_works_once_in_its_browser_for_five_minutes() {
    let (app, alice, mut phone) = alice().await;
    let browser = app.browser();
    let used = phone.get(&options(&browser).await);
    // It keeps the cookie of the ceremony, which the log-in removes.
    let copy = browser.stolen();
    assert_eq!(send(&browser, &used).await.status, StatusCode::OK);
    assert_wrong(&send(&browser, &used).await, "a second time");
    assert_wrong(&send(&copy, &used).await, "a second time, with the cookie");
    assert_wrong(
        &send(&app.browser(), &used).await,
        "a second time, elsewhere",
    );

    let stolen = phone.get(&options(&app.browser()).await);
    assert_wrong(&send(&app.browser(), &stolen).await, "of another browser");
    let other = app.browser();
    options(&other).await;
    assert_wrong(
        &send(&other, &stolen).await,
        "of another browser with a ceremony",
    );

    let late = app.browser();
    let shown = phone.get(&options(&late).await);
    app.clock.advance(Duration::from_secs(5 * 60));
    assert_wrong(&send(&late, &shown).await, "too late");

    // A challenge for a new passkey is none for a log-in.
    app.log_in(&alice, "alice").await;
    let to_add = options_to_add(&alice).await;
    assert_wrong(
        &send(&alice, &phone.get(&to_add)).await,
        "for another purpose",
    );
}

#[tokio::test]
async fn of_ten_uses_of_a_challenge_at_a_time_one_logs_in() {
    let (app, _alice, mut phone) = alice().await;
    let browser = app.browser();
    let shown = phone.get(&options(&browser).await);
    let copies: Vec<_> = (0..10).map(|_| browser.stolen()).collect();

    let responses = join_all(copies.iter().map(|copy| send(copy, &shown))).await;

    let in_number = responses
        .iter()
        .filter(|response| response.status == StatusCode::OK)
        .count();
    assert_eq!(in_number, 1);
}

/// Two copies of one authenticator, with two challenges, at the same moment.
#[tokio::test]
async fn of_two_uses_of_a_counter_at_a_time_one_logs_in() {
    let app = TestApp::new().await;
    let mut phone = TestPasskey::new(1);
    phone.counter = 1;
    add(&app.registered("alice").await, &mut phone).await;
    let mut uses = Vec::new();
    for _ in 0..4 {
        let browser = app.browser();
        let shown = phone.clone().get(&options(&browser).await);
        uses.push((browser, shown));
    }

    let responses = join_all(uses.iter().map(|(browser, shown)| send(browser, shown))).await;

    let in_number = responses
        .iter()
        .filter(|response| response.status == StatusCode::OK)
        .count();
    assert_eq!(in_number, 1);
}

#[tokio::test]
async fn a_passkey_of_another_user_is_no_second_factor_and_confirms_nothing() {
    let (app, needs_two) = with_two_factors().await;
    let alice = app.registered("alice").await;
    let mut of_alice = TestPasskey::new(1);
    add(&alice, &mut of_alice).await;
    let mallory = app.registered("mallory").await;
    let mut of_mallory = TestPasskey::new(2);
    add(&mallory, &mut of_mallory).await;
    needs_two.store(true, Ordering::SeqCst);

    let browser = app.browser();
    let fields = json!({ "username": "alice", "password": PASSWORD });
    browser.post_json("/login", &fields).await;
    assert_wrong(&show(&browser, &mut of_mallory).await, "second factor");
    assert_eq!(browser.cookie(SESSION), None);
    // The pending log-in goes on.
    assert_eq!(show(&browser, &mut of_alice).await.status, StatusCode::OK);

    assert_wrong(&show(&alice, &mut of_mallory).await, "confirm");
}

#[tokio::test]
async fn a_passkey_that_verifies_nobody_logs_nobody_in_alone() {
    let app = TestApp::new().await;
    let mut key = TestPasskey::without_verification(1);
    add(&app.registered("alice").await, &mut key).await;
    let browser = app.browser();

    assert_wrong(&show(&browser, &mut key).await, "not verified");
    assert_eq!(browser.cookie(SESSION), None);
}

/// A second factor by a passkey that verified its user once must go on doing so.
#[tokio::test]
async fn a_second_factor_that_verified_its_user_cannot_stop_doing_so() {
    let (app, needs_two) = with_two_factors().await;
    let mut phone = TestPasskey::new(1);
    add(&app.registered("alice").await, &mut phone).await;
    needs_two.store(true, Ordering::SeqCst);
    phone.flags = USER_PRESENT;
    let browser = app.browser();
    let fields = json!({ "username": "alice", "password": PASSWORD });
    browser.post_json("/login", &fields).await;

    assert_wrong(&show(&browser, &mut phone).await, "not verified");
}

/// The challenge of a second factor does not require that the user is verified, so it must not
/// begin a log-in by the passkey alone.
#[tokio::test]
async fn a_challenge_for_a_second_factor_logs_nobody_in_without_the_first() {
    let (app, needs_two) = with_two_factors().await;
    let mut key = TestPasskey::without_verification(1);
    add(&app.registered("alice").await, &mut key).await;
    needs_two.store(true, Ordering::SeqCst);
    let browser = app.browser();
    let fields = json!({ "username": "alice", "password": PASSWORD });
    browser.post_json("/login", &fields).await;
    let shown = key.get(&options(&browser).await);
    browser.forget_cookie("__Host-pending");

    assert_wrong(&send(&browser, &shown).await, "no pending log-in");
    assert_eq!(browser.cookie(SESSION), None);
}

#[tokio::test]
async fn an_inactive_user_gets_the_answer_of_a_wrong_passkey() {
    let (app, _alice, mut phone) = alice().await;
    let operator = Actor::operator();
    let id = app.account("alice").await.id;
    let change = app.site.accounts().by(operator).disable(&id).await;
    assert_eq!(change.unwrap(), ChangeOutcome::Done);
    let browser = app.browser();

    let response = show(&browser, &mut phone).await;

    assert_wrong(&response, "disabled");
    let unknown = show(&app.browser(), &mut TestPasskey::new(9)).await;
    assert_eq!(response.headers, unknown.headers);
}

#[tokio::test]
async fn a_request_from_another_site_begins_no_ceremony_and_ends_none() {
    let (app, alice, mut phone) = alice().await;
    let headers = [
        ("content-type", "application/json"),
        ("origin", "https://evil.test"),
        ("sec-fetch-site", "cross-site"),
    ];
    let browser = app.browser();
    let shown = phone.get(&options(&browser).await);
    for (browser, path) in [
        (&browser, "/login/passkey/options"),
        (&browser, "/login/passkey"),
        (&alice, "/account/passkeys/options"),
        (&alice, "/account/passkeys"),
    ] {
        let response = browser.post_with(path, &headers, shown.to_string()).await;
        assert_eq!(response.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(send(&browser, &shown).await.status, StatusCode::OK);
}
