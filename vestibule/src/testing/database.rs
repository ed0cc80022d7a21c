//! A database for each test.

use std::path::Path;

use sea_orm::{ConnectionTrait, DbBackend};
#[cfg(test)]
use sea_orm::{EntityTrait, PaginatorTrait};
use tokio::sync::OnceCell;

use crate::crypto::random::Random;
use crate::database::{Database, DatabaseOptions};
use crate::stores::MemoryStore;

/// The environment variable with the server on which [`fresh_database`] creates databases.
const URL: &str = "VESTIBULE_TEST_DATABASE_URL";

/// An empty database for one test: SQLite in memory, or a new database on the server in the
/// environment variable `VESTIBULE_TEST_DATABASE_URL`, such as `postgres://app@127.0.0.1:5432/app`
/// or `mysql://root@127.0.0.1:3306/app`. So the same tests run on each.
///
/// The database is never removed, so use a server that is only for tests.
///
/// # Panics
/// When it cannot be created.
pub async fn fresh_database() -> Database {
    match std::env::var(URL) {
        Ok(server) => connect(&made_on(&server, None).await).await,
        Err(_) => connect("sqlite::memory:").await,
    }
}

/// The name of a database on a PostgreSQL, which tests copy.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// As [`fresh_database`]. A PostgreSQL copies a database that [`TestApp`](crate::testing::TestApp)
/// has opened, which takes a quarter of the time that its migrations take.
pub(super) async fn fresh_database_with(migrated: impl AsyncFnOnce(Database)) -> Database {
    let Ok(server) = std::env::var(URL) else {
        return fresh_database().await;
    };
    if !server.starts_with("postgres") {
        return fresh_database().await;
    }
    let make = async || {
        let url = made_on(&server, None).await;
        let database = connect(&url).await;
        migrated(database.clone()).await;
        // PostgreSQL copies no database that somebody uses.
        let closed = database.connection().inner().close_by_ref().await;
        closed.expect("a closed connection");
        url.rsplit('/').next().unwrap_or_default().to_owned()
    };
    let template = TEMPLATE.get_or_init(make).await;
    connect(&made_on(&server, Some(template)).await).await
}

/// The address of an empty database that several nodes can open: the file `site.db` in `folder`, or
/// a new database on the server, as for [`fresh_database`].
///
/// # Panics
/// When it cannot be created.
pub async fn fresh_database_url(folder: &Path) -> String {
    match std::env::var(URL) {
        Ok(server) => made_on(&server, None).await,
        Err(_) => format!("sqlite://{}/site.db?mode=rwc", folder.display()),
    }
}

/// The environment variable for where [`TestApp`](crate::testing::TestApp) keeps sessions.
const SESSION_STORE: &str = "VESTIBULE_TEST_SESSION_STORE";

/// Where the sessions of a test are.
#[derive(Debug, Clone)]
pub(super) enum TestSessions {
    Database,
    Memory(MemoryStore),
    #[cfg(feature = "redis")]
    Redis(crate::stores::RedisStore, TestRedis),
}

/// An empty session store for one test: the one in the environment variable
/// `VESTIBULE_TEST_SESSION_STORE`, such as `redis://127.0.0.1:6379` or `memory`; otherwise the
/// database.
pub(super) async fn fresh_sessions() -> TestSessions {
    let url = match std::env::var(SESSION_STORE) {
        Err(_) => return TestSessions::Database,
        Ok(name) if name == "memory" => return TestSessions::Memory(MemoryStore::new()),
        Ok(url) => url,
    };
    #[cfg(feature = "redis")]
    return in_redis(url).await;
    #[cfg(not(feature = "redis"))]
    panic!("{SESSION_STORE}: {url}: tests are built without Redis");
}

#[cfg(feature = "redis")]
async fn in_redis(url: String) -> TestSessions {
    let name = Random::system().bytes::<8>().expect("random bytes");
    let prefix = format!("{{test-{}}}", data_encoding::HEXLOWER.encode(&name));
    let options = crate::stores::RedisOptions {
        prefix: prefix.clone(),
        ..Default::default()
    };
    let connected = crate::stores::RedisStore::connect_with(&url, options).await;
    let store = connected.unwrap_or_else(|error| panic!("{SESSION_STORE}: {error}"));
    TestSessions::Redis(store, TestRedis { url, prefix })
}

#[cfg(test)]
impl TestSessions {
    /// The number of sessions of all users.
    pub(super) async fn count(&self, database: &Database) -> usize {
        match self {
            Self::Database => {
                let found = crate::session::rows::session::Entity::find();
                let count = found.count(database.connection()).await.expect("a count");
                usize::try_from(count).expect("not so many")
            }
            Self::Memory(store) => store.count(),
            #[cfg(feature = "redis")]
            Self::Redis(_, at) => {
                let client = redis::Client::open(&*at.url).expect("an address");
                let connection = client.get_multiplexed_async_connection().await;
                let pattern = format!("{}:s:*", at.prefix);
                let mut keys = redis::cmd("KEYS");
                let found: redis::RedisResult<Vec<String>> = keys
                    .arg(pattern)
                    .query_async(&mut connection.expect("a connection"))
                    .await;
                found.expect("keys").len()
            }
        }
    }
}

/// The Redis that keeps a test's sessions.
#[cfg(feature = "redis")]
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TestRedis {
    /// The address of the server.
    pub url: String,
    /// The prefix of all its keys.
    pub prefix: String,
}

/// Makes a database on a server, as a copy of this one. Returns its address.
async fn made_on(server: &str, template: Option<&str>) -> String {
    let name = Random::system().bytes::<8>().expect("random bytes");
    let name = format!("test_{}", data_encoding::HEXLOWER.encode(&name));
    let connected = connect(server).await;
    let connection = connected.connection();
    let options = match connection.get_database_backend() {
        DbBackend::Postgres => {
            // Nobody ever connects to this template, so it can always be copied.
            let template = template.unwrap_or("template0");
            format!("TEMPLATE {template} STRATEGY FILE_COPY")
        }
        _ => String::new(),
    };
    let create = format!("CREATE DATABASE {name} {options}");
    let created = connection.execute_unprepared(&create).await;
    created.expect("a new database");
    let mut url: url::Url = server.parse().expect("an address");
    url.set_path(&name);
    url.into()
}

async fn connect(url: &str) -> Database {
    let options = DatabaseOptions {
        // Many tests run at a time, each with its own databases.
        max_connections: 4,
        ..DatabaseOptions::default()
    };
    let connected = Database::connect_with(url, options).await;
    connected.unwrap_or_else(|error| panic!("{URL}: {error}"))
}
