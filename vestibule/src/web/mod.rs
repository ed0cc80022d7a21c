//! HTTP helpers for all layers: cookies, messages for the next page, the client's kind and address,
//! problem+json, and the app's public address.

pub(crate) mod accept;
mod address;
pub(crate) mod cookies;
pub(crate) mod encrypted_cookies;
mod error;
mod flash;
pub(crate) mod handshake;
mod problem;
mod public_url;
pub(crate) mod signed_cookie;
pub(crate) mod text;
#[cfg(feature = "sql")]
mod user_agent;

pub use accept::Client;
pub use address::TrustedProxies;
pub(crate) use flash::KeptFlash;
pub use flash::{Flash, Flashes};
pub use problem::Problem;
pub use public_url::PublicUrl;
#[cfg(feature = "sql")]
pub(crate) use public_url::is_base_path;
pub(crate) use public_url::is_below;

pub(crate) use error::Cause;
#[cfg(feature = "sql")]
pub(crate) use error::{ErrorId, unexpected};
#[cfg(feature = "sql")]
pub(crate) use user_agent::browser_and_system;

/// Marks the response to an error if its request asked for the current user, and there is one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ToUser;
