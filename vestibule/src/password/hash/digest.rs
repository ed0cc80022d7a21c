//! Computing the digest of a password: the pepper or SHA-256 first, then the slow function.

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use crate::crypto::digest::sha256;
use crate::error::{Error, Result};
use crate::password::hash::format::{ParsedHash, Prehash};
use crate::password::hash::function::Function;
use crate::password::hash::kind::Kind;
use crate::password::hash::memory::Memory;
use crate::password::hash::pepper::Peppers;

/// Hashes `password`, and returns the text to store.
pub(crate) fn new_hash(
    kind: Kind,
    salt: [u8; 16],
    password: &str,
    peppers: &Peppers,
    memory: &mut Memory,
) -> Result<String> {
    let mut stored = kind.decoy();
    stored.salt = salt.to_vec();
    stored.digest = digest(&stored, password, peppers, memory)?;
    let text = stored.to_text();
    text.ok_or_else(|| Error::internal("a new hash has no text format"))
}

/// The digest of `password` with the parameters and the salt of `stored`.
pub(crate) fn digest(
    stored: &ParsedHash,
    password: &str,
    peppers: &Peppers,
    memory: &mut Memory,
) -> Result<Vec<u8>> {
    let prehashed = match stored.prehash {
        Prehash::None => None,
        Prehash::Sha256Hex => Some(Zeroizing::new(
            HEXLOWER.encode(&sha256(password.as_bytes())),
        )),
        Prehash::Pepper(version) => {
            let peppered = peppers.apply(version, password.as_bytes());
            Some(peppered.ok_or_else(|| Error::internal("the pepper is missing"))?)
        }
    };
    let password = prehashed.as_ref().map_or(password, |prehashed| prehashed);
    let (salt, len) = (&stored.salt, stored.digest.len());
    stored
        .function
        .digest(password.as_bytes(), salt, len, memory)
}

/// Whether no shorter password has the same hash. This always holds with a prehash, because it
/// covers the whole password.
pub(crate) fn is_unambiguous(prehash: Prehash, function: Function, password: &str) -> bool {
    prehash != Prehash::None || function.is_unambiguous(password.as_bytes())
}
