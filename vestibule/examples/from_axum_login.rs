//! The example `permissions` of axum-login 0.18, moved: its tables, its users and its routes, with
//! groups that have permissions, and sessions in the same database.
//!
//! `cargo run --example from_axum_login`, then open the address it prints. It makes
//! `from_axum_login.db`.

use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use http::StatusCode;
use serde::Deserialize;
use tracing_subscriber::filter::LevelFilter;
use vestibule::access::Rule::Permission;
use vestibule::access::{Rights, access_required};
use vestibule::database::Database;
use vestibule::login::{Epoch, LoginOutcome, Next, User, UserId, UserLoader};
use vestibule::password::{PasswordHash, Passwords};
use vestibule::sqlx::{self, SqlitePool};
use vestibule::stores::{SqlStore, sql};
use vestibule::{CurrentUser, Error, Login, LoginManager};

/// axum-login's `AuthUser`, with the permissions read beside it.
#[derive(Clone)]
struct Member {
    id: i64,
    username: String,
    password: PasswordHash,
    rights: Rights,
}

impl User for Member {
    fn id(&self) -> UserId {
        self.id.into()
    }

    /// `session_auth_hash`: a new password ends the sessions. The session keeps no hash.
    fn session_epoch(&self) -> Epoch {
        Epoch::of(&self.password)
    }

    fn can(&self, permission: &str) -> bool {
        self.rights.can(permission)
    }
}

/// axum-login's `AuthnBackend` and `AuthzBackend`.
#[derive(Clone)]
struct Members {
    pool: SqlitePool,
    passwords: Passwords,
}

impl UserLoader<Member> for Members {
    async fn load(&self, id: UserId) -> Result<Option<Member>, Error> {
        let Ok(id) = id.as_str().parse::<i64>() else {
            return Ok(None);
        };
        let query = sqlx::query_as("SELECT id, username, password FROM users WHERE id = ?");
        let row = query.bind(id).fetch_optional(&self.pool).await;
        self.member(row).await.map_err(Error::store)
    }
}

type Row = (i64, String, String);

impl Members {
    async fn find(&self, username: &str) -> sqlx::Result<Option<Member>> {
        let query = sqlx::query_as("SELECT id, username, password FROM users WHERE username = ?");
        let row = query.bind(username).fetch_optional(&self.pool).await;
        self.member(row).await
    }

    async fn member(&self, row: sqlx::Result<Option<Row>>) -> sqlx::Result<Option<Member>> {
        let Some((id, username, password)) = row? else {
            return Ok(None);
        };
        let query = sqlx::query_scalar::<_, String>(
            "SELECT DISTINCT permissions.name FROM users_groups
             JOIN groups_permissions USING (group_id)
             JOIN permissions ON permission_id = permissions.id
             WHERE user_id = ?",
        );
        let permissions = query.bind(id).fetch_all(&self.pool).await?;
        Ok(Some(Member {
            id,
            username,
            password: PasswordHash::from_stored(password),
            rights: Rights::new([""; 0], permissions),
        }))
    }
}

const LOG_IN_PAGE: &str = r#"<form method="post">
    <label>Username <input name="username" autocomplete="username"></label>
    <label>Password <input type="password" name="password"></label>
    <button>Log in</button></form>"#;

#[derive(Deserialize)]
struct Credentials {
    username: String,
    password: String,
}

#[derive(Deserialize)]
struct CameFrom {
    #[serde(default)]
    next: Next,
}

async fn log_in(
    State(members): State<Members>,
    login: Login<Member>,
    Query(CameFrom { next }): Query<CameFrom>,
    Form(form): Form<Credentials>,
) -> Result<Response, Error> {
    let member = members.find(&form.username).await.map_err(Error::store)?;
    let hash = member.as_ref().map(|member| &member.password);
    let password = form.password.into();
    // Without a user too: the time of the answer does not say whether there is one.
    let is_right = members.passwords.verify(&password, hash).await?;
    if let Some(member) = member.filter(|_| is_right)
        && login.log_in(&member).await? == LoginOutcome::LoggedIn
    {
        return Ok(Redirect::to(next.or("/")).into_response());
    }
    let page = format!("<p role=alert>Wrong username or password.</p>{LOG_IN_PAGE}");
    Ok((StatusCode::UNAUTHORIZED, Html(page)).into_response())
}

async fn log_out(login: Login<Member>) -> Result<Redirect, Error> {
    login.log_out().await?;
    Ok(Redirect::to("/login"))
}

async fn protected(user: CurrentUser<Member>) -> String {
    format!("Hello {}", user.username)
}

async fn restricted(user: CurrentUser<Member>) -> String {
    format!("Only for superusers such as {}", user.username)
}

/// The app on the database at this address, for a site at that one.
pub(crate) async fn app(database_url: &str, public_url: &str) -> Result<Router, Error> {
    let pool = SqlitePool::connect(database_url).await;
    let pool = pool.map_err(Error::store)?;
    let tables = sqlx::raw_sql(include_str!("from_axum_login.sql"));
    tables.execute(&pool).await.map_err(Error::store)?;
    let database = Database::from_sqlite_pool(pool.clone());
    database.migrate(sql::MIGRATIONS).await?;
    let passwords = Passwords::new(Default::default())?;
    let members = Members { pool, passwords };
    let manager = LoginManager::new(members.clone(), SqlStore::new(database))
        .public_url(public_url.parse()?)
        .login_view("/login");
    let restricted = Router::new()
        .route("/restricted", get(restricted))
        .route_layer(access_required::<Member>(Permission("restricted.read")));
    let protected = Router::new()
        .route("/", get(protected))
        .merge(restricted)
        .route_layer(access_required::<Member>(Permission("protected.read")));
    Ok(protected
        .route("/login", get(async || Html(LOG_IN_PAGE)).post(log_in))
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
    println!("Open http://127.0.0.1:3000 (ferris or admin, “hunter42”)");
    let database = "sqlite://from_axum_login.db?mode=rwc";
    axum::serve(listener, app(database, "http://127.0.0.1:3000").await?).await?;
    Ok(())
}
