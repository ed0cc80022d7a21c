//! The scripts: what is sent, and what comes back.

pub(crate) mod login;
pub(crate) mod messages;
pub(crate) mod next;
pub(crate) mod protection;
pub(crate) mod refused;
pub(crate) mod remember;
pub(crate) mod request_loader;
