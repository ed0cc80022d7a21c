use std::time::Duration;

use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::json;

use crate::accounts::{Actor, ChangeOutcome};
use crate::credentials::Username;
use crate::database::{Database, DatabaseOptions};
use crate::flows::SiteConfig;
use crate::password::{BreachedPasswords, PasswordAlgorithm};
use crate::testing::{PASSWORD, TestApp, TestResponse};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn submit(app: &TestApp, username: &str, password: &str) -> TestResponse {
    let fields = [("username", username), ("password", password)];
    app.browser().post("/register", &fields).await
}

async fn user_count(app: &TestApp) -> usize {
    app.site.accounts().list(None, 1_000).await.unwrap().len()
}

#[tokio::test]
async fn a_password_that_is_easy_to_guess_is_taken_with_advice() {
    let app = TestApp::new().await;
    for (name, password, is_advised) in [
        ("alice", "chair1234567890", true),
        ("bobby", PASSWORD, false),
    ] {
        let browser = app.browser();
        let fields = [("username", name), ("password", password)];
        let registered = browser.post("/register", &fields).await;
        assert_eq!(registered.location(), Some("/welcome"), "{registered:?}");

        let welcome = browser.get("/welcome").await;
        assert!(welcome.text().contains("Your account is ready"));
        let advised = welcome.text().contains("easier to guess than most");
        assert_eq!(advised, is_advised, "{}", welcome.text());
        assert!(!welcome.text().contains(password));
    }
}

#[tokio::test]
async fn a_visitor_who_registers_on_the_way_to_a_page_arrives_there() {
    let app = TestApp::new().await;
    let browser = app.browser();
    let login = browser.get("/login?next=/account/log?after%3D1").await;
    let link = "href=\"/register?next=%2Faccount%2Flog%3Fafter%3D1\"";
    assert!(login.text().contains(link), "{}", login.text());

    let form = browser
        .get("/register?next=%2Faccount%2Flog%3Fafter%3D1")
        .await;

    let field = "name=\"next\" value=\"&#x2f;account&#x2f;log?after=1\"";
    assert!(form.text().contains(field), "{}", form.text());
    let back = "href=\"/login?next=%2Faccount%2Flog%3Fafter%3D1\"";
    assert!(form.text().contains(back), "{}", form.text());
    let next = ("next", "/account/log?after=1");
    let short = [("username", "alice"), ("password", "short"), next];
    let rejected = browser.post("/register", &short).await;
    assert!(rejected.text().contains(field), "{}", rejected.text());
    let fields = [("username", "alice"), ("password", PASSWORD), next];
    for _ in 0..2 {
        // A double click arrives there too.
        let registered = browser.post("/register", &fields).await;
        assert_eq!(registered.location(), Some("/account/log?after=1"));
    }
    let shown = browser.get("/register?next=/account").await;
    assert_eq!(shown.location(), Some("/account"), "logged in already");
}

#[tokio::test]
async fn a_registration_leads_to_no_other_site() {
    let app = TestApp::new().await;
    for (name, next) in [
        ("alice", "https://evil.example/"),
        ("bobby", "//evil.example/"),
        ("carol", "/\\evil.example/"),
    ] {
        let fields = [("username", name), ("password", PASSWORD), ("next", next)];
        let registered = app.browser().post("/register", &fields).await;
        assert_eq!(registered.location(), Some("/welcome"), "{next}");
    }
}

#[tokio::test]
async fn a_visitor_registers_and_is_logged_in() {
    let app = TestApp::new().await;
    let browser = app.browser();

    let response = browser
        .post(
            "/register",
            &[("username", "Alice"), ("password", PASSWORD)],
        )
        .await;

    assert_eq!(response.status, StatusCode::SEE_OTHER);
    assert_eq!(response.location(), Some("/welcome"));
    let welcome = browser.get("/welcome").await;
    assert_eq!(welcome.status, StatusCode::OK);
    assert!(welcome.text().contains("Alice"));
    assert!(welcome.text().contains("Your account is ready"));
    assert!(
        !browser
            .get("/welcome")
            .await
            .text()
            .contains("Your account is ready")
    );
}

