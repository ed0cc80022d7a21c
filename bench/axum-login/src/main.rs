//! The benchmark's app on axum-login with tower-sessions, put together as their examples do:
//! users in SQLite, sessions in memory or in the same SQLite file.
//!
//! Session cookies are not signed, which some of the examples do: it would cost time here and
//! protect nothing, as the ids are random.

mod users;

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Form, Router};
use axum_login::AuthManagerLayerBuilder;
use clap::{Parser, ValueEnum};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use tower_sessions::{ExpiredDeletion, Expiry, MemoryStore, SessionManagerLayer, SessionStore};
use tower_sessions_sqlx_store::SqliteStore;

use crate::users::{Credentials, Users};

type AuthSession = axum_login::AuthSession<Users>;

/// axum-login under load.
#[derive(Debug, Parser)]
struct Arguments {
    /// Address and port to listen on
    #[arg(long)]
    listen: SocketAddr,
    /// Database of users, and of sessions if they are kept there
    #[arg(long, default_value = "sqlite://bench.db?mode=rwc")]
    database_url: String,
    /// Where sessions are kept
    #[arg(long, value_enum, default_value = "sqlite")]
    store: Store,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Store {
    Memory,
    Sqlite,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let listener = tokio::net::TcpListener::bind(arguments.listen).await?;
    let address = listener.local_addr()?;
    let options = arguments
        .database_url
        .parse::<SqliteConnectOptions>()?
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal);
    let pool = SqlitePool::connect_with(options).await?;
    let users = Users::open(pool.clone()).await?;
    let app = match arguments.store {
        Store::Memory => app(users, MemoryStore::default()),
        Store::Sqlite => {
            let store = SqliteStore::new(pool);
            store.migrate().await.context("the table of sessions")?;
            let every = Duration::from_secs(60);
            tokio::spawn(store.clone().continuously_delete_expired(every));
            app(users, store)
        }
    };

    writeln!(std::io::stdout(), "Open http://{address}")?;
    let listener = listener.tap_io(|stream| {
        stream.set_nodelay(true).ok();
    });
    axum::serve(listener, app).await?;
    Ok(())
}

/// The app with its sessions in this store.
fn app(users: Users, store: impl SessionStore + Clone) -> Router {
    let sessions = SessionManagerLayer::new(store)
        .with_secure(false)
        .with_expiry(Expiry::OnInactivity(time::Duration::days(1)));
    Router::new()
        .route("/register", post(register))
        .route("/login", post(log_in))
        .route("/logout", post(log_out))
        .route("/welcome", get(welcome))
        .route("/public", get(hello))
        .layer(AuthManagerLayerBuilder::new(users, sessions).build())
        // After the layer, and so outside of it.
        .route("/plain", get(hello))
}

async fn hello() -> Html<String> {
    page("world")
}

fn page(username: &str) -> Html<String> {
    Html(format!("<h1>Welcome {username}</h1>"))
}

async fn register(
    session: AuthSession,
    Form(credentials): Form<Credentials>,
) -> Result<StatusCode, StatusCode> {
    let is_new = session.backend.register(credentials).await;
    Ok(match is_new.map_err(failed)? {
        true => StatusCode::CREATED,
        false => StatusCode::CONFLICT,
    })
}

async fn log_in(
    mut session: AuthSession,
    Form(credentials): Form<Credentials>,
) -> Result<Response, StatusCode> {
    let Some(user) = session.authenticate(credentials).await.map_err(failed)? else {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    };
    session.login(&user).await.map_err(failed)?;
    Ok(Redirect::to("/welcome").into_response())
}

async fn log_out(mut session: AuthSession) -> Result<Redirect, StatusCode> {
    session.logout().await.map_err(failed)?;
    Ok(Redirect::to("/public"))
}

/// Without `login_required!` in front, which would cost one more middleware.
async fn welcome(session: AuthSession) -> Response {
    match session.user {
        Some(user) => page(&user.username).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

fn failed<E>(_: E) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}
