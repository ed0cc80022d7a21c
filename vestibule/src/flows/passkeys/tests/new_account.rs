//! Accounts that begin with a passkey and have no password.

use http::StatusCode;
use serde_json::{Value, json};

use super::{JSON, add, methods, options_to_add, show};
use crate::accounts::{Actor, ChangeOutcome};
use crate::credentials::LoginName;
use crate::flows::{RegistrationMode, RegistrationOutcome};
use crate::testing::passkey::TestPasskey;
use crate::testing::{Mailbox, PASSWORD, TestApp, TestClient, TestResponse};

pub(super) async fn options_to_register(browser: &TestClient, fields: &Value) -> Value {
    let response = browser.post_json("/register/passkey/options", fields).await;
    assert_eq!(response.status, StatusCode::OK, "{}", response.text());
    response.json()
}

/// Registers with this passkey and these fields.
async fn register(
    browser: &TestClient,
    authenticator: &mut TestPasskey,
    fields: &Value,
) -> TestResponse {
    let options = options_to_register(browser, fields).await;
    send(browser, authenticator.create(&options), fields).await
}

async fn send(browser: &TestClient, mut made: Value, fields: &Value) -> TestResponse {
    let members = made.as_object_mut().unwrap();
    members.extend(fields.as_object().unwrap().clone());
    browser.post_json("/register/passkey", &made).await
}

/// A browser in which this user has just registered with this passkey.
pub(super) async fn registered(
    app: &TestApp,
    name: &str,
    authenticator: &mut TestPasskey,
) -> TestClient {
    let browser = app.browser();
    let response = register(&browser, authenticator, &json!({ "username": name })).await;
    assert_eq!(response.status, StatusCode::CREATED, "{}", response.text());
    browser
}

#[tokio::test]
async fn a_visitor_registers_with_a_passkey_and_has_no_password() {
    let app = TestApp::new().await;
    let browser = app.browser();
    let page = browser.get("/register?next=/account").await;
    assert!(
        page.text().contains("data-passkey-register"),
        "{}",
        page.text()
    );
    let mut phone = TestPasskey::new(1);
    let fields = json!({ "username": "alice", "next": "/account" });

    let response = register(&browser, &mut phone, &fields).await;

    let expected = json!({ "username": "alice", "next": "/account" });
    assert_eq!(response.json(), expected);
    assert_eq!(response.status, StatusCode::CREATED);
    assert_eq!(methods(&browser).await, json!(["verified_passkey"]));
    let account = browser.get("/account").await;
    assert!(account.text().contains("Your account is ready"));
    assert!(account.text().contains("no password"), "{}", account.text());
    let id = app.account("alice").await.id;
    let credentials = app.site.credentials();
    assert!(!credentials.has_password(&id).await.unwrap());
    let again = show(&app.browser(), &mut phone).await;
    assert_eq!(again.json()["username"], "alice");
    let fields = [("username", "alice"), ("password", PASSWORD)];
    let by_password = app.browser().post("/login", &fields).await;
    assert_eq!(by_password.status, StatusCode::UNAUTHORIZED);
    let log = browser.get_with("/account/log", &JSON).await;
    assert!(log.text().contains("account added"), "{}", log.text());
}

#[tokio::test]
async fn the_passkey_of_a_new_account_must_be_stored_and_must_verify_its_user() {
    let app = TestApp::new().await;

    let options = options_to_register(&app.browser(), &json!({ "username": "alice" })).await;

    assert_eq!(options["user"]["name"], "alice");
    let selection = &options["authenticatorSelection"];
    assert_eq!(selection["residentKey"], "required");
    assert_eq!(selection["requireResidentKey"], true);
    assert_eq!(selection["userVerification"], "required");
    assert_eq!(options["excludeCredentials"], json!([]));
}

