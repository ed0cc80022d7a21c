//! What of a hash its check takes time for.

use crate::password::hash::form::{Before, Stored};
use crate::password::hash::function::{BCRYPT_DIGEST_BYTES, Function};

/// All of a stored hash that its check takes time for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) before: Before,
    function: Function,
    salt_len: usize,
    digest_len: usize,
}

impl Kind {
    /// What is written.
    pub(crate) fn new(before: Before, function: Function) -> Self {
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

    pub(crate) fn of(stored: &Stored) -> Self {
        Self {
            before: stored.before,
            function: stored.function,
            salt_len: stored.salt.len(),
            digest_len: stored.digest.len(),
        }
    }

    /// What tells it from others, the same on all nodes and in all versions.
    pub(crate) fn label(self) -> String {
        let before = match self.before {
            Before::Nothing => String::new(),
            Before::Sha256Hex => "sha256 ".to_owned(),
            Before::Pepper(version) => format!("pepper {version} "),
        };
        let (salt, digest) = (self.salt_len, self.digest_len);
        format!("{before}{} {salt} {digest}", self.function.label())
    }

    /// One of nobody: whether it is right is never asked.
    pub(crate) fn decoy(self) -> Stored {
        Stored {
            before: self.before,
            function: self.function,
            salt: vec![0; self.salt_len],
            digest: vec![0; self.digest_len],
        }
    }
}
