//! Our tables in one database with an app's own: what we did not make is never touched, and with a
//! prefix both are there. On SQLite, or on the server named in the environment.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use http::StatusCode;
use sea_orm::{ConnectionTrait, Database as Connection, DatabaseConnection, DbBackend, Statement};
use tempfile::TempDir;
use tokio::time::interval;
use vestibule::accounts;
use vestibule::credentials;
use vestibule::database::{Database, Migrations};
use vestibule::mail;
use vestibule::session::SessionStore;
use vestibule::stores::{SqlStore, sql};
use vestibule::testing::{PASSWORD, TestApp, TestClient, fresh_database_url};

/// Each of our tables, with the migrations that create it.
const TABLES: [(&str, Migrations); 15] = [
    ("users", accounts::MIGRATIONS),
    ("passwords", accounts::MIGRATIONS),
    ("roles", accounts::MIGRATIONS),
    ("role_permissions", accounts::MIGRATIONS),
    ("user_roles", accounts::MIGRATIONS),
    ("security_log", accounts::MIGRATIONS),
    ("vestibule_changes", accounts::MIGRATIONS),
    ("vestibule_accounts_migrations", accounts::MIGRATIONS),
    ("sessions", sql::MIGRATIONS),
    ("session_data", sql::MIGRATIONS),
    ("remembered_logins", sql::MIGRATIONS),
    ("vestibule_changes", sql::MIGRATIONS),
    ("vestibule_throttle", sql::COUNTER_MIGRATIONS),
    ("vestibule_user_epochs", credentials::MIGRATIONS),
    ("vestibule_changes", credentials::MIGRATIONS),
];

const ALL: [Migrations; 8] = [
    accounts::MIGRATIONS,
    sql::MIGRATIONS,
    sql::COUNTER_MIGRATIONS,
    credentials::MIGRATIONS,
    credentials::TOKEN_MIGRATIONS,
    credentials::FACTOR_MIGRATIONS,
    credentials::PASSKEY_MIGRATIONS,
    mail::MIGRATIONS,
];

/// A database, and the app's connection to it.
struct Shared {
    app: DatabaseConnection,
    url: String,
    _folder: TempDir,
}

impl Shared {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = fresh_database_url(folder.path()).await;
        Self {
            app: Connection::connect(&url).await.unwrap(),
            url,
            _folder: folder,
        }
    }

    async fn database(&self) -> Database {
        Database::connect(&self.url).await.unwrap()
    }

    async fn prefixed(&self, prefix: &str) -> Database {
        self.database().await.table_prefix(prefix).unwrap()
    }

    async fn execute(&self, sql: &str) {
        let sql = match self.app.get_database_backend() {
            DbBackend::MySql => sql.replace('"', "`"),
            _ => sql.to_owned(),
        };
        self.app.execute_unprepared(&sql).await.unwrap();
    }

    /// A table as apps have it.
    async fn create(&self, table: &str) {
        let create = format!(
            "CREATE TABLE \"{table}\" (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(80) NOT NULL)"
        );
        self.execute(&create).await;
        let insert = format!("INSERT INTO \"{table}\" (id, name) VALUES (1, 'one')");
        self.execute(&insert).await;
    }

    /// The app uses its table, which has its own two columns and no others.
    async fn is_as_it_was(&self, table: &str) {
        let update = format!("UPDATE \"{table}\" SET name = 'two' WHERE id = 1");
        self.execute(&update).await;
        self.execute(&format!("INSERT INTO \"{table}\" VALUES (2, 'three')"))
            .await;
        self.execute(&format!("DELETE FROM \"{table}\" WHERE id = 2"))
            .await;
        let names = self.texts(&format!("SELECT name FROM \"{table}\"")).await;
        assert_eq!(names, ["two"], "{table}");
    }

    async fn texts(&self, sql: &str) -> Vec<String> {
        let backend = self.app.get_database_backend();
        let sql = match backend {
            DbBackend::MySql => sql.replace('"', "`"),
            _ => sql.to_owned(),
        };
        let rows = self.app.query_all_raw(Statement::from_string(backend, sql));
        let rows = rows.await.unwrap();
        let texts = rows.iter().map(|row| row.try_get_by_index(0).unwrap());
        texts.collect()
    }

    /// The names of all tables, indexes, triggers and functions.
    async fn names(&self) -> Vec<String> {
        let query = match self.app.get_database_backend() {
            DbBackend::Postgres => {
                "SELECT CAST(relname AS text) FROM pg_class \
                 WHERE relnamespace = CAST('public' AS regnamespace) UNION ALL \
                 SELECT CAST(tgname AS text) FROM pg_trigger WHERE NOT tgisinternal UNION ALL \
                 SELECT CAST(proname AS text) FROM pg_proc \
                 WHERE pronamespace = CAST('public' AS regnamespace) ORDER BY 1"
            }
            DbBackend::MySql => {
                "SELECT CAST(table_name AS char) FROM information_schema.tables \
                 WHERE table_schema = database() UNION ALL \
                 SELECT CAST(trigger_name AS char) FROM information_schema.triggers \
                 WHERE event_object_schema = database() ORDER BY 1"
            }
            _ => "SELECT name FROM sqlite_master ORDER BY 1",
        };
        self.texts(query).await
    }
}