#[tokio::test]
async fn an_authenticator_that_does_not_verify_its_user_is_rejected() {
    let app = TestApp::new().await;
    let mut key = TestPasskey::without_verification(1);

    let response = register(&app.browser(), &mut key, &json!({ "username": "alice" })).await;

    assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(response.json()["code"], "passkey_rejected");
    let found = app.site.accounts().find("alice").await;
    assert!(found.unwrap().is_none());
}

#[tokio::test]
async fn a_wrong_or_taken_name_is_rejected_before_there_is_a_passkey() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    for (name, says) in [
        ("alice", "taken"),
        ("ALICE", "taken"),
        ("a b", "letters"),
        ("admin", "reserved"),
        ("", "Enter a username"),
    ] {
        let fields = json!({ "username": name });

        let response = app
            .browser()
            .post_json("/register/passkey/options", &fields)
            .await;

        assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert_eq!(response.json()["code"], "invalid_fields");
        assert!(response.text().contains(says), "{}", response.text());
    }
}

#[tokio::test]
async fn of_two_visitors_with_one_name_the_second_gets_another_chance() {
    let app = TestApp::new().await;
    let fields = json!({ "username": "alice" });
    let (first, second) = (app.browser(), app.browser());
    let of_first = options_to_register(&first, &fields).await;
    let of_second = options_to_register(&second, &fields).await;
    let made = TestPasskey::new(1).create(&of_first);
    let done = send(&first, made, &fields).await;
    assert_eq!(done.status, StatusCode::CREATED);

    let response = send(&second, TestPasskey::new(2).create(&of_second), &fields).await;

    assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(response.text().contains("taken"), "{}", response.text());
    let another = register(
        &second,
        &mut TestPasskey::new(2),
        &json!({ "username": "bob" }),
    )
    .await;
    assert_eq!(another.status, StatusCode::CREATED);
}

/// Also attacks: a ceremony of another purpose or browser, a used one, and somebody's passkey.
#[tokio::test]
async fn only_the_ceremony_of_a_new_account_makes_one_and_only_once() {
    let app = TestApp::new().await;
    let fields = json!({ "username": "mallory" });
    let mut phone = TestPasskey::new(1);
    let alice = app.registered("alice").await;
    add(&alice, &mut phone).await;
    let browser = app.browser();
    let rejected = async |browser: &TestClient, made: Value| {
        let response = send(browser, made, &fields).await;
        assert_eq!(response.json()["code"], "passkey_rejected");
        assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY);
    };

    // Of another purpose.
    let to_add = TestPasskey::new(2).create(&options_to_add(&alice).await);
    rejected(&alice, to_add).await;
    let options = options_to_register(&alice, &fields).await;
    let made = TestPasskey::new(2).create(&options);
    let added = alice.post_json("/account/passkeys", &made).await;
    assert_eq!(added.json()["code"], "passkey_rejected");
    // Of another browser.
    let options = options_to_register(&browser, &fields).await;
    rejected(&app.browser(), TestPasskey::new(2).create(&options)).await;
    // The passkey of another user.
    rejected(&browser, phone.create(&options)).await;
    // A used one: the line above has used it up.
    rejected(&browser, TestPasskey::new(2).create(&options)).await;

    let found = app.site.accounts().find("mallory").await;
    assert!(found.unwrap().is_none());
}

#[tokio::test]
async fn the_address_is_verified_by_mail_as_of_every_new_account() {
    let (app, mailbox) = TestApp::with_mail().await;
    let browser = app.browser();
    let fields = json!({ "username": "alice", "email": "alice@example.com" });

    let response = register(&browser, &mut TestPasskey::new(1), &fields).await;

    assert_eq!(response.status, StatusCode::CREATED, "{}", response.text());
    let mails = mailbox.of_kind("verify_email", 1).await;
    let link = Mailbox::link(&mails[0]);
    let (_, token) = link.split_once("token=").unwrap();
    let verified = browser.post("/verify-email", &[("token", token)]).await;
    assert_eq!(verified.status, StatusCode::SEE_OTHER);
    let account = app.account("alice").await;
    assert_eq!(account.email.as_deref(), Some("alice@example.com"));
    assert!(account.email_verified_at.is_some());
}

