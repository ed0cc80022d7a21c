//! The kinds of hashes that users have, which decide what an unknown user costs.

use crate::error::Result;
use crate::password::hash::{Kind, Kinds, PasswordHash};
use crate::password::passwords::Passwords;

impl Passwords {
    /// Counts the hashes of all users by kind. From then on, checking the password of an unknown
    /// user costs as much as checking that of a real one.
    pub fn note_stored<'a>(&self, hashes: impl IntoIterator<Item = &'a PasswordHash>) {
        let mut kinds = Kinds::default();
        for hash in hashes {
            self.count(hash, &mut kinds);
        }
        self.note(kinds);
    }

    /// As [`note_stored`](Self::note_stored), for hashes that were counted page by page.
    pub(crate) fn note(&self, kinds: Kinds) {
        self.decoys.set_kinds(kinds);
    }

    /// Counts one more hash, unless it cannot be checked.
    pub(crate) fn count(&self, hash: &PasswordHash, kinds: &mut Kinds) {
        if let Ok(stored) = self.parse(hash) {
            kinds.add(Kind::of(&stored));
        }
    }

    /// Whether a new hash would be of another kind.
    ///
    /// # Errors
    /// When the hash cannot be checked
    /// ([`Error::is_unusable_hash`](crate::Error::is_unusable_hash)).
    pub(crate) fn is_outdated(&self, hash: &PasswordHash) -> Result<bool> {
        let stored = self.parse(hash)?;
        Ok(Kind::of(&stored) != self.kind())
    }

    /// Whether checking an unknown user of this name costs as much as checking a user with this
    /// hash.
    #[cfg(test)]
    pub(crate) fn costs_like(&self, account: &str, hash: &PasswordHash) -> bool {
        let kind = self.parse(hash).map(|stored| Kind::of(&stored));
        kind.is_ok_and(|kind| self.decoys.kind_of(account, self.kind()) == kind)
    }
}
