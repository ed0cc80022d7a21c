//! The ready-made pages over an app's own users table: that of `examples/own_table.rs`, as a
//! Flask-SQLAlchemy app has it.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use http::StatusCode;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::json;
use vestibule::clock::Clock;
use vestibule::credentials::Users;
use vestibule::crypto::key::SecretKey;
use vestibule::crypto::random::Random;
use vestibule::database::Database;
use vestibule::flows::{Site, SiteConfig};
use vestibule::login::{PageUser, User, UserId};
use vestibule::password::PasswordAlgorithm;
use vestibule::testing::{PASSWORD, TestAuthenticator, TestClient, TestResponse};

#[path = "../examples/own_table.rs"]
mod own_table;

/// `hunter2` by Flask-Bcrypt.
const BCRYPT: &str = "$2b$04$sr5XfHxZjKGv5QQLCUMezuzuIjW6.xDf4AUnskqGPCPqfbqBwC1bi";

struct App {
    client: TestClient,
    connection: DatabaseConnection,
    url: String,
    _folder: tempfile::TempDir,
}

impl App {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/app.db?mode=rwc", folder.path().display());
        let site = own_table::site(&url, config()).await.unwrap();
        Self {
            client: TestClient::new(site.router()),
            connection: sea_orm::Database::connect(&*url).await.unwrap(),
            url,
            _folder: folder,
        }
    }

    async fn execute(&self, sql: &str) {
        let done = self.connection.execute_unprepared(sql).await.unwrap();
        assert_ne!(done.rows_affected(), 0, "{sql}");
    }

    async fn text(&self, sql: &str) -> Option<String> {
        let sql = Statement::from_string(self.connection.get_database_backend(), sql);
        let row = self.connection.query_one_raw(sql).await.unwrap();
        row.and_then(|row| row.try_get_by_index(0).ok())
    }

    async fn hash_of(&self, name: &str) -> String {
        let sql = format!(r#"SELECT password_hash FROM "user" WHERE username = '{name}'"#);
        self.text(&sql).await.unwrap()
    }

    fn browser(&self) -> TestClient {
        let browser = self.client.stolen();
        for name in browser.cookie_names() {
            browser.forget_cookie(&name);
        }
        browser
    }

    async fn registered(&self, name: &str) -> TestClient {
        let browser = self.browser();
        let fields = [("username", name), ("password", PASSWORD)];
        let response = browser.post("/register", &fields).await;
        assert_eq!(response.location(), Some("/welcome"), "{}", response.text());
        browser
    }
}

fn config<U: User>() -> SiteConfig<U> {
    let key = SecretKey::generate(&Random::insecure_seeded(1)).unwrap();
    let mut config = SiteConfig::new("https://example.com".parse().unwrap(), key);
    config.passwords.algorithm = PasswordAlgorithm::Argon2id {
        memory_kib: 8,
        passes: 1,
    };
    config
}

async fn log_in(browser: &TestClient, name: &str, password: &str) -> TestResponse {
    let fields = [("username", name), ("password", password)];
    browser.post("/login", &fields).await
}

async fn is_in(browser: &TestClient) -> bool {
    browser.get("/welcome").await.status == StatusCode::OK
}

#[tokio::test]
async fn register_log_in_welcome_and_log_out_work_over_the_apps_table() {
    let app = App::new().await;

    let browser = app.registered("alice").await;
    assert!(browser.get("/welcome").await.text().contains("alice"));
    browser.post("/logout", &[]).await;
    assert!(!is_in(&browser).await);
    let right = log_in(&browser, " alice\t", PASSWORD).await;
    assert_eq!(right.location(), Some("/welcome"));
    let json = [("accept", "application/json")];
    let welcome = browser.get_with("/welcome", &json).await;
    assert_eq!(welcome.json(), json!({ "username": "alice" }));

    assert!(app.hash_of("alice").await.starts_with("$argon2id$"));
    let again = app.browser();
    let fields = [("username", "alice"), ("password", PASSWORD)];
    let taken = again.post("/register", &fields).await;
    assert!(taken.text().contains("is taken"));
}

