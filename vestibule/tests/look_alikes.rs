//! Nobody registers a name that looks like another user's, and older names stay as they are.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use futures_util::future::join_all;
use http::StatusCode;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::json;
use vestibule::credentials::Username;
use vestibule::crypto::random::Random;
use vestibule::database::Database;
use vestibule::testing::{PASSWORD, TestApp, TestResponse, fresh_database_url};

async fn register(app: &TestApp, name: &str) -> TestResponse {
    register_with(app, name, PASSWORD).await
}

async fn register_with(app: &TestApp, name: &str, password: &str) -> TestResponse {
    let fields = json!({ "username": name, "password": password });
    app.browser().post_json("/register", &fields).await
}

#[tokio::test]
async fn a_name_that_looks_like_a_users_is_taken_like_the_users_own() {
    let app = TestApp::new().await;
    for name in ["Alice", "coco", "arnold", "BOB", "佐藤太郎"] {
        assert_eq!(register(&app, name).await.status, StatusCode::CREATED);
    }
    // The password of the account would log in.
    let same = register_with(&app, "alice", "another horse and battery").await;

    for name in [
        "a1ice",
        "AIice",
        "ａ1ｉce",
        "сосо",
        "c0c0",
        "amold",
        "ВОВ",
        "b0b",
    ] {
        let response = register(&app, name).await;

        assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert_eq!(response.json(), same.json(), "{name}");
    }
    for name in ["alison", "cocoa", "вов", "佐藤花子"] {
        assert_eq!(register(&app, name).await.status, StatusCode::CREATED);
    }
}

#[tokio::test]
async fn of_look_alikes_that_register_at_once_one_is_registered() {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh_database_url(folder.path()).await;
    let app = TestApp::on(Database::connect(&url).await.unwrap(), |_| {}).await;
    let names = ["alice", "a1ice", "AIice", "al1ce", "ALICE", "aIIce"];

    let requests = names.iter().cycle().take(18).enumerate();
    let responses = join_all(requests.map(|(i, name)| {
        let (app, password) = (&app, format!("{PASSWORD} {i}"));
        async move { register_with(app, name, &password).await }
    }))
    .await;

    let statuses = || responses.iter().map(|response| response.status);
    let registered = statuses().filter(|status| *status == StatusCode::CREATED);
    assert_eq!(registered.count(), 1, "{responses:?}");
    let taken = statuses().filter(|status| *status == StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(taken.count(), 17, "{responses:?}");
}

/// As an older version wrote it, or an operator by SQL.
async fn insert(connection: &DatabaseConnection, id: &str, name: &str, created_at: i64) {
    let canonical = Username::canonical_form(name);
    let user = format!(
        "INSERT INTO users (id, username, canonical_username, created_at, updated_at) \
         VALUES ('{id}', '{name}', '{canonical}', {created_at}, 0)"
    );
    connection.execute_unprepared(&user).await.unwrap();
    let hash = format!(
        "INSERT INTO passwords (user_id, hash, changed_at) \
         SELECT '{id}', one.hash, 0 FROM (SELECT hash FROM passwords LIMIT 1) AS one"
    );
    connection.execute_unprepared(&hash).await.unwrap();
}

async fn skeleton(connection: &DatabaseConnection, id: &str) -> Option<String> {
    let skeleton = format!("SELECT skeleton FROM users WHERE id = '{id}'");
    let skeleton = Statement::from_string(connection.get_database_backend(), skeleton);
    let row = connection.query_one_raw(skeleton).await.unwrap().unwrap();
    row.try_get("", "skeleton").unwrap()
}

#[tokio::test]
async fn older_look_alikes_log_in_and_the_oldest_keeps_others_from_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh_database_url(folder.path()).await;
    let database = Database::connect(&url).await.unwrap();
    let first = TestApp::on(database.clone(), |_| {}).await;
    first.registered("carol").await;
    let connection = sea_orm::Database::connect(&*url).await.unwrap();
    // The ids are in another order than the accounts.
    let older = [
        ("9", "a1ice", 10),
        ("5", "alice", 20),
        ("1", "AIlce", 30),
        ("2", "car0l", 5),
        ("3", "m@example.com", 7),
    ];
    for (id, name, created_at) in older {
        insert(&connection, id, name, created_at).await;
    }

    let app = TestApp::on(database, |config| config.random = Random::system()).await;

    for (_, name, _) in older {
        app.log_in(&app.browser(), name).await;
    }
    let owned = ["9", "5", "1", "2", "3"].map(|id| skeleton(&connection, id));
    let owned: Vec<_> = join_all(owned)
        .await
        .into_iter()
        .map(|s| s.is_some())
        .collect();
    assert_eq!(owned, [true, false, false, false, true]);
    for name in ["aI1ce", "CAR0L", "caroI"] {
        let response = register(&app, name).await;
        assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
    }
    let look_alikes = app.site.accounts().look_alikes(None, 10).await.unwrap();
    let look_alikes = look_alikes.iter().map(|look_alike| {
        let older = look_alike.looks_like.as_deref();
        (&*look_alike.username, older)
    });
    let like_alice = Some("a1ice");
    let expected = [
        ("AIlce", like_alice),
        ("alice", like_alice),
        ("car0l", Some("carol")),
    ];
    assert_eq!(look_alikes.collect::<Vec<_>>(), expected);
}
