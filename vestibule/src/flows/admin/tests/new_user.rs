//! Adding a user.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::{JSON, Office};
use crate::testing::{PASSWORD, TestResponse};

const NEW: &str = "/admin/users/new";

impl Office {
    async fn add(&self, username: &str, email: &str) -> TestResponse {
        let fields = [("username", username), ("email", email)];
        self.carol.post(NEW, &fields).await
    }

    async fn is_there(&self, username: &str) -> bool {
        let found = self.app.site.accounts().find(username).await;
        found.unwrap().is_some()
    }
}

/// The temporary password on the page.
fn shown_password(page: &TestResponse) -> String {
    let after = page.text().split("<code>").nth(1).unwrap_or_default();
    after.split('<').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_added_user_logs_in_by_the_shown_password_and_must_change_it_first() {
    let office = Office::new().await;

    let added = office.add(" Dora ", "dora@example.com").await;

    assert_eq!(added.status, StatusCode::CREATED);
    let password = shown_password(&added);
    let dora = office.account("dora").await;
    assert_eq!((dora.name(), dora.must_change_password), ("Dora", true));
    assert_eq!(dora.email.as_deref(), Some("dora@example.com"));
    let browser = office.app.browser();
    let fields = [("username", "Dora"), ("password", &*password)];
    browser.post("/login", &fields).await;
    let sent = browser.get("/welcome").await;
    assert_eq!(sent.location(), Some("/change-password?next=%2Fwelcome"));
    let same = [
        ("current_password", &*password),
        ("new_password", &*password),
    ];
    let refused = browser.post("/change-password", &same).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [
        ("current_password", &*password),
        ("new_password", "another horse and battery"),
    ];
    browser.post("/change-password", &fields).await;
    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
    let fields = [("username", "Dora"), ("password", &*password)];
    let old = office.app.browser().post("/login", &fields).await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED);
    let log = office.log().await;
    let (_, actor, user, detail) = log
        .iter()
        .find(|line| line.0 == "account added" && line.2.as_deref() == Some("Dora"))
        .unwrap();
    assert_eq!((&**actor, user.as_deref()), ("carol", Some("Dora")));
    assert_eq!(detail.as_deref(), Some("with a temporary password"));
}

#[tokio::test]
async fn the_temporary_password_is_in_one_answer_and_nowhere_else() {
    let office = Office::new().await;

    let added = office.add("dora", "").await;

    let password = shown_password(&added);
    assert_eq!(password.len(), 23, "{password}");
    assert_eq!(added.header("cache-control"), Some("no-store"));
    assert_eq!(added.location(), None);
    assert!(
        added
            .set_cookies()
            .iter()
            .all(|set| !set.contains(&password))
    );
    let user = office.path_of("dora").await;
    for path in [&*user, "/admin", NEW, "/admin/log"] {
        for page in [
            office.carol.get(path).await,
            office.carol.get_with(path, &JSON).await,
        ] {
            assert!(!page.text().contains(&password), "{path}");
        }
    }
    let log = office.log().await;
    assert!(!format!("{log:?}").contains(&password));
    let again = office.add("erin", "").await;
    assert_ne!(shown_password(&again), password);
}

#[tokio::test]
async fn an_error_stands_at_its_field_and_nothing_is_lost() {
    let office = Office::new().await;

    for (username, email, field, said) in [
        ("", "d@example.com", "username", "Enter a username."),
        ("al", "d@example.com", "username", "Use 3 to 64 characters."),
        ("Alice", "d@example.com", "username", "This name is taken."),
        ("aIice", "d@example.com", "username", "This name is taken."),
        ("dora", "dora", "email", "Enter an email address"),
        ("d ora", "dora", "email", "Enter an email address"),
    ] {
        let refused = office.add(username, email).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let text = refused.text();
        let at = format!("id=\"{field}-error\">{said}");
        assert!(text.contains(&at), "{at} in {text}");
        for typed in [username, email] {
            assert!(text.contains(&format!("value=\"{typed}\"")), "{text}");
        }
        assert!(!text.contains("<code>"), "no password");
    }
    assert!(!office.is_there("dora").await);
    assert_eq!(
        office.add("support", "").await.status,
        StatusCode::CREATED,
        "an admin may use a reserved name"
    );
}

#[tokio::test]
async fn a_script_gets_the_password_as_json() {
    let office = Office::new().await;

    let added = office
        .carol
        .post_json(NEW, &json!({ "username": "dora" }))
        .await;

    assert_eq!(added.status, StatusCode::CREATED);
    assert_eq!(added.header("cache-control"), Some("no-store"));
    let body = added.json();
    let id = office.account("dora").await.id;
    assert_eq!(body.as_object().unwrap().len(), 3);
    assert_eq!(
        (&body["id"], &body["username"]),
        (&json!(id.as_str()), &json!("dora"))
    );
    let fields = [
        ("username", "dora"),
        ("password", body["password"].as_str().unwrap()),
    ];
    let in_ = office.app.browser().post("/login", &fields).await;
    assert_eq!(in_.status, StatusCode::SEE_OTHER);
    let taken = office
        .carol
        .post_json(NEW, &json!({ "username": "dora" }))
        .await;
    assert_eq!(taken.json()["errors"][0]["field"], "username");
    let form = office.carol.get_with(NEW, &JSON).await.json();
    assert_eq!(form, json!({ "username": "", "email": "" }));
    assert_eq!(form["password"], Value::Null);
}

#[tokio::test]
async fn nobody_but_an_admin_who_has_just_logged_in_adds_a_user() {
    let office = Office::new().await;
    let fields = [("username", "mallory")];
    let form = ("content-type", "application/x-www-form-urlencoded");
    let elsewhere = [form, ("sec-fetch-site", "cross-site")];

    let anonymous = office.app.browser().post(NEW, &fields).await;
    assert!(anonymous.location().unwrap().starts_with("/login"));
    for refused in [
        office.alice.post(NEW, &fields).await,
        office.alice.get(NEW).await,
        // As anybody else: a user learns nothing about names here.
        office.alice.post(NEW, &[("username", "alice")]).await,
    ] {
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
    let other_site = office
        .carol
        .post_with(NEW, &elsewhere, "username=mallory")
        .await;
    assert_eq!(other_site.status, StatusCode::FORBIDDEN);
    for more in ["password", "role", "is_admin", "id", "must_change_password"] {
        let fields = [("username", "mallory"), (more, PASSWORD)];
        let mass = office.carol.post(NEW, &fields).await;
        assert_eq!(mass.status, StatusCode::BAD_REQUEST, "{more}");
    }
    office.app.clock.advance(Duration::from_secs(16 * 60));
    let stale = office.carol.post(NEW, &fields).await;
    assert!(stale.location().unwrap().starts_with("/confirm-login"));

    assert!(!office.is_there("mallory").await);
}