/// Flask's `Bob` and `bob` are two users.
#[tokio::test]
async fn names_are_compared_as_the_table_compares_them() {
    let app = App::new().await;
    app.registered("bob").await;
    app.registered("Bob").await;

    assert_eq!(
        app.text(r#"SELECT count(*) || '' FROM "user""#)
            .await
            .as_deref(),
        Some("2")
    );
}

#[tokio::test]
async fn flask_bcrypts_hash_logs_in_and_is_replaced_and_other_columns_are_left_alone() {
    let app = App::new().await;
    let insert = format!(
        r#"INSERT INTO "user" (id, username, password_hash, about)
           VALUES (7, 'old hand', '{BCRYPT}', 'likes Flask')"#
    );
    app.execute(&insert).await;
    let browser = app.browser();

    assert_eq!(
        log_in(&browser, "old hand", "hunter3").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(app.hash_of("old hand").await, BCRYPT);
    assert_eq!(
        log_in(&browser, "old hand", "hunter2").await.location(),
        Some("/welcome")
    );

    assert!(app.hash_of("old hand").await.starts_with("$argon2id$"));
    // A rehash is no new password: the session goes on.
    assert!(is_in(&browser).await);
    assert_eq!(
        log_in(&app.browser(), "old hand", "hunter2")
            .await
            .location(),
        Some("/welcome")
    );
    let about = app.text(r#"SELECT about FROM "user" WHERE id = 7"#).await;
    assert_eq!(about.as_deref(), Some("likes Flask"));
}

/// The table has no epoch; ours ends the sessions.
#[tokio::test]
async fn a_new_password_ends_all_other_sessions() {
    let app = App::new().await;
    let here = app.registered("alice").await;
    let there = app.browser();
    log_in(&there, "alice", PASSWORD).await;
    let thief = here.stolen();
    let new = "another horse and battery";
    let fields = [("current_password", PASSWORD), ("new_password", new)];

    let changed = here.post("/change-password", &fields).await;

    assert_eq!(changed.location(), Some("/welcome"));
    assert!(is_in(&here).await);
    assert!(!is_in(&there).await && !is_in(&thief).await);
    let old = log_in(&there, "alice", PASSWORD).await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        log_in(&there, "alice", new).await.location(),
        Some("/welcome")
    );
    // And once more, from the epoch after the first.
    let fields = [("current_password", new), ("new_password", PASSWORD)];
    assert_eq!(
        there.post("/change-password", &fields).await.location(),
        Some("/welcome")
    );
    assert!(is_in(&there).await && !is_in(&here).await);
}

/// Where the sessions could not be removed, the epoch rejects them.
#[tokio::test]
async fn a_session_of_an_epoch_before_is_over() {
    let app = App::new().await;
    let browser = app.registered("alice").await;
    assert!(is_in(&browser).await);

    app.execute("UPDATE vestibule_user_epochs SET epoch = epoch + 1")
        .await;
    // The site looks for changes by others a moment later.
    while is_in(&browser).await {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn of_two_changes_of_a_password_at_once_one_is_late() {
    let app = App::new().await;
    let one = app.registered("alice").await;
    let other = app.browser();
    log_in(&other, "alice", PASSWORD).await;
    let change = async |browser: &TestClient, new: &str| {
        let fields = [("current_password", PASSWORD), ("new_password", new)];
        browser.post("/change-password", &fields).await.status == StatusCode::SEE_OTHER
    };

    let (first, second) = tokio::join!(
        change(&one, "another horse and battery"),
        change(&other, "a third horse and battery"),
    );

    assert!(first != second, "{first} {second}");
    assert_eq!(is_in(&one).await, first);
    assert_eq!(is_in(&other).await, second);
}

#[tokio::test]
async fn a_log_in_can_be_confirmed_and_sessions_listed_and_ended() {
    let app = App::new().await;
    let here = app.registered("alice").await;
    let there = app.browser();
    log_in(&there, "alice", PASSWORD).await;

    let wrong = here.post("/confirm-login", &[("password", "x")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let right = here.post("/confirm-login", &[("password", PASSWORD)]).await;
    assert_eq!(right.location(), Some("/welcome"));
    let json = [("accept", "application/json")];
    let listed = here.get_with("/account/sessions", &json).await.json();
    let listed = listed["sessions"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 2);
    let other = listed
        .iter()
        .find(|session| session["is_this"] == false)
        .unwrap();
    let id = other["id"].as_str().unwrap();
    let ended = here.post("/account/sessions/end", &[("session", id)]).await;
    assert_eq!(ended.location(), Some("/account/sessions"));
    assert!(is_in(&here).await && !is_in(&there).await);
}

/// SQLite gives the ids of deleted users to others.
#[tokio::test]
async fn whoever_gets_the_id_of_a_deleted_user_gets_nothing_else_of_theirs() {
    let app = App::new().await;
    let old = app.registered("alice").await;
    let fields = [
        ("username", "alice"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    let remembered = app.browser();
    remembered.post("/login", &fields).await;
    remembered.restart();
    assert!(is_in(&old).await);
    app.execute(r#"DELETE FROM "user" WHERE username = 'alice'"#)
        .await;

    let new = app.registered("mallory").await;

    let id = app
        .text(r#"SELECT id || '' FROM "user" WHERE username = 'mallory'"#)
        .await;
    assert_eq!(id.as_deref(), Some("1"), "the id has come again");
    assert!(!is_in(&old).await && !is_in(&remembered).await);
    assert!(new.get("/welcome").await.text().contains("mallory"));
}

#[tokio::test]
async fn users_are_still_logged_in_after_a_restart() {
    let app = App::new().await;
    let browser = app.registered("alice").await;

    let again = own_table::site(&app.url, config()).await.unwrap();
    let client = TestClient::new(again.router());
    browser.hand_over(&client);

    assert!(client.get("/welcome").await.text().contains("alice"));
}

#[tokio::test]
async fn admin_is_for_our_own_accounts_alone() {
    let app = App::new().await;
    let browser = app.registered("alice").await;

    assert_eq!(browser.get("/admin").await.status, StatusCode::NOT_FOUND);
    assert!(!browser.get("/welcome").await.text().contains("/admin"));
}

/// Users who can do nothing but log in.
mod read_only {
    use vestibule::Result;
    use vestibule::credentials::PasswordUsers;
    use vestibule::login::{Sender, UserLoader};
    use vestibule::password::PasswordHash;

    use super::{BCRYPT, PageUser, User, UserId};

    #[derive(Debug, Clone)]
    pub(super) struct Carol;

    impl User for Carol {
        fn id(&self) -> UserId {
            "carol".into()
        }
    }

    impl PageUser for Carol {
        fn name(&self) -> &str {
            "carol"
        }
    }

    /// With the hash that it has when the user was found already.
    pub(super) struct Table(pub(super) &'static str);

    impl UserLoader<Carol> for Table {
        async fn load(&self, id: UserId) -> Result<Option<Carol>> {
            Ok((id.as_str() == "carol").then_some(Carol))
        }
    }

    impl PasswordUsers<Carol> for Table {
        async fn find_with_hash(
            &self,
            typed: &str,
        ) -> Result<Option<(Carol, Option<PasswordHash>)>> {
            let hash = PasswordHash::from_stored(BCRYPT);
            Ok((typed == "carol").then_some((Carol, Some(hash))))
        }

        async fn hash_of(&self, _: &UserId) -> Result<Option<PasswordHash>> {
            Ok(Some(PasswordHash::from_stored(self.0)))
        }

        async fn replace_hash(
            &self,
            _: &UserId,
            _: &PasswordHash,
            _: &PasswordHash,
        ) -> Result<bool> {
            Ok(false)
        }

        async fn set_hash(&self, _: &Carol, _: &PasswordHash, _: &Sender) -> Result<Option<Carol>> {
            Ok(None)
        }
    }
}

async fn over(
    change: impl FnOnce(&mut SiteConfig<read_only::Carol>),
) -> vestibule::Result<Site<read_only::Carol>> {
    let database = Database::connect("sqlite::memory:").await.unwrap();
    let mut config = config();
    change(&mut config);
    Site::over(database, Users::new(read_only::Table(BCRYPT)), config).await
}

#[tokio::test]
async fn a_page_that_the_table_cannot_do_is_not_there_and_nothing_leads_to_it() {
    let site = over(|_| {}).await.unwrap();
    let browser = TestClient::new(site.router());

    assert_eq!(browser.get("/register").await.status, StatusCode::NOT_FOUND);
    let login = browser.get("/login").await;
    assert!(!login.text().contains("/register"), "{}", login.text());
    assert_eq!(
        log_in(&browser, "carol", "hunter2").await.location(),
        Some("/welcome")
    );
    assert!(site.public_routes().all(|path| path != "/register"));
}

/// Somebody logs in with the old password again and again, while its user changes it.
#[tokio::test]
async fn an_old_password_does_not_log_in_where_its_hash_was_read_before_a_change() {
    let changed = "$2b$04$sr5XfHxZjKGv5QQLCUMezuzuIjW6.xDf5AUnskqGPCPqfbqBwC1bi";
    let database = Database::connect("sqlite::memory:").await.unwrap();
    let users = Users::new(read_only::Table(changed));
    let site = Site::over(database, users, config()).await.unwrap();
    let browser = TestClient::new(site.router());

    let response = log_in(&browser, "carol", "hunter2").await;

    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    assert!(!is_in(&browser).await);
}

#[tokio::test]
async fn a_flow_that_is_named_and_that_the_table_cannot_do_is_an_error_that_names_the_trait() {
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();

    let lacks = over(|config| config.flows = Some(named(&["password_login", "register"]))).await;
    let unknown = over(|config| config.flows = Some(named(&["log-in"]))).await;

    let lacks = lacks.unwrap_err();
    assert!(
        lacks.is_config() && lacks.to_string().contains("`Registrar`"),
        "{lacks}"
    );
    let unknown = unknown.unwrap_err();
    assert!(
        unknown.is_config() && unknown.to_string().contains("password_login"),
        "{unknown}"
    );
}

/// Flask-Session keeps its rows in a table of the name that ours has.
#[tokio::test]
async fn a_table_of_the_app_that_has_our_name_is_an_error_at_the_start_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/app.db?mode=rwc", folder.path().display());
    let connection = sea_orm::Database::connect(&*url).await.unwrap();
    let of_the_app = "CREATE TABLE sessions (id INTEGER NOT NULL PRIMARY KEY, session_id \
                      VARCHAR(255) UNIQUE, data BLOB, expiry DATETIME)";
    connection.execute_unprepared(of_the_app).await.unwrap();

    let error = own_table::site(&url, config()).await.unwrap_err();

    let said = format!("{error} {:?}", std::error::Error::source(&error));
    assert!(
        said.contains("are already taken in the database: the table `sessions`;"),
        "{said}"
    );
    let ours = "SELECT count(*) FROM sqlite_master WHERE name LIKE 'vestibule%'";
    let ours = Statement::from_string(connection.get_database_backend(), ours);
    let row = connection.query_one_raw(ours).await.unwrap().unwrap();
    assert_eq!(
        row.try_get_by_index::<i64>(0).unwrap(),
        0,
        "nothing is made"
    );
    let schema = "SELECT sql FROM sqlite_master WHERE name = 'sessions'";
    let sql = Statement::from_string(connection.get_database_backend(), schema);
    let row = connection.query_one_raw(sql).await.unwrap().unwrap();
    assert_eq!(row.try_get_by_index::<String>(0).unwrap(), of_the_app);
}

#[tokio::test]
async fn only_the_flows_that_are_named_are_there() {
    let names = ["password_login", "logout"].map(str::to_owned).to_vec();
    let site = over(|config| config.flows = Some(names)).await.unwrap();
    let browser = TestClient::new(site.router());

    let response = log_in(&browser, "carol", "hunter2").await;

    assert_eq!(response.location(), Some("/"));
    for path in [
        "/welcome",
        "/change-password",
        "/account/sessions",
        "/confirm-login",
    ] {
        assert_eq!(
            browser.get(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let logout = browser.get("/logout").await;
    assert!(!logout.text().contains("/welcome"), "{}", logout.text());
    assert_eq!(
        browser.post("/logout", &[]).await.location(),
        Some("/login")
    );
}

/// The tables of factors are keyed by the user's id as text.
#[tokio::test]
async fn an_authenticator_app_is_a_second_factor_over_the_apps_table_too() {
    let app = App::new().await;
    let alice = app.registered("alice").await;
    let json = [("accept", "application/json")];
    let offer = alice.get_with("/account/factors/totp", &json).await;
    let key = offer.json()["secret"].as_str().unwrap().to_owned();
    // This app's clock is the system's.
    let clock = Clock::manual(Clock::system().now());
    let phone = TestAuthenticator::new(&key, &clock);
    let code = json!({ "code": phone.code() });
    let added = alice.post_json("/account/factors/totp", &code).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text());

    let browser = app.browser();
    let half_way = log_in(&browser, "alice", PASSWORD).await;
    assert_eq!(half_way.location(), Some("/login/factor"));
    assert!(!is_in(&browser).await);
    let used = browser
        .post("/login/factor", &[("code", &phone.code())])
        .await;
    assert_eq!(used.status, StatusCode::UNAUTHORIZED);
    let code = phone.next_code();
    let done = browser.post("/login/factor", &[("code", &code)]).await;

    assert_eq!(done.location(), Some("/welcome"), "{}", done.text());
    assert!(is_in(&browser).await);
}
