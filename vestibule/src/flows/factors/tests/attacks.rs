//! Attacks on the pages where users change their factors.

use std::time::Duration;

use http::StatusCode;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;

use super::{JSON, LIST, RECOVERY_CODES, TOTP, id_of_first, list, log_in, offered};
use crate::credentials::factors::Factors;
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::database::Database;
use crate::testing::{PASSWORD, TestApp, TestAuthenticator, fresh_database};

const A_QUARTER: Duration = Duration::from_secs(15 * 60);

/// Attack G6.
#[tokio::test]
async fn each_page_needs_a_fresh_log_in_and_a_factor_if_there_is_one() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    app.clock.advance(A_QUARTER);
    for path in [LIST, TOTP] {
        let answer = alice.get(path).await;
        let confirm = format!("/confirm-login?next={}", path.replace('/', "%2F"));
        assert_eq!(answer.location(), Some(&*confirm));
    }
    for path in [TOTP, RECOVERY_CODES, "/account/factors/any/remove"] {
        let answer = alice.post_json(path, &json!({})).await;
        assert_eq!(answer.json()["code"], "fresh_login_required", "{path}");
    }
    app.log_in(&alice, "alice").await;
    app.add_totp(&alice).await;
    app.clock.advance(A_QUARTER);

    // The password alone is not enough from now on.
    let id = id_of_factor(&app).await;
    let confirmed = alice
        .post("/confirm-login", &[("password", PASSWORD)])
        .await;
    assert_eq!(confirmed.location(), Some("/welcome"));
    for path in [LIST, TOTP] {
        let answer = alice.get(path).await;
        let factor = format!("/login/factor?next={}", path.replace('/', "%2F"));
        assert_eq!(answer.location(), Some(&*factor));
    }
    for path in [TOTP, RECOVERY_CODES, &format!("{LIST}/{id}/remove")] {
        let answer = alice.post_json(path, &json!({})).await;
        assert_eq!(answer.json()["code"], "second_factor_required", "{path}");
    }
    let stranger = app.browser().get(LIST).await;
    assert_eq!(
        stranger.location(),
        Some("/login?next=%2Faccount%2Ffactors")
    );
}

async fn id_of_factor(app: &TestApp) -> String {
    let factors = app.site.credentials().factors().unwrap();
    let id = app.account("alice").await.id;
    factors.list(&id).await.unwrap().remove(0).id
}

/// Attack G6.
#[tokio::test]
async fn a_secret_is_for_one_session_and_a_short_time_and_is_not_shown_again() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let (secret, nonce) = offered(&alice.get(TOTP).await);
    let elsewhere = app.browser();
    app.log_in(&elsewhere, "alice").await;

    let phone = TestAuthenticator::new(&secret, &app.clock);
    let (of_elsewhere, _) = offered(&elsewhere.get(TOTP).await);
    assert_ne!(of_elsewhere, secret);
    let code = phone.code();
    let in_other_session = elsewhere
        .post(TOTP, &[("code", &code), ("nonce", &nonce)])
        .await;
    assert_eq!(in_other_session.status, StatusCode::UNPROCESSABLE_ENTITY);
    app.clock.advance(Duration::from_secs(20 * 60));
    app.log_in(&alice, "alice").await;
    let too_late = alice
        .post(TOTP, &[("code", &phone.code()), ("nonce", &nonce)])
        .await;
    assert_eq!(too_late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(too_late.text().contains("took too long"));
    let (offered_now, _) = offered(&too_late);
    assert_ne!(offered_now, secret);

    let kept = app.add_totp(&alice).await;
    let (next, _) = offered(&alice.get(TOTP).await);
    assert_ne!(
        next, offered_now,
        "the secret that was added is not shown again"
    );
    let remove = format!("{LIST}/{}/remove", id_of_first(&alice).await);
    alice.post(&remove, &[("confirm", "yes")]).await;
    let (after, _) = offered(&alice.get(TOTP).await);
    assert_ne!(after, offered_now);
    drop(kept);
}

