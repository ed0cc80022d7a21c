//! An app whose users are in a SQLite table of its own, by sqlx; one pool of connections is for
//! them and for the sessions.
//!
//! `cargo run --example own_users_sqlx`, then open the address it prints. It makes
//! `own_users_sqlx.db`.

use std::str::FromStr;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use http::StatusCode;
use serde::Deserialize;
use vestibule::database::Database;
use vestibule::login::{LoginOutcome, Next, User, UserId};
use vestibule::password::{PasswordHash, Passwords};
use vestibule::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use vestibule::sqlx::{self, SqlitePool};
use vestibule::stores::{SqlStore, sql};
use vestibule::{CurrentUser, Error, Login, LoginManager};

/// A row of our own table `users`.
#[derive(Clone)]
struct Reader {
    id: i64,
    email: String,
    password_hash: String,
}

impl User for Reader {
    fn id(&self) -> UserId {
        self.id.into()
    }
}

type Row = (i64, String, String);

impl From<Row> for Reader {
    fn from((id, email, password_hash): Row) -> Self {
        Self {
            id,
            email,
            password_hash,
        }
    }
}

#[derive(Clone)]
struct Readers {
    pool: SqlitePool,
    passwords: Passwords,
}

impl Readers {
    async fn find(&self, id: UserId) -> Result<Option<Reader>, sqlx::Error> {
        let query = "SELECT id, email, password_hash FROM users WHERE id = ?";
        let row = sqlx::query_as::<_, Row>(query).bind(id.as_str());
        Ok(row.fetch_optional(&self.pool).await?.map(Reader::from))
    }

    async fn find_by_email(&self, email: &str) -> Result<Option<Reader>, sqlx::Error> {
        let query = "SELECT id, email, password_hash FROM users WHERE email = ?";
        let row = sqlx::query_as::<_, Row>(query).bind(email);
        Ok(row.fetch_optional(&self.pool).await?.map(Reader::from))
    }

    async fn add(&self, email: &str, password: &str) -> Result<(), Error> {
        let hash = self.passwords.hash(&password.into()).await?;
        let insert = "INSERT INTO users (email, password_hash) VALUES (?, ?)";
        let insert = sqlx::query(insert).bind(email).bind(hash.as_str());
        insert.execute(&self.pool).await.map_err(Error::store)?;
        Ok(())
    }
}

async fn welcome(user: CurrentUser<Reader>) -> String {
    format!("Welcome {}", user.email)
}

#[derive(Deserialize)]
struct LoginForm {
    email: String,
    password: String,
}

#[derive(Deserialize)]
struct CameFrom {
    #[serde(default)]
    next: Next,
}

async fn log_in_page() -> Html<&'static str> {
    Html(
        r#"<form method="post"><label>Email <input name="email" autocomplete="username"></label>
           <label>Password <input type="password" name="password"></label><button>Log in</button>
           </form>"#,
    )
}

async fn log_in(
    State(readers): State<Readers>,
    login: Login<Reader>,
    Query(came_from): Query<CameFrom>,
    Form(form): Form<LoginForm>,
) -> Result<Response, Error> {
    let reader = readers.find_by_email(&form.email).await;
    let reader = reader.map_err(Error::store)?;
    // Also without a reader, so that the answer takes as long.
    let hash = reader
        .as_ref()
        .map(|reader| PasswordHash::from_stored(&*reader.password_hash));
    let password = form.password.into();
    let is_right = readers.passwords.verify(&password, hash.as_ref()).await?;
    if let Some(reader) = reader.filter(|_| is_right)
        && login.log_in(&reader).await? == LoginOutcome::LoggedIn
    {
        return Ok(Redirect::to(came_from.next.or("/welcome")).into_response());
    }
    Ok((StatusCode::UNAUTHORIZED, log_in_page().await).into_response())
}

async fn log_out(login: Login<Reader>) -> Result<Redirect, Error> {
    login.log_out().await?;
    Ok(Redirect::to("/login"))
}

async fn open(database_url: &str) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::from_str(database_url)?
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(Duration::from_secs(5));
    let pool = SqlitePool::connect_with(options).await?;
    let table = "CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, \
                 email TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL)";
    sqlx::query(table).execute(&pool).await?;
    Ok(pool)
}

/// The app on the database at this address, for a site at that one.
pub(crate) async fn app(database_url: &str, public_url: &str) -> Result<Router, Error> {
    let pool = open(database_url).await.map_err(Error::store)?;
    let database = Database::from_sqlite_pool(pool.clone()).table_prefix("vestibule_")?;
    database.migrate(sql::MIGRATIONS).await?;
    let passwords = Passwords::new(Default::default())?;
    let readers = Readers { pool, passwords };
    let alice = readers.find_by_email("alice@example.com").await;
    if alice.map_err(Error::store)?.is_none() {
        let password = "open sesame, please";
        readers.add("alice@example.com", password).await?;
    }
    let found_in = readers.clone();
    let loader = async move |id: UserId| found_in.find(id).await;
    let manager = LoginManager::new(loader, SqlStore::new(database))
        .public_url(public_url.parse()?)
        .login_view("/login");
    Ok(Router::new()
        .route("/welcome", get(welcome))
        .route("/login", get(log_in_page).post(log_in))
        .route("/logout", post(log_out))
        .with_state(readers)
        .layer(manager.layer()))
}

#[tokio::main]
#[allow(dead_code, clippy::print_stdout, reason = "tests take the app alone")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("Open http://127.0.0.1:3000/welcome (alice@example.com, “open sesame, please”)");
    let url = "sqlite://own_users_sqlx.db?mode=rwc";
    let app = app(url, "http://127.0.0.1:3000").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
