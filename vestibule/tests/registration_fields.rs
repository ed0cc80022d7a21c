//! Fields of the app's own at the registration, and what forms may have besides.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::{Arc, Mutex};

use http::StatusCode;
use serde_json::json;
use vestibule::Error;
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;
use vestibule::flows::{RegistrationField, RegistrationOutcome, Site, SiteConfig};
use vestibule::testing::{PASSWORD, TestApp, TestResponse, fresh_database};

#[path = "../examples/profile.rs"]
mod profile;

type Heard = Arc<Mutex<Vec<(String, String)>>>;

/// A site with two fields, whose app notes the accounts and what they entered, and rejects, fails or
/// panics where a visitor asks for that.
async fn app(heard: &Heard) -> TestApp {
    let heard = heard.clone();
    TestApp::with(move |config| {
        config.registration_fields = vec![
            RegistrationField::new("display_name", "Your <name>").required(),
            RegistrationField::new("company", "Company").max_chars(10),
        ];
        config.on_register(move |account, values| {
            let heard = heard.clone();
            async move {
                let name = values.get("display_name").to_owned();
                heard
                    .lock()
                    .unwrap()
                    .push((account.name().to_owned(), name.clone()));
                match &*name {
                    "taken" => Ok(RegistrationOutcome::rejected(
                        "display_name",
                        "It is taken.",
                    )),
                    "down" => Err(Error::store("the table of profiles is down")),
                    "bug" => panic!("a bug in the app"),
                    _ => Ok(RegistrationOutcome::Accepted),
                }
            }
        });
    })
    .await
}

async fn register(app: &TestApp, more: &[(&str, &str)]) -> TestResponse {
    let fields = [("username", "alice"), ("password", PASSWORD)];
    app.browser()
        .post("/register", &[&fields, more].concat())
        .await
}

async fn exists(app: &TestApp) -> bool {
    let found = app.site.accounts().find("alice").await;
    found.unwrap().is_some()
}

