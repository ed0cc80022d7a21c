//! A visit in a real browser: Debian's Chromium.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use chromiumoxide::cdp::browser_protocol::emulation::SetScriptExecutionDisabledParams;
use support::mails::link_to;
use support::visit::Visit;
use support::{PASSWORD, Program, run};

/// Registers, logs out, logs in, restarts the program, is still in, logs out, goes back.
async fn whole_visit(visit: &Visit, has_script: bool) {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(&folder, &[]);
    let (url, address) = (program.url.clone(), program.address().to_owned());

    visit.open(&url).await;
    visit.shows("/login", "New here?").await;
    visit.open(&format!("{url}/register")).await;
    let register = if has_script {
        "class=\"show\""
    } else {
        "At least 15 characters"
    };
    let register = visit.shows("/register", register).await;
    assert_eq!(register.contains("class=\"show\""), has_script);
    visit.fill_in_and_send().await;
    visit.shows("/welcome", "Welcome, <bdi>alice</bdi>").await;

    visit.open(&format!("{url}/logout")).await;
    visit.shows("/logout", "Stay logged in").await;
    visit.press("main form > button").await;
    visit.shows("/login", "You are logged out.").await;
    visit.fill_in_and_send().await;
    visit.shows("/welcome", "Welcome, <bdi>alice</bdi>").await;

    program.terminate();
    let program = Program::start(&folder, &["--listen", &address]);
    visit.open(&url).await;
    visit.shows("/welcome", "Welcome, <bdi>alice</bdi>").await;

    visit.open(&format!("{url}/logout")).await;
    visit.shows("/logout", "Stay logged in").await;
    visit.press("main form > button").await;
    visit.shows("/login", "You are logged out.").await;
    visit.go_back(2).await;
    let shown = visit.shows("/login", "Log in to see that page.").await;
    assert!(!shown.contains("alice"), "{shown}");
    program.terminate();
}

#[tokio::test]
async fn a_visitor_comes_in_stays_in_over_a_restart_and_leaves_nothing_behind() {
    let visit = Visit::begin().await;

    whole_visit(&visit, true).await;

    visit.end().await;
}

#[tokio::test]
async fn all_of_it_works_without_script() {
    let visit = Visit::begin().await;
    let off = SetScriptExecutionDisabledParams::new(true);
    visit.page.execute(off).await.unwrap();

    whole_visit(&visit, false).await;

    visit.end().await;
}

/// Two browsers are closed and opened again: the one that ticked the box is still logged in, and
/// asked for the password where it matters.
#[tokio::test]
async fn who_asks_to_stay_logged_in_does_and_who_does_not_is_logged_out() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(&folder, &[]);
    let url = program.url.clone();
    let visit = Visit::begin().await;
    visit.open(&format!("{url}/register")).await;
    visit.shows("/register", "At least 15 characters").await;
    visit.fill_in_and_send().await;
    visit.shows("/welcome", "alice").await;

    let visit = visit.restart().await;
    visit.open(&format!("{url}/welcome")).await;
    visit
        .shows("/login", "Stay logged in on this browser")
        .await;
    visit.tick("input[name=remember]").await;
    visit.fill_in_and_send().await;
    visit.shows("/welcome", "alice").await;
    let visit = visit.restart().await;
    visit.open(&format!("{url}/welcome")).await;
    visit.shows("/welcome", "alice").await;
    visit.open(&format!("{url}/confirm-login")).await;
    visit
        .shows("/confirm-login", "enter your password again")
        .await;
    visit.type_into("#password", PASSWORD).await;
    visit.press("main form > button").await;
    visit.shows("/welcome", "alice").await;
    visit.open(&format!("{url}/confirm-login")).await;
    visit.shows("/welcome", "alice").await;

    visit.end().await;
}

#[tokio::test]
async fn what_was_wrong_has_the_focus_and_a_password_can_be_shown() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(&folder, &[]);
    let visit = Visit::begin().await;
    let value = async |script: &str| {
        let value = visit.page.evaluate(script).await.unwrap();
        value.into_value::<String>().unwrap()
    };

    visit.open(&format!("{}/register", program.url)).await;
    visit.shows("/register", "data-show").await;
    visit.type_into("#password", "short").await;
    assert_eq!(
        value("document.querySelector('#password').type").await,
        "password"
    );
    visit.press("button.show").await;
    assert_eq!(
        value("document.querySelector('#password').type").await,
        "text"
    );
    visit.press("main form > button").await;
    visit.shows("/register", "Enter a username.").await;

    assert_eq!(value("document.activeElement.id").await, "username");
    let described = "document.querySelector('#password').getAttribute('aria-describedby')";
    assert_eq!(value(described).await, "password-error password-hint");
    visit.end().await;
}

#[tokio::test]
async fn a_double_click_sends_once_and_the_button_works_again_after_going_back() {
    let folder = tempfile::tempdir().unwrap();
    assert!(
        run(folder.path(), &["user", "add", "alice"], PASSWORD)
            .status
            .success()
    );
    let program = Program::start(&folder, &[]);
    let visit = Visit::begin().await;
    visit.open(&format!("{}/login", program.url)).await;
    visit.shows("/login", "class=\"show\"").await;
    visit.type_into("#username", "alice").await;
    visit.type_into("#password", PASSWORD).await;

    let twice = "const button = document.querySelector('form > button'); \
                 button.click(); button.click(); button.getAttribute('aria-disabled')";
    let disabled = visit.page.evaluate(twice).await.unwrap();
    assert_eq!(disabled.into_value::<String>().unwrap(), "true");
    visit.shows("/welcome", "alice").await;
    visit.open(&format!("{}/logout", program.url)).await;
    visit.shows("/logout", "Stay logged in").await;
    visit.press("form > button").await;
    visit.shows("/login", "You are logged out.").await;
    let focused = visit
        .page
        .evaluate("document.activeElement.textContent")
        .await;
    let focused = focused.unwrap().into_value::<String>().unwrap();
    assert_eq!(focused, "You are logged out.", "so it is read out");
    visit.go_back(1).await;
    visit.page_shown().await;
    let ready = "document.querySelectorAll('[aria-disabled]').length";
    let ready = visit.page.evaluate(ready).await.unwrap();
    assert_eq!(ready.into_value::<u32>().unwrap(), 0);

    visit.end().await;
    let log = program.terminate();
    let posts = log.matches("method=POST path=\"/login\"").count();
    assert_eq!(posts, 1, "{log}");
}

