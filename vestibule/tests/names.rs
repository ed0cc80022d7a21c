//! Names that are in the table are let in, whatever the rules for new ones.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use http::StatusCode;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use vestibule::accounts::ADMIN;
use vestibule::credentials::Username;
use vestibule::database::Database;
use vestibule::testing::{PASSWORD, TestApp, fresh_database_url};

/// As an operator brings them from another program.
const IMPORTED: [&str; 4] = ["jd", "me@example.com", "anna smith", "carol_"];

struct Target {
    app: TestApp,
    connection: DatabaseConnection,
    _folder: tempfile::TempDir,
}

/// A site with an admin, and those users with a good hash.
async fn imported() -> Target {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh_database_url(folder.path()).await;
    let database = Database::connect(&url).await.unwrap();
    let app = TestApp::on(database, |_| {}).await;
    let connection = sea_orm::Database::connect(&*url).await.unwrap();
    app.registered("alice").await;
    app.grant("alice", ADMIN).await;
    let backend = connection.get_database_backend();
    let dollar = |n: usize| match backend {
        sea_orm::DbBackend::Postgres => format!("${n}"),
        _ => "?".to_owned(),
    };
    for (i, name) in IMPORTED.iter().enumerate() {
        let user = format!(
            "INSERT INTO users (id, username, canonical_username, created_at, updated_at) \
             VALUES ({}, {}, {}, 0, 0)",
            dollar(1),
            dollar(2),
            dollar(3)
        );
        let id = format!("imported{i}");
        let canonical = Username::canonical_form(name);
        let values = [id.clone().into(), (*name).into(), canonical.into()];
        let insert = Statement::from_sql_and_values(backend, user, values);
        connection.execute_raw(insert).await.unwrap();
        // With the line end that exports leave.
        let hash = format!(
            "INSERT INTO passwords (user_id, hash, changed_at) SELECT {}, \
             one.hash, 0 FROM (SELECT hash FROM passwords LIMIT 1) AS one",
            dollar(1)
        );
        let insert = Statement::from_sql_and_values(backend, hash, [id.into()]);
        connection.execute_raw(insert).await.unwrap();
    }
    Target {
        app,
        connection,
        _folder: folder,
    }
}

#[tokio::test]
async fn a_user_whose_name_could_not_be_a_new_one_logs_in() {
    let target = imported().await;
    for name in IMPORTED {
        for typed in [name, &format!(" {name}\u{a0}"), &name.to_uppercase()] {
            let browser = target.app.browser();
            let fields = [("username", typed), ("password", PASSWORD)];

            let response = browser.post("/login", &fields).await;

            assert_eq!(response.location(), Some("/welcome"), "{typed:?}");
            assert!(
                browser.get("/welcome").await.text().contains(name),
                "{typed:?}"
            );
            let confirmed = browser
                .post("/confirm-login", &[("password", PASSWORD)])
                .await;
            assert_eq!(confirmed.location(), Some("/welcome"), "{typed:?}");
        }
    }
}

#[tokio::test]
async fn admins_find_such_users_by_their_names() {
    let target = imported().await;
    let admin = target.app.browser();
    let fields = [("username", "alice"), ("password", PASSWORD)];
    admin.post("/login", &fields).await;
    for name in IMPORTED {
        let query = format!("/admin?q={}", name.replace('@', "%40").replace(' ', "+"));

        let found = admin.get(&query).await;

        assert_eq!(found.status, StatusCode::OK);
        assert!(found.text().contains(name), "{name}: {}", found.text());
    }
    assert!(
        target
            .app
            .site
            .accounts()
            .find(" JD ")
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_hash_with_the_line_end_of_an_export_logs_in_and_is_replaced() {
    let target = imported().await;
    let line_end = "UPDATE passwords SET hash = '$2b$04$sr5XfHxZjKGv5QQLCUMezuzuIjW6.xDf4AUnskqGPCPqfbqBwC1bi\n' \
                    WHERE user_id = 'imported0'";
    target
        .connection
        .execute_unprepared(line_end)
        .await
        .unwrap();
    let browser = target.app.browser();
    let fields = [("username", "jd"), ("password", "hunter2")];

    for _ in 0..2 {
        let response = browser.post("/login", &fields).await;
        assert_eq!(response.location(), Some("/welcome"));
        browser.post("/logout", &[]).await;
    }

    let hash = "SELECT hash FROM passwords WHERE user_id = 'imported0'";
    let hash = Statement::from_string(target.connection.get_database_backend(), hash);
    let row = target
        .connection
        .query_one_raw(hash)
        .await
        .unwrap()
        .unwrap();
    let hash: String = row.try_get("", "hash").unwrap();
    assert!(
        hash.starts_with("$argon2id$") && !hash.contains('\n'),
        "{hash}"
    );
}

#[tokio::test]
async fn a_new_name_with_white_space_around_it_is_registered_without() {
    let app = TestApp::new().await;
    let fields = [("username", "\u{a0}bob "), ("password", PASSWORD)];

    let response = app.browser().post("/register", &fields).await;

    assert_eq!(response.location(), Some("/welcome"));
    assert_eq!(app.account("bob").await.name(), "bob");
}

#[tokio::test]
async fn a_form_says_which_character_a_new_name_cannot_have() {
    let app = TestApp::new().await;
    let fields = [("username", "anna smith"), ("password", PASSWORD)];

    let response = app.browser().post("/register", &fields).await;

    assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        response.text().contains("space inside"),
        "{}",
        response.text()
    );
}
