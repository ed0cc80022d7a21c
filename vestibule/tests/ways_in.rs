//! By what somebody gets in, and by what nobody does.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use http::StatusCode;
use vestibule::accounts::Actor;
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;
use vestibule::database::Database;
use vestibule::testing::{Mailbox, PASSWORD, TestApp, TestClient, fresh_database_url};

const SESSION: &str = "__Host-session";
const REMEMBER: &str = "__Host-remember";
const DAY: Duration = Duration::from_hours(24);

async fn is_in(browser: &TestClient) -> bool {
    browser.get("/welcome").await.status == StatusCode::OK
}

/// B16; ASVS 6.3.2.
#[tokio::test]
async fn a_new_site_has_no_user_and_no_usual_password() {
    let app = TestApp::with(|config| config.throttle.is_on = false).await;
    assert!(app.site.accounts().list(None, 1).await.unwrap().is_empty());

    for name in [
        "admin",
        "administrator",
        "root",
        "user",
        "test",
        "guest",
        "vestibule",
    ] {
        for password in [
            name,
            "admin",
            "password",
            "123456",
            "changeme",
            "vestibule",
            "toor",
        ] {
            let browser = app.browser();
            let fields = [("username", name), ("password", password)];

            let response = browser.post("/login", &fields).await;

            assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{fields:?}");
            assert!(!is_in(&browser).await, "{fields:?}");
        }
    }
}

/// ASVS 6.2.10.
#[tokio::test]
async fn a_password_is_good_for_ten_years() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    app.clock.advance(DAY * 3_653);
    let browser = app.browser();
    let fields = [("username", "alice"), ("password", PASSWORD)];

    let response = browser.post("/login", &fields).await;

    assert_eq!(response.location(), Some("/welcome"));
    assert!(is_in(&browser).await, "and no other page comes first");
}

/// ASVS 6.3.6.
#[tokio::test]
async fn a_mail_address_is_no_way_in() {
    let mailbox = Mailbox::new();
    let app = TestApp::with(|config| config.mailer(mailbox.clone())).await;
    app.registered("alice").await;
    let id = app.account("alice").await.id;
    let address = "alice@example.com".parse().unwrap();
    let operator = app.site.accounts().by(Actor::operator());
    let _ = operator.set_email(&id, Some(&address)).await.unwrap();
    let table = app.registered("bob").await.route_table().await;
    let public = table.routes().iter().filter(|route| route.guard.is_none());
    let public: Vec<_> = public.filter(|route| route.method == "POST").collect();
    assert!(public.len() >= 2, "{table}");

    for route in public {
        for fields in [
            &[("email", "alice@example.com")][..],
            &[("username", "alice@example.com"), ("password", "000000")],
            &[("username", "alice"), ("code", "000000")],
            &[("username", "alice"), ("token", "alice@example.com")],
        ] {
            let browser = app.browser();
            browser.post(&route.path, fields).await;
            assert_eq!(browser.cookie(SESSION), None, "{}: {fields:?}", route.path);
        }
    }
    // With a link, users choose a new password, and then log in with it.
    let mails = mailbox.mails();
    assert!(mails.iter().all(|mail| mail.kind() == "reset_password"));
}

/// ASVS 11.2.2: log-ins do not depend on the key, so it can be replaced at any time.
#[tokio::test]
async fn another_secret_key_logs_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh_database_url(folder.path()).await;
    let open = async |seed| {
        let database = Database::connect(&url).await.unwrap();
        TestApp::on(database, |config| {
            config.random = Random::insecure_seeded(seed);
            config.secret_key = SecretKey::generate(&config.random).unwrap();
        })
        .await
    };
    let (before, after) = (open(11).await, open(12).await);
    let old = before.registered("alice").await;
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    old.post("/login", &fields).await;

    let browser = after.browser();
    old.hand_over(&browser);

    assert!(is_in(&browser).await, "by the session");
    browser.forget_cookie(SESSION);
    assert!(is_in(&browser).await, "by the remember cookie");
    assert!(browser.cookie(REMEMBER).is_some());
    let fields = [("username", "alice"), ("password", PASSWORD)];
    let response = after.browser().post("/login", &fields).await;
    assert_eq!(response.location(), Some("/welcome"), "by the password");
}

