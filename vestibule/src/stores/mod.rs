//! Where sessions are kept: in memory, or in a SQL database.
//!
//! Leaves of the house: they implement [`SessionStore`](crate::session::SessionStore), and
//! nothing but an app's start-up names one.

mod memory;
#[cfg(feature = "sql")]
pub mod sql;
#[cfg(test)]
mod tests;

pub use memory::MemoryStore;
#[cfg(feature = "sql")]
pub use sql::SqlStore;
