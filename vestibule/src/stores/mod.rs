//! Where sessions are kept: in memory, in a SQL database, or in Redis.
//!
//! Leaves of the house: they implement [`SessionStore`](crate::session::SessionStore), and
//! nothing but an app's start-up names one.

mod memory;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sql")]
pub mod sql;
#[cfg(test)]
mod tests;

pub use memory::MemoryStore;
#[cfg(feature = "redis")]
pub use redis::{RedisOptions, RedisStore};
#[cfg(feature = "sql")]
pub use sql::SqlStore;
