//! New passkeys under attack (G9).

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::attacks::alice;
use super::{JSON, options, options_to_add, removal, show};
use crate::testing::TestClient;
use crate::testing::passkey::{
    BACKED_UP, Says, TestPasskey, USER_PRESENT, USER_VERIFIED, base64url,
};

#[tokio::test]
async fn a_registration_that_says_anything_but_the_truth_is_rejected() {
    let (_app, alice, _) = alice().await;
    let says = |says: Says| (USER_PRESENT | USER_VERIFIED, says);
    for (case, (flags, says)) in [
        (
            "origin",
            says(Says {
                origin: "https://evil.test",
                ..Says::default()
            }),
        ),
        (
            "rp id",
            says(Says {
                rp_id: "evil.test",
                ..Says::default()
            }),
        ),
        (
            "type",
            says(Says {
                kind: Some("webauthn.get"),
                ..Says::default()
            }),
        ),
        (
            "frame",
            says(Says {
                client: json!({ "crossOrigin": true }),
                ..Says::default()
            }),
        ),
        (
            "challenge",
            says(Says {
                challenge: Some(base64url(&[7; 32])),
                ..Says::default()
            }),
        ),
        (
            "an algorithm that was not offered",
            says(Says {
                algorithm: -8,
                ..Says::default()
            }),
        ),
        ("the user is absent", (USER_VERIFIED, Says::default())),
        (
            "backed up, and not eligible",
            (USER_PRESENT | BACKED_UP, Says::default()),
        ),
    ] {
        let mut phone = TestPasskey::new(2);
        phone.flags = flags;
        let made = phone.create_saying(&options_to_add(&alice).await, &says);

        let response = alice.post_json("/account/passkeys", &made).await;

        assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY, "{case}");
        assert_eq!(response.json()["code"], "passkey_rejected", "{case}");
    }
}

#[tokio::test]
async fn a_challenge_for_a_new_passkey_works_once_for_its_user() {
    let (app, alice, mut phone) = alice().await;
    let rejected = async |browser: &TestClient, made: &Value, case: &str| {
        let response = browser.post_json("/account/passkeys", made).await;
        assert_eq!(response.json()["code"], "passkey_rejected", "{case}");
    };
    let to_log_in = options(&app.browser()).await;
    let mut for_log_in = to_log_in.clone();
    for_log_in["user"] = json!({ "id": base64url(&[1; 16]) });
    let made = TestPasskey::new(3).create(&for_log_in);
    rejected(&alice, &made, "of a log-in").await;

    let made = TestPasskey::new(4).create(&options_to_add(&alice).await);
    let mallory = app.registered("mallory").await;
    options_to_add(&mallory).await;
    rejected(&mallory, &made, "of another browser").await;

    // In the same browser, another user has logged in meanwhile.
    alice.post("/logout", &[]).await;
    app.log_in(&alice, "mallory").await;
    rejected(&alice, &made, "of another user").await;

    // A credential id that somebody has already is nobody else's.
    let mut same = phone.clone();
    let made = same.create(&options_to_add(&mallory).await);
    rejected(&mallory, &made, "of another passkey").await;
    assert_eq!(
        show(&app.browser(), &mut phone).await.json()["username"],
        "alice"
    );
}

#[tokio::test]
async fn only_a_fresh_log_in_adds_and_removes_a_passkey() {
    let (app, alice, _) = alice().await;
    let made = TestPasskey::new(2).create(&options_to_add(&alice).await);
    let list = alice.get_with("/account/passkeys", &JSON).await;
    let id = list.json()["passkeys"][0]["id"].clone();
    app.clock.advance(Duration::from_secs(16 * 60));

    for (path, body) in [
        ("/account/passkeys/options", json!({})),
        ("/account/passkeys", made),
        (
            "/account/passkeys/rename",
            json!({ "passkey": id, "name": "x" }),
        ),
        (&removal(id.as_str().unwrap()), json!({})),
    ] {
        let response = alice.post_json(path, &body).await;
        assert_eq!(response.json()["code"], "second_factor_required", "{path}");
        let response = app.browser().post_json(path, &body).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn a_user_cannot_rename_or_remove_a_passkey_of_another_user() {
    let (app, alice, mut phone) = alice().await;
    let list = alice.get_with("/account/passkeys", &JSON).await;
    let id = list.json()["passkeys"][0]["id"].clone();
    let mallory = app.registered("mallory").await;

    let rename = json!({ "passkey": id, "name": "mine" });
    let renamed = mallory.post_json("/account/passkeys/rename", &rename).await;
    let removal = removal(id.as_str().unwrap());
    let removed = mallory.post_json(&removal, &json!({})).await;

    assert_eq!(renamed.status, StatusCode::NOT_FOUND);
    assert_eq!(removed.status, StatusCode::NOT_FOUND);
    assert_eq!(
        show(&app.browser(), &mut phone).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_response_that_is_too_large_or_nested_or_repeats_a_member_is_rejected() {
    let (_app, alice, _) = alice().await;
    let send_text = async |text: String| {
        let headers = [
            ("content-type", "application/json"),
            ("accept", "application/json"),
        ];
        alice.post_with("/account/passkeys", &headers, text).await
    };
    let mut made = TestPasskey::new(2).create(&options_to_add(&alice).await);
    // Arrays in arrays, and a text that says it has 4 GiB.
    for object in [
        vec![0x9f; 8000],
        b"\xa1\x63fmt\x7a\xff\xff\xff\xff".to_vec(),
    ] {
        made["response"]["attestationObject"] = base64url(&object).into();
        let response = alice.post_json("/account/passkeys", &made).await;
        assert_eq!(response.json()["code"], "passkey_rejected");
        made = TestPasskey::new(2).create(&options_to_add(&alice).await);
    }
    let mut large = made.clone();
    large["response"]["attestationObject"] = base64url(&vec![0; 16 * 1024]).into();
    let large = send_text(large.to_string()).await;
    assert_eq!(large.json()["code"], "too_large");
    let twice = made
        .to_string()
        .replacen("\"id\":", "\"id\":\"AAAA\",\"id\":", 1);
    let twice = send_text(twice).await;
    assert_eq!(twice.json()["code"], "malformed_form");
    let form = alice.post("/account/passkeys", &[("id", "AAAA")]).await;
    assert_eq!(form.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
