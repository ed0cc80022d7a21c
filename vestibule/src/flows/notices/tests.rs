#![cfg(feature = "sqlite")]

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use crate::accounts::{ADMIN, Account, Actor, ChangeOutcome};
use crate::crypto::secret::Secret;
use crate::mail::Mail;
use crate::mail::outbox::Letter;
use crate::testing::{Mailbox, PASSWORD, TestApp, TestClient};

const PATH: &str = "/account/notices";
const EMAIL: &str = "alice@example.com";
const NOT_ME: &str = "https://example.com/forgot-password";

/// A site where alice has an account with a mail address, and anybody may guess without end.
async fn app() -> (TestApp, Mailbox) {
    let (app, mailbox) = TestApp::with_mail_and(|config| config.throttle.is_on = false).await;
    app.registered("alice").await;
    app.set_email("alice", EMAIL).await;
    (app, mailbox)
}

async fn alice(app: &TestApp) -> TestClient {
    let browser = app.browser();
    app.log_in(&browser, "alice").await;
    browser
}

async fn guess(app: &TestApp, times: usize) {
    for _ in 0..times {
        let fields = [("username", "alice"), ("password", "wrong")];
        let answer = app.browser().post("/login", &fields).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
}

/// The kinds of all mails that were put into the outbox, the oldest first.
async fn kinds(app: &TestApp) -> Vec<String> {
    let mails = app.site.queued_mails(None, None, 100).await.unwrap();
    mails.into_iter().rev().map(|mail| mail.kind).collect()
}

/// ASVS 6.3.7.
#[tokio::test]
async fn users_are_told_what_an_admin_or_the_operator_did_to_their_account() {
    let (app, mailbox) = app().await;
    let id = app.account("alice").await.id;
    let operator = app.site.accounts().by(Actor::operator());
    let role = ADMIN.parse().unwrap();
    let password = Secret::from("another horse and battery");

    for change in [
        operator.grant_role(&id, &role).await,
        operator.revoke_role(&id, &role).await,
        operator.disable(&id).await,
        operator.enable(&id).await,
        operator.set_password(&id, &password).await,
        operator.delete(&id).await,
    ] {
        assert_eq!(change.unwrap(), ChangeOutcome::Done);
    }

    for (kind, says) in [
        ("role_granted", "the role admin"),
        ("role_revoked", "the role admin"),
        ("account_disabled", "you cannot log in"),
        ("account_enabled", "You can log in"),
        ("password_set", "has set a new password"),
        ("account_deleted", "cannot be brought back"),
    ] {
        let mail = mailbox.of_kind(kind, 1).await.remove(0);
        assert_eq!(mail.to().as_str(), EMAIL);
        for text in ["alice", says, "2027-01-15 08:00 UTC"] {
            assert!(mail.text().contains(text), "{text}: {}", mail.text());
        }
        let leads_on = mail.text().lines().any(|line| line == NOT_ME);
        assert_eq!(leads_on, kind != "account_deleted", "{}", mail.text());
    }
}

/// As on the page of the user's activity: users do not learn where an admin is.
#[tokio::test]
async fn a_mail_about_an_admins_change_does_not_say_where_the_admin_is() {
    let (app, mailbox) = app().await;
    app.registered("carol").await;
    app.grant("carol", ADMIN).await;
    let carol = app.browser().address("203.0.113.9".parse().unwrap());
    let carol = carol.user_agent("Mozilla/5.0 (X11; Linux x86_64) Firefox/143.0");
    app.log_in(&carol, "carol").await;
    let path = format!("/admin/users/{}/disable", app.account("alice").await.id);

    let disabled = carol.post(&path, &[]).await;

    assert!(disabled.status.is_redirection(), "{}", disabled.text());
    let mail = mailbox.of_kind("account_disabled", 1).await.remove(0);
    let html = mail.html().unwrap();
    for text in [mail.text(), html] {
        assert!(text.contains("2027-01-15 08:00 UTC"), "{text}");
        assert!(!text.contains("203.0.113.9"), "{text}");
        assert!(!text.contains("Firefox"), "{text}");
    }
}

#[tokio::test]
async fn a_mail_about_a_log_in_says_when_from_where_and_what_to_do() {
    let (app, mailbox) = TestApp::with_mail().await;
    app.registered("alice").await;
    app.set_email("alice", EMAIL).await;
    let other = app.browser().address("203.0.113.9".parse().unwrap());
    let other = other.user_agent("Mozilla/5.0 (X11; Linux x86_64) Firefox/143.0");

    app.log_in(&other, "alice").await;

    let mail = mailbox.of_kind("new_device", 1).await.remove(0);
    for line in [
        "When: 2027-01-15 08:00 UTC",
        "Browser: Firefox on Linux",
        "Address: 203.0.113.9",
        NOT_ME,
    ] {
        let has = mail.text().lines().any(|other| other == line);
        assert!(has, "{line}: {}", mail.text());
    }
}

#[tokio::test]
async fn without_a_page_for_forgotten_passwords_a_mail_leads_to_the_sessions() {
    let (app, mailbox) = TestApp::with_mail_and(|config| {
        let flows = [
            "register",
            "password_login",
            "welcome",
            "sessions",
            "notices",
        ];
        config.flows = Some(flows.map(str::to_owned).to_vec());
    })
    .await;
    app.registered("alice").await;
    app.set_email("alice", EMAIL).await;

    app.grant("alice", ADMIN).await;

    let mail = mailbox.of_kind("role_granted", 1).await.remove(0);
    let sessions = "https://example.com/account/sessions";
    let leads_there = mail.text().lines().any(|line| line == sessions);
    assert!(leads_there, "{}", mail.text());
}

/// Otherwise it would be tried again and again, and fail.
#[tokio::test]
async fn a_mail_of_a_flow_that_is_off_is_not_written() {
    let (app, _) = TestApp::with_mail_and(|config| {
        let flows = ["register", "password_login", "welcome"];
        config.flows = Some(flows.map(str::to_owned).to_vec());
    })
    .await;
    app.registered("alice").await;
    app.set_email("alice", EMAIL).await;

    app.grant("alice", ADMIN).await;

    assert_eq!(kinds(&app).await, Vec::<String>::new());
}

#[tokio::test]
async fn many_failed_log_ins_are_one_mail_a_day() {
    let (app, mailbox) = app().await;

    guess(&app, 9).await;
    assert_eq!(kinds(&app).await, Vec::<String>::new(), "few are none");
    guess(&app, 11).await;
    assert_eq!(kinds(&app).await, ["failed_logins"]);
    app.clock.advance(Duration::from_hours(25));
    guess(&app, 9).await;
    assert_eq!(kinds(&app).await.len(), 1, "those of yesterday are over");
    guess(&app, 1).await;

    let mails = mailbox.of_kind("failed_logins", 2).await;
    assert_eq!(mails.len(), 2);
    for mail in mails {
        assert!(mail.text().contains("10 log-ins"), "{}", mail.text());
    }
}

#[tokio::test]
async fn a_user_turns_off_mails_that_only_inform_and_no_others() {
    let (app, mailbox) = TestApp::with_mail().await;
    app.registered("alice").await;
    app.set_email("alice", EMAIL).await;
    let alice = alice(&app).await;
    mailbox.of_kind("new_device", 1).await;
    let page = alice.get(PATH).await;
    for box_ in [
        "name=\"new_device\" checked",
        "name=\"failed_logins\" checked",
    ] {
        assert!(page.text().contains(box_), "{box_}: {}", page.text());
    }
    assert!(page.text().contains(EMAIL));
    assert!(alice.get("/account").await.text().contains(PATH));

    let saved = alice.post(PATH, &[("failed_logins", "on")]).await;

    assert_eq!(saved.location(), Some(PATH));
    let page = alice.get(PATH).await;
    assert!(page.text().contains("Saved."));
    assert!(page.text().contains("name=\"new_device\">"));
    assert!(page.text().contains("name=\"failed_logins\" checked"));
    app.log_in(&app.browser(), "alice").await;
    assert_eq!(kinds(&app).await, ["new_device"], "the one from before");
    let new = "another horse and battery";
    let fields = [("current_password", PASSWORD), ("new_password", new)];
    alice.post("/change-password", &fields).await;
    mailbox.of_kind("password_changed", 1).await;

    let on = json!({ "new_device": "on" });
    let saved = alice.post_json(PATH, &on).await;
    assert_eq!(saved.status, StatusCode::NO_CONTENT);
    let json = [("accept", "application/json")];
    let notices = alice.get_with(PATH, &json).await.json()["notices"].clone();
    let expected = json!([
        { "kind": "new_device", "is_on": true },
        { "kind": "failed_logins", "is_on": false },
    ]);
    assert_eq!(notices, expected);
}

#[tokio::test]
async fn the_choice_is_one_users_and_ends_with_them() {
    let (app, mailbox) = app().await;
    let alice = alice(&app).await;
    alice.post(PATH, &[]).await;
    guess(&app, 20).await;
    assert_eq!(kinds(&app).await, Vec::<String>::new());
    app.registered("bob").await;
    app.set_email("bob", "bob@example.com").await;

    for _ in 0..10 {
        let fields = [("username", "bob"), ("password", "wrong")];
        app.browser().post("/login", &fields).await;
    }

    let mail = mailbox.of_kind("failed_logins", 1).await.remove(0);
    assert_eq!(mail.to().as_str(), "bob@example.com");
    let Account { id, .. } = app.account("alice").await;
    app.site.credentials().forget(&id).await.unwrap();
    let off = app.site.turned_off_notices(&id).await.unwrap();
    assert_eq!(off, Vec::<&str>::new());
}

/// Attack: a thief of a session who does not want to be noticed.
#[tokio::test]
async fn the_choice_needs_a_fresh_log_in() {
    let (app, _) = app().await;
    let alice = alice(&app).await;
    app.clock.advance(Duration::from_mins(16));

    let shown = alice.get(PATH).await;
    let saved = alice.post(PATH, &[]).await;
    let stranger = app.browser().post(PATH, &[]).await;

    for rejected in [shown, saved] {
        let to = rejected.location().unwrap_or_default();
        assert!(to.starts_with("/confirm-login"), "{to}");
    }
    assert!(stranger.location().unwrap().starts_with("/login"));
    guess(&app, 10).await;
    assert_eq!(kinds(&app).await, ["failed_logins"]);
}

/// The mail about this name, browser and address, as a site over a table of the app's own could have
/// them.
async fn mail_of(hostile: &str) -> Mail {
    let (app, mailbox) = TestApp::with_mail().await;
    let letter = Letter::new("new_device", EMAIL.parse().unwrap(), "")
        .with("name", hostile)
        .with("when", "2027-01-15 08:00 UTC")
        .with("browser", hostile)
        .with("address", hostile);
    let mailing = app.site.inner().mailing.as_ref().unwrap();
    mailing.outbox.put(&letter).await.unwrap();
    mailbox.of_kind("new_device", 1).await.remove(0)
}

/// Attack: names and browsers that change the mail.
#[tokio::test]
async fn what_strangers_send_adds_no_markup_no_line_and_no_end_to_a_mail() {
    let markup = mail_of("<script>alert(1)</script><a href=\"https://evil.example\">").await;
    let html = markup.html().unwrap();
    assert!(!html.contains("<script"), "{html}");
    assert!(!html.contains("<a href=\"https://evil"), "{html}");
    assert!(html.contains("&lt;script&gt;"), "{html}");

    let lines = mail_of("x\r\n\r\nhttps://evil.example/\r\nBcc: eve@example.com\u{2028}y").await;
    for line in lines.text().lines() {
        assert!(!line.trim().starts_with("https://evil"), "{line}");
        assert!(!line.starts_with("Bcc"), "{line}");
    }

    let reversed = mail_of("a\u{202e}gpj.exe\u{2066}\u{200b}").await;
    for text in [reversed.text(), reversed.html().unwrap()] {
        let invisible = ['\u{202e}', '\u{2066}', '\u{200b}'];
        assert!(!text.contains(invisible), "{text}");
        assert!(text.contains("agpj.exe"), "{text}");
    }

    let long = mail_of(&"x".repeat(10_000)).await;
    assert!(long.text().len() < 3_000, "{}", long.text().len());
}
