#![cfg(feature = "sqlite")]

use std::net::IpAddr;
use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use crate::accounts::Actor;
use crate::mail::Mail;
use crate::testing::{Mailbox, PASSWORD, TestApp, TestClient, TestResponse};

const EMAIL: &str = "alice@example.com";

/// A site where alice is logged in and has an address that she has not verified.
async fn app() -> (TestApp, Mailbox, TestClient) {
    let (app, mailbox) = TestApp::with_mail().await;
    let alice = app.registered("alice").await;
    app.set_email("alice", EMAIL).await;
    (app, mailbox, alice)
}

async fn resend(browser: &TestClient) -> TestResponse {
    browser.post("/verify-email/resend", &[]).await
}

/// The newest mail of `count`.
async fn mail(mailbox: &Mailbox, count: usize) -> Mail {
    mailbox.of_kind("verify_email", count).await.pop().unwrap()
}

fn token(mail: &Mail) -> String {
    let link = Mailbox::link(mail);
    link.split_once("token=").unwrap().1.to_owned()
}

fn code(mail: &Mail) -> String {
    let line = mail
        .text()
        .lines()
        .find(|line| line.starts_with("Or enter"));
    line.unwrap().rsplit(' ').next().unwrap().to_owned()
}

async fn is_verified(app: &TestApp) -> bool {
    app.account("alice").await.email_verified_at.is_some()
}

async fn enter(browser: &TestClient, code: &str) -> TestResponse {
    browser.post("/verify-email", &[("code", code)]).await
}

async fn send(app: &TestApp, path: &str, token: &str) -> StatusCode {
    let body = match path {
        "/reset-password" => json!({ "token": token, "password": "another horse and battery" }),
        _ => json!({ "token": token }),
    };
    app.browser().post_json(path, &body).await.status
}

#[tokio::test]
async fn a_link_verifies_the_address_in_any_browser() {
    let (app, mailbox, alice) = app().await;
    let page = alice.get("/verify-email").await;
    assert!(page.text().contains("You have not shown yet"));
    let sent = resend(&alice).await;
    assert_eq!(sent.location(), Some("/verify-email"));
    let mail = mail(&mailbox, 1).await;
    assert_eq!(mail.to().as_str(), EMAIL);
    let waiting = alice.get("/verify-email").await;
    assert!(waiting.text().contains("name=\"code\""));

    let phone = app.browser();
    let moved = phone.get(&Mailbox::link(&mail)).await;
    assert_eq!(moved.location(), Some("/verify-email"));
    let shown = phone.get("/verify-email").await;
    assert!(shown.text().contains(EMAIL) && !is_verified(&app).await);
    let done = phone.post("/verify-email", &[]).await;

    assert_eq!(done.location(), Some("/login"), "nobody is logged in there");
    assert!(is_verified(&app).await);
    assert_eq!(phone.get("/welcome").await.status, StatusCode::SEE_OTHER);
    assert_eq!(alice.get("/welcome").await.status, StatusCode::OK);
    let page = alice.get("/verify-email").await;
    assert!(page.text().contains("You have verified"), "{}", page.text());
}

