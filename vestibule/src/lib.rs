//! Vestibule: user authentication for axum.
//!
//! What Flask-Login, Flask-Bcrypt and a SQLAlchemy user table give a Flask app: log in, log out,
//! the current user, pages for users only, hashed passwords, stored users, and the pages to go
//! with them. Every layer is usable alone.
//!
//! | to have | take |
//! |---|---|
//! | the finished pages on a database | [`flows::Site`] |
//! | your own users, templates and log-in form | [`LoginManager`] with [`CurrentUser`] and [`Login`] |
//! | roles and permissions | [`access`]: guards in a handler's arguments |
//! | stored users without the pages | [`accounts::Accounts`] |
//! | password hashing alone | [`password::Passwords`] |
//! | sessions elsewhere | [`session::SessionStore`] |
//!
//! # A protected page
//!
//! ```
//! use std::convert::Infallible;
//!
//! use axum::Router;
//! use axum::response::Redirect;
//! use axum::routing::{get, post};
//! use vestibule::login::{User, UserId};
//! use vestibule::stores::MemoryStore;
//! use vestibule::{CurrentUser, Error, Login, LoginManager};
//!
//! #[derive(Clone)]
//! struct Member {
//!     name: String,
//! }
//!
//! impl User for Member {
//!     fn id(&self) -> UserId {
//!         self.name.as_str().into()
//!     }
//! }
//!
//! async fn find(id: UserId) -> Result<Option<Member>, Infallible> {
//!     Ok(Some(Member { name: id.to_string() }))
//! }
//!
//! async fn secret(user: CurrentUser<Member>) -> String {
//!     format!("For {} alone", user.name)
//! }
//!
//! async fn log_out(login: Login<Member>) -> Result<Redirect, Error> {
//!     login.log_out().await?;
//!     Ok(Redirect::to("/"))
//! }
//!
//! # fn main() -> Result<(), Error> {
//! let manager = LoginManager::new(find, MemoryStore::new())
//!     .public_url("https://example.com".parse()?)
//!     .login_view("/login");
//! let app: Router = Router::new()
//!     .route("/secret", get(secret))
//!     .route("/logout", post(log_out))
//!     .layer(manager.layer());
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | gives |
//! |---|---|
//! | `sqlite` (default), `postgres`, `mysql` | [`accounts`], [`database`], [`flows`], [`pages`], [`stores::SqlStore`] on that database |
//! | `redis` | `stores::RedisStore` |
//! | `smtp` | `mail::SmtpMailer` |
//! | `passkeys` | passkeys (WebAuthn) in the ready-made pages |
//! | `breach-service` | `password::BreachedPasswords::from_url` |
//! | `uuid` (part of the databases) | [`UserId`](login::UserId) from a `uuid::Uuid` |
//! | `testing` | `testing`: the whole site in memory, browsers in process, store conformance |
//!
//! Without any, the login manager, sessions in memory and password hashing remain.

pub mod access;
#[cfg(feature = "sql")]
pub mod accounts;
pub mod clock;
pub mod credentials;
pub mod crypto;
#[cfg(feature = "sql")]
pub mod database;
mod error;
#[cfg(feature = "sql")]
pub mod flows;
mod hang_up;
pub mod login;
#[cfg(feature = "sql")]
pub mod mail;
#[cfg(feature = "sql")]
pub mod pages;
pub mod password;
pub mod session;
pub mod stores;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod web;

pub use access::Allowed;
pub use error::{Error, Result};
pub use login::{CurrentUser, FreshUser, Login, LoginManager};
pub use session::Session;

/// sqlx in the version whose pools [`database::Database`] takes.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use sea_orm::sqlx;

/// The samples of the README and of the book compile.
#[cfg(all(doctest, feature = "sqlite"))]
mod samples {
    #[doc = include_str!("../../README.md")]
    struct Readme;

    #[doc = include_str!("../../docs/src/introduction.md")]
    struct Introduction;

    #[doc = include_str!("../../docs/src/guide.md")]
    struct Guide;

    #[doc = include_str!("../../docs/src/own-table.md")]
    struct OwnTable;

    #[doc = include_str!("../../docs/src/tables.md")]
    struct Tables;

    #[doc = include_str!("../../docs/src/sqlx.md")]
    struct Sqlx;

    #[doc = include_str!("../../docs/src/pages.md")]
    struct Pages;

    #[doc = include_str!("../../docs/src/second-factor.md")]
    struct SecondFactor;

    #[cfg(feature = "passkeys")]
    #[doc = include_str!("../../docs/src/passkeys.md")]
    struct Passkeys;

    #[doc = include_str!("../../docs/src/json.md")]
    struct Json;

    #[doc = include_str!("../../docs/src/remember.md")]
    struct Remember;

    #[doc = include_str!("../../docs/src/fresh.md")]
    struct Fresh;

    #[doc = include_str!("../../docs/src/protection.md")]
    struct Protection;

    #[doc = include_str!("../../docs/src/loaders.md")]
    struct Loaders;

    #[doc = include_str!("../../docs/src/refusals.md")]
    struct Refusals;

    #[doc = include_str!("../../docs/src/websockets.md")]
    struct WebSockets;

    #[doc = include_str!("../../docs/src/cross-origin.md")]
    struct CrossOrigin;

    #[doc = include_str!("../../docs/src/sub-path.md")]
    struct SubPath;

    #[doc = include_str!("../../docs/src/sessions.md")]
    struct Sessions;

    #[doc = include_str!("../../docs/src/running/mail.md")]
    struct Mail;

    #[doc = include_str!("../../docs/src/own-admin.md")]
    struct OwnAdmin;

    #[doc = include_str!("../../docs/src/axum-login.md")]
    struct FromAxumLogin;

    #[doc = include_str!("../../docs/src/stores.md")]
    struct Stores;

    #[doc = include_str!("../../docs/src/session-data.md")]
    struct SessionData;

    #[doc = include_str!("../../docs/src/passwords.md")]
    struct Passwords;

    #[doc = include_str!("../../docs/src/access.md")]
    struct Access;

    #[doc = include_str!("../../docs/src/throttle.md")]
    struct Throttle;

    #[doc = include_str!("../../docs/src/events.md")]
    struct Events;

    #[doc = include_str!("../../docs/src/running/key.md")]
    struct RotatingTheKey;

    #[doc = include_str!("../../docs/src/testing.md")]
    struct Testing;

    #[doc = include_str!("../../docs/src/settings.md")]
    struct Settings;

    #[doc = include_str!("../../docs/src/flask-login.md")]
    struct FlaskLogin;
}
