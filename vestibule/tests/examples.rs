//! The examples do what they say.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use http::StatusCode;
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;
use vestibule::sqlx::{self, SqlitePool};
use vestibule::testing::{TestClient, assert_public_routes};

#[path = "../examples/api_tokens.rs"]
mod api_tokens;
#[path = "../examples/from_axum_login.rs"]
mod from_axum_login;
#[path = "../examples/from_flask.rs"]
mod from_flask;
#[path = "../examples/hello.rs"]
mod hello;
#[path = "../examples/own_users_sqlx.rs"]
mod own_users_sqlx;
#[path = "../examples/roles.rs"]
mod roles;
#[path = "../examples/two_managers.rs"]
mod two_managers;

const PUBLIC_URL: &str = "https://example.com";

#[tokio::test]
async fn hello_logs_in_shows_the_secret_page_and_logs_out() {
    let browser = TestClient::new(hello::app(PUBLIC_URL).unwrap());

    let anonymous = browser.get("/secret").await;
    assert_eq!(anonymous.location(), Some("/login?next=%2Fsecret"));
    let login = anonymous.location().unwrap();
    let wrong = browser.post(login, &[("password", "x")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let right = browser.post(login, &[("password", "open sesame")]).await;
    assert_eq!(right.location(), Some("/secret"));
    assert_eq!(browser.get("/secret").await.text(), "For alice alone");
    assert!(browser.get("/").await.text().contains("Hello, alice"));
    browser.post("/logout", &[]).await;
    assert_eq!(browser.get("/secret").await.status, StatusCode::SEE_OTHER);
}

/// Its table `users` has the name of one of ours.
#[tokio::test]
async fn own_users_are_still_logged_in_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/app.db?mode=rwc", folder.path().display());
    let start = || async { TestClient::new(own_users_sqlx::app(&url, PUBLIC_URL).await.unwrap()) };
    let browser = start().await;
    let fields = |password| [("email", "alice@example.com"), ("password", password)];

    let wrong = browser.post("/login", &fields("wrong")).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let elsewhere = "/login?next=%2F%2Fevil.example";
    let right = browser
        .post(elsewhere, &fields("open sesame, please"))
        .await;
    assert_eq!(right.location(), Some("/welcome"));
    let restarted = start().await;
    let token = browser.cookie("__Host-session").unwrap();
    restarted.set_cookie("__Host-session", &token);
    let welcome = restarted.get("/welcome").await;
    assert_eq!(welcome.text(), "Welcome alice@example.com");
    restarted.post("/logout", &[]).await;
    assert_eq!(browser.get("/welcome").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_post_from_another_site_is_refused_by_the_managers_layer() {
    let browser = TestClient::new(hello::app(PUBLIC_URL).unwrap());
    let foreign = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "cross-site"),
    ];

    let refused = browser
        .post_with("/login", &foreign, "password=open+sesame")
        .await;

    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(browser.cookie_names().is_empty());
}

#[tokio::test]
async fn an_api_token_says_who_it_is_in_three_headers() {
    let script = TestClient::new(api_tokens::app(PUBLIC_URL).unwrap());
    let basic = "Basic OnZzdF9leGFtcGxlX3Rva2VuX29mX2FsaWNl";
    let bearer = "bearer vst_example_token_of_alice";

    for header in [
        ("authorization", bearer),
        ("authorization", basic),
        ("x-api-key", "vst_example_token_of_alice"),
    ] {
        let me = script.get_with("/api/me", &[header]).await;
        assert_eq!(
            me.json(),
            serde_json::json!({ "name": "alice", "has_session": false })
        );
        assert!(script.cookie_names().is_empty());
    }
}

#[tokio::test]
async fn without_a_token_or_with_a_wrong_one_an_api_says_how_to_authenticate() {
    let script = TestClient::new(api_tokens::app(PUBLIC_URL).unwrap());

    for headers in [
        &[][..],
        &[("authorization", "Bearer vst_wrong")],
        &[("authorization", "Basic %%%")],
        &[("x-api-key", "")],
    ] {
        let refused = script.get_with("/api/me", headers).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    }
    assert_eq!(script.get("/api/health").await.text(), "well");
    let unknown = script.get("/api/unknown").await;
    assert_eq!(unknown.status, StatusCode::UNAUTHORIZED, "default deny");
}

#[tokio::test]
async fn customers_and_admins_are_logged_in_apart() {
    let browser = TestClient::new(two_managers::app(PUBLIC_URL).unwrap());

    let refused = browser.get("/admin/reports").await;
    assert_eq!(
        refused.location(),
        Some("/admin/login?next=%2Fadmin%2Freports")
    );
    let customer = [("password", "open sesame")];
    let refused = browser.post("/admin/login", &customer).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    browser.post("/login", &customer).await;
    assert_eq!(browser.get("/basket").await.text(), "Basket of customer 1");
    let refused = browser.get("/admin/reports").await;
    assert!(refused.location().is_some(), "a customer is no admin");
    let admin = [("password", "open the gate")];
    browser.post("/admin/login", &admin).await;
    assert_eq!(
        browser.get("/admin/reports").await.text(),
        "Reports for admin 1; customer here: 1"
    );
    browser.post("/logout", &[]).await;
    assert_eq!(
        browser.get("/admin/reports").await.text(),
        "Reports for admin 1; customer here: nobody"
    );
}

#[tokio::test]
async fn writers_edit_their_own_posts_editors_all_and_admins_see_more() {
    let app = roles::app(PUBLIC_URL).unwrap();
    let log_in = async |name: &str| {
        let browser = TestClient::new(app.clone());
        let fields = [("name", name), ("password", "open sesame")];
        let answer = browser.post("/login", &fields).await;
        assert_eq!(answer.location(), Some("/posts/1"));
        browser
    };
    let anonymous = TestClient::new(app.clone());
    let text = [("text", "<b>new</b>")];

    assert_eq!(
        anonymous.get("/posts/1").await.text(),
        "<p>A post of will</p>"
    );
    let sent = anonymous.post("/posts/1", &text).await;
    assert!(sent.location().unwrap().starts_with("/login"));
    for (name, own, other, absent, statistics, wipe) in [
        ("will", 303, 403, 404, 403, 403),
        ("wendy", 403, 303, 404, 403, 403),
        ("eve", 303, 303, 404, 403, 403),
        ("ada", 303, 303, 404, 200, 200),
        ("rita", 403, 403, 403, 403, 403),
    ] {
        let browser = log_in(name).await;
        let edit = async |path: &str| browser.post(path, &text).await.status.as_u16();
        assert_eq!(edit("/posts/1").await, own, "{name}");
        assert_eq!(edit("/posts/2").await, other, "{name}");
        assert_eq!(edit("/posts/99").await, absent, "{name}");
        let page = browser.get("/admin/statistics").await;
        assert_eq!(page.status.as_u16(), statistics, "{name}");
        let wiped = browser.post("/admin/wipe", &[]).await;
        assert_eq!(wiped.status.as_u16(), wipe, "{name}");
    }
    assert_eq!(
        anonymous.get("/posts/1").await.text(),
        "<p>&lt;b>new&lt;/b></p>"
    );
    let table = log_in("rita").await.route_table().await;
    assert_public_routes(&table, roles::PUBLIC);
}

/// Both have a user 1, and share a store: the cookie of one must not be the other's.
#[tokio::test]
async fn a_customers_cookie_under_the_admins_name_is_nobodys() {
    let app = two_managers::app(PUBLIC_URL).unwrap();
    let customer = TestClient::new(app.clone());
    let form = [("password", "open sesame")];
    customer.post("/login", &form).await;
    let token = customer.cookie("__Host-session").unwrap();
    let thief = TestClient::new(app);

    thief.set_cookie("__Host-admin-session", &token);

    assert!(thief.get("/admin/reports").await.location().is_some());
    thief.set_cookie("__Host-session", &token);
    assert_eq!(thief.get("/basket").await.text(), "Basket of customer 1");
}

#[tokio::test]
async fn the_app_from_axum_login_asks_for_permissions_and_ends_sessions_at_a_new_password() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/app.db?mode=rwc", folder.path().display());
    let app = from_axum_login::app(&url, PUBLIC_URL).await.unwrap();
    let log_in = async |name| {
        let browser = TestClient::new(app.clone());
        let form = browser
            .get("/restricted")
            .await
            .location()
            .unwrap()
            .to_owned();
        let fields = [("username", name), ("password", "hunter42")];
        let wrong = [("username", name), ("password", "hunter43")];
        let rejected = browser.post(&form, &wrong).await;
        assert_eq!(rejected.status, StatusCode::UNAUTHORIZED);
        let welcome = browser.post(&form, &fields).await;
        assert_eq!(welcome.location(), Some("/restricted"));
        browser
    };

    let [ferris, admin] = [log_in("ferris").await, log_in("admin").await];

    assert_eq!(ferris.get("/").await.text(), "Hello ferris");
    let forbidden = ferris.get("/restricted").await;
    assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
    assert!(admin.get("/restricted").await.text().contains("admin"));
    let pool = SqlitePool::connect(&url).await.unwrap();
    let update = sqlx::query("UPDATE users SET password = 'another hash' WHERE id = 1");
    update.execute(&pool).await.unwrap();
    assert_eq!(ferris.get("/").await.status, StatusCode::SEE_OTHER);
    assert_eq!(admin.get("/").await.status, StatusCode::OK);
}

