//! An app whose users are in a SQLite table of its own, hashed by `Passwords`; sessions are in
//! the same database, so that a restart logs nobody out.
//!
//! `cargo run --example own_users`, then open the address it prints. It makes `own_users.db`.

use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use http::StatusCode;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement, Value};
use serde::Deserialize;
use tracing_subscriber::filter::LevelFilter;
use vestibule::database::Database;
use vestibule::login::{LoginOutcome, Next, User, UserId};
use vestibule::password::{PasswordHash, Passwords};
use vestibule::stores::{SqlStore, sql};
use vestibule::{CurrentUser, Error, Login, LoginManager};

/// A row of our own table `members`.
#[derive(Clone)]
struct Member {
    number: i64,
    email: String,
    password_hash: String,
    is_active: bool,
}

impl User for Member {
    fn id(&self) -> UserId {
        self.number.into()
    }

    fn is_active(&self) -> bool {
        self.is_active
    }
}

#[derive(Clone)]
struct Members {
    connection: DatabaseConnection,
    passwords: Passwords,
}

impl Members {
    async fn find(&self, column: &str, value: Value) -> Result<Option<Member>, DbErr> {
        let sql = format!(
            "SELECT number, email, password_hash, is_active FROM members WHERE {column} = ?"
        );
        let backend = self.connection.get_database_backend();
        let query = Statement::from_sql_and_values(backend, sql, [value]);
        let row = self.connection.query_one_raw(query).await?;
        row.map(|row| {
            Ok(Member {
                number: row.try_get("", "number")?,
                email: row.try_get("", "email")?,
                password_hash: row.try_get("", "password_hash")?,
                is_active: row.try_get("", "is_active")?,
            })
        })
        .transpose()
    }

    async fn add(&self, email: &str, password: &str) -> Result<(), Error> {
        let hash = self.passwords.hash(&password.into()).await?;
        let backend = self.connection.get_database_backend();
        let sql = "INSERT INTO members (email, password_hash, is_active) VALUES (?, ?, true)";
        let values = [email.into(), hash.as_str().into()];
        let insert = Statement::from_sql_and_values(backend, sql, values);
        self.connection
            .execute_raw(insert)
            .await
            .map_err(Error::store)?;
        Ok(())
    }
}

async fn welcome(user: CurrentUser<Member>) -> String {
    format!("Welcome {}", user.email)
}

#[derive(Deserialize)]
struct LoginForm {
    email: String,
    password: String,
}

/// Where the visitor was going, in the address of the login page. The form has no `action`, so
/// that it is sent to that very address.
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
    State(members): State<Members>,
    login: Login<Member>,
    Query(came_from): Query<CameFrom>,
    Form(form): Form<LoginForm>,
) -> Result<Response, Error> {
    let member = members.find("email", form.email.into()).await;
    let member = member.map_err(Error::store)?;
    // Also without a member, so that the answer takes as long.
    let hash = member
        .as_ref()
        .map(|member| PasswordHash::from_stored(&*member.password_hash));
    let password = form.password.into();
    let is_right = members.passwords.verify(&password, hash.as_ref()).await?;
    if let Some(member) = member.filter(|_| is_right)
        && login.log_in(&member).await? == LoginOutcome::LoggedIn
    {
        return Ok(Redirect::to(came_from.next.or("/welcome")).into_response());
    }
    Ok((StatusCode::UNAUTHORIZED, log_in_page().await).into_response())
}

async fn log_out(login: Login<Member>) -> Result<Redirect, Error> {
    login.log_out().await?;
    Ok(Redirect::to("/login"))
}

/// The app on the database at this address, for a site at that one.
pub(crate) async fn app(database_url: &str, public_url: &str) -> Result<Router, Error> {
    let connection = sea_orm::Database::connect(database_url)
        .await
        .map_err(Error::store)?;
    let database = Database::from_connection(connection.clone());
    database.migrate(sql::MIGRATIONS).await?;
    let members = Members {
        connection,
        passwords: Passwords::new(Default::default())?,
    };
    let table = "CREATE TABLE IF NOT EXISTS members (number INTEGER PRIMARY KEY, \
                 email TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL, is_active BOOL NOT NULL)";
    let made = members.connection.execute_unprepared(table).await;
    made.map_err(Error::store)?;
    let alice = members.find("email", "alice@example.com".into()).await;
    if alice.map_err(Error::store)?.is_none() {
        members
            .add("alice@example.com", "open sesame, please")
            .await?;
    }

    let loader = {
        let members = members.clone();
        async move |id: UserId| members.find("number", id.as_str().into()).await
    };
    let manager = LoginManager::new(loader, SqlStore::new(database))
        .public_url(public_url.parse()?)
        .login_view("/login");
    Ok(Router::new()
        .route("/welcome", get(welcome))
        .route("/login", get(log_in_page).post(log_in))
        .route("/logout", post(log_out))
        .with_state(members)
        .layer(manager.layer()))
}

#[tokio::main]
#[allow(dead_code, clippy::print_stdout, reason = "tests take the app alone")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let log = tracing_subscriber::fmt();
    log.with_max_level(LevelFilter::INFO).init();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("Open http://127.0.0.1:3000/welcome (alice@example.com, “open sesame, please”)");
    let app = app("sqlite://own_users.db?mode=rwc", "http://127.0.0.1:3000").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
