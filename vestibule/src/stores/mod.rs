//! Session stores: in memory, in a SQL database, or in Redis.
//!
//! They implement [`SessionStore`](crate::session::SessionStore). Only an app's start-up code names
//! one of them.

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