/// The message waits in a cookie for the next page, which may be another user's.
#[tokio::test]
async fn a_message_to_a_user_is_shown_to_nobody_else() {
    let app = TestApp::new().await;
    app.registered("bob").await;
    for log_in in [false, true] {
        let browser = app.registered(&format!("alice{log_in}")).await;
        browser.forget_cookie("__Host-session");
        if log_in {
            app.log_in(&browser, "bob").await;
        }

        let page = browser
            .get(if log_in { "/welcome" } else { "/login" })
            .await;

        assert_eq!(page.status, StatusCode::OK);
        assert!(
            !page.text().contains("Your account is ready"),
            "{}",
            page.text()
        );
        assert_eq!(
            browser.cookie("__Host-flash"),
            None,
            "it does not come back"
        );
    }
}

#[tokio::test]
async fn a_script_registers_with_json() {
    let app = TestApp::new().await;
    let client = app.browser();

    let response = client
        .post_json(
            "/register",
            &json!({ "username": "alice", "password": PASSWORD }),
        )
        .await;

    assert_eq!(response.status, StatusCode::CREATED);
    let expected = json!({ "username": "alice", "next": "/welcome" });
    assert_eq!(response.json(), expected);
    let easy = json!({ "username": "bobby", "password": "chair1234567890" });
    let advised = app.browser().post_json("/register", &easy).await;
    assert_eq!(advised.status, StatusCode::CREATED);
    let advice = advised.json()["advice"].as_str().unwrap().to_owned();
    assert!(advice.contains("easier to guess"), "{advice}");
    assert_eq!(client.get("/welcome").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_form_says_what_a_password_needs_before_it_is_typed() {
    let app = TestApp::new().await;

    let form = app.browser().get("/register").await;

    assert_eq!(form.status, StatusCode::OK);
    for part in [
        "At least 15 characters",
        r#"aria-describedby="password-hint""#,
        r#"autocomplete="new-password""#,
        r#"autocomplete="username""#,
        r#"<label for="password">"#,
    ] {
        assert!(form.text().contains(part), "{part} in {}", form.text());
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_field_is_said_beside_it_and_the_name_is_kept() {
    let app = TestApp::new().await;

    for (username, password, said) in [
        ("alice", "", "Enter a password."),
        ("alice", "too short", "Use at least 15 characters"),
        ("alice", &"x y z ".repeat(43), "Use at most 256 characters"),
        ("alice", "passwordpassword", "too common"),
        ("alice", "alicealicealice", "contains your username"),
        (
            "alice",
            "vestibulevestibule",
            "your email address or this site’s name",
        ),
        ("", PASSWORD, "Enter a username."),
        ("al", PASSWORD, "3 to 64 characters"),
        (&"a".repeat(65), PASSWORD, "3 to 64 characters"),
        ("al ice", PASSWORD, "letters and digits"),
        ("<script>alert(1)</script>", PASSWORD, "letters and digits"),
        ("\u{0430}lice", PASSWORD, "can’t mix"),
    ] {
        let response = submit(&app, username, password).await;

        assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY);
        let page = response.text();
        assert!(page.contains(said), "{said} in {page}");
        assert!(page.contains(r#"aria-invalid="true""#), "{page}");
        assert_eq!(page.matches("autofocus").count(), 1, "{page}");
        assert!(!page.contains("<script>alert"), "{page}");
        if username == "alice" {
            assert!(page.contains(r#"value="alice""#), "{page}");
        }
        if !password.is_empty() {
            assert!(!page.contains(password), "{page}");
        }
    }
    assert_eq!(user_count(&app).await, 0);
}

#[tokio::test]
async fn missing_fields_are_said_together_in_html_and_json() {
    let app = TestApp::new().await;

    let html = app.browser().post("/register", &[]).await;
    let json = app.browser().post_json("/register", &json!({})).await;

    assert!(html.text().contains("Enter a username."));
    assert!(html.text().contains("Enter a password."));
    assert_eq!(json.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        json.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(
        json.json(),
        json!({
            "status": 422,
            "title": "Unprocessable Entity",
            "code": "invalid_fields",
            "errors": [
                { "field": "username", "detail": "Enter a username." },
                { "field": "password", "detail": "Enter a password." },
            ],
        })
    );
}

#[tokio::test]
async fn a_breached_password_is_refused_and_without_the_list_what_the_setting_says() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("hashes.txt");
    // The SHA-1 of the password.
    std::fs::write(&list, "ABF7AAD6438836DBE526AA231ABDE2D0EEF74D42:384\n").unwrap();
    let breached = BreachedPasswords::from_file(&list).unwrap();
    // With patience, for a busy machine.
    let breached = breached.timeout(Duration::from_secs(30));
    let with = |breached: BreachedPasswords| {
        TestApp::with(move |config| config.passwords.policy.breached = Some(breached))
    };
    let open = with(breached.clone()).await;
    let closed = with(breached.fail_closed(true)).await;
    let form = json!({ "username": "alice", "password": PASSWORD });
    let refused = async |app: &TestApp, said: &str| {
        let html = submit(app, "alice", PASSWORD).await;
        let json = app.browser().post_json("/register", &form).await;

        assert_eq!(html.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(html.text().contains(said), "{}", html.text());
        assert!(!html.text().contains(PASSWORD), "{}", html.text());
        assert_eq!(json.status, StatusCode::UNPROCESSABLE_ENTITY);
        let errors = json!([{ "field": "password", "detail": said }]);
        assert_eq!(json.json()["errors"], errors);
        assert_eq!(user_count(app).await, 0);
    };

    let said = "This password was found in a data breach of another site. Choose another one, \
                and change it wherever you use it.";
    refused(&open, said).await;
    refused(&closed, said).await;
    // A rejected name must not cause a password look-up, or anybody could make the service work.
    let taken = submit(&closed, "admin", PASSWORD).await;
    assert!(taken.text().contains("This username is reserved"));
    assert!(!taken.text().contains(said));
    let another = submit(&closed, "bobby", "another horse and battery").await;
    assert_eq!(another.location(), Some("/welcome"));
    let bobby = closed.account("bobby").await.id;
    let operator = closed.site.accounts().by(Actor::operator());
    assert_eq!(operator.delete(&bobby).await.unwrap(), ChangeOutcome::Done);

    std::fs::remove_file(&list).unwrap();
    let said = "We couldn’t check whether this password is known from a data breach. Try again \
                in a moment.";
    refused(&closed, said).await;
    let accepted = submit(&open, "alice", PASSWORD).await;
    assert_eq!(accepted.location(), Some("/welcome"));
}

#[tokio::test]
async fn what_is_no_form_gets_a_page_that_says_so_and_changes_nothing() {
    let app = TestApp::new().await;
    let good = format!("username=alice&password={}", PASSWORD.replace(' ', "+"));

    for (headers, body, status, said) in [
        (
            [FORM],
            format!("{good}&role=admin"),
            400,
            "The field &quot;role&quot; is not known",
        ),
        (
            [FORM],
            format!("{good}&username=bob"),
            400,
            "more than once",
        ),
        ([FORM], format!("{good}%00"), 400, "NUL"),
        ([FORM], "a=1&".repeat(17), 400, "more than 16 fields"),
        ([FORM], format!("{good}%ff"), 400, "UTF-8"),
        (
            [FORM],
            format!("username=alice&password={}", "a".repeat(1_000_000)),
            413,
            "too large",
        ),
        (
            [("content-type", "text/plain")],
            good.clone(),
            415,
            "or a JSON object",
        ),
        (
            [("content-type", "application/json")],
            good.clone(),
            400,
            "not a JSON object",
        ),
    ] {
        let response = app.browser().post_with("/register", &headers, body).await;

        assert_eq!(response.status.as_u16(), status);
        assert!(
            response.text().contains(said) || is_problem(&response, said),
            "{}",
            response.text()
        );
    }
    assert_eq!(user_count(&app).await, 0);
}

fn is_problem(response: &TestResponse, said: &str) -> bool {
    response.header(CONTENT_TYPE.as_str()) == Some("application/problem+json")
        && response.json()["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains(said))
}

#[tokio::test]
async fn a_name_that_reads_like_another_is_taken() {
    let app = TestApp::new().await;
    app.registered("Alice").await;

    for name in ["alice", "ALICE", "ａｌｉｃｅ"] {
        let response = submit(&app, name, "another horse and battery").await;

        assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(response.text().contains("This username is taken."));
    }
    assert_eq!(user_count(&app).await, 1);
}

/// D6. The operator can create such an account, a visitor cannot.
#[tokio::test]
async fn a_reserved_name_and_what_looks_like_it_can_be_added_by_the_operator_alone() {
    let site = |config: &mut SiteConfig| {
        config.site_name = "Acme Shop".to_owned();
        config.reserved_names.extend(["board"]);
    };
    let app = TestApp::with(site).await;

    for name in [
        "admin",
        "Root",
        "ADMİN",
        "ｓｕｐｐｏｒｔ",
        "adm1n",
        "ADMlN",
        "ad-min",
        "postmaster",
        "acme-shop",
        "acmeshop",
        "example.com",
        "Examp1e",
        "b0ard",
    ] {
        let response = submit(&app, name, PASSWORD).await;

        assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        let said = "This username is reserved for the site. Choose another one.";
        assert!(response.text().contains(said), "{name}");
    }
    assert_eq!(user_count(&app).await, 0);
    for name in ["acme", "boarder", "alice"] {
        let response = submit(&app, name, PASSWORD).await;
        assert_eq!(response.location(), Some("/welcome"), "{name}");
    }
    let admin: Username = "admin".parse().unwrap();
    let operator = app.site.accounts().by(Actor::operator());
    let added = operator.add(&admin, &PASSWORD.into()).await.unwrap();
    assert_eq!(added, ChangeOutcome::Done);
    app.log_in(&app.browser(), "admin").await;
}

#[tokio::test]
async fn a_password_made_of_words_of_the_site_is_refused() {
    let site = |config: &mut SiteConfig| {
        config.public_url = "http://127.0.0.1:5000".parse().unwrap();
        config.site_name = "Acme Shop".to_owned();
        let words = &mut config.passwords.policy.context_words;
        words.extend(["rocket skates".to_owned(), String::new()]);
    };
    let app = TestApp::with(site).await;
    let alice = app.registered("alice").await;

    for password in [
        "localhost localhost",
        "vestibulevestibule",
        "Vestibule password 1",
        "Acme Shop Acme Shop",
        "acme acme acme 1987!",
        "R0cketSkates-1987!",
    ] {
        let response = submit(&app, "bobby", password).await;
        assert!(response.text().contains("this site’s name"), "{password}");
        let change = [("current_password", PASSWORD), ("new_password", password)];
        let response = alice.post("/change-password", &change).await;
        assert!(response.text().contains("this site’s name"), "{password}");
    }
    let good = submit(&app, "bobby", "a rocket for my kettle at acme").await;
    assert_eq!(good.location(), Some("/welcome"));
}

#[tokio::test]
async fn of_fifty_registrations_of_one_name_at_once_one_succeeds() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/site.db?mode=rwc", folder.path().display());
    let app = TestApp::on(Database::connect(&url).await.unwrap(), |_| {}).await;
    let names = ["alice", "Alice", "ALICE"];

    let attempts: Vec<_> = (0..50)
        .map(|i| {
            let app = app.clone();
            let password = format!("{PASSWORD} {i}");
            tokio::spawn(async move { submit(&app, names[i % 3], &password).await })
        })
        .collect();
    let mut registered = 0;
    for attempt in attempts {
        let response = attempt.await.unwrap();
        if response.location() == Some("/welcome") {
            registered += 1;
        } else {
            assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(response.text().contains("This username is taken."));
        }
    }

    assert_eq!(registered, 1);
    assert_eq!(user_count(&app).await, 1);
}

#[tokio::test]
async fn registering_while_logged_in_ends_the_session_before() {
    let app = TestApp::new().await;
    let browser = app.registered("alice").await;
    let before = browser.stolen();

    browser
        .post("/register", &[("username", "bob"), ("password", PASSWORD)])
        .await;

    assert!(browser.get("/welcome").await.text().contains("bob"));
    assert_eq!(before.get("/welcome").await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/register").await.location(), Some("/welcome"));
}

#[tokio::test]
async fn a_form_on_another_site_registers_nobody() {
    let app = TestApp::new().await;
    let form = format!("username=alice&password={}", PASSWORD.replace(' ', "+"));

    for foreign in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "https://example.com.evil.example"),
        ("origin", "https://example.com:8443"),
        ("origin", "null"),
    ] {
        let response = app
            .browser()
            .post_with("/register", &[FORM, foreign], form.clone())
            .await;

        assert_eq!(response.status, StatusCode::FORBIDDEN, "{foreign:?}");
        assert!(response.text().contains("came from another site"));
        // For those who came by another address of the site.
        let link = "<a href=\"https:&#x2f;&#x2f;example.com\">";
        assert!(response.text().contains(link), "{}", response.text());
    }
    assert_eq!(user_count(&app).await, 0);
}

async fn file_app(folder: &tempfile::TempDir, mode: &str, config: fn(&mut SiteConfig)) -> TestApp {
    let url = format!("sqlite://{}/site.db?mode={mode}", folder.path().display());
    let options = DatabaseOptions {
        // Applies to opening the database too, which can be slow on a busy machine.
        patience: std::time::Duration::from_secs(3),
        ..Default::default()
    };
    let database = Database::connect_with(&url, options).await.unwrap();
    TestApp::on(database, config).await
}

#[tokio::test]
async fn with_a_read_only_database_the_visitor_is_told_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let app = file_app(&folder, "rwc", |_| {}).await;
    app.registered("alice").await;
    let read_only = file_app(&folder, "ro", |_| {}).await;

    let response = submit(&read_only, "bob", PASSWORD).await;

    assert_eq!(response.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.header("retry-after"), Some("5"));
    assert!(response.text().contains("wrong on our side"));
    assert_eq!(user_count(&app).await, 1);
}

#[tokio::test]
async fn with_a_locked_database_the_visitor_is_told_and_may_try_again() {
    use sea_orm::ConnectionTrait;

    let folder = tempfile::tempdir().unwrap();
    let app = file_app(&folder, "rwc", |_| {}).await;
    let other_url = format!("sqlite://{}/site.db", folder.path().display());
    let one = DatabaseOptions {
        max_connections: 1,
        ..Default::default()
    };
    let other = Database::connect_with(&other_url, one).await.unwrap();
    let sql = |sql: &'static str| other.connection().execute_unprepared(sql);
    sql("BEGIN IMMEDIATE").await.unwrap();

    let locked = submit(&app, "alice", PASSWORD).await;
    sql("ROLLBACK").await.unwrap();
    let unlocked = submit(&app, "alice", PASSWORD).await;

    assert_eq!(locked.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(unlocked.location(), Some("/welcome"));
    assert_eq!(user_count(&app).await, 1);
}

#[tokio::test]
async fn with_bcrypt_a_password_of_73_bytes_is_refused_before_hashing() {
    let app = TestApp::with(|config| {
        config.passwords.algorithm = PasswordAlgorithm::Bcrypt { cost: 4 };
    })
    .await;
    let long: String = "the kettle sings ".chars().cycle().take(73).collect();

    let refused = submit(&app, "alice", &long).await;
    let accepted = submit(&app, "alice", &long[..72]).await;

    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("at most 72 bytes"));
    assert_eq!(accepted.location(), Some("/welcome"));
}

#[tokio::test]
async fn the_database_holds_neither_the_password_nor_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let app = file_app(&folder, "rwc", |_| {}).await;
    let browser = app.registered("alice").await;
    let token = browser.cookie("__Host-session").unwrap();

    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        bytes.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }

    let raw_token = data_encoding::BASE64URL_NOPAD
        .decode(token.as_bytes())
        .unwrap();
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    assert!(holds(b"alice"));
    assert!(!holds(PASSWORD.as_bytes()));
    assert!(!holds(token.as_bytes()));
    assert!(!holds(&raw_token));
    let username: Username = "alice".parse().unwrap();
    assert!(
        app.site
            .accounts()
            .find(username.as_str())
            .await
            .unwrap()
            .is_some()
    );
}

/// Asking for names, or of breaches, is no cheaper than registering.
#[tokio::test]
async fn a_registration_that_a_breach_ends_counts_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("hashes.txt");
    // The SHA-1 of the password.
    std::fs::write(&list, "ABF7AAD6438836DBE526AA231ABDE2D0EEF74D42:384\n").unwrap();
    let breached = BreachedPasswords::from_file(&list).unwrap();
    let breached = breached.timeout(Duration::from_secs(30));
    let app = TestApp::with(|config| config.passwords.policy.breached = Some(breached)).await;
    let register = async || {
        let browser = app.browser().address("192.0.2.7".parse().unwrap());
        let fields = [("username", "alice"), ("password", PASSWORD)];
        browser.post("/register", &fields).await.status
    };

    for _ in 0..30 {
        assert_eq!(register().await, StatusCode::UNPROCESSABLE_ENTITY);
    }

    assert_eq!(register().await, StatusCode::TOO_MANY_REQUESTS);
}