#[tokio::test]
async fn an_invitation_is_used_up_by_a_registration_with_a_passkey() {
    let (app, mailbox) = TestApp::with_mail_and(|config| {
        config.registration = RegistrationMode::Invite;
    })
    .await;
    let operator = app.site.accounts().by(Actor::operator());
    let name = "carol".parse().unwrap();
    let change = operator.add(&name, &PASSWORD.into()).await.unwrap();
    assert_eq!(change, ChangeOutcome::Done);
    app.grant("carol", "admin").await;
    let carol = app.browser();
    app.log_in(&carol, "carol").await;
    let invite = [("email", "dora@example.com"), ("role", "")];
    carol.post("/admin/invitations", &invite).await;
    let link = Mailbox::link(&mailbox.of_kind("invitation", 1).await[0]);
    let uninvited = app
        .browser()
        .post_json("/register/passkey/options", &json!({ "username": "dora" }))
        .await;
    assert_eq!(uninvited.json()["code"], "invitation_needed");
    let browser = app.browser();
    browser.get(&link).await;

    let fields = json!({ "username": "dora" });
    let response = register(&browser, &mut TestPasskey::new(1), &fields).await;

    assert_eq!(response.status, StatusCode::CREATED, "{}", response.text());
    assert_eq!(browser.cookie("__Secure-register"), None);
    let account = app.account("dora").await;
    assert_eq!(account.email.as_deref(), Some("dora@example.com"));
    assert!(account.email_verified_at.is_some());
    let again = app.browser();
    again.get(&link).await;
    let again = again.post_json("/register/passkey/options", &fields).await;
    assert_eq!(again.json()["code"], "invalid_invitation");
}

#[tokio::test]
async fn where_admins_approve_accounts_a_passkey_logs_in_nobody_before() {
    let app = TestApp::with(|config| config.registration = RegistrationMode::Approval).await;
    let mut phone = TestPasskey::new(1);
    let browser = app.browser();

    let response = register(&browser, &mut phone, &json!({ "username": "alice" })).await;

    let expected = json!({ "username": "alice", "next": "/login" });
    assert_eq!(response.json(), expected);
    assert!(browser.get("/login").await.text().contains("must approve"));
    let early = show(&app.browser(), &mut phone).await;
    assert_eq!(early.status, StatusCode::UNAUTHORIZED);
    assert_eq!(early.json()["code"], "wrong_credentials");
}

#[tokio::test]
async fn an_account_that_the_app_rejects_leaves_no_passkey() {
    let app = TestApp::with(|config| {
        config.on_register(async |account, _| {
            Ok(match account.name() {
                "mallory" => RegistrationOutcome::Rejected {
                    field: "username".to_owned(),
                    message: "Not you.".to_owned(),
                },
                _ => RegistrationOutcome::Accepted,
            })
        });
    })
    .await;
    let mut phone = TestPasskey::new(1);
    let browser = app.browser();
    let mallory = json!({ "username": "mallory" });

    let response = register(&browser, &mut phone, &mallory).await;

    assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(response.text().contains("Not you."), "{}", response.text());
    let found = app.site.accounts().find("mallory").await;
    assert!(found.unwrap().is_none());
    // The passkey belongs to nobody.
    let response = register(&browser, &mut phone, &json!({ "username": "alice" })).await;
    assert_eq!(response.status, StatusCode::CREATED, "{}", response.text());
}