#[tokio::test]
async fn the_app_gets_what_was_entered_in_its_fields_with_the_account() {
    let heard = Heard::default();
    let app = app(&heard).await;
    let script = app.browser();

    let form = script.get("/register").await;
    assert!(form.text().contains("Your &lt;name&gt;"), "{}", form.text());
    let accepts = [("accept", "application/json")];
    let fields = script.get_with("/register", &accepts).await.json()["fields"].clone();
    let first = json!({
        "name": "display_name",
        "label": "Your <name>",
        "is_required": true,
        "max_chars": 100,
        "value": "",
    });
    assert_eq!(fields[0], first);
    let entered =
        json!({ "username": "alice", "password": PASSWORD, "display_name": " Alice A. " });
    let registered = script.post_json("/register", &entered).await;

    assert_eq!(
        registered.status,
        StatusCode::CREATED,
        "{}",
        registered.text()
    );
    let expected = ("alice".to_owned(), "Alice A.".to_owned());
    assert_eq!(*heard.lock().unwrap(), [expected]);
    assert_eq!(script.get("/welcome").await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_does_not_fit_a_field_is_said_there_before_anything_is_added() {
    let heard = Heard::default();
    let app = app(&heard).await;
    let name = ("display_name", "Alice");

    for (more, status, what) in [
        (&[][..], 422, "Fill in \u{201c}Your &lt;name&gt;\u{201d}."),
        (&[("display_name", "  ")], 422, "Fill in"),
        (
            &[name, ("company", "12345678901")],
            422,
            "at most 10 characters",
        ),
        (&[("display_name", "a\nb")], 422, "one line"),
        (&[name, ("role", "admin")], 400, "is not known here"),
        (&[name, name], 400, "more than once"),
    ] {
        let rejected = register(&app, more).await;
        assert_eq!(rejected.status.as_u16(), status, "{more:?}");
        assert!(rejected.text().contains(what), "{}", rejected.text());
    }
    let again = register(&app, &[("display_name", ""), ("company", "Acme")]).await;
    assert!(again.text().contains("value=\"Acme\""), "not typed twice");

    assert!(heard.lock().unwrap().is_empty());
    assert!(!exists(&app).await);
}

/// Nothing is half-written: whatever comes of the app's function, there is no account without it.
#[tokio::test]
async fn a_registration_that_the_app_rejects_or_fails_at_leaves_no_account_and_no_session() {
    for (name, status) in [("taken", 422), ("down", 503), ("bug", 500)] {
        let heard = Heard::default();
        let app = app(&heard).await;
        let browser = app.browser();
        let fields = [
            ("username", "alice"),
            ("password", PASSWORD),
            ("display_name", name),
        ];

        let rejected = browser.post("/register", &fields).await;

        assert_eq!(rejected.status.as_u16(), status, "{}", rejected.text());
        assert_eq!(heard.lock().unwrap().len(), 1, "{name}");
        assert!(browser.cookie("__Host-session").is_none(), "{name}");
        assert!(!exists(&app).await, "{name}");
        if name == "taken" {
            assert!(rejected.text().contains("It is taken."));
        }
        let free = register(&app, &[("display_name", "Alice")]).await;
        assert_eq!(
            free.location(),
            Some("/welcome"),
            "the username is free again"
        );
    }
}

#[tokio::test]
async fn fields_that_cannot_work_are_an_error_at_the_start() {
    let field = |name: &str| RegistrationField::new(name, "Label");
    let with = async |fields: Vec<RegistrationField>, has_hook: bool| {
        let key = SecretKey::generate(&Random::system()).unwrap();
        let mut config = SiteConfig::new("https://example.com".parse().unwrap(), key);
        config.registration_fields = fields;
        if has_hook {
            config.on_register(async |_, _| Ok(RegistrationOutcome::Accepted));
        }
        Site::open(fresh_database().await, config).await
    };

    assert!(with(vec![field("a"), field("b_2")], true).await.is_ok());
    for fields in [
        vec![field("username")],
        vec![field("password")],
        vec![field("")],
        vec![field("Name")],
        vec![field("a b")],
        vec![field("a\"b")],
        vec![field("a"), field("a")],
        vec![field("a").max_chars(0)],
        vec![field("a").max_chars(1_000_000)],
        (0..9).map(|i| field(&format!("a{i}"))).collect(),
    ] {
        let refused = with(fields.clone(), true).await;
        assert!(refused.unwrap_err().is_config(), "{fields:?}");
    }
    let unread = with(vec![field("a")], false).await.unwrap_err();
    assert!(unread.to_string().contains("on_register"), "{unread}");
}

#[tokio::test]
async fn forms_may_have_what_libraries_add_and_json_may_not() {
    let app = TestApp::with(|config| config.ignored_fields = vec!["tracking".to_owned()]).await;
    let added = [
        ("submit", "Register"),
        ("csrf_token", "a"),
        ("g-recaptcha-response", "b"),
        ("h-captcha-response", "c"),
        ("cf-turnstile-response", "d"),
        ("tracking", "e"),
    ];
    for field in added {
        let mut json = json!({ "username": "alice", "password": PASSWORD });
        json[field.0] = field.1.into();
        let rejected = app.browser().post_json("/register", &json).await;
        assert_eq!(rejected.json()["code"], "unknown_field", "{}", field.0);
    }
    let unknown = register(&app, &[("role", "admin")]).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);

    let registered = register(&app, &added).await;

    assert_eq!(registered.location(), Some("/welcome"));
}

#[tokio::test]
async fn a_profile_comes_with_the_registration_and_goes_with_the_account() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/app.db?mode=rwc", folder.path().display());
    let key = SecretKey::generate(&Random::system()).unwrap();
    let config = SiteConfig::new("https://example.com".parse().unwrap(), key);
    let router = profile::app(&url, config).await.unwrap();
    let browser = || vestibule::testing::TestClient::new(router.clone()).host("example.com");
    let (alice, bob) = (browser(), browser());
    let fields = |name| {
        [
            ("username", name),
            ("password", PASSWORD),
            ("display_name", "Alice A."),
        ]
    };

    let registered = alice.post("/register", &fields("alice")).await;
    assert_eq!(
        registered.location(),
        Some("/welcome"),
        "{}",
        registered.text()
    );
    assert_eq!(alice.get("/hello").await.text(), "Hello, Alice A.");
    let taken = bob.post("/register", &fields("bob")).await;
    assert!(taken.text().contains("Somebody has this name."));
    assert!(
        bob.get("/hello")
            .await
            .location()
            .unwrap()
            .starts_with("/login")
    );
    let renamed = alice.post("/profile", &[("display_name", "Al")]).await;
    assert_eq!(renamed.text(), "Saved");
    assert_eq!(alice.get("/hello").await.text(), "Hello, Al");
    let deleted = alice
        .post("/account/close", &[("password", PASSWORD)])
        .await;
    assert_eq!(deleted.location(), Some("/login"));
    let mut free = fields("bob");
    free[2].1 = "Al";
    let registered = bob.post("/register", &free).await;
    assert_eq!(
        registered.location(),
        Some("/welcome"),
        "the profile is gone too"
    );
}