#[tokio::test]
async fn each_button_that_shows_a_password_names_its_field() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(&folder, &[]);
    let visit = Visit::begin().await;
    visit.open(&format!("{}/register", program.url)).await;
    visit.shows("/register", "class=\"show\"").await;
    visit.fill_in_and_send().await;
    visit.shows("/welcome", "alice").await;

    visit
        .open(&format!("{}/change-password", program.url))
        .await;
    visit.shows("/change-password", "class=\"show\"").await;

    let names = "[...document.querySelectorAll('button.show')].map(button => \
                 button.getAttribute('aria-labelledby').split(' ').map(id => \
                 document.getElementById(id).textContent).join(' ')).join('|')";
    let names = visit.page.evaluate(names).await.unwrap();
    assert_eq!(
        names.into_value::<String>().unwrap(),
        "Show Current password|Show New password"
    );
    visit.end().await;
}

/// Finds a user, gives a role, disables, and reads what was done: by the keyboard alone.
#[tokio::test]
async fn an_admin_works_by_keyboard_and_without_script() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, input) in [
        (["user", "add", "alice"].as_slice(), PASSWORD),
        (&["user", "add", "bob"], PASSWORD),
        (&["user", "grant", "alice", "admin"], ""),
        (&["role", "add", "editor"], ""),
    ] {
        assert!(run(folder.path(), arguments, input).status.success());
    }
    let program = Program::start(&folder, &[]);
    let visit = Visit::begin().await;
    let off = SetScriptExecutionDisabledParams::new(true);
    visit.page.execute(off).await.unwrap();

    visit.open(&format!("{}/admin", program.url)).await;
    visit.shows("/login", "Log in to see that page.").await;
    visit.fill_in_and_send().await;
    visit.shows("/admin", ">bob<").await;
    visit.type_into("#q", "bo").await;
    visit.press(".search > button").await;
    let found = visit.shows("/admin", "value=\"bo\"").await;
    let mut links = found.split("href=\"/admin/users/").skip(1);
    let bob = links.find(|link| !link.starts_with("new\"")).unwrap();
    let bob = format!("/admin/users/{}", bob.split('"').next().unwrap());
    visit.press("tbody a").await;
    visit.shows(&bob, "Disable and log out everywhere").await;
    visit.choose_next("#role").await;
    visit.press("form[action$='/grant'] button").await;
    let given = visit.shows(&bob, "Role added.").await;
    assert!(given.contains("Remove: admin"), "{given}");
    visit.press("form[action$='/revoke'] button").await;
    visit.shows(&bob, "Role removed").await;
    visit.press("form[action$='/disable'] button").await;
    visit.shows(&bob, "The account is disabled").await;
    visit.press(".tabs a[href='/admin/log']").await;
    let log = visit.shows("/admin/log", "account disabled").await;
    assert!(log.contains("role removed: <bdi>admin</bdi>"), "{log}");

    visit.end().await;
}

/// The links are those of the mails. The first page after a click has no token in its address, and
/// shows only a button: mail scanners follow links too.
#[tokio::test]
async fn a_user_verifies_an_address_forgets_the_password_and_logs_in_with_a_new_one() {
    const NEW: &str = "another horse and battery";
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(&folder, &["--mail-folder", "mail"]);
    let mails = folder.path().join("mail");
    let url = program.url.clone();
    let visit = Visit::begin().await;
    visit.open(&format!("{url}/register")).await;
    visit.shows("/register", "At least 15 characters").await;
    visit.fill_in_and_send().await;
    visit.shows("/welcome", "Welcome").await;

    visit.open(&format!("{url}/account/email")).await;
    visit.type_into("#email", "alice@example.com").await;
    visit.press("main form > button").await;
    visit.shows("/verify-email", "alice@example.com").await;
    visit.open(&link_to(&mails, "/verify-email", 1)).await;
    visit.shows("/verify-email", "alice@example.com").await;
    visit.press("main form > button").await;
    visit.shows("/account", "alice@example.com").await;
    visit.open(&format!("{url}/logout")).await;
    visit.shows("/logout", "Stay logged in").await;
    visit.press("main form > button").await;
    visit.shows("/login", "You are logged out.").await;

    visit.press("a[href^='/forgot-password']").await;
    visit.shows("/forgot-password", "id=\"email\"").await;
    visit.type_into("#email", "alice@example.com").await;
    visit.press("main form > button").await;
    visit.shows("/forgot-password", "mail").await;
    visit.open(&link_to(&mails, "/reset-password", 1)).await;
    visit.shows("/reset-password", "alice").await;
    visit.type_into("#password", NEW).await;
    visit.press("main form > button").await;
    visit.shows("/login", "id=\"username\"").await;
    visit.type_into("#username", "alice").await;
    visit.type_into("#password", NEW).await;
    visit.press("main form > button").await;
    visit.shows("/welcome", "Welcome").await;

    visit.end().await;
    program.terminate();
}
