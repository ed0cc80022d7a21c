#![cfg(feature = "sqlite")]

use std::net::IpAddr;
use std::time::Duration;

use http::StatusCode;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;

use crate::accounts::Actor;
use crate::mail::Mail;
use crate::testing::{Mailbox, PASSWORD, TestApp, TestClient, TestResponse};

const NEW: &str = "another horse and battery";
const EMAIL: &str = "alice@example.com";
const COOKIE: &str = "__Secure-reset-password";

/// A site where alice has an account with a mail address.
async fn app() -> (TestApp, Mailbox) {
    let (app, mailbox) = TestApp::with_mail().await;
    app.registered("alice").await;
    app.set_email("alice", EMAIL).await;
    (app, mailbox)
}

async fn ask(app: &TestApp, typed: &str) -> TestResponse {
    app.browser()
        .post("/forgot-password", &[("email", typed)])
        .await
}

/// The newest mail with a link for a new password. `count` are all so far.
async fn reset_mail(mailbox: &Mailbox, count: usize) -> Mail {
    mailbox
        .of_kind("reset_password", count)
        .await
        .pop()
        .unwrap()
}

/// A browser that has followed the link.
async fn follow(app: &TestApp, link: &str) -> (TestClient, TestResponse) {
    let browser = app.browser();
    let moved = browser.get(link).await;
    assert_eq!(
        moved.location(),
        Some("/reset-password"),
        "{}",
        moved.text()
    );
    let shown = browser.get("/reset-password").await;
    (browser, shown)
}

async fn choose(browser: &TestClient, password: &str) -> TestResponse {
    browser
        .post("/reset-password", &[("password", password)])
        .await
}

async fn can_log_in(app: &TestApp, password: &str) -> bool {
    let fields = [("username", "alice"), ("password", password)];
    let answer = app.browser().post("/login", &fields).await;
    answer.status == StatusCode::SEE_OTHER
}

/// The password, the session, the remembered login and the mail about it. ASVS 6.3.7, 6.4.3, attack
/// E10.
#[tokio::test]
async fn a_forgotten_password_is_replaced_with_a_link_and_everybody_is_logged_out() {
    let (app, mailbox) = app().await;
    let elsewhere = app.browser();
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    elsewhere.post("/login", &fields).await;

    let asked = ask(&app, EMAIL).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED);
    assert!(asked.text().contains("Check your email"));
    let mail = reset_mail(&mailbox, 1).await;
    assert_eq!(mail.to().as_str(), EMAIL);
    assert_eq!(mail.subject(), "Choose a new password for Vestibule");
    assert!(mail.text().contains("Hello alice,"), "{}", mail.text());
    assert!(mail.html().unwrap().contains("Choose a new password</a>"));

    let (browser, shown) = follow(&app, &Mailbox::link(&mail)).await;
    assert!(shown.text().contains("alice") && shown.text().contains(EMAIL));
    let short = choose(&browser, "short").await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = choose(&browser, NEW).await;
    assert_eq!(done.location(), Some("/login"), "{}", done.text());
    assert_eq!(browser.cookie(COOKIE), None);
    let login = browser.get("/login").await;
    assert!(login.text().contains("Your password has been changed."));
    assert_eq!(
        browser.get("/welcome").await.status,
        StatusCode::SEE_OTHER,
        "nobody is logged in"
    );

    assert!(!can_log_in(&app, PASSWORD).await && can_log_in(&app, NEW).await);
    for _ in 0..2 {
        let welcome = elsewhere.get("/welcome").await;
        assert_eq!(welcome.status, StatusCode::SEE_OTHER);
        elsewhere.restart();
    }
    let told = mailbox.of_kind("password_changed", 1).await;
    assert_eq!(told[0].to().as_str(), EMAIL);
    let alice = app.account("alice").await;
    assert!(
        alice.email_verified_at.is_some(),
        "who has the mail reads it"
    );
}

/// Attack: find out who has an account. ASVS 6.3.8, attack B2.
#[tokio::test]
async fn everybody_gets_the_same_answer_and_only_owners_get_mail() {
    let (app, mailbox) = app().await;
    app.registered("bob").await;
    app.registered("disabled").await;
    app.set_email("disabled", "disabled@example.com").await;
    let operator = app.site.accounts().by(Actor::operator());
    let disabled = app.account("disabled").await;
    let _ = operator.disable(&disabled.id).await.unwrap();

    let mut answers = Vec::new();
    for typed in [
        EMAIL,
        "alice",
        "nobody@example.com",
        "nobody",
        "bob",
        "disabled",
        "disabled@example.com",
        "A@B@C",
        "alice@example.com\u{202e}",
        "ALICE@EXAMPLE.COM",
        // Cyrillic а.
        "\u{430}lice@example.com",
        "alice@ex\u{430}mple.com",
    ] {
        let answer = ask(&app, typed).await;
        answers.push((answer.status, answer.text().to_owned()));
        app.clock.advance(Duration::from_mins(1));
    }
    answers.dedup();

    assert_eq!(answers.len(), 1);
    // By the address, by the name, and in capitals.
    let mails = mailbox.of_kind("reset_password", 3).await;
    assert!(mails.iter().all(|mail| mail.to().as_str() == EMAIL));
    app.site.deliver_mail().await.unwrap();
    let mails = mailbox.of_kind("reset_password", 3).await;
    assert_eq!(mails.len(), 3);
}

