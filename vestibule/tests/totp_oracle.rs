//! A foreign authenticator app logs in: pyotp reads the address in the QR code, and its codes are
//! right. `cargo xtask test` installs it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::Command;

use serde_json::json;
use vestibule::clock::Clock;
use vestibule::testing::{PASSWORD, TestApp, TestAuthenticator};

/// Prints the issuer, the account and the code at a time.
const SCRIPT: &str = "import pyotp, sys\n\
    app = pyotp.parse_uri(sys.argv[1])\n\
    print(app.issuer, app.name, app.at(int(sys.argv[2])), sep='|')\n";

/// What pyotp makes of the address in the QR code: issuer, account, and the present code.
fn pyotp(uri: &str, clock: &Clock) -> (String, String, String) {
    let python = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../pyotp/bin/python");
    let seconds = (clock.now().as_millis() / 1_000).to_string();
    let output = Command::new(python)
        .args(["-c", SCRIPT, uri, &seconds])
        .output();
    let output = output.expect("`cargo xtask test` installs pyotp");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut parts = text.trim().split('|').map(str::to_owned);
    let mut part = || parts.next().unwrap();
    (part(), part(), part())
}

#[tokio::test]
async fn pyotp_reads_the_address_in_the_qr_code_and_logs_in() {
    let site_name = "Käse & Söhne: 100 %";
    let app = TestApp::with(|config| config.site_name = site_name.to_owned()).await;
    let alice = app.registered("alice").await;
    let page = "/account/factors/totp";
    let offer = alice
        .get_with(page, &[("accept", "application/json")])
        .await;
    let uri = offer.json()["uri"].as_str().unwrap().to_owned();

    let (issuer, account, code) = pyotp(&uri, &app.clock);
    assert_eq!((&*issuer, &*account), (site_name, "alice"));
    let added = alice.post_json(page, &json!({ "code": code })).await;
    assert_eq!(added.status, 201, "{}", added.text());
    for _ in 0..5 {
        app.clock.advance(TestAuthenticator::STEP);
        let browser = app.browser();
        let fields = [("username", "alice"), ("password", PASSWORD)];
        browser.post("/login", &fields).await;
        let (.., code) = pyotp(&uri, &app.clock);
        let done = browser.post("/login/factor", &[("code", &code)]).await;
        assert_eq!(done.location(), Some("/welcome"), "{code}");
    }
}
