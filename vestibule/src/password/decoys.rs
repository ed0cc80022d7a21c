//! What an unknown user's password is checked against.

use std::sync::{Arc, PoisonError, RwLock};

use crate::crypto::digest::hmac_sha256;
use crate::password::form::{Before, Stored};
use crate::password::function::{BCRYPT_DIGEST_BYTES, Function};

/// Hashes of nobody, of the kinds that the users' hashes have, in the same shares.
///
/// While some users have hashes of another cost than the rest, the time of a refusal would tell
/// who they are, and so that they exist. So each unknown name has a kind too, always the same one,
/// chosen by a key that nobody outside knows.
pub(super) struct Decoys {
    key: [u8; 32],
    kinds: RwLock<Arc<[(Kind, u64)]>>,
}

/// All of a stored hash that its check takes time for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) before: Before,
    function: Function,
    salt_len: usize,
    digest_len: usize,
}

impl Kind {
    /// What is written.
    pub(super) fn new(before: Before, function: Function) -> Self {
        let digest_len = match function {
            Function::Bcrypt { .. } => BCRYPT_DIGEST_BYTES,
            _ => 32,
        };
        Self {
            before,
            function,
            salt_len: 16,
            digest_len,
        }
    }

    pub(super) fn of(stored: &Stored) -> Self {
        Self {
            before: stored.before,
            function: stored.function,
            salt_len: stored.salt.len(),
            digest_len: stored.digest.len(),
        }
    }

    /// One of nobody: whether it is right is never asked.
    pub(super) fn decoy(self) -> Stored {
        Stored {
            before: self.before,
            function: self.function,
            salt: vec![0; self.salt_len],
            digest: vec![0; self.digest_len],
        }
    }
}

impl Decoys {
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self {
            key,
            kinds: RwLock::new(Arc::new([])),
        }
    }

    /// Takes note of the kinds that users have.
    pub(super) fn note(&self, users: impl Iterator<Item = Kind>) {
        let mut kinds: Vec<(Kind, u64)> = Vec::new();
        for kind in users {
            match kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, count)) => *count += 1,
                None => kinds.push((kind, 1)),
            }
        }
        *self.kinds.write().unwrap_or_else(PoisonError::into_inner) = kinds.into();
    }

    /// The kind that this name has as long as it is nobody's.
    pub(super) fn kind_of(&self, account: &str, otherwise: Kind) -> Kind {
        let kinds = self.kinds.read().unwrap_or_else(PoisonError::into_inner);
        let kinds = kinds.clone();
        let total: u64 = kinds.iter().map(|(_, count)| count).sum();
        let [a, b, c, d, e, f, g, h, ..] = hmac_sha256(&self.key, account.as_bytes());
        let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        let Some(mut at) = number.checked_rem(total) else {
            return otherwise;
        };
        for (kind, count) in kinds.iter() {
            match at.checked_sub(*count) {
                Some(rest) => at = rest,
                None => return *kind,
            }
        }
        otherwise
    }
}