/// Mail scanners and previews follow links. Attack E4.
#[tokio::test]
async fn following_a_link_uses_up_nothing() {
    let (app, mailbox) = app().await;
    ask(&app, EMAIL).await;
    let link = Mailbox::link(&reset_mail(&mailbox, 1).await);

    for _ in 0..5 {
        let (_, shown) = follow(&app, &link).await;
        assert_eq!(shown.status, StatusCode::OK);
        let head = app.browser().request("HEAD", &link, &[], "").await;
        assert_eq!(head.status, StatusCode::SEE_OTHER);
    }

    let (browser, _) = follow(&app, &link).await;
    assert_eq!(choose(&browser, NEW).await.location(), Some("/login"));
}

/// Attack E6: the address of the page is in histories, logs, and the next request's `Referer`.
#[tokio::test]
async fn a_token_leaves_the_address_for_a_cookie_of_that_page() {
    let (app, mailbox) = app().await;
    ask(&app, EMAIL).await;
    let link = Mailbox::link(&reset_mail(&mailbox, 1).await);
    let (browser, shown) = follow(&app, &link).await;
    let token = link.split_once("token=").unwrap().1;

    let moved = app.browser().get(&link).await;

    let cookie = moved.set_cookies()[0].to_owned();
    assert!(
        cookie.starts_with(&format!("{COOKIE}={token};")),
        "{cookie}"
    );
    for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/reset-password"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!shown.text().contains(token));
    for response in [&moved, &shown] {
        assert_eq!(response.header("cache-control"), Some("no-store"));
        let policy = response.header("referrer-policy").unwrap();
        assert!(["no-referrer", "same-origin"].contains(&policy), "{policy}");
    }
    assert_eq!(browser.get("/reset-password").await.status, StatusCode::OK);
    // Whatever is in the address is no attribute of the cookie.
    let odd = app
        .browser()
        .get("/reset-password?token=a%3B%20Domain%3Dx")
        .await;
    assert!(odd.set_cookies()[0].starts_with(&format!("{COOKIE}=aDomainx;")));
}

/// Attack E1, E2: used twice, and by fifty at once.
#[tokio::test]
async fn a_link_works_once_however_many_use_it_at_once() {
    let (app, mailbox) = app().await;
    ask(&app, EMAIL).await;
    let link = Mailbox::link(&reset_mail(&mailbox, 1).await);
    let (browser, _) = follow(&app, &link).await;
    let tries = (0..50).map(|i| {
        let browser = browser.stolen();
        async move { choose(&browser, &format!("{NEW} {i}")).await }
    });

    let answers = futures_util::future::join_all(tries).await;

    let done = answers
        .iter()
        .filter(|answer| answer.location() == Some("/login"));
    assert_eq!(done.count(), 1);
    let gone = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::GONE);
    assert_eq!(gone.count(), 49);
    let (browser, again) = follow(&app, &link).await;
    assert_eq!(again.status, StatusCode::GONE);
    assert_eq!(browser.cookie(COOKIE), None, "a reload is no wrong try");
    assert!(again.text().contains("This link no longer works"));
    let ask_again = "forgot-password\">Ask for a new link";
    assert!(again.text().contains(ask_again), "{}", again.text());
    mailbox.of_kind("password_changed", 1).await;
}

