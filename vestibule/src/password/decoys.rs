//! What an unknown user's password is checked against.

use std::sync::{Arc, PoisonError, RwLock};

use crate::crypto::digest::hmac_sha256;
use crate::password::form::{Before, Stored};
use crate::password::function::{BCRYPT_DIGEST_BYTES, Function};

/// Hashes of nobody, of the kinds that the users' hashes have, in the same shares.
///
/// While some users have hashes of another cost than the rest, the time of a refusal would tell
/// who they are, and so that they exist. So each unknown name has a kind too, chosen by a key that
/// nobody outside knows. A name keeps it while the shares stay; and as users log in, and old
/// hashes become today's, a name's does what theirs do.
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

    /// Those of the same key, with nothing noted.
    pub(super) fn forgetful(&self) -> Self {
        Self::new(self.key)
    }

    /// Takes note of the kinds that users have, by their parameters as text, and how many have
    /// each. `today` is the kind of a new hash.
    pub(super) fn note<'a>(&self, users: impl Iterator<Item = (&'a str, Kind, u64)>, today: Kind) {
        let mut kinds: Vec<_> = users.collect();
        // One order at all times and on all nodes. Today's kind is the last one, so that a name
        // never goes from it to another as its share grows.
        kinds.sort_by_key(|(parameters, kind, _)| (*kind == today, *parameters));
        let kinds = kinds.into_iter().map(|(_, kind, count)| (kind, count));
        *self.kinds.write().unwrap_or_else(PoisonError::into_inner) = kinds.collect();
    }

    /// The kind that this name has as long as it is nobody's.
    pub(super) fn kind_of(&self, account: &str, otherwise: Kind) -> Kind {
        let kinds = self.kinds.read().unwrap_or_else(PoisonError::into_inner);
        let kinds = kinds.clone();
        let total: u128 = kinds.iter().map(|(_, count)| u128::from(*count)).sum();
        let [a, b, c, d, e, f, g, h, ..] = hmac_sha256(&self.key, account.as_bytes());
        // A fraction of the whole, so that another user or two move hardly any name.
        let number = u128::from(u64::from_be_bytes([a, b, c, d, e, f, g, h]));
        let mut at = number.saturating_mul(total) >> 64;
        for (kind, count) in kinds.iter() {
            match at.checked_sub(u128::from(*count)) {
                Some(rest) => at = rest,
                None => return *kind,
            }
        }
        otherwise
    }
}
