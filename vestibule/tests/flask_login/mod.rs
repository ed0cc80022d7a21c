//! What the comparison with Flask-Login is made of.

pub(crate) mod client;
pub(crate) mod script;
pub(crate) mod scripts;
pub(crate) mod servers;