#[tokio::test]
async fn a_code_verifies_the_address_where_its_user_is_logged_in_however_it_is_typed() {
    for typed in [
        |code: &str| code.to_owned(),
        |code: &str| code.replace('-', "").to_uppercase(),
        |code: &str| format!(" {} ", code.replace('-', " ")),
    ] {
        let (app, mailbox, alice) = app().await;
        resend(&alice).await;
        let code = code(&mail(&mailbox, 1).await);
        assert_eq!(code.len(), 9);
        let elsewhere = enter(&app.browser(), &code).await;
        assert_eq!(
            elsewhere.location().map(|to| to.starts_with("/login")),
            Some(true)
        );

        let done = enter(&alice, &typed(&code)).await;

        assert_eq!(done.location(), Some("/account"), "{code}: {}", done.text());
        assert!(is_verified(&app).await);
        assert_eq!(
            enter(&alice, &code).await.status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
    }
}

/// Attack E1: of another user, and E12: guessed.
#[tokio::test]
async fn a_code_is_for_its_user_and_after_sixty_wrong_ones_none_is_looked_at() {
    let (app, mailbox, alice) = app().await;
    resend(&alice).await;
    let right = code(&mail(&mailbox, 1).await);
    let thief: IpAddr = "203.0.113.7".parse().unwrap();
    let mallory = app.browser().address(thief);
    mallory
        .post(
            "/register",
            &[("username", "mallory"), ("password", PASSWORD)],
        )
        .await;

    for i in 0..60 {
        let tried = match i {
            0 => right.clone(),
            _ => format!("aaaa-{i:04}"),
        };
        let wrong = enter(&mallory, &tried).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{i}");
        assert!(wrong.text().contains("This code is wrong"));
    }
    let closed = enter(&mallory, &right).await;

    assert_eq!(closed.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(closed.header("retry-after").is_some());
    assert!(!is_verified(&app).await);
    assert_eq!(enter(&alice, &right).await.location(), Some("/account"));
}

/// Attack E4: scanners and previews.
#[tokio::test]
async fn following_a_link_verifies_nothing_and_uses_up_nothing() {
    let (app, mailbox, alice) = app().await;
    resend(&alice).await;
    let link = Mailbox::link(&mail(&mailbox, 1).await);

    for _ in 0..5 {
        let scanner = app.browser();
        scanner.request("HEAD", &link, &[], "").await;
        scanner.get(&link).await;
        assert_eq!(scanner.get("/verify-email").await.status, StatusCode::OK);
    }

    assert!(!is_verified(&app).await);
    let browser = app.browser();
    browser.get(&link).await;
    assert_eq!(
        browser.post("/verify-email", &[]).await.location(),
        Some("/login")
    );
    assert!(is_verified(&app).await);
}

/// Attacks E1 and E2.
#[tokio::test]
async fn of_fifty_uses_of_a_link_at_once_one_verifies() {
    let (app, mailbox, alice) = app().await;
    resend(&alice).await;
    let token = token(&mail(&mailbox, 1).await);
    let uses = (0..50).map(|_| send(&app, "/verify-email", &token));

    let answers = futures_util::future::join_all(uses).await;

    let done = answers
        .iter()
        .filter(|status| **status == StatusCode::NO_CONTENT);
    let gone = answers.iter().filter(|status| **status == StatusCode::GONE);
    assert_eq!((done.count(), gone.count()), (1, 49));
}

/// Attack E3.
#[tokio::test]
async fn a_link_ends_after_an_hour_with_a_newer_one_and_with_its_user() {
    for end in ["time", "newer", "deleted", "nothing"] {
        let (app, mailbox, alice) = app().await;
        resend(&alice).await;
        let token = token(&mail(&mailbox, 1).await);
        let id = app.account("alice").await.id;
        match end {
            "time" => app.clock.advance(Duration::from_hours(1)),
            "newer" => {
                app.clock.advance(Duration::from_mins(1));
                resend(&alice).await;
                mail(&mailbox, 2).await;
            }
            "deleted" => {
                let operator = app.site.accounts().by(Actor::operator());
                let _ = operator.delete(&id).await.unwrap();
            }
            _ => {}
        }

        let status = send(&app, "/verify-email", &token).await;

        let expected = match end {
            "nothing" => StatusCode::NO_CONTENT,
            _ => StatusCode::GONE,
        };
        assert_eq!(status, expected, "{end}");
    }
}

/// Attack E1: each kind of token at each page, and only the right pair works.
#[tokio::test]
async fn a_token_is_for_one_purpose() {
    const PAGES: [&str; 3] = ["/verify-email", "/reset-password", "/account/email/undo"];
    for (kind, right) in [
        ("verify_email", "/verify-email"),
        ("reset_password", "/reset-password"),
        ("email_replaced", "/account/email/undo"),
    ] {
        let (app, mailbox, alice) = app().await;
        resend(&alice).await;
        if kind == "email_replaced" {
            let first = token(&mail(&mailbox, 1).await);
            send(&app, "/verify-email", &first).await;
            let new = [("email", "new@example.com")];
            alice.post("/account/email", &new).await;
            let second = token(&mail(&mailbox, 2).await);
            send(&app, "/verify-email", &second).await;
        }
        if kind == "reset_password" {
            app.browser()
                .post("/forgot-password", &[("email", EMAIL)])
                .await;
        }
        let token = token(&mailbox.of_kind(kind, 1).await[0]);

        for wrong in PAGES.into_iter().filter(|page| *page != right) {
            assert_eq!(
                send(&app, wrong, &token).await,
                StatusCode::GONE,
                "{kind} at {wrong}"
            );
            let browser = app.browser();
            browser.get(&format!("{wrong}?token={token}")).await;
            let shown = browser.get(wrong).await;
            assert_eq!(shown.status, StatusCode::GONE, "{kind} at {wrong}");
        }

        let done = send(&app, right, &token).await;
        assert!(done.is_success(), "{kind} at {right}: {done}");
        assert_eq!(
            send(&app, right, &token).await,
            StatusCode::GONE,
            "{kind}, again"
        );
    }
}

/// Attack E9.
#[tokio::test]
async fn a_mail_is_sent_again_once_a_minute_and_five_times_an_hour() {
    let (app, mailbox, alice) = app().await;
    resend(&alice).await;
    resend(&alice).await;
    let page = alice.get("/verify-email").await;
    assert!(page.text().contains("Wait a minute"), "{}", page.text());
    let first = mail(&mailbox, 1).await;
    assert_eq!(send(&app, "/verify-email", "x").await, StatusCode::GONE);
    for _ in 0..9 {
        app.clock.advance(Duration::from_mins(1));
        resend(&alice).await;
    }
    mail(&mailbox, 5).await;
    app.site.deliver_mail().await.unwrap();

    assert_eq!(mailbox.mails().len(), 5);
    assert_eq!(
        send(&app, "/verify-email", &token(&first)).await,
        StatusCode::GONE
    );
    let last = mail(&mailbox, 5).await;
    assert_eq!(
        send(&app, "/verify-email", &token(&last)).await,
        StatusCode::NO_CONTENT
    );
    assert_eq!(resend(&alice).await.location(), Some("/verify-email"));
    assert!(
        alice
            .get("/verify-email")
            .await
            .text()
            .contains("no email address to verify")
    );
}

#[tokio::test]
async fn scripts_verify_by_token_and_by_code() {
    let (app, mailbox, alice) = app().await;
    let resent = alice.post_json("/verify-email/resend", &json!({})).await;
    assert_eq!(resent.status, StatusCode::ACCEPTED);
    assert_eq!(resent.json(), json!({ "email": EMAIL }));
    let code = code(&mail(&mailbox, 1).await);
    let state = alice
        .get_with("/verify-email", &[("accept", "application/json")])
        .await;
    assert_eq!(state.json()["pending"], EMAIL);
    assert_eq!(state.json()["is_verified"], false);

    let wrong = alice
        .post_json("/verify-email", &json!({ "code": "x" }))
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong.json()["errors"][0]["field"], "code");
    let dead = alice
        .post_json("/verify-email", &json!({ "token": "x" }))
        .await;
    assert_eq!(
        (dead.status, &dead.json()["code"]),
        (StatusCode::GONE, &json!("invalid_token"))
    );
    let done = alice
        .post_json("/verify-email", &json!({ "code": code }))
        .await;

    assert_eq!(done.status, StatusCode::NO_CONTENT);
    assert!(is_verified(&app).await);
    let again = alice.post_json("/verify-email/resend", &json!({})).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn the_mail_is_in_the_language_of_the_visitor() {
    for (language, subject) in [
        ("en", "Verify your email address for Vestibule"),
        ("de", "E-Mail-Adresse für Vestibule bestätigen"),
        ("es", "Confirma"),
    ] {
        let (_app, mailbox, alice) = app().await;
        let headers = [
            ("accept-language", language),
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        alice
            .post_with("/verify-email/resend", &headers, String::new())
            .await;
        let mail = mail(&mailbox, 1).await;
        assert!(mail.subject().starts_with(subject), "{}", mail.subject());
        let lang = format!("lang=\"{language}\"");
        assert!(mail.html().unwrap().contains(&lang));
    }
}

#[tokio::test]
async fn a_form_on_another_site_verifies_nothing() {
    let (app, mailbox, alice) = app().await;
    resend(&alice).await;
    alice.get(&Mailbox::link(&mail(&mailbox, 1).await)).await;
    let headers = [
        ("sec-fetch-site", "cross-site"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    for path in ["/verify-email", "/verify-email/resend"] {
        let answer = alice.post_with(path, &headers, String::new()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert!(!is_verified(&app).await);
}

/// A user who must verify an address before anything else.
#[tokio::test]
async fn where_it_is_required_only_the_pages_to_verify_are_open() {
    let (app, mailbox) =
        TestApp::with_mail_and(|config| config.require_verified_email = true).await;
    let alice = app.browser();
    let fields = [
        ("username", "alice"),
        ("email", "mistyped@example.com"),
        ("password", PASSWORD),
    ];
    alice.post("/register", &fields).await;

    for closed in [
        "/welcome",
        "/account",
        "/account/sessions",
        "/change-password",
        "/account/log",
    ] {
        let answer = alice.get(closed).await;
        let to = answer.location().unwrap_or_default();
        assert!(to.starts_with("/verify-email"), "{closed}: {to}");
        let json = [("accept", "application/json")];
        let answer = alice.get_with(closed, &json).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{closed}");
        assert_eq!(answer.json()["code"], "visit_required");
    }
    assert_eq!(alice.get("/verify-email").await.status, StatusCode::OK);
    assert_eq!(alice.get("/logout").await.status, StatusCode::OK);
    // The address has a typing error. Changing it needs a fresh log-in.
    app.clock.advance(Duration::from_mins(20));
    let confirm = alice.get("/account/email").await;
    assert_eq!(
        confirm.location(),
        Some("/confirm-login?next=%2Faccount%2Femail")
    );
    let confirmed = [("password", PASSWORD), ("next", "/account/email")];
    let confirmed = alice.post("/confirm-login", &confirmed).await;
    assert_eq!(confirmed.location(), Some("/account/email"));
    let changed = alice.post("/account/email", &[("email", EMAIL)]).await;
    assert_eq!(changed.location(), Some("/verify-email"));
    let code = code(&mail(&mailbox, 2).await);
    enter(&alice, &code).await;

    assert_eq!(alice.get("/welcome").await.status, StatusCode::OK);
    assert_eq!(app.account("alice").await.email.as_deref(), Some(EMAIL));
}

#[tokio::test]
async fn a_required_new_password_comes_before_the_address() {
    let (app, _mailbox) =
        TestApp::with_mail_and(|config| config.require_verified_email = true).await;
    app.browser()
        .post(
            "/register",
            &[("username", "alice"), ("password", PASSWORD)],
        )
        .await;
    let operator = app.site.accounts().by(Actor::operator());
    let id = app.account("alice").await.id;
    let _ = operator.demand_new_password(&id).await.unwrap();
    let alice = app.browser();
    app.log_in(&alice, "alice").await;

    let welcome = alice.get("/welcome").await;

    assert_eq!(welcome.location(), Some("/change-password?next=%2Fwelcome"));
}