/// Attack E3.
#[tokio::test]
async fn a_link_ends_with_a_newer_one_a_new_password_or_address_a_log_in_and_half_an_hour() {
    let (app, mailbox) = app().await;
    let mut count = 0;
    for end in [
        "newer", "password", "address", "log-in", "time", "disabled", "nothing",
    ] {
        app.clock.advance(Duration::from_hours(1));
        ask(&app, "alice").await;
        count += 1;
        let link = Mailbox::link(&reset_mail(&mailbox, count).await);
        let operator = app.site.accounts().by(Actor::operator());
        let alice = app.account("alice").await;
        match end {
            "newer" => {
                app.clock.advance(Duration::from_mins(1));
                ask(&app, "alice").await;
                count += 1;
                reset_mail(&mailbox, count).await;
            }
            "password" => {
                let password = PASSWORD.to_owned().into();
                let _ = operator.set_password(&alice.id, &password).await.unwrap();
            }
            "address" => {
                let other = format!("alice+{count}@example.com").parse().unwrap();
                let _ = operator.set_email(&alice.id, Some(&other)).await.unwrap();
            }
            "log-in" => assert!(can_log_in(&app, PASSWORD).await),
            "time" => app.clock.advance(Duration::from_mins(30)),
            "disabled" => {
                let _ = operator.disable(&alice.id).await.unwrap();
            }
            _ => {}
        }

        let (browser, shown) = follow(&app, &link).await;
        let answer = choose(&browser, NEW).await;

        if end == "nothing" {
            assert_eq!(answer.location(), Some("/login"), "{}", answer.text());
        } else {
            assert_eq!(shown.status, StatusCode::GONE, "{end}");
            assert_eq!(answer.status, StatusCode::GONE, "{end}");
        }
        let _ = operator.enable(&alice.id).await.unwrap();
    }
}

