//! The test kit: the complete site in memory, browsers that call it in process, a controllable
//! clock, randomness and mailbox, and the rules for all session stores.
//!
//! No port, no sleep, no child process. In an app's own `Cargo.toml`:
//!
//! ```toml
//! [dev-dependencies]
//! vestibule = { version = "0.1", features = ["testing"] }
//! ```
//!
//! ```
//! # #[tokio::main] async fn main() {
//! use vestibule::testing::TestApp;
//!
//! let app = TestApp::new().await;
//! let browser = app.registered("alice").await;
//!
//! assert!(browser.get("/welcome").await.text().contains("alice"));
//! # }
//! ```

#[cfg(feature = "sql")]
mod app;
#[cfg(feature = "sql")]
mod authenticator;
mod client;
mod conformance;
mod cookies;
#[cfg(feature = "sql")]
mod database;
#[cfg(test)]
pub(crate) mod log;
#[cfg(feature = "sql")]
mod mailbox;
#[cfg(feature = "passkeys")]
pub(crate) mod passkey;
#[doc(hidden)]
pub mod properties;
mod routes;

#[cfg(feature = "sql")]
pub use app::{PASSWORD, TestApp};
#[cfg(feature = "sql")]
pub use authenticator::TestAuthenticator;
pub use client::{TestClient, TestResponse};
pub use conformance::{counters_conformance, store_conformance, two_nodes_conformance};
#[cfg(all(feature = "sql", feature = "redis"))]
pub use database::TestRedis;
#[cfg(feature = "sql")]
pub use database::{fresh_database, fresh_database_url};
#[cfg(feature = "sql")]
pub use mailbox::Mailbox;
#[cfg(feature = "passkeys")]
pub use passkey::TestPasskey;
pub use routes::assert_public_routes;
