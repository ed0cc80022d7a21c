//! What every layer needs of HTTP: cookies, what the client wants to read, problem+json,
//! and the address the app is reached at.

pub(crate) mod accept;
pub(crate) mod cookies;
mod problem;
mod public_url;

pub use accept::Client;
pub use problem::Problem;
pub use public_url::PublicUrl;
