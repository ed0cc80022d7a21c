//! Session stores and throttle counters: in memory, in a SQL database, or in Redis.
//!
//! They implement [`SessionStore`](crate::session::SessionStore) and
//! [`Counters`](crate::credentials::throttle::Counters). Only an app's start-up code names a store.

mod memory;
#[cfg(feature = "redis")]
pub(crate) mod redis;
#[cfg(feature = "sql")]
pub mod sql;
#[cfg(test)]
mod tests;

pub use memory::MemoryStore;
#[cfg(feature = "redis")]
pub use redis::{RedisCounters, RedisOptions, RedisStore};
#[cfg(feature = "sql")]
pub use sql::{SqlCounters, SqlStore};
