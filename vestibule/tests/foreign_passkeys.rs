//! Foreign browsers and authenticators add passkeys and log in with them: passkey-rs of 1Password,
//! and soft-webauthn with Yubico's fido2. `cargo xtask test` installs them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use vestibule::testing::{PASSWORD, TestApp, TestClient, TestResponse};

const ORIGIN: &str = "https://example.com";

/// A program that is a browser with an authenticator. It has one passkey at most.
struct ForeignClient {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl ForeignClient {
    fn start(program: &str, argument: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..");
        let process = Command::new(folder.join(program))
            .arg(argument)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut process = process.expect("`cargo xtask test` installs it");
        Self {
            input: process.stdin.take().unwrap(),
            output: BufReader::new(process.stdout.take().unwrap()),
            process,
        }
    }

    /// passkey-rs, with an authenticator that verifies its user.
    fn passkey_rs() -> Self {
        Self::start("passkey-rs/debug/passkey-rs-client", "verified")
    }

    /// The same, with an authenticator that cannot verify its user.
    fn passkey_rs_unverified() -> Self {
        Self::start("passkey-rs/debug/passkey-rs-client", "unverified")
    }

    /// soft-webauthn, whose authenticator cannot verify its user.
    fn soft_webauthn() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/soft_webauthn/client.py");
        Self::start("soft-webauthn/bin/python", script)
    }

    /// `navigator.credentials.create` or `get` on a page of this origin.
    fn call(&mut self, call: &str, options: &Value, origin: &str) -> Value {
        let request = json!({ "call": call, "options": options, "origin": origin });
        writeln!(self.input, "{request}").unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).expect("an answer of the foreign client")
    }

    fn create(&mut self, options: &Value) -> Value {
        answered(self.call("create", options, ORIGIN))
    }

    fn get(&mut self, options: &Value) -> Value {
        answered(self.call("get", options, ORIGIN))
    }
}

