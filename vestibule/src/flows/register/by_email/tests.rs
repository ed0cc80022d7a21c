#![cfg(feature = "sqlite")]

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use http::StatusCode;
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::accounts::{Account, Actor, ChangeOutcome};
use crate::credentials::{EmailUsers, LoginName};
use crate::flows::{RegistrationField, RegistrationOutcome};
use crate::mail::Email;
use crate::testing::{Mailbox, PASSWORD, TestApp, TestClient, TestResponse};

const EMAIL: &str = "alice@example.com";
const OTHER: &str = "a stranger chose this one";
const NEW: &str = "another horse and battery";
const COOKIE: &str = "__Host-registration";

/// A site whose users have only a mail address.
async fn app() -> (TestApp, Mailbox) {
    TestApp::with_mail_and(|config| config.log_in_with = LoginName::Email).await
}

async fn register(browser: &TestClient, email: &str, password: &str) -> TestResponse {
    let fields = [("email", email), ("password", password)];
    browser.post("/register", &fields).await
}

async fn can_log_in(app: &TestApp, email: &str, password: &str) -> bool {
    let fields = [("username", email), ("password", password)];
    let answer = app.browser().post("/login", &fields).await;
    answer.status == StatusCode::SEE_OTHER
}

/// Follows the link of the newest mail of `count`, and presses the button.
async fn verify(browser: &TestClient, mailbox: &Mailbox, count: usize) -> TestResponse {
    let mail = mailbox.of_kind("verify_email", count).await.pop().unwrap();
    let moved = browser.get(&Mailbox::link(&mail)).await;
    assert_eq!(moved.location(), Some("/verify-email"));
    let shown = browser.get("/verify-email").await;
    assert!(shown.text().contains(EMAIL), "{}", shown.text());
    browser.post("/verify-email", &[]).await
}

/// A browser whose user has verified their address.
async fn verified(app: &TestApp, mailbox: &Mailbox) -> TestClient {
    let browser = app.browser();
    register(&browser, EMAIL, PASSWORD).await;
    assert_eq!(
        verify(&browser, mailbox, 1).await.location(),
        Some("/login")
    );
    browser
}

async fn owner(app: &TestApp, email: &str) -> Option<Account> {
    let email: Email = email.parse().unwrap();
    app.site.accounts().find_by_email(&email).await.unwrap()
}

#[tokio::test]
async fn a_visitor_registers_an_address_verifies_it_and_logs_in_with_it() {
    let (app, mailbox) = app().await;
    let browser = app.browser();
    let form = browser.get("/register").await;
    assert!(form.text().contains("name=\"email\"") && !form.text().contains("name=\"username\""));

    let sent = register(&browser, EMAIL, PASSWORD).await;

    assert_eq!(sent.status, StatusCode::ACCEPTED);
    assert!(sent.text().contains("Check your email") && sent.text().contains(EMAIL));
    let welcome = browser.get("/welcome").await;
    assert_eq!(welcome.location(), Some("/login?next=%2Fwelcome"));
    assert!(
        !can_log_in(&app, EMAIL, PASSWORD).await,
        "before it is verified"
    );
    let done = verify(&browser, &mailbox, 1).await;
    assert_eq!(done.location(), Some("/login"), "{}", done.text());
    let login = browser.get("/login").await;
    assert!(login.text().contains("Email address") && login.text().contains("is verified"));
    let fields = [("username", "ALICE@EXAMPLE.COM"), ("password", PASSWORD)];
    let logged_in = browser.post("/login", &fields).await;
    assert_eq!(
        logged_in.location(),
        Some("/welcome"),
        "{}",
        logged_in.text()
    );
    assert!(browser.get("/welcome").await.text().contains(EMAIL));
    let account = owner(&app, EMAIL).await.unwrap();
    assert_eq!((account.username.as_deref(), account.name()), (None, EMAIL));
}

/// Attack E11, pre-hijacking: register the victim's address, and wait until they verify it.
#[tokio::test]
async fn a_stranger_who_registered_the_address_first_does_not_get_in() {
    let (app, mailbox) = app().await;
    let (stranger, victim) = (app.browser(), app.browser());
    register(&stranger, EMAIL, OTHER).await;

    let verified = verify(&victim, &mailbox, 1).await;

    assert_eq!(verified.location(), Some("/reset-password"));
    assert!(!can_log_in(&app, EMAIL, OTHER).await);
    let chosen = victim.post("/reset-password", &[("password", NEW)]).await;
    assert_eq!(chosen.location(), Some("/login"), "{}", chosen.text());
    assert!(!can_log_in(&app, EMAIL, OTHER).await);
    assert!(can_log_in(&app, EMAIL, NEW).await);
}

