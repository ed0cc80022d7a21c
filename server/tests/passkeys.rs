//! Passkeys in a real browser, Debian's Chromium, with its virtual authenticator. The site is below
//! a path of its host.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::net::TcpListener;

use chromiumoxide::cdp::browser_protocol::emulation::SetScriptExecutionDisabledParams;
use chromiumoxide::cdp::browser_protocol::web_authn::{
    AddVirtualAuthenticatorParams, AuthenticatorId, AuthenticatorProtocol, AuthenticatorTransport,
    EnableParams, SetUserVerifiedParams, VirtualAuthenticatorOptions,
};
use support::Program;
use support::visit::Visit;

/// The program at a domain, because browsers have no passkeys at an address.
fn start(folder: &tempfile::TempDir) -> Program {
    let port = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap();
    drop(port);
    let url = format!("http://localhost:{}/auth", address.port());
    let address = address.to_string();
    Program::start(folder, &["--listen", &address, "--public-url", &url])
}

/// An authenticator in the device, whose user touches it and is verified.
async fn plug_in(visit: &Visit) -> AuthenticatorId {
    visit.page.execute(EnableParams::default()).await.unwrap();
    let mut options = VirtualAuthenticatorOptions::new(
        AuthenticatorProtocol::Ctap2,
        AuthenticatorTransport::Internal,
    );
    options.has_resident_key = Some(true);
    options.has_user_verification = Some(true);
    options.is_user_verified = Some(true);
    options.automatic_presence_simulation = Some(true);
    let add = AddVirtualAuthenticatorParams::new(options);
    let added = visit.page.execute(add).await.unwrap();
    added.authenticator_id.clone()
}

async fn register(visit: &Visit, url: &str) {
    visit.open(&format!("{url}/register")).await;
    visit
        .shows("/auth/register", "At least 15 characters")
        .await;
    visit.fill_in_and_send().await;
    visit.shows("/auth/welcome", "alice").await;
}

async fn log_out(visit: &Visit, url: &str) {
    visit.open(&format!("{url}/logout")).await;
    visit.shows("/auth/logout", "Stay logged in").await;
    visit.press("main form > button").await;
    visit.shows("/auth/login", "You are logged out.").await;
}

#[tokio::test]
async fn a_user_adds_a_passkey_logs_in_with_it_confirms_with_it_and_removes_it() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(&folder);
    let url = program.url.clone();
    let visit = Visit::begin().await;
    register(&visit, &url).await;
    let authenticator = plug_in(&visit).await;

    visit.open(&format!("{url}/account/passkeys")).await;
    visit
        .shows("/auth/account/passkeys", "no passkey yet")
        .await;
    visit.type_into("#passkey-name", "My laptop").await;
    visit.press("form[data-passkey-add] button").await;
    visit
        .shows("/auth/account/factors", "My laptop has been added.")
        .await;

    // The device has one for this account already.
    visit.open(&format!("{url}/account/passkeys")).await;
    visit
        .shows("/auth/account/passkeys", "value=\"My laptop\"")
        .await;
    visit.press("form[data-passkey-add] button").await;
    visit
        .shows(
            "/auth/account/passkeys",
            "already has a passkey for your account.</p>",
        )
        .await;

    log_out(&visit, &url).await;
    visit.press("button[data-passkey-login]").await;
    visit.shows("/auth/welcome", "alice").await;

    // The PIN was wrong.
    log_out(&visit, &url).await;
    let refuse = SetUserVerifiedParams::new(authenticator.clone(), false);
    visit.page.execute(refuse).await.unwrap();
    visit.press("button[data-passkey-login]").await;
    visit.shows("/auth/login", "No passkey was used.").await;
    let verify = SetUserVerifiedParams::new(authenticator, true);
    visit.page.execute(verify).await.unwrap();
    visit.press("button[data-passkey-login]").await;
    visit.shows("/auth/welcome", "alice").await;

    visit.open(&format!("{url}/account/passkeys")).await;
    let page = visit
        .shows("/auth/account/passkeys", "value=\"My laptop\"")
        .await;
    visit.press("form[action$='/remove'] button").await;
    let (_, id) = page.split_once("/account/factors/").unwrap();
    let (id, _) = id.split_once("/remove").unwrap();
    visit
        .shows(
            &format!("/auth/account/factors/{id}/remove"),
            "is your last second factor",
        )
        .await;
    visit.press("form[action$='/remove'] button").await;
    visit
        .shows("/auth/account/passkeys", "has been removed")
        .await;
    log_out(&visit, &url).await;
    visit.press("button[data-passkey-login]").await;
    // Chromium has deleted the passkey by then, or still has it.
    let page = visit.shows("/auth/login", "Try again").await;
    assert!(
        page.contains("didn’t work") || page.contains("No passkey"),
        "{page}"
    );

    visit.end().await;
    let log = program.terminate();
    // The buttons asked four times. The others are for what the browser suggests in the field for
    // the username.
    let asked = log
        .matches("POST path=\"/auth/login/passkey/options\"")
        .count();
    assert!(asked > 4, "{log}");
}

#[tokio::test]
async fn a_visitor_registers_with_a_passkey_and_sets_a_password_later() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(&folder);
    let url = program.url.clone();
    let visit = Visit::begin().await;
    plug_in(&visit).await;
    visit.open(&format!("{url}/register")).await;
    visit
        .shows("/auth/register", "Create account with a passkey")
        .await;
    visit.press("[data-passkey-register] button").await;
    visit.shows("/auth/register", "Enter a username.").await;
    visit.type_into("#username", "alice").await;
    visit.press("[data-passkey-register] button").await;
    visit
        .shows("/auth/welcome", "Your account has no password.")
        .await;

    visit.open(&format!("{url}/account/passkeys")).await;
    visit
        .shows("/auth/account/passkeys", "on one device only")
        .await;
    visit.press("form[action$='/remove'] button").await;
    visit
        .shows("/auth/account/passkeys", "only way to log in")
        .await;
    visit.open(&format!("{url}/change-password")).await;
    visit.shows("/auth/change-password", "Set a password").await;
    visit
        .type_into("#new_password", "correct horse battery staple")
        .await;
    visit.press("main form > button").await;
    visit
        .shows("/auth/welcome", "Your account has a password now.")
        .await;

    visit.end().await;
    program.terminate();
}

#[tokio::test]
async fn without_script_the_pages_say_what_passkeys_need_and_the_rest_works() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(&folder);
    let url = program.url.clone();
    let visit = Visit::begin().await;
    let off = SetScriptExecutionDisabledParams::new(true);
    visit.page.execute(off).await.unwrap();

    visit.open(&format!("{url}/register")).await;
    let form = visit.shows("/auth/register", "Create an account").await;
    register(&visit, &url).await;
    visit.open(&format!("{url}/account/passkeys")).await;
    let page = visit
        .shows("/auth/account/passkeys", "you need JavaScript")
        .await;
    log_out(&visit, &url).await;
    let login = visit.shows("/auth/login", "data-passkey-login").await;
    visit.fill_in_and_send().await;
    visit.shows("/auth/welcome", "alice").await;

    assert!(page.contains("hidden=\"\">"), "{page}");
    assert!(
        form.contains("data-passkey-register") && form.contains("hidden=\"\">"),
        "{form}"
    );
    assert!(
        login.contains("hidden=\"\">Log in with a passkey"),
        "{login}"
    );
    visit.end().await;
    program.terminate();
}