impl Drop for ForeignClient {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn answered(answer: Value) -> Value {
    assert_eq!(answer["error"], Value::Null, "{answer}");
    answer
}

async fn options(browser: &TestClient, path: &str) -> Value {
    let response = browser.post_json(path, &json!({})).await;
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

/// Adds the passkey of this client to the account of the user in this browser.
async fn add(browser: &TestClient, client: &mut ForeignClient) {
    let made = client.create(&options(browser, "/account/passkeys/options").await);
    let added = browser.post_json("/account/passkeys", &made).await;
    assert_eq!(added.status, 201, "{}", added.text());
}

/// Shows the passkey of this client.
async fn show(browser: &TestClient, client: &mut ForeignClient) -> TestResponse {
    let shown = client.get(&options(browser, "/login/passkey/options").await);
    browser.post_json("/login/passkey", &shown).await
}

/// The methods of the session in this browser.
async fn methods(browser: &TestClient) -> Value {
    let json = [("accept", "application/json")];
    let sessions = browser.get_with("/account/sessions", &json).await.json();
    let sessions = sessions["sessions"].as_array().unwrap().clone();
    let mut sessions = sessions.into_iter();
    let this = sessions.find(|session| session["is_this"] == true);
    this.unwrap()["methods"].take()
}

/// A browser whose user has shown the password, and must show a second factor.
async fn half_way(app: &TestApp) -> TestClient {
    let browser = app.browser();
    show_password(&browser).await;
    browser
}

async fn show_password(browser: &TestClient) {
    let fields = json!({ "username": "alice", "password": PASSWORD });
    let first = browser.post_json("/login", &fields).await.json();
    assert_eq!(first["methods"], json!(["passkey"]), "{first}");
}

fn all() -> [(&'static str, ForeignClient); 3] {
    [
        ("passkey-rs", ForeignClient::passkey_rs()),
        (
            "passkey-rs, unverified",
            ForeignClient::passkey_rs_unverified(),
        ),
        ("soft-webauthn", ForeignClient::soft_webauthn()),
    ]
}

#[tokio::test]
async fn a_foreign_client_that_verifies_its_user_logs_in_without_a_username() {
    let app = TestApp::new().await;
    let mut client = ForeignClient::passkey_rs();
    add(&app.registered("alice").await, &mut client).await;
    for _ in 0..3 {
        let browser = app.browser();

        let shown = show(&browser, &mut client).await;

        let expected = json!({ "username": "alice", "next": "/welcome" });
        assert_eq!(shown.json(), expected);
        assert_eq!(methods(&browser).await, json!(["verified_passkey"]));
    }
}

#[tokio::test]
async fn a_foreign_client_that_verifies_nobody_logs_nobody_in_without_a_password() {
    let app = TestApp::new().await;
    let mut client = ForeignClient::soft_webauthn();
    add(&app.registered("alice").await, &mut client).await;
    let browser = app.browser();

    let shown = show(&browser, &mut client).await;

    assert_eq!(shown.status, 401, "{}", shown.text());
    assert_eq!(browser.get("/welcome").await.status, 303);
}

#[tokio::test]
async fn a_passkey_of_each_foreign_client_is_a_second_factor() {
    for (name, mut client) in all() {
        let app = TestApp::new().await;
        add(&app.registered("alice").await, &mut client).await;
        let browser = half_way(&app).await;
        assert_eq!(browser.get("/welcome").await.status, 303, "{name}");

        let shown = show(&browser, &mut client).await;

        assert_eq!(shown.json()["username"], "alice", "{name}");
        let shown = methods(&browser).await;
        assert_eq!(shown[0], "password", "{name}");
        assert!(shown.as_array().unwrap().len() == 2, "{name} {shown}");
    }
}

#[tokio::test]
async fn a_passkey_of_each_foreign_client_confirms_a_log_in() {
    for (name, mut client) in all() {
        let app = TestApp::new().await;
        let alice = app.registered("alice").await;
        add(&alice, &mut client).await;
        app.clock.advance(Duration::from_secs(20 * 60));
        let json = [("accept", "application/json")];
        let stale = alice.get_with("/account/factors", &json).await;
        assert_eq!(stale.json()["code"], "second_factor_required", "{name}");

        let shown = show(&alice, &mut client).await;

        assert_eq!(shown.status, 200, "{name} {}", shown.text());
        let fresh = alice.get_with("/account/factors", &json).await;
        assert_eq!(fresh.status, 200, "{name}");
    }
}

#[tokio::test]
async fn a_response_of_each_foreign_client_works_once() {
    for (name, mut client) in all() {
        let app = TestApp::new().await;
        add(&app.registered("alice").await, &mut client).await;
        let browser = half_way(&app).await;
        let shown = client.get(&options(&browser, "/login/passkey/options").await);
        let secret = browser.cookie("__Host-passkey").unwrap();
        let first = browser.post_json("/login/passkey", &shown).await;
        assert_eq!(first.status, 200, "{name} {}", first.text());
        browser.post("/logout", &[]).await;
        show_password(&browser).await;
        // The first log-in has removed the cookie that belongs to the challenge.
        browser.set_cookie("__Host-passkey", &secret);

        let again = browser.post_json("/login/passkey", &shown).await;

        assert_eq!(again.status, 401, "{name} {}", again.text());
    }
}

/// passkey-rs is a browser: it refuses before our server can. soft-webauthn signs for any origin.
#[tokio::test]
async fn a_page_of_another_origin_gets_no_log_in_by_a_foreign_client() {
    let app = TestApp::new().await;
    for (i, (origin, mut client)) in [
        ("https://evil.com", ForeignClient::soft_webauthn()),
        (
            "https://example.com.evil.com",
            ForeignClient::soft_webauthn(),
        ),
        ("https://evil.example.com", ForeignClient::soft_webauthn()),
        ("http://example.com", ForeignClient::soft_webauthn()),
        ("https://example.com:8443", ForeignClient::soft_webauthn()),
        // A subdomain may use the RP ID of its parent, so this browser signs.
        ("https://evil.example.com", ForeignClient::passkey_rs()),
    ]
    .into_iter()
    .enumerate()
    {
        let username = format!("user{i}");
        let alice = app.registered(&username).await;
        let wanted = options(&alice, "/account/passkeys/options").await;
        let made = answered(client.call("create", &wanted, origin));
        let added = alice.post_json("/account/passkeys", &made).await;
        assert_eq!(added.status, 422, "{origin} {}", added.text());
        add(&alice, &mut client).await;
        let browser = app.browser();
        let fields = json!({ "username": username, "password": PASSWORD });
        browser.post_json("/login", &fields).await;
        let wanted = options(&browser, "/login/passkey/options").await;

        let shown = answered(client.call("get", &wanted, origin));

        let response = browser.post_json("/login/passkey", &shown).await;
        assert_eq!(response.status, 401, "{origin} {}", response.text());
        assert_eq!(browser.get("/welcome").await.status, 303, "{origin}");
        let right = show(&browser, &mut client).await;
        assert_eq!(right.status, 200, "{origin} {}", right.text());
    }
    let mut browser = ForeignClient::passkey_rs();
    let alice = app.registered("alice").await;
    let wanted = options(&alice, "/account/passkeys/options").await;
    let refused = browser.call("create", &wanted, "https://evil.com");
    assert!(refused["error"].is_string(), "{refused}");
}