/// As above, when the victim registers too: before or after the stranger.
#[tokio::test]
async fn of_two_who_register_an_address_only_the_password_of_the_browser_that_verifies_counts() {
    for victim_is_first in [true, false] {
        let (app, mailbox) = app().await;
        let (stranger, victim) = (app.browser(), app.browser());
        let mut both = [(&stranger, OTHER), (&victim, PASSWORD)];
        if victim_is_first {
            both.reverse();
        }
        for (browser, password) in both {
            let sent = register(browser, EMAIL, password).await;
            assert_eq!(sent.status, StatusCode::ACCEPTED);
            app.clock.advance(Duration::from_mins(1));
        }
        mailbox.of_kind("verify_email", 2).await;

        let done = verify(&victim, &mailbox, 2).await;

        assert!(!can_log_in(&app, EMAIL, OTHER).await);
        if victim_is_first {
            // The stranger has replaced the registration, so the victim chooses anew.
            assert_eq!(done.location(), Some("/reset-password"));
            victim.post("/reset-password", &[("password", NEW)]).await;
            assert!(can_log_in(&app, EMAIL, NEW).await);
        } else {
            assert_eq!(done.location(), Some("/login"));
            assert!(can_log_in(&app, EMAIL, PASSWORD).await);
        }
        assert!(!can_log_in(&app, EMAIL, OTHER).await);
    }
}

#[tokio::test]
async fn a_script_that_verifies_elsewhere_gets_a_token_for_a_password() {
    let (app, mailbox) = app().await;
    let body = json!({ "email": EMAIL, "password": OTHER });
    let sent = app.browser().post_json("/register", &body).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED);
    assert_eq!(sent.json(), json!({ "email": EMAIL }));
    let mail = mailbox.of_kind("verify_email", 1).await.pop().unwrap();
    let link = Mailbox::link(&mail);
    let token = link.split_once("token=").unwrap().1;

    let script = app.browser();
    let verified = script
        .post_json("/verify-email", &json!({ "token": token }))
        .await;

    assert_eq!(verified.status, StatusCode::OK);
    let token = verified.json()["token"].as_str().unwrap().to_owned();
    let body = json!({ "token": token, "password": NEW });
    let chosen = script.post_json("/reset-password", &body).await;
    assert_eq!(chosen.status, StatusCode::NO_CONTENT);
    assert!(can_log_in(&app, EMAIL, NEW).await);
}

/// Attack B2: find out whose address has an account.
#[tokio::test]
async fn the_answer_does_not_tell_whether_an_address_is_known() {
    let (app, mailbox) = app().await;
    verified(&app, &mailbox).await;
    app.clock.advance(Duration::from_mins(2));
    register(&app.browser(), "waits@example.com", PASSWORD).await;
    app.clock.advance(Duration::from_mins(2));
    let hashes = || app.site.credentials().passwords().runs();
    let mut answers = BTreeSet::new();

    for email in [EMAIL, "waits@example.com", "new@example.com"] {
        let before = hashes();
        let answer = register(&app.browser(), email, NEW).await;
        let cookies = answer.set_cookies();
        let cookie = cookies[0].split_once('=').unwrap();
        assert_eq!((cookies.len(), cookie.0), (1, COOKIE));
        let value = cookie.1.split_once(';').unwrap().0;
        answers.insert((
            answer.status,
            answer.text().replace(email, "EMAIL"),
            value.len(),
            hashes() - before,
        ));
    }

    assert_eq!(answers.len(), 1, "{answers:#?}");
    let told = mailbox.of_kind("have_account", 1).await;
    assert_eq!(told[0].to().as_str(), EMAIL);
    let text = told[0].text();
    for page in ["/login", "/forgot-password"] {
        assert!(
            text.contains(&format!("https://example.com{page}")),
            "{text}"
        );
    }
    assert!(can_log_in(&app, EMAIL, PASSWORD).await, "it is as it was");
    assert!(!can_log_in(&app, EMAIL, NEW).await);
}

/// A double click.
#[tokio::test]
async fn a_registration_that_comes_twice_is_one_mail_whose_link_works_in_that_browser() {
    let (app, mailbox) = app().await;
    let browser = app.browser();
    register(&browser, EMAIL, PASSWORD).await;
    register(&browser, EMAIL, PASSWORD).await;

    let done = verify(&browser, &mailbox, 1).await;

    assert_eq!(done.location(), Some("/login"), "{}", done.text());
    assert_eq!(mailbox.mails().len(), 1);
    assert!(can_log_in(&app, EMAIL, PASSWORD).await);
}

