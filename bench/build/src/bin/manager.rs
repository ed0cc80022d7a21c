//! The login manager alone, over users of the app's own.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Form, Router};
use clap::Parser;
use serde::Deserialize;
use vestibule::login::{LoginOutcome, User, UserId};
use vestibule::password::{PasswordAlgorithm, PasswordHash, Passwords};
use vestibule::stores::MemoryStore;
use vestibule::{CurrentUser, Error, Login, LoginManager};

#[derive(Parser)]
struct Arguments {
    #[arg(long)]
    listen: SocketAddr,
}

#[derive(Clone)]
struct Member(String);

impl User for Member {
    fn id(&self) -> UserId {
        self.0.as_str().into()
    }
}

#[derive(Deserialize)]
struct LoginForm {
    username: String,
    password: String,
}

/// The only user, `alice`.
#[derive(Clone)]
struct Users {
    passwords: Passwords,
    hash: PasswordHash,
}

async fn find(id: UserId) -> Result<Option<Member>, Infallible> {
    Ok(Some(Member(id.as_str().to_owned())))
}

async fn log_in(
    State(users): State<Users>,
    login: Login<Member>,
    Form(form): Form<LoginForm>,
) -> Result<StatusCode, Error> {
    let hash = (form.username == "alice").then_some(&users.hash);
    let is_right = users.passwords.verify(&form.password.into(), hash).await?;
    if is_right && login.log_in(&Member(form.username)).await? == LoginOutcome::LoggedIn {
        return Ok(StatusCode::OK);
    }
    Ok(StatusCode::UNAUTHORIZED)
}

async fn welcome(user: CurrentUser<Member>) -> String {
    format!("Welcome {}", user.0)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let passwords = Passwords::new(PasswordAlgorithm::default())?;
    let hash = passwords
        .hash(&"correct horse battery staple".into())
        .await?;
    let manager = LoginManager::new(find, MemoryStore::new());
    let app = Router::new()
        .route("/welcome", get(welcome))
        .route("/login", post(log_in))
        .with_state(Users { passwords, hash })
        .layer(manager.layer());
    let listener = tokio::net::TcpListener::bind(Arguments::parse().listen).await?;
    Ok(axum::serve(listener, app).await?)
}
