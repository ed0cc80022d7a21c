//! Computing, writing and reading password hashes.

mod algorithm;
pub mod bcrypt;
mod bounds;
mod decoys;
mod digest;
mod fields;
mod format;
mod function;
mod kind;
#[cfg(feature = "libsodium")]
mod libsodium;
mod memory;
mod pepper;
mod stored_hash;

pub use algorithm::PasswordAlgorithm;
pub use pepper::Peppers;
pub use stored_hash::PasswordHash;

pub(crate) use bounds::MAX_BCRYPT_COST;
pub(crate) use decoys::{Decoys, Kinds};
pub(crate) use digest::{digest, is_unambiguous, new_hash};
pub(crate) use format::{ParsedHash, Prehash, ReadOptions};
pub(crate) use function::Function;
pub(crate) use kind::Kind;
pub(crate) use memory::Memory;