/// What a rejected migration says.
async fn rejection(database: &Database, migrations: Migrations) -> String {
    let error = database.migrate(migrations).await.unwrap_err();
    assert!(error.is_config(), "{error}");
    let text = error.to_string();
    assert!(text.contains("Database::table_prefix"), "{text}");
    assert!(text.contains("--table-prefix"), "{text}");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_we_did_not_make_is_an_error_that_names_it_and_nothing_is_changed() {
    for (table, migrations) in TABLES {
        let shared = Shared::new().await;
        shared.create(table).await;
        let before = shared.names().await;

        let text = rejection(&shared.database().await, migrations).await;

        assert!(text.contains(&format!("the table `{table}`")), "{text}");
        assert_eq!(shared.names().await, before, "{table}");
        shared.is_as_it_was(table).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_names_all_that_is_in_the_way() {
    let shared = Shared::new().await;
    for table in ["users", "roles", "posts"] {
        shared.create(table).await;
    }

    let text = rejection(&shared.database().await, accounts::MIGRATIONS).await;

    assert!(
        text.contains("the table `roles`, the table `users`;"),
        "{text}"
    );
    assert!(!text.contains("posts"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_an_index_a_trigger_or_a_foreign_key_with_our_name_is_an_error_too() {
    let trigger = |name: &str, backend| match backend {
        DbBackend::Postgres => format!(
            "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; \
             END $$"
        ),
        DbBackend::MySql => {
            format!("CREATE TRIGGER {name} AFTER DELETE ON notes FOR EACH ROW SET @a = 1")
        }
        _ => format!("CREATE TRIGGER {name} AFTER DELETE ON notes BEGIN SELECT 1; END"),
    };
    let foreign_key = "CREATE TABLE pages (id INTEGER PRIMARY KEY, CONSTRAINT passwords_user_id \
                       FOREIGN KEY (id) REFERENCES notes (id))";
    for (what, name) in [
        ("view", "users"),
        ("index", "users_email"),
        ("trigger", "vestibule_users_delete"),
        ("foreign key", "passwords_user_id"),
    ] {
        let shared = Shared::new().await;
        let backend = shared.app.get_database_backend();
        shared.create("notes").await;
        let create = match what {
            "view" => format!("CREATE VIEW {name} AS SELECT id FROM notes"),
            "index" => format!("CREATE INDEX {name} ON notes (name)"),
            "trigger" => trigger(name, backend),
            _ => foreign_key.to_owned(),
        };
        shared.execute(&create).await;
        // Such names belong to their tables there, and are in nobody's way.
        let is_free = match what {
            "index" => backend == DbBackend::MySql,
            "foreign key" => backend != DbBackend::MySql,
            _ => false,
        };

        let database = shared.database().await;
        if is_free {
            database.migrate(accounts::MIGRATIONS).await.unwrap();
        } else {
            let text = rejection(&database, accounts::MIGRATIONS).await;
            assert!(text.contains(&format!("`{name}`")), "{text}");
        }
        shared.is_as_it_was("notes").await;
    }
}

/// On SQLite, `Users` and `users` are the same table.
#[tokio::test]
async fn a_name_in_capitals_is_the_same_on_sqlite() {
    let shared = Shared::new().await;
    if shared.app.get_database_backend() != DbBackend::Sqlite {
        return;
    }
    shared.create("Users").await;

    let text = rejection(&shared.database().await, accounts::MIGRATIONS).await;

    assert!(text.contains("`users`"), "{text}");
    shared.is_as_it_was("Users").await;
}

async fn works(app: &TestApp, name: &str, password: &str) -> TestClient {
    let browser = app.browser();
    let fields = [("username", name), ("password", password)];
    let response = browser.post("/login", &fields).await;
    assert_eq!(response.location(), Some("/welcome"));
    assert_eq!(browser.get("/welcome").await.status, StatusCode::OK);
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_prefix_our_tables_come_beside_those_that_the_app_has_made_before() {
    let shared = Shared::new().await;
    let mut tables: Vec<_> = TABLES.map(|(table, _)| table).to_vec();
    tables.dedup();
    tables.sort_unstable();
    tables.dedup();
    for table in &tables {
        shared.create(table).await;
    }
    let before = shared.names().await;

    let database = shared.prefixed("app_auth_").await;
    let app = TestApp::on(database.clone(), |_| {}).await;
    database.migrate(sql::COUNTER_MIGRATIONS).await.unwrap();
    database.migrate(credentials::MIGRATIONS).await.unwrap();
    app.registered("alice").await;
    works(&app, "alice", PASSWORD).await;

    for table in &tables {
        shared.is_as_it_was(table).await;
    }
    let after = shared.names().await;
    let ours = after.iter().filter(|name| !before.contains(name));
    let ours: Vec<_> = ours.collect();
    assert!(ours.len() > 30, "{ours:?}");
    for name in ours {
        let is_automatic = name.starts_with("sqlite_autoindex_app_auth_");
        assert!(name.starts_with("app_auth_") || is_automatic, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_prefix_the_app_makes_its_tables_after_ours() {
    let shared = Shared::new().await;
    let app = TestApp::on(shared.prefixed("v_").await, |_| {}).await;
    for table in ["users", "sessions", "roles"] {
        shared.create(table).await;
    }

    app.registered("alice").await;
    let browser = works(&app, "alice", PASSWORD).await;
    let again = TestApp::on(shared.prefixed("v_").await, |_| {}).await;

    browser.post("/logout", &[]).await;
    works(&again, "alice", PASSWORD).await;
    for table in ["users", "sessions", "roles"] {
        shared.is_as_it_was(table).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_prefixes_in_one_database_know_nothing_of_each_other() {
    let shared = Shared::new().await;
    let mut sites = Vec::new();
    for prefix in ["", "a_", "users_"] {
        sites.push(TestApp::on(shared.prefixed(prefix).await, |_| {}).await);
    }
    let alice = sites[0].registered("alice").await;

    for other in &sites[1..] {
        let fields = [("username", "alice"), ("password", PASSWORD)];
        let unknown = other.browser().post("/login", &fields).await;
        assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
        let thief = other.browser();
        alice.hand_over(&thief);
        assert_ne!(thief.get("/welcome").await.status, StatusCode::OK);
        other.registered("alice").await;
        works(other, "alice", PASSWORD).await;
    }
    for sql in ["DELETE FROM sessions", "DELETE FROM users"] {
        shared.execute(sql).await;
    }
    works(&sites[1], "alice", PASSWORD).await;
    for database in [shared.prefixed("b_").await, shared.database().await] {
        for migrations in ALL {
            database.migrate(migrations).await.unwrap();
        }
    }
}

/// `user_` and `roles` are `user_roles`, which exists without a prefix.
#[tokio::test(flavor = "multi_thread")]
async fn a_prefix_with_which_names_meet_is_an_error() {
    let shared = Shared::new().await;
    let database = shared.database().await;
    database.migrate(accounts::MIGRATIONS).await.unwrap();

    let text = rejection(&shared.prefixed("user_").await, accounts::MIGRATIONS).await;

    assert!(text.contains("`user_roles`"), "{text}");
}

/// SeaORM refuses to migrate when its table has the name of a migration that the app does not have.
#[tokio::test(flavor = "multi_thread")]
async fn migrations_of_the_app_are_recorded_apart_from_ours() {
    let shared = Shared::new().await;
    shared
        .execute(
            "CREATE TABLE seaql_migrations (version VARCHAR(255) PRIMARY KEY, applied_at BIGINT)",
        )
        .await;
    shared
        .execute("INSERT INTO seaql_migrations VALUES ('m0001_posts', 1)")
        .await;

    for migrations in ALL {
        shared.database().await.migrate(migrations).await.unwrap();
    }

    let recorded = shared.texts("SELECT version FROM seaql_migrations").await;
    assert_eq!(recorded, ["m0001_posts"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_migrate_at_once_all_start_and_find_nothing_foreign() {
    for prefix in ["", "v_"] {
        let shared = Shared::new().await;
        let mut nodes = Vec::new();
        for _ in 0..5 {
            let database = shared.prefixed(prefix).await;
            nodes.push(tokio::spawn(async move {
                for migrations in ALL {
                    database.migrate(migrations).await?;
                }
                Ok::<_, vestibule::Error>(())
            }));
        }

        for node in nodes {
            node.await.unwrap().unwrap();
        }
    }
}

/// Each step of a migration that broke off on MySQL, where the tables that it has made stay.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_broke_off_is_completed_and_not_foreign() {
    let shared = Shared::new().await;
    for (owner, migrations) in [
        ("accounts", accounts::MIGRATIONS),
        ("sessions", sql::MIGRATIONS),
        ("throttle", sql::COUNTER_MIGRATIONS),
        ("credentials", credentials::MIGRATIONS),
    ] {
        let database = shared.database().await;
        database.migrate(migrations).await.unwrap();
        let record = format!("vestibule_{owner}_migrations");
        let steps = shared.texts(&format!("SELECT version FROM {record}")).await;
        for step in steps {
            shared
                .execute(&format!(
                    "UPDATE {record} SET version = 'begun {step}' WHERE version = '{step}'"
                ))
                .await;

            database.migrate(migrations).await.unwrap();

            let steps = shared.texts(&format!("SELECT version FROM {record}")).await;
            assert!(steps.contains(&step), "{steps:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_version_is_an_error_that_says_so() {
    let shared = Shared::new().await;
    let database = shared.database().await;
    database.migrate(accounts::MIGRATIONS).await.unwrap();
    shared
        .execute("INSERT INTO vestibule_accounts_migrations VALUES ('2999_01_01_000001_later', 1)")
        .await;

    let error = database.migrate(accounts::MIGRATIONS).await.unwrap_err();

    assert!(error.is_config());
    assert!(error.to_string().contains("newer version"), "{error}");
    assert!(
        error.to_string().contains("2999_01_01_000001_later"),
        "{error}"
    );
}

/// The chapter of the book lists what a fresh database has, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn the_book_has_each_name_that_we_need() {
    let shared = Shared::new().await;
    for migrations in ALL {
        shared.database().await.migrate(migrations).await.unwrap();
    }
    let (here, more) = match shared.app.get_database_backend() {
        DbBackend::Postgres => (
            "PostgreSQL",
            "SELECT CAST(conname AS text) FROM pg_constraint WHERE contype = 'f'",
        ),
        DbBackend::MySql => (
            "MySQL",
            "SELECT CAST(index_name AS char) FROM information_schema.statistics \
             WHERE table_schema = database() AND index_name NOT IN ('PRIMARY', column_name) \
             UNION SELECT CAST(constraint_name AS char) \
             FROM information_schema.referential_constraints \
             WHERE constraint_schema = database()",
        ),
        _ => ("SQLite", "SELECT name FROM sqlite_master"),
    };
    // For primary keys and unique columns.
    let is_automatic = |name: &str| {
        name.starts_with("sqlite_autoindex_") || name.ends_with("_pkey") || name.ends_with("_key")
    };
    let names = [shared.names().await, shared.texts(more).await].concat();
    let names: BTreeSet<_> = names.iter().map(String::as_str).collect();
    let names: BTreeSet<_> = names
        .into_iter()
        .filter(|name| !is_automatic(name))
        .collect();

    let book = include_str!("../../docs/src/tables.md");

    let rows = book.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows = rows.filter_map(|row| row.split_once("` | "));
    let listed = rows
        .filter(|(_, on)| on.starts_with("all ") || on.split('|').next().unwrap().contains(here));
    let listed: BTreeSet<_> = listed.map(|(name, _)| name).collect();
    assert_eq!(listed, names);
}

/// The triggers and the feed have the prefix too.
#[tokio::test(flavor = "multi_thread")]
async fn with_a_prefix_a_change_by_sql_reaches_the_cache() {
    let shared = Shared::new().await;
    let database = shared.prefixed("v_").await;
    let feed = SqlStore::new(database.clone()).feed().unwrap().clone();
    let app = TestApp::on(database, |_| {}).await;
    let alice = app.registered("alice").await;
    let is_in = async || alice.get("/welcome").await.status == StatusCode::OK;
    eventually("the feed is up", async || is_in().await && feed.is_up()).await;

    shared.execute("DELETE FROM v_sessions").await;

    eventually("Alice is out", async || !is_in().await).await;
    assert!(feed.is_up());
}

/// Asks until it is so.
async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    let mut again = interval(Duration::from_millis(2));
    while !is_so().await {
        assert!(started.elapsed() < Duration::from_secs(10), "never: {what}");
        again.tick().await;
    }
}
