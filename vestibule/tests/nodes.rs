//! Two nodes on one database: what one of them changes, or a hand with a SQL prompt, counts on the
//! other.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use sea_orm::{ConnectionTrait, Database as Connection, DatabaseConnection, DbBackend};
use tempfile::TempDir;
use tokio::time::interval;
use vestibule::CurrentUser;
use vestibule::accounts::{self, Account, Actor};
use vestibule::crypto::random::Random;
use vestibule::database::Database;
use vestibule::session::{InvalidationFeed, SessionStore};
use vestibule::stores::{SqlStore, sql};
use vestibule::testing::{TestApp, TestClient, fresh_database_url};

/// Two nodes, a browser at each with the same cookies, whose session the first has in its cache;
/// and a connection of somebody else.
struct Nodes {
    here: TestApp,
    there: TestApp,
    at_here: TestClient,
    at_there: TestClient,
    hand: DatabaseConnection,
    feed: InvalidationFeed,
    _folder: TempDir,
}

impl Nodes {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = fresh_database_url(folder.path()).await;
        let database = Database::connect(&url).await.unwrap();
        let feed = SqlStore::new(database.clone()).feed().unwrap().clone();
        let routes = || {
            Router::new()
                .route("/email", get(email))
                .route("/may-edit", get(may_edit))
        };
        let here = TestApp::on(database, |_| {}).await.routes(routes());
        let database = Database::connect(&url).await.unwrap();
        let other_random = Random::insecure_seeded(2);
        let there = TestApp::on(database, |config| config.random = other_random).await;
        let there = there.routes(routes());
        let at_here = here.registered("alice").await;
        let at_there = there.browser();
        at_here.stolen().hand_over(&at_there);
        let nodes = Self {
            here,
            there,
            at_here,
            at_there,
            hand: Connection::connect(&url).await.unwrap(),
            feed,
            _folder: folder,
        };
        nodes.fill_cache().await;
        nodes
    }

    /// Until the page comes from the cache.
    async fn fill_cache(&self) {
        eventually("the feed is up", async || {
            assert!(is_in(&self.at_here).await);
            self.feed.is_up()
        })
        .await;
        assert!(is_in(&self.at_here).await);
    }

    async fn by_hand(&self, sql: &str) {
        self.hand.execute_unprepared(sql).await.unwrap();
    }

    async fn alice(&self) -> Account {
        self.there.account("alice").await
    }

    fn admin_there(&self) -> vestibule::accounts::Administration<'_> {
        self.there.site.accounts().by(Actor::operator())
    }

    async fn is_out_here(&self, what: &str) {
        eventually(what, async || !is_in(&self.at_here).await).await;
    }
}

async fn email(user: CurrentUser<Account>) -> String {
    user.email.clone().unwrap_or_default()
}

async fn may_edit(user: CurrentUser<Account>) -> String {
    format!("{} {}", user.can("posts.edit"), user.has_role("editor"))
}

async fn is_in(browser: &TestClient) -> bool {
    browser.get("/email").await.status == StatusCode::OK
}