/// Attack G6.
#[tokio::test]
async fn a_form_on_another_site_changes_no_factor() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let phone = app.add_totp(&alice).await;
    let id = id_of_first(&alice).await;
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://elsewhere.example"),
    ];

    let remove = format!("{LIST}/{id}/remove");
    for (path, form) in [
        (TOTP, format!("code={}", phone.next_code())),
        (RECOVERY_CODES, String::new()),
        (&*remove, "confirm=yes".to_owned()),
    ] {
        let answer = alice.post_with(path, &headers, form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }

    let kept = list(&alice).await;
    assert_eq!(kept["factors"][0]["id"], *id);
    assert_eq!(kept["recovery_codes"], 0);
}

/// Attacks G6 and G7.
#[tokio::test]
async fn a_copy_of_the_database_has_neither_secrets_nor_codes() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    let offer = alice.get_with(TOTP, &JSON).await.json();
    let secret = offer["secret"].as_str().unwrap();
    let phone = app.add_totp(&alice).await;
    let codes = alice.post_json(RECOVERY_CODES, &json!({})).await.json();

    let rows = rows(&app.database).await;

    assert!(rows.len() > 200, "{rows}");
    assert!(!rows.contains(secret));
    for code in codes["codes"].as_array().unwrap() {
        let code = code.as_str().unwrap();
        assert!(!rows.contains(code) && !rows.contains(&code.replace('-', "")));
    }
    drop(phone);
}

/// All columns of both tables.
async fn rows(database: &Database) -> String {
    let connection = database.connection();
    let mut text = String::new();
    for (table, column) in [
        ("vestibule_totp_apps", "secret"),
        ("vestibule_totp_apps", "id"),
        ("vestibule_recovery_codes", "digest"),
    ] {
        let sql = format!("SELECT {column} FROM {table}");
        let sql = Statement::from_string(connection.get_database_backend(), sql);
        for row in connection.query_all_raw(sql).await.unwrap() {
            text += &row.try_get_by_index::<String>(0).unwrap();
            text += "\n";
        }
    }
    text
}

/// Attack G6: the secret is encrypted for its user.
#[tokio::test]
async fn a_secret_that_is_moved_to_another_user_makes_no_codes() {
    let app = TestApp::new().await;
    let mallory = app.registered("mallory").await;
    let phone = app.add_totp(&mallory).await;
    app.registered("alice").await;
    let alice = app.account("alice").await;
    let sql = format!("UPDATE vestibule_totp_apps SET user_id = '{}'", alice.id);
    let connection = app.database.connection();
    connection.execute_unprepared(&sql).await.unwrap();
    let browser = app.browser();
    app.log_in(&browser, "alice").await;

    let answer = browser
        .post("/login/factor", &[("code", &phone.next_code())])
        .await;

    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_factor_of_another_user_is_not_found() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    app.add_totp(&alice).await;
    let id = id_of_first(&alice).await;
    let mallory = app.registered("mallory").await;
    app.add_totp(&mallory).await;

    let answer = mallory
        .post_json(&format!("{LIST}/{id}/remove"), &json!({}))
        .await;

    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(id_of_first(&alice).await, id);
}

/// The secrets stay readable, and each is encrypted by the first key when it is used.
#[tokio::test]
async fn a_new_secret_key_encrypts_a_secret_when_it_is_used() {
    let key = |seed| SecretKey::generate(&Random::insecure_seeded(seed)).unwrap();
    let database = fresh_database().await;
    let app = TestApp::on(database.clone(), |config| config.secret_key = key(7)).await;
    let phone = app.add_totp(&app.registered("alice").await).await;
    let old_keys = async |first: SecretKey| {
        let (clock, random) = (&app.clock, &Random::system());
        let factors = Factors::new(&database, "", &first, clock, random);
        factors.totp.count_under_old_keys().await.unwrap()
    };
    assert_eq!(old_keys(key(7)).await, 0);
    let rotated = || key(8).fallback(key(7));
    assert_eq!(old_keys(rotated()).await, 1);
    let restarted = TestApp::on(database.clone(), |config| {
        config.secret_key = rotated();
        config.clock = app.clock.clone();
    });
    let restarted = restarted.await;

    log_in(&restarted, &phone).await;

    assert_eq!(old_keys(rotated()).await, 0);
    assert_eq!(old_keys(key(8)).await, 0);
}