/// Attack E12: guess tokens.
#[tokio::test]
async fn after_sixty_wrong_links_from_a_network_none_is_looked_at() {
    let (app, mailbox) = app().await;
    ask(&app, EMAIL).await;
    let link = Mailbox::link(&reset_mail(&mailbox, 1).await);
    let right = link.split_once("token=").unwrap().1;
    let thief: IpAddr = "203.0.113.7".parse().unwrap();
    let guess = async |token: &str, from: IpAddr| {
        let body = json!({ "token": token, "password": NEW });
        let browser = app.browser().address(from);
        browser.post_json("/reset-password", &body).await
    };

    for i in 0..60 {
        let wrong = format!("{i:043}");
        for token in [&*wrong, "x"].iter().take(1) {
            assert_eq!(guess(token, thief).await.status, StatusCode::GONE, "{i}");
        }
    }
    let closed = guess(right, thief).await;

    assert_eq!(closed.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(closed.header("retry-after").is_some());
    let elsewhere = "198.51.100.1".parse().unwrap();
    assert_eq!(guess(right, elsewhere).await.status, StatusCode::NO_CONTENT);
}

/// Attack E5: a forged host.
#[tokio::test]
async fn a_link_comes_from_the_public_url_alone() {
    let (app, mailbox) = app().await;
    let evil = "evil.example";
    let forged = [
        ("x-forwarded-host", evil),
        ("x-host", evil),
        ("forwarded", "host=evil.example"),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let body = "email=alice%40example.com".to_owned();
    let browser = app.browser().host(evil);
    browser.post_with("/forgot-password", &forged, body).await;

    let mail = reset_mail(&mailbox, 1).await;

    assert!(
        mail.text()
            .contains("\nhttps://example.com/reset-password?token=")
    );
    assert!(!mail.text().contains(evil) && !mail.html().unwrap().contains(evil));
}

/// Attack E9: flood a mailbox.
#[tokio::test]
async fn fifty_requests_at_once_for_an_address_are_one_mail() {
    let (app, mailbox) = app().await;
    let tries = (0..50u8).map(|i| {
        let browser = app.browser().address(IpAddr::from([203, 0, i, 1]));
        async move { browser.post("/forgot-password", &[("email", EMAIL)]).await }
    });

    let answers = futures_util::future::join_all(tries).await;

    assert!(
        answers
            .iter()
            .all(|answer| answer.status == StatusCode::ACCEPTED)
    );
    let mail = reset_mail(&mailbox, 1).await;
    app.site.deliver_mail().await.unwrap();
    assert_eq!(mailbox.mails().len(), 1);
    // And its link works: those that were too many did not end it.
    let (_, shown) = follow(&app, &Mailbox::link(&mail)).await;
    assert_eq!(shown.status, StatusCode::OK);
}

#[tokio::test]
async fn a_network_that_asks_for_too_many_mails_waits() {
    let (app, _) = app().await;
    let browser = app.browser().address("203.0.113.7".parse().unwrap());
    let ask = async |typed: &str| browser.post("/forgot-password", &[("email", typed)]).await;
    for i in 0..30 {
        let asked = ask(&format!("user{i}@example.com")).await;
        assert_eq!(asked.status, StatusCode::ACCEPTED);
    }

    let closed = ask(EMAIL).await;

    assert_eq!(closed.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(closed.text().contains("Too many emails were requested"));
}

/// Attack E7.
#[tokio::test]
async fn a_copy_of_the_database_chooses_no_password() {
    let (app, mailbox) = app().await;
    ask(&app, EMAIL).await;
    let link = Mailbox::link(&reset_mail(&mailbox, 1).await);
    let token = link.split_once("token=").unwrap().1;

    for table in ["vestibule_tokens", "vestibule_mails"] {
        let connection = app.database.connection();
        let sql = format!("SELECT * FROM {table}");
        let query = Statement::from_string(connection.get_database_backend(), sql);
        let rows = connection.query_all_raw(query).await.unwrap();
        assert_eq!(rows.len(), 1, "{table}");
        let shown = format!("{rows:?}");
        assert!(!shown.contains(token), "{table}");
    }
    let digest = {
        use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
        HEXLOWER.encode(&crate::crypto::digest::sha256(&bytes))
    };
    let body = json!({ "token": digest, "password": NEW });
    let answer = app.browser().post_json("/reset-password", &body).await;
    assert_eq!(answer.status, StatusCode::GONE);
}

/// Attack E10: the mailbox alone opens no account that has a second factor.
#[tokio::test]
async fn after_a_reset_a_second_factor_is_still_asked_for() {
    let (app, mailbox) = TestApp::with_mail_and(|config| {
        config.credentials(|credentials| Ok(credentials.second_factor(async |_| Ok(true))));
    })
    .await;
    let operator = app.site.accounts().by(Actor::operator());
    let (name, password) = ("alice".parse().unwrap(), PASSWORD.to_owned().into());
    let _ = operator.add(&name, &password).await.unwrap();
    app.set_email("alice", EMAIL).await;
    ask(&app, EMAIL).await;
    let (browser, _) = follow(&app, &Mailbox::link(&reset_mail(&mailbox, 1).await)).await;

    assert_eq!(choose(&browser, NEW).await.location(), Some("/login"));

    let fields = [("username", "alice"), ("password", NEW)];
    browser.post("/login", &fields).await;
    let welcome = browser.get("/welcome").await;
    assert_eq!(welcome.status, StatusCode::SEE_OTHER, "not logged in");
}

#[tokio::test]
async fn scripts_get_202_then_204_and_problems() {
    let (app, mailbox) = app().await;
    let browser = app.browser();
    let body = json!({ "email": EMAIL });
    let asked = browser.post_json("/forgot-password", &body).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED);
    let link = Mailbox::link(&reset_mail(&mailbox, 1).await);
    let token = link.split_once("token=").unwrap().1;

    let empty = browser
        .post_json("/forgot-password", &json!({ "email": "" }))
        .await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let dead = json!({ "token": "x", "password": NEW });
    let dead = browser.post_json("/reset-password", &dead).await;
    assert_eq!(dead.status, StatusCode::GONE);
    assert!(dead.text().contains("\"invalid_token\""));
    let weak = json!({ "token": token, "password": EMAIL });
    let weak = browser.post_json("/reset-password", &weak).await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = json!({ "token": token, "password": NEW });
    let done = browser.post_json("/reset-password", &done).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text());
    assert!(can_log_in(&app, NEW).await);
}

#[tokio::test]
async fn a_mail_is_in_the_language_of_the_visitor_who_asked() {
    let (app, mailbox) = app().await;
    let headers = [
        ("accept-language", "de"),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let body = "email=alice".to_owned();
    app.browser()
        .post_with("/forgot-password", &headers, body)
        .await;

    let mail = reset_mail(&mailbox, 1).await;

    assert_eq!(mail.subject(), "Neues Passwort für Vestibule wählen");
    assert!(mail.html().unwrap().contains("lang=\"de\""));
}

#[tokio::test]
async fn a_user_without_a_password_chooses_one() {
    let (app, mailbox) = app().await;
    let connection = app.database.connection();
    connection
        .execute_unprepared("DELETE FROM passwords")
        .await
        .unwrap();
    ask(&app, EMAIL).await;

    let (browser, _) = follow(&app, &Mailbox::link(&reset_mail(&mailbox, 1).await)).await;

    assert_eq!(choose(&browser, NEW).await.location(), Some("/login"));
    assert!(can_log_in(&app, NEW).await);
}

#[tokio::test]
async fn a_form_on_another_site_neither_asks_nor_chooses() {
    let (app, mailbox) = app().await;
    let headers = [
        ("sec-fetch-site", "cross-site"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    for path in ["/forgot-password", "/reset-password"] {
        let body = "email=alice".to_owned();
        let answer = app.browser().post_with(path, &headers, body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert!(mailbox.mails().is_empty());
}

#[tokio::test]
async fn without_a_mailer_there_are_no_such_pages() {
    let app = TestApp::new().await;
    let browser = app.browser();
    for path in ["/forgot-password", "/reset-password", "/verify-email"] {
        assert_eq!(
            browser.get(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    assert!(!browser.get("/login").await.text().contains("forgot"));
    let (app, _) = TestApp::with_mail().await;
    assert!(
        app.browser()
            .get("/login")
            .await
            .text()
            .contains("/forgot-password")
    );
}
