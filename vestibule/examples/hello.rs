//! An app with a user type, a user loader and a password check of its own; sessions in memory.
//!
//! `cargo run --example hello`, then open the address it prints.

use std::convert::Infallible;

use axum::extract::Query;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use http::StatusCode;
use serde::Deserialize;
use tracing_subscriber::filter::LevelFilter;
use vestibule::crypto::digest::constant_time_eq;
use vestibule::login::{LoginOutcome, Next, User, UserId};
use vestibule::stores::MemoryStore;
use vestibule::{CurrentUser, Error, Login, LoginManager};

#[derive(Clone)]
struct Member {
    name: String,
}

impl User for Member {
    fn id(&self) -> UserId {
        self.name.as_str().into()
    }
}

/// From an id to the user: a look-up of your own.
async fn find(id: UserId) -> Result<Option<Member>, Infallible> {
    let name = id.as_str().to_owned();
    Ok((name == "alice").then_some(Member { name }))
}

async fn index(user: Option<CurrentUser<Member>>) -> Html<String> {
    Html(match user {
        Some(user) => format!(
            r#"<p>Hello, {}. <a href="/secret">Secret page</a></p>
               <form method="post" action="/logout"><button>Log out</button></form>"#,
            user.name
        ),
        None => r#"<p>Who are you? <a href="/login">Log in</a></p>"#.to_owned(),
    })
}

/// Taking a `CurrentUser` is all it needs: nobody else gets here.
async fn secret(user: CurrentUser<Member>) -> String {
    format!("For {} alone", user.name)
}

#[derive(Deserialize)]
struct LoginForm {
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
        r#"<form method="post"><label>Password of alice (“open sesame”)
           <input type="password" name="password"></label><button>Log in</button></form>"#,
    )
}

async fn log_in(
    login: Login<Member>,
    Query(came_from): Query<CameFrom>,
    Form(form): Form<LoginForm>,
) -> Result<Response, Error> {
    // One password for one member keeps the example short; see `own_users_sqlx.rs` for hashing.
    if constant_time_eq(form.password.as_bytes(), b"open sesame") {
        let name = "alice".to_owned();
        if login.log_in(&Member { name }).await? == LoginOutcome::LoggedIn {
            return Ok(Redirect::to(came_from.next.or("/")).into_response());
        }
    }
    Ok((StatusCode::UNAUTHORIZED, log_in_page().await).into_response())
}

async fn log_out(login: Login<Member>) -> Result<Redirect, Error> {
    login.log_out().await?;
    Ok(Redirect::to("/"))
}

/// The app, for a site at this address.
pub(crate) fn app(public_url: &str) -> Result<Router, Error> {
    let manager = LoginManager::new(find, MemoryStore::new())
        .public_url(public_url.parse()?)
        .login_view("/login");
    Ok(Router::new()
        .route("/", get(index))
        .route("/secret", get(secret))
        .route("/login", get(log_in_page).post(log_in))
        .route("/logout", post(log_out))
        .layer(manager.layer()))
}

#[tokio::main]
#[allow(dead_code, clippy::print_stdout, reason = "tests take the app alone")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let log = tracing_subscriber::fmt();
    log.with_max_level(LevelFilter::INFO).init();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("Open http://127.0.0.1:3000");
    axum::serve(listener, app("http://127.0.0.1:3000")?).await?;
    Ok(())
}
