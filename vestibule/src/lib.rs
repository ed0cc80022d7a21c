//! User authentication for axum.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "sql")]
pub mod accounts;
pub mod clock;
pub mod crypto;
#[cfg(feature = "sql")]
pub mod database;
mod error;
pub mod login;
pub mod password;
pub mod session;
pub mod stores;
pub mod web;

pub use error::{Error, Result};
pub use login::{CurrentUser, Login, LoginManager};
pub use session::Session;