/// Asks until it is so, and returns how long that took.
async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) -> Duration {
    let started = Instant::now();
    let mut again = interval(Duration::from_millis(2));
    while !is_so().await {
        assert!(started.elapsed() < Duration::from_secs(10), "never: {what}");
        again.tick().await;
    }
    started.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_node_ends_is_refused_here() {
    let nodes = Nodes::new().await;
    let log_out = nodes.at_there.post("/logout", &[]).await;
    assert_eq!(log_out.status, StatusCode::SEE_OTHER);

    nodes.is_out_here("the session is over").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_node_changes_about_a_user_counts_here() {
    let nodes = Nodes::new().await;
    let id = nodes.alice().await.id;
    let operator = nodes.admin_there();
    let seen = async |path, expected: &str| {
        eventually(expected, async || {
            nodes.at_here.get(path).await.text() == expected
        })
        .await;
    };
    seen("/may-edit", "false false").await;

    let address = "alice@example.com".parse().unwrap();
    let _ = operator.set_email(&id, Some(&address)).await.unwrap();
    seen("/email", "alice@example.com").await;
    let (role, permission) = ("editor".parse().unwrap(), "posts.edit".parse().unwrap());
    let _ = operator.add_role(&role).await.unwrap();
    let _ = operator.grant_role(&id, &role).await.unwrap();
    nodes.is_out_here("a role is given to alice").await;
    nodes.here.log_in(&nodes.at_here, "alice").await;
    seen("/may-edit", "false true").await;
    let _ = operator.allow(&role, &permission).await.unwrap();
    seen("/may-edit", "true true").await;
    let _ = operator.forbid(&role, &permission).await.unwrap();
    seen("/may-edit", "false true").await;
    let _ = operator.remove_role(&role).await.unwrap();
    seen("/may-edit", "false false").await;
    let _ = operator.disable(&id).await.unwrap();
    nodes.is_out_here("alice is disabled").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_hand_changes_in_the_database_counts_here() {
    for (what, sql) in [
        ("deleted", "DELETE FROM sessions"),
        ("idled out", "UPDATE sessions SET last_seen_at = 0"),
        ("expired", "UPDATE sessions SET expires_at = 0"),
        ("given to nobody", "UPDATE sessions SET user_id = 'nobody'"),
        ("disabled", "UPDATE users SET is_disabled = TRUE"),
        (
            "in a new epoch",
            "UPDATE users SET session_epoch = session_epoch + 1",
        ),
        ("gone", "DELETE FROM users"),
    ] {
        let nodes = Nodes::new().await;
        nodes.by_hand(sql).await;

        nodes.is_out_here(what).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_a_hand_takes_away_is_gone_here() {
    for sql in [
        "DELETE FROM user_roles",
        "DELETE FROM role_permissions",
        "DELETE FROM roles WHERE name = 'editor'",
        "UPDATE role_permissions SET permission = 'posts.read'",
    ] {
        let nodes = Nodes::new().await;
        nodes
            .by_hand("INSERT INTO roles (name, created_at) VALUES ('editor', 0)")
            .await;
        nodes
            .by_hand("INSERT INTO role_permissions VALUES ('editor', 'posts.edit')")
            .await;
        nodes
            .by_hand("INSERT INTO user_roles SELECT id, 'editor', 0 FROM users")
            .await;
        let may_edit = async || {
            let page = nodes.at_here.get("/may-edit").await;
            page.text().starts_with("true")
        };
        eventually("the right is there", may_edit).await;

        nodes.by_hand(sql).await;

        eventually(sql, async || !may_edit().await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn emptying_the_table_of_sessions_counts_too() {
    let nodes = Nodes::new().await;
    let sql = match nodes.hand.get_database_backend() {
        DbBackend::Postgres => "TRUNCATE sessions CASCADE",
        _ => "DELETE FROM sessions",
    };
    nodes.by_hand(sql).await;

    nodes.is_out_here("the table is empty").await;
}

/// A cut feed: nothing comes from the cache until it is mended.
#[tokio::test(flavor = "multi_thread")]
async fn while_the_feed_is_down_the_cache_is_bypassed() {
    let nodes = Nodes::new().await;
    nodes.cut_feed().await;
    let was_down_after = eventually("the feed is down", async || !nodes.feed.is_up()).await;
    assert!(
        was_down_after < Duration::from_secs(2),
        "{was_down_after:?}"
    );

    assert!(is_in(&nodes.at_here).await, "nobody is logged out by it");
    nodes.by_hand("DELETE FROM sessions").await;
    assert!(!is_in(&nodes.at_here).await, "the very next request");

    nodes.mend_feed().await;
    eventually("the feed is up again", async || nodes.feed.is_up()).await;
}

/// What happened while nobody could hear of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_changed_while_the_feed_was_down_is_not_forgotten() {
    let nodes = Nodes::new().await;
    nodes.cut_feed().await;
    eventually("the feed is down", async || !nodes.feed.is_up()).await;
    nodes.by_hand("DELETE FROM sessions").await;
    nodes.mend_feed().await;
    eventually("the feed is up again", async || nodes.feed.is_up()).await;

    assert!(!is_in(&nodes.at_here).await);
}

impl Nodes {
    /// On SQLite and MySQL there is nothing to see any more; on PostgreSQL the connection is
    /// ended, and a new one finds that there are no triggers.
    async fn cut_feed(&self) {
        match self.hand.get_database_backend() {
            DbBackend::MySql => {
                self.by_hand("DROP TRIGGER vestibule_sessions_delete").await;
                self.by_hand("RENAME TABLE vestibule_changes TO away").await;
            }
            DbBackend::Postgres => {
                self.by_hand("ALTER TABLE vestibule_changes RENAME TO away")
                    .await;
                self.by_hand("DROP TRIGGER vestibule_sessions_delete ON sessions")
                    .await;
                self.by_hand(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE datname = current_database() AND query LIKE 'SELECT 1 FROM vestibule_changes%'",
                )
                .await;
            }
            _ => {
                self.by_hand("ALTER TABLE vestibule_changes RENAME TO away")
                    .await;
            }
        }
    }

    async fn mend_feed(&self) {
        self.by_hand("ALTER TABLE away RENAME TO vestibule_changes")
            .await;
    }
}

/// Five nodes start at once on an empty database.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_migrate_at_once_all_start() {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh_database_url(folder.path()).await;
    let nodes: Vec<_> = (0..5)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move {
                let database = Database::connect(&url).await.unwrap();
                database.migrate(accounts::MIGRATIONS).await.unwrap();
                database.migrate(sql::MIGRATIONS).await.unwrap();
            })
        })
        .collect();

    for node in nodes {
        node.await.unwrap();
    }
}

/// As on MySQL, where a migration that breaks off leaves the tables that it has made.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_broke_off_is_made_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh_database_url(folder.path()).await;
    let database = Database::connect(&url).await.unwrap();
    let hand = Connection::connect(&url).await.unwrap();
    for migrations in [accounts::MIGRATIONS, sql::MIGRATIONS] {
        database.migrate(migrations).await.unwrap();
    }
    for sql in [
        "UPDATE vestibule_accounts_migrations SET version = concat('begun ', version)",
        "UPDATE vestibule_sessions_migrations SET version = concat('begun ', version)",
        "DROP TABLE remembered_logins",
    ] {
        hand.execute_unprepared(sql).await.unwrap();
    }

    for migrations in [accounts::MIGRATIONS, sql::MIGRATIONS] {
        database.migrate(migrations).await.unwrap();
    }

    let app = TestApp::on(database, |_| {}).await;
    app.registered("alice").await;
}

/// The other node reads from the database what this one has just written.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_logs_in_on_one_node_is_known_on_the_other() {
    let nodes = Nodes::new().await;

    assert!(is_in(&nodes.at_there).await);
    let bob = nodes.here.registered("bob").await;
    let elsewhere = nodes.there.browser();
    bob.hand_over(&elsewhere);

    assert!(is_in(&elsewhere).await);
}
