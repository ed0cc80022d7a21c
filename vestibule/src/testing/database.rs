//! A database for each test.

use sea_orm::{ConnectionTrait, DbBackend};

use crate::crypto::random::Random;
use crate::database::{Database, DatabaseOptions};

/// Names the server on which [`fresh_database`] makes databases.
const URL: &str = "VESTIBULE_TEST_DATABASE_URL";

/// An empty database of the test's own: SQLite in memory; or, where the environment has
/// `VESTIBULE_TEST_DATABASE_URL`, such as `postgres://app@127.0.0.1:5432/app` or
/// `mysql://root@127.0.0.1:3306/app`, a new one on that server. So the same tests run on each.
///
/// Nothing removes it: let it be a server for tests alone.
///
/// # Panics
/// When it cannot be made.
pub async fn fresh_database() -> Database {
    let Ok(url) = std::env::var(URL) else {
        let database = Database::connect("sqlite::memory:").await;
        return database.expect("a database in memory");
    };
    let name = Random::system().bytes::<8>().expect("random bytes");
    let name = format!("test_{}", data_encoding::HEXLOWER.encode(&name));
    let server = connect(&url).await;
    let connection = server.connection();
    let options = match connection.get_database_backend() {
        // Nobody is ever connected to this one, so that it can be copied at any time.
        DbBackend::Postgres => "TEMPLATE template0",
        _ => "",
    };
    let create = format!("CREATE DATABASE {name} {options}");
    let created = connection.execute_unprepared(&create).await;
    created.expect("a new database");
    let mut url: url::Url = url.parse().expect("an address");
    url.set_path(&name);
    connect(url.as_str()).await
}

async fn connect(url: &str) -> Database {
    let options = DatabaseOptions {
        // Many tests run at a time, and each has databases of its own.
        max_connections: 4,
        ..DatabaseOptions::default()
    };
    let connected = Database::connect_with(url, options).await;
    connected.unwrap_or_else(|error| panic!("{URL}: {error}"))
}
