//! What every layer needs of HTTP: cookies, messages that survive a redirect, what the client
//! wants to read and where it is, problem+json, and the address the app is reached at.

pub(crate) mod accept;
mod address;
pub(crate) mod cookies;
pub(crate) mod encrypted_cookies;
mod error;
mod flash;
mod problem;
mod public_url;
pub(crate) mod signed_cookie;
#[cfg(feature = "sql")]
mod user_agent;

pub use accept::Client;
pub use address::TrustedProxies;
pub use flash::{Flash, Flashes};
pub use problem::Problem;
pub use public_url::PublicUrl;
#[cfg(feature = "sql")]
pub(crate) use user_agent::browser_and_system;
