//! The threads that hash, and the queue before them.

mod queue;
mod service;

pub use queue::Claimant;
pub use service::HashingLimits;

pub(crate) use service::HashingService;
