//! The kind of a hash: everything about it that affects how long a check takes.

use crate::password::hash::format::{ParsedHash, Prehash};
use crate::password::hash::function::{BCRYPT_DIGEST_BYTES, Function};

/// The parameters of a hash that affect how long a check takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) prehash: Prehash,
    function: Function,
    salt_len: usize,
    digest_len: usize,
}

impl Kind {
    /// The kind of a new hash.
    pub(crate) fn new(prehash: Prehash, function: Function) -> Self {
        let digest_len = match function {
            Function::Bcrypt { .. } => BCRYPT_DIGEST_BYTES,
            _ => 32,
        };
        Self {
            prehash,
            function,
            salt_len: 16,
            digest_len,
        }
    }

    pub(crate) fn of(stored: &ParsedHash) -> Self {
        Self {
            prehash: stored.prehash,
            function: stored.function,
            salt_len: stored.salt.len(),
            digest_len: stored.digest.len(),
        }
    }

    /// A unique text for this kind. It must never change, because nodes of all versions choose
    /// decoys by it.
    pub(crate) fn label(self) -> String {
        let prefix = match self.prehash {
            Prehash::None => String::new(),
            Prehash::Sha256Hex => "sha256 ".to_owned(),
            Prehash::Pepper(version) => format!("pepper {version} "),
        };
        let (salt, digest) = (self.salt_len, self.digest_len);
        format!("{prefix}{} {salt} {digest}", self.function.label())
    }

    /// A hash of this kind that belongs to no user. The result of checking it is discarded.
    pub(crate) fn decoy(self) -> ParsedHash {
        ParsedHash {
            prehash: self.prehash,
            function: self.function,
            salt: vec![0; self.salt_len],
            digest: vec![0; self.digest_len],
        }
    }
}