/// A table as Flask-Migrate left it, with a hash of Werkzeug's.
#[tokio::test]
async fn the_app_from_flask_logs_in_its_users_remembers_them_and_registers_new_ones() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/app.db?mode=rwc", folder.path().display());
    let pool = SqlitePool::connect(&url).await.unwrap();
    let table = "CREATE TABLE user (id INTEGER PRIMARY KEY, username VARCHAR(64) UNIQUE, \
                 email VARCHAR(120) UNIQUE, password_hash VARCHAR(256), about_me VARCHAR(140))";
    sqlx::query(table).execute(&pool).await.unwrap();
    let insert = "INSERT INTO user (username, email, password_hash) VALUES \
                  ('susan', 'susan@example.com', ?)";
    let insert = sqlx::query(insert).bind(HASH_OF_WERKZEUG);
    insert.execute(&pool).await.unwrap();
    let key = SecretKey::generate(&Random::insecure_seeded(1)).unwrap();
    let app = from_flask::app(pool, key, PUBLIC_URL).await.unwrap();
    let browser = TestClient::new(app);

    let login = browser.get("/index").await.location().unwrap().to_owned();
    let wrong = [("username", "susan"), ("password", "cat")];
    browser.post(&login, &wrong).await;
    let page = browser.get("/auth/login").await;
    assert!(page.text().contains("Invalid username or password"));
    let right = [
        ("username", "susan"),
        ("password", "cat and dog and mouse"),
        ("remember_me", "y"),
    ];
    let welcome = browser.post(&login, &right).await;
    assert_eq!(welcome.location(), Some("/index"));
    browser.restart();
    assert!(browser.get("/index").await.text().contains("Hi, susan!"));
    browser.post("/auth/logout", &[]).await;
    assert_eq!(browser.get("/index").await.status, StatusCode::SEE_OTHER);

    let mut fields = [
        ("username", "susan"),
        ("email", "john@example.com"),
        ("password", "a long enough password"),
    ];
    let taken = browser.post("/auth/register", &fields).await;
    assert_eq!(taken.location(), Some("/auth/register"));
    fields[0].1 = "john";
    let registered = browser.post("/auth/register", &fields).await;
    assert_eq!(registered.location(), Some("/auth/login"));
    let page = browser.get("/auth/login").await;
    assert!(page.text().contains("you are now a registered user"));
    let john = [fields[0], fields[2]];
    let welcome = browser.post("/auth/login", &john).await;
    assert_eq!(welcome.location(), Some("/index"));
}

/// Of `cat and dog and mouse`.
const HASH_OF_WERKZEUG: &str = "scrypt:32768:8:1$If66d8SSXkbqfotz$cc240df81840e3052f835354157a676cef12a880913f31f97cebdb7f8b7944a0e422e0180cb23f44618925d71308dc39059742f641953874fc2305071bf031bd";