/// A typing error in the first password.
#[tokio::test]
async fn of_two_registrations_in_one_browser_the_second_password_counts() {
    let (app, mailbox) = app().await;
    let browser = app.browser();
    register(&browser, EMAIL, OTHER).await;
    register(&browser, EMAIL, PASSWORD).await;
    // Within a minute there is one mail, and this one changes nothing.
    register(&app.browser(), EMAIL, NEW).await;

    let done = verify(&browser, &mailbox, 1).await;

    assert_eq!(done.location(), Some("/login"));
    assert!(can_log_in(&app, EMAIL, PASSWORD).await);
    assert!(!can_log_in(&app, EMAIL, OTHER).await);
    assert!(!can_log_in(&app, EMAIL, NEW).await);
}

#[tokio::test]
async fn of_fifty_registrations_of_an_address_at_once_one_waits_and_one_mail_goes_out() {
    let (app, mailbox) = app().await;
    let tries = (0..50u8).map(|i| {
        let browser = app.browser().address(IpAddr::from([203, 0, i, 1]));
        async move { register(&browser, EMAIL, PASSWORD).await.status }
    });

    let answers = futures_util::future::join_all(tries).await;

    assert!(answers.iter().all(|status| *status == StatusCode::ACCEPTED));
    mailbox.of_kind("verify_email", 1).await;
    app.site.deliver_mail().await.unwrap();
    assert_eq!(mailbox.mails().len(), 1);
    assert_eq!(app.site.accounts().list(None, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_wrong_stands_at_its_field_and_the_address_stays() {
    let (app, mailbox) = app().await;
    let browser = app.browser();
    for email in ["", "alice", "a@example.com\r\nBcc: b@example.com"] {
        let wrong = register(&browser, email, PASSWORD).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{email}");
        assert!(wrong.text().contains("id=\"email-error\""), "{email}");
    }
    let weak = register(&browser, EMAIL, EMAIL).await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(weak.text().contains(&format!("value=\"{EMAIL}\"")));
    let name = [("username", "alice"), ("password", PASSWORD)];
    let name = browser.post("/register", &name).await;
    assert_eq!(name.status, StatusCode::BAD_REQUEST, "an unknown field");
    assert!(mailbox.mails().is_empty());
}

#[tokio::test]
async fn a_forgotten_password_is_also_replaced_while_the_address_waits() {
    let (app, mailbox) = app().await;
    register(&app.browser(), EMAIL, OTHER).await;
    let browser = app.browser();
    browser.post("/forgot-password", &[("email", EMAIL)]).await;
    let mail = mailbox.of_kind("reset_password", 1).await.pop().unwrap();

    browser.get(&Mailbox::link(&mail)).await;
    let chosen = browser.post("/reset-password", &[("password", NEW)]).await;

    assert_eq!(chosen.location(), Some("/login"), "{}", chosen.text());
    assert!(!can_log_in(&app, EMAIL, OTHER).await && can_log_in(&app, EMAIL, NEW).await);
}

/// The names that nobody can type, and lists.
#[tokio::test]
async fn an_account_without_a_name_is_in_lists_by_its_address_and_has_no_other_name() {
    let (app, mailbox) = app().await;
    verified(&app, &mailbox).await;
    let accounts = app.site.accounts();
    let account = owner(&app, EMAIL).await.unwrap();

    let listed = accounts.list(None, 9).await.unwrap();
    assert_eq!(listed[0].name(), EMAIL);
    let canonical = &account.canonical_username;
    assert_eq!(*canonical, format!("#{}", account.id));
    for typed in ["", "#", canonical, account.id.as_str()] {
        assert_eq!(accounts.find(typed).await.unwrap(), None, "{typed}");
        assert!(!can_log_in(&app, typed, PASSWORD).await, "{typed}");
    }
    let found = accounts.find_by_name_or_email("Alice@Example.com").await;
    assert_eq!(found.unwrap().unwrap().id, account.id);
    assert_eq!(accounts.look_alikes(None, 9).await.unwrap(), []);
    assert_eq!(accounts.nearest_username("alicia").await.unwrap(), None);
    let log = accounts
        .security_log(Some(&account.id), None, 9)
        .await
        .unwrap();
    assert!(
        log.iter()
            .all(|line| line.username.as_deref() == Some(EMAIL))
    );
}

#[tokio::test]
async fn an_account_without_a_name_keeps_an_address_that_somebody_has_verified() {
    let (app, mailbox) = app().await;
    let browser = verified(&app, &mailbox).await;
    let account = owner(&app, EMAIL).await.unwrap();
    let accounts = app.site.accounts();
    let new: Email = "new@example.com".parse().unwrap();

    let operator = accounts.by(Actor::operator());
    let none = operator.set_email(&account.id, None).await.unwrap();
    let themself = accounts.by(Actor::themself(&account));
    let own = themself.set_email(&account.id, Some(&new)).await.unwrap();
    assert_eq!(
        [none, own],
        [ChangeOutcome::NeedsEmail, ChangeOutcome::NeedsEmail]
    );
    let by_operator = operator.set_email(&account.id, Some(&new)).await.unwrap();

    assert_eq!(by_operator, ChangeOutcome::Done);
    assert!(can_log_in(&app, "new@example.com", PASSWORD).await);
    // Somebody who registers with it does not replace the account.
    register(&browser, "new@example.com", OTHER).await;
    mailbox.of_kind("have_account", 1).await;
    assert!(can_log_in(&app, "new@example.com", PASSWORD).await);
}

#[tokio::test]
async fn the_app_can_reject_a_new_account_and_its_link_is_dead() {
    let (app, mailbox) = TestApp::with_mail_and(|config| {
        config.log_in_with = LoginName::Email;
        config.registration_fields = vec![RegistrationField::new("word", "Word")];
        config.on_register(|_, values| async move {
            Ok(match values.get("word") {
                "sesame" => RegistrationOutcome::Accepted,
                _ => RegistrationOutcome::rejected("word", "No."),
            })
        });
    })
    .await;
    for (word, count) in [("thistle", 0), ("sesame", 1)] {
        let fields = [("email", EMAIL), ("password", PASSWORD), ("word", word)];
        let sent = app.browser().post("/register", &fields).await;
        assert_eq!(sent.status, StatusCode::ACCEPTED);
        assert_eq!(
            app.site.accounts().list(None, 9).await.unwrap().len(),
            count
        );
        app.clock.advance(Duration::from_mins(1));
    }
    let mails = mailbox.of_kind("verify_email", 2).await;
    let dead = app.browser().get(&Mailbox::link(&mails[0])).await;
    assert_eq!(dead.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_page_and_both_mails_are_in_the_visitors_language() {
    for (language, title, new, known) in [
        ("en", "Check your email", "Verify", "You have an account"),
        (
            "de",
            "Sieh in deine E-Mails",
            "E-Mail-Adresse",
            "Du hast ein Konto",
        ),
        ("es", "Mira tu correo", "Confirma", "Tienes una cuenta"),
    ] {
        let (app, mailbox) = app().await;
        let headers = [
            ("accept-language", language),
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let body = "email=alice%40example.com&password=correct+horse+battery+staple";
        let browser = app.browser();
        for (kind, subject) in [("verify_email", new), ("have_account", known)] {
            let sent = browser
                .post_with("/register", &headers, body.to_owned())
                .await;
            assert!(sent.text().contains(title), "{}", sent.text());
            let mail = mailbox.of_kind(kind, 1).await.pop().unwrap();
            assert!(mail.subject().starts_with(subject), "{}", mail.subject());
            if kind == "verify_email" {
                browser.get(&Mailbox::link(&mail)).await;
                browser.post("/verify-email", &[]).await;
            }
        }
    }
}

#[tokio::test]
async fn registering_by_address_alone_needs_mail() {
    let key =
        crate::crypto::key::SecretKey::generate(&crate::crypto::random::Random::insecure_seeded(1));
    let url = "https://example.com".parse().unwrap();
    let mut config = crate::flows::SiteConfig::new(url, key.unwrap());
    config.log_in_with = LoginName::Email;
    let database = crate::testing::fresh_database().await;

    let opened = crate::flows::Site::open(database.clone(), config.clone()).await;

    assert!(
        opened
            .unwrap_err()
            .to_string()
            .contains("SiteConfig::mailer")
    );
    config.flows = Some(vec!["password_login".to_owned()]);
    assert!(crate::flows::Site::open(database, config).await.is_ok());
}

/// The row that waits is not for SQL either.
#[tokio::test]
async fn an_account_without_any_name_is_shown_by_its_canonical_form() {
    let (app, mailbox) = app().await;
    verified(&app, &mailbox).await;
    let sql = "UPDATE users SET email = NULL";
    app.database
        .connection()
        .execute_unprepared(sql)
        .await
        .unwrap();

    let listed = app.site.accounts().list(None, 9).await.unwrap();

    assert!(listed[0].name().starts_with('#'));
}

#[tokio::test]
async fn a_registration_that_nobody_verifies_is_gone_after_a_day_and_no_other_account_is() {
    let (app, mailbox) = app().await;
    verified(&app, &mailbox).await;
    app.clock.advance(Duration::from_mins(2));
    register(&app.browser(), "waits@example.com", PASSWORD).await;
    let accounts = app.site.accounts();
    let (name, password) = ("bob".parse().unwrap(), PASSWORD.to_owned().into());
    let _ = accounts.register(&name, &password).await.unwrap();

    let mut swept = Vec::new();
    for hours in [23, 1] {
        app.clock.advance(Duration::from_hours(hours));
        swept.push(accounts.sweep_waiting().await.unwrap());
    }

    assert_eq!(swept, [0, 1]);
    assert_eq!(owner(&app, "waits@example.com").await, None);
    assert_eq!(accounts.list(None, 9).await.unwrap().len(), 2);
}