#[tokio::test]
async fn where_the_address_is_the_name_there_is_no_registration_with_a_passkey() {
    let (app, _) = TestApp::with_mail_and(|config| config.log_in_with = LoginName::Email).await;
    let browser = app.browser();

    let page = browser.get("/register").await;
    let fields = json!({ "email": "alice@example.com" });
    let response = browser
        .post_json("/register/passkey/options", &fields)
        .await;

    assert!(!page.text().contains("data-passkey-register"));
    assert_eq!(response.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_closed_site_registers_nobody_with_a_passkey() {
    let app = TestApp::with(|config| config.registration = RegistrationMode::Closed).await;

    for path in ["/register/passkey/options", "/register/passkey"] {
        let fields = json!({ "username": "alice" });
        let response = app.browser().post_json(path, &fields).await;
        assert_eq!(response.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn registrations_with_passkeys_are_counted_with_all_others() {
    let app = TestApp::with(|config| config.throttle.limits.registrations.burst = 2).await;
    let at = |app: &TestApp| app.browser().address("192.0.2.1".parse().unwrap());
    for name in ["alice", "bob"] {
        let mut phone = TestPasskey::new(name.len().try_into().unwrap());
        let response = register(&at(&app), &mut phone, &json!({ "username": name })).await;
        assert_eq!(response.status, StatusCode::CREATED, "{}", response.text());
    }

    // Neither answer says whether the name is taken.
    for name in ["alice", "carol"] {
        let fields = json!({ "username": name });
        let path = "/register/passkey/options";
        let response = at(&app).post_json(path, &fields).await;
        assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS, "{name}");
        assert!(response.header("retry-after").is_some());
    }
}

/// Attack: who has an account, asked by any passkey, without options and so without a limit.
#[tokio::test]
async fn a_passkey_without_options_does_not_learn_which_names_are_taken() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    let options = json!({
        "challenge": super::base64url(&[7; 32]),
        "user": { "id": super::base64url(&[7; 16]) },
    });
    let mut answers = Vec::new();
    for name in ["alice", "carol"] {
        let made = TestPasskey::new(1).create(&options);
        let fields = json!({ "username": name });
        answers.push(send(&app.browser(), made, &fields).await.json());
    }

    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0]["code"], "passkey_rejected");
}

/// Attack: each request for options takes a row of a table.
#[tokio::test]
async fn one_network_can_begin_only_so_many_ceremonies() {
    let app = TestApp::with(|config| config.throttle.limits.ceremonies.burst = 3).await;
    let at = |address: &str| app.browser().address(address.parse().unwrap());
    let known = app.registered("alice").await;
    add(&known, &mut TestPasskey::new(1)).await;
    let known = known.address("192.0.2.1".parse().unwrap());
    let path = "/login/passkey/options";
    for _ in 0..3 {
        let response = at("192.0.2.1").post_json(path, &json!({})).await;
        assert_eq!(response.status, StatusCode::OK, "{}", response.text());
    }

    let response = at("192.0.2.1").post_json(path, &json!({})).await;

    assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.json()["code"], "throttled");
    // Another network, and a user who is logged in.
    let other = at("198.51.100.1");
    super::options(&other).await;
    super::options(&known).await;
}

#[tokio::test]
async fn unknown_and_repeated_members_are_rejected() {
    let app = TestApp::new().await;
    let browser = app.browser();
    let fields = json!({ "username": "alice" });
    let options = options_to_register(&browser, &fields).await;
    let made = TestPasskey::new(1).create(&options);
    let more = json!({ "username": "alice", "role": "admin" });
    let unknown = send(&browser, made.clone(), &more).await;
    assert_eq!(unknown.json()["code"], "unknown_field");
    let mut text = made.to_string();
    text.insert_str(1, r#""username": "alice", "username": "bob","#);

    let repeated = browser
        .post_with(
            "/register/passkey",
            &[("content-type", "application/json"), JSON[0]],
            text,
        )
        .await;

    assert_eq!(repeated.json()["code"], "repeated_field");
    let found = app.site.accounts().find("alice").await;
    assert!(found.unwrap().is_none());
}
