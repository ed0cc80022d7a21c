//! How a password becomes the text that is stored, and how such a text is read.

mod algorithm;
pub mod bcrypt;
mod decoys;
mod form;
mod function;
#[cfg(feature = "libsodium")]
mod libsodium;
mod pepper;

pub use algorithm::PasswordAlgorithm;
pub use pepper::Peppers;

pub(crate) use decoys::{Decoys, Kind, Kinds};
pub(crate) use form::{Before, Reading, Stored};
pub(crate) use function::{Function, MAX_BCRYPT_COST, Memory};
