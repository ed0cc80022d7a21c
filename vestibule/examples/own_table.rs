//! The ready-made pages over the users table of a Flask-SQLAlchemy app, on SQLite. Other columns
//! of the table are left alone; our tables lie beside it. Flask-Bcrypt's hashes log in, and each
//! is replaced by Argon2id in its column.
//!
//! `cargo run --example own_table -- --listen 127.0.0.1:3000 --database-url sqlite://site.db`

use std::net::SocketAddr;

use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, QueryResult, Statement, Value};
use tracing_subscriber::filter::LevelFilter;
use vestibule::credentials::{PasswordUsers, Registrar, Users};
use vestibule::crypto::key::SecretKey;
use vestibule::database::Database;
use vestibule::flows::{Site, SiteConfig};
use vestibule::login::{PageUser, Sender, User, UserId, UserLoader};
use vestibule::password::PasswordHash;
use vestibule::{Error, Result};

/// The model of the Flask app: `class User(db.Model)`.
const TABLE: &str = r#"
    CREATE TABLE IF NOT EXISTS "user" (
        id INTEGER NOT NULL PRIMARY KEY,
        username VARCHAR(64) NOT NULL UNIQUE,
        password_hash VARCHAR(128),
        about VARCHAR(140)
    )"#;

/// A row of it, without the hash.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    id: i64,
    username: String,
}

impl User for Member {
    fn id(&self) -> UserId {
        self.id.into()
    }
}

impl PageUser for Member {
    fn name(&self) -> &str {
        &self.username
    }
}

#[derive(Clone)]
struct Table(DatabaseConnection);

impl Table {
    fn statement(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.0.get_database_backend(), sql, values)
    }

    /// The rows that a query finds, with their hashes.
    async fn select(
        &self,
        condition: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<(Member, Option<PasswordHash>)>> {
        let sql = format!(r#"SELECT id, username, password_hash FROM "user" WHERE {condition}"#);
        let rows = self.0.query_all_raw(self.statement(&sql, values)).await;
        let rows = rows.map_err(Error::store)?;
        rows.iter()
            .map(|row| read(row).map_err(Error::store))
            .collect()
    }

    /// Whether a statement changed a row.
    async fn execute(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<bool> {
        let done = self.0.execute_raw(self.statement(sql, values)).await;
        Ok(done.map_err(Error::store)?.rows_affected() > 0)
    }
}

fn read(row: &QueryResult) -> std::result::Result<(Member, Option<PasswordHash>), sea_orm::DbErr> {
    let member = Member {
        id: row.try_get("", "id")?,
        username: row.try_get("", "username")?,
    };
    let hash: Option<String> = row.try_get("", "password_hash")?;
    Ok((member, hash.map(PasswordHash::from_stored)))
}

/// What is no number is nobody's id.
fn number(id: &UserId) -> Value {
    id.as_str().parse::<i64>().unwrap_or(-1).into()
}

impl UserLoader<Member> for Table {
    async fn load(&self, id: UserId) -> Result<Option<Member>> {
        let found = self.select("id = ?", [number(&id)]).await?;
        Ok(found.into_iter().next().map(|(member, _)| member))
    }
}

impl PasswordUsers<Member> for Table {
    async fn find_with_hash(&self, typed: &str) -> Result<Option<(Member, Option<PasswordHash>)>> {
        let name = self.canonical(typed);
        Ok(self
            .select("username = ?", [name.into()])
            .await?
            .into_iter()
            .next())
    }

    async fn hash_of(&self, id: &UserId) -> Result<Option<PasswordHash>> {
        let found = self.select("id = ?", [number(id)]).await?;
        Ok(found.into_iter().next().and_then(|(_, hash)| hash))
    }

    async fn replace_hash(
        &self,
        id: &UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool> {
        let sql = r#"UPDATE "user" SET password_hash = ? WHERE id = ? AND password_hash = ?"#;
        let values = vec![new.as_str().into(), number(id), old.as_str().into()];
        self.execute(sql, values).await
    }

    async fn set_hash(
        &self,
        member: &Member,
        new: &PasswordHash,
        _: &Sender,
    ) -> Result<Option<Member>> {
        let sql = r#"UPDATE "user" SET password_hash = ? WHERE id = ?"#;
        let is_there = self.execute(sql, vec![new.as_str().into(), member.id.into()]);
        Ok(is_there.await?.then(|| member.clone()))
    }

    async fn hashes(&self, after: Option<&UserId>) -> Result<Vec<(UserId, PasswordHash)>> {
        let condition = "id > ? AND password_hash IS NOT NULL ORDER BY id LIMIT 1000";
        let found = self
            .select(condition, [after.map_or((-1).into(), number)])
            .await?;
        let hash = |(member, hash): (Member, Option<_>)| Some((member.id(), hash?));
        Ok(found.into_iter().filter_map(hash).collect())
    }
}

impl Registrar<Member> for Table {
    async fn is_taken(&self, typed: &str) -> Result<bool> {
        Ok(self.find_with_hash(typed).await?.is_some())
    }

    async fn register(
        &self,
        typed: &str,
        hash: &PasswordHash,
        _: &Sender,
    ) -> Result<Option<Member>> {
        let sql = r#"INSERT INTO "user" (username, password_hash) VALUES (?, ?)
                     ON CONFLICT (username) DO NOTHING"#;
        let values = vec![self.canonical(typed).into(), hash.as_str().into()];
        match self.execute(sql, values).await? {
            true => Ok(self.find_with_hash(typed).await?.map(|(member, _)| member)),
            false => Ok(None),
        }
    }
}

/// The site on the database at this address, for browsers that reach it at that one.
pub(crate) async fn site(database_url: &str, config: SiteConfig<Member>) -> Result<Site<Member>> {
    let mut options = ConnectOptions::new(database_url);
    options.sqlx_logging(false);
    let connection = sea_orm::Database::connect(options).await;
    let connection = connection.map_err(Error::store)?;
    connection
        .execute_unprepared(TABLE)
        .await
        .map_err(Error::store)?;
    let table = Table(connection.clone());
    let users = Users::new(table.clone()).registrar(table);
    Site::over(Database::from_connection(connection), users, config).await
}

#[tokio::main]
#[allow(dead_code, clippy::print_stdout, reason = "tests take the site alone")]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let log = tracing_subscriber::fmt();
    log.with_max_level(LevelFilter::INFO).init();
    let given = |flag: &str| std::env::args().skip_while(|given| given != flag).nth(1);
    let address = given("--listen").unwrap_or("127.0.0.1:3000".to_owned());
    let url = given("--database-url").unwrap_or("sqlite://own_table.db".to_owned());
    let listener = tokio::net::TcpListener::bind(&address).await?;
    let public_url = format!("http://{}", listener.local_addr()?);
    let key = SecretKey::generate(&Default::default())?;
    let config = SiteConfig::new(public_url.parse()?, key);
    let app = site(&format!("{url}?mode=rwc"), config).await?.router();
    println!("Open {public_url}");
    axum::serve(
        listener,
        app.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .await?;
    Ok(())
}