/// D7: what belonged to the user is found by their id, which never comes again.
#[tokio::test]
async fn whoever_takes_the_name_of_a_deleted_user_gets_nothing_of_theirs() {
    let app = TestApp::new().await;
    app.registered("alice").await;
    app.grant("alice", "editor").await;
    let former = app.browser();
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    former.post("/login", &fields).await;
    let before = app.account("alice").await;
    assert!(before.rights.has_role("editor"));
    let accounts = app.site.accounts();
    let lines = async |id| {
        accounts
            .security_log(Some(id), None, 10)
            .await
            .unwrap()
            .len()
    };
    assert!(lines(&before.id).await > 1);

    let _ = accounts
        .by(Actor::operator())
        .delete(&before.id)
        .await
        .unwrap();
    let heir = app.registered("alice").await;

    let after = app.account("alice").await;
    assert_ne!(after.id, before.id);
    assert!(after.rights.roles().is_empty());
    assert_eq!(after.email, None);
    assert_eq!(
        lines(&after.id).await,
        2,
        "their own registration and log-in"
    );
    assert_eq!(accounts.sessions(&after, None, 10).await.unwrap().len(), 1);
    let listed = heir
        .get_with("/account/sessions", &[("accept", "application/json")])
        .await;
    assert_eq!(listed.json()["sessions"].as_array().unwrap().len(), 1);
    assert!(
        !is_in(&former).await,
        "by the session or the remember cookie"
    );
    former.forget_cookie(SESSION);
    assert!(!is_in(&former).await, "by the remember cookie");
    assert!(is_in(&heir).await);
}

/// I19.
#[tokio::test]
async fn a_date_that_the_client_sends_changes_nothing() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;
    let times = |time| {
        [
            ("date", time),
            ("if-modified-since", time),
            ("x-request-start", time),
        ]
    };
    let long_ago = times("Thu, 01 Jan 1970 00:00:00 GMT");
    let far_off = times("Fri, 01 Jan 2100 00:00:00 GMT");

    let early = browser.get_with("/welcome?now=4102444800", &far_off).await;
    app.clock.advance(DAY * 14 + Duration::from_secs(1));
    let late = browser.get_with("/welcome?now=0", &long_ago).await;

    assert_eq!(
        early.status,
        StatusCode::OK,
        "and it idles no longer for that"
    );
    assert_eq!(late.status, StatusCode::SEE_OTHER, "it has idled too long");
}

/// F3: a sibling host can plant a cookie, and a form elsewhere can repeat it.
#[tokio::test]
async fn a_cookie_and_a_field_that_match_do_not_stand_for_the_origin() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;
    for name in ["csrf", "csrf_token", "csrftoken", "XSRF-TOKEN"] {
        browser.set_cookie(name, "planted");
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", "https://evil.example"),
            ("x-csrf-token", "planted"),
            ("x-csrftoken", "planted"),
            ("x-xsrf-token", "planted"),
            ("x-requested-with", "XMLHttpRequest"),
        ];

        let response = browser
            .post_with("/logout", &headers, format!("{name}=planted"))
            .await;

        assert_eq!(response.status, StatusCode::FORBIDDEN, "{name}");
    }
    assert!(is_in(&browser).await);
}

/// ASVS 6.2.4: of the 3,000 passwords that are used most, these alone have 15 characters.
#[tokio::test]
async fn the_long_ones_of_the_most_used_passwords_are_refused() {
    let app = TestApp::new().await;
    let alice = app.registered("alice").await;
    for password in ["mailcreated5240", "polniypizdec0211"] {
        let new = [("username", "bob"), ("password", password)];
        let other = [("current_password", PASSWORD), ("new_password", password)];

        for refused in [
            app.browser().post("/register", &new).await,
            alice.post("/change-password", &other).await,
        ] {
            assert_eq!(
                refused.status,
                StatusCode::UNPROCESSABLE_ENTITY,
                "{password}"
            );
            assert!(refused.text().contains("too common"), "{}", refused.text());
        }
    }
}
