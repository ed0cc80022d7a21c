//! Attacks on sessions and remembered logins, through the whole site. `docs/src/security.md` has
//! the list with their ids.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cookies;
mod copies;
mod log_ins;
mod remembered;

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use futures_util::stream;
use http::StatusCode;
use sea_orm::{ConnectionTrait, Database as Connection, DatabaseConnection, Statement};
use vestibule::accounts::Account;
use vestibule::credentials::Username;
use vestibule::database::Database;
use vestibule::flows::SiteConfig;
use vestibule::login::{Event, EventRecord};
use vestibule::testing::{PASSWORD, TestApp, TestClient, TestResponse, fresh_database_url};
use vestibule::{CurrentUser, Error, FreshUser, Login, Result};

const SESSION: &str = "__Host-session";
const REMEMBER: &str = "__Host-remember";
const DAY: Duration = Duration::from_hours(24);

/// A site with one user, alice, and a page for fresh log-ins; its database can be looked into.
struct Target {
    app: TestApp,
    database: DatabaseConnection,
    heard: Arc<Mutex<Vec<EventRecord>>>,
    _folder: tempfile::TempDir,
}

impl Target {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut SiteConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = fresh_database_url(folder.path()).await;
        let heard = Arc::<Mutex<Vec<EventRecord>>>::default();
        let database = Database::connect(&url).await.unwrap();
        let app = TestApp::on(database, |config| {
            let heard = heard.clone();
            config.login(move |manager| {
                let heard = heard.clone();
                Ok(manager.on_event(move |record| heard.lock().unwrap().push(record.clone())))
            });
            change(config);
        })
        .await
        .routes(
            Router::new()
                .route(
                    "/sensitive",
                    get(|_: FreshUser<Account>| async { "sensitive" }),
                )
                .route("/panics", get(panics))
                .route("/stream", get(stream))
                .route("/everywhere", post(everywhere)),
        );
        app.registered("alice").await;
        Self {
            app,
            database: Connection::connect(&url).await.unwrap(),
            heard,
            _folder: folder,
        }
    }

    async fn log_in(&self, browser: &TestClient, remember: bool) -> TestResponse {
        let mut fields = vec![("username", "alice"), ("password", PASSWORD)];
        if remember {
            fields.push(("remember", "on"));
        }
        browser.post("/login", &fields).await
    }

    /// A browser that is logged in, and remembered.
    async fn remembered(&self) -> TestClient {
        let browser = self.app.browser();
        self.log_in(&browser, true).await;
        browser
    }

    /// A remembered browser that was closed and opened again, and another one with a copy of its
    /// cookies.
    async fn copied(&self) -> (TestClient, TestClient) {
        let owner = self.remembered().await;
        owner.restart();
        let thief = owner.stolen();
        (owner, thief)
    }

    async fn alice(&self) -> Account {
        let username: Username = "alice".parse().unwrap();
        let found = self.app.site.accounts().find(username.as_str()).await;
        found.unwrap().unwrap()
    }

    fn count(&self, event: Event) -> usize {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|record| record.event == event).count()
    }

    /// How many sessions or remembered logins there are.
    async fn rows(&self, table: &str) -> i64 {
        if let Some(memory) = self.app.memory() {
            let shown = format!("{memory:?}");
            let (_, rest) = shown.split_once(&format!("{table}: ")).unwrap();
            let number = rest.split(|c: char| !c.is_ascii_digit()).next();
            return number.unwrap().parse().unwrap();
        }
        if let Some(keys) = self.in_redis(table) {
            let count = self.redis("return #redis.call('KEYS', ARGV[1])", &[&keys]);
            return count[0].parse().unwrap();
        }
        let backend = self.database.get_database_backend();
        let sql = format!("SELECT count(*) AS number FROM {table}");
        let row = self
            .database
            .query_one_raw(Statement::from_string(backend, sql))
            .await;
        row.unwrap().unwrap().try_get("", "number").unwrap()
    }

    /// Writes a number into all of them, as a hand would.
    async fn write(&self, table: &str, column: &str, number: i64) {
        if let Some(keys) = self.in_redis(table) {
            let script = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
                local data = redis.call('HGET', key, 'data')
                data = string.gsub(data, '(\"' .. ARGV[2] .. '\":)%d+', '%1' .. ARGV[3])
                redis.call('HSET', key, 'data', data)
            end
            return 'done'";
            self.redis(script, &[&keys, column, &number.to_string()]);
            return;
        }
        let sql = format!("UPDATE {table} SET {column} = {number}");
        self.database.execute_unprepared(&sql).await.unwrap();
    }

    /// All that the store has of sessions and remembered logins: what it is, and its bytes.
    async fn kept(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut kept = Vec::new();
        for (table, column) in [
            ("sessions", "id"),
            ("sessions", "public_id"),
            ("sessions", "remembered_id"),
            ("remembered_logins", "id"),
            ("remembered_logins", "token"),
            ("remembered_logins", "seed"),
        ] {
            if let Some(keys) = self.in_redis(table) {
                let script = "local found = {}
                for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
                    local data = redis.call('HGET', key, 'data')
                    local text = ARGV[2] == 'token' and redis.call('HGET', key, 'token')
                    table.insert(found, text or string.match(data, '\"' .. ARGV[2] .. '\":\"(%x+)\"') or '')
                end
                return found";
                let field = column.replace("remembered_id", "remembered");
                for hex in self.redis(script, &[&keys, &field]) {
                    if !hex.is_empty() {
                        kept.push((
                            column,
                            data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap(),
                        ));
                    }
                }
                continue;
            }
            let sql = format!("SELECT {column} AS found FROM {table} WHERE {column} IS NOT NULL");
            let statement = Statement::from_string(self.database.get_database_backend(), sql);
            for row in self.database.query_all_raw(statement).await.unwrap() {
                let text = |_| row.try_get("", "found").map(String::into_bytes);
                kept.push((column, row.try_get("", "found").or_else(text).unwrap()));
            }
        }
        kept
    }

    /// The pattern of the keys that stand for the rows of a table, if sessions are in Redis.
    fn in_redis(&self, table: &str) -> Option<String> {
        let kind = match table {
            "sessions" => "s",
            "remembered_logins" => "r",
            other => panic!("no table of sessions: {other}"),
        };
        // The braces of the prefix are no pattern.
        let (_, prefix) = self.redis_place()?;
        Some(format!("{prefix}:{kind}:*"))
    }

    #[cfg(feature = "redis")]
    fn redis_place(&self) -> Option<(String, String)> {
        let redis = self.app.redis()?.clone();
        Some((redis.url, redis.prefix))
    }

    #[cfg(not(feature = "redis"))]
    fn redis_place(&self) -> Option<(String, String)> {
        None
    }

    /// What a script in Redis answers, by line.
    fn redis(&self, script: &str, arguments: &[&str]) -> Vec<String> {
        let (url, _) = self.redis_place().unwrap();
        let output = Command::new("redis-cli")
            .args(["-u", &url, "EVAL", script, "0"])
            .args(arguments)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

async fn everywhere(login: Login<Account>) -> Result<String> {
    Ok(login.log_out_everywhere().await?.to_string())
}

/// Asks who this is when the response has begun.
async fn stream(login: Login<Account>) -> Body {
    Body::from_stream(stream::once(async move {
        let user = login.current_user().await?;
        Ok::<_, Error>(user.map_or_else(|| "nobody".to_owned(), |user| user.name().to_owned()))
    }))
}

async fn panics(user: CurrentUser<Account>) {
    assert!(user.name().is_empty(), "this page is broken");
}

async fn is_in(browser: &TestClient) -> bool {
    browser.get("/welcome").await.status == StatusCode::OK
}

/// A browser with this remember cookie and nothing else.
fn with_remember(target: &Target, value: &str) -> TestClient {
    let browser = target.app.browser();
    browser.set_cookie(REMEMBER, value);
    browser
}
