//! The hashing threads, and the fair queue before them.

mod claimant;
mod limits;
mod queue;
mod service;
mod slow_build;
mod threads;

pub use claimant::Claimant;
pub use limits::HashingLimits;

pub(crate) use service::HashingService;
