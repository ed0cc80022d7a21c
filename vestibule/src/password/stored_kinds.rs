//! Which kinds of hashes the users have.

#[cfg(feature = "sql")]
use crate::error::Result;
use crate::password::hash::{Kind, Kinds, PasswordHash};
use crate::password::passwords::Passwords;

impl Passwords {
    /// Takes note of all hashes that users have: of how many of each kind there are. An unknown
    /// user's password costs what one of theirs costs.
    pub fn note_stored<'a>(&self, hashes: impl IntoIterator<Item = &'a PasswordHash>) {
        let mut kinds = Kinds::default();
        for hash in hashes {
            self.count(hash, &mut kinds);
        }
        self.note(kinds);
    }

    /// The same, where they do not all come at once.
    pub(crate) fn note(&self, kinds: Kinds) {
        self.decoys.set_kinds(kinds);
    }

    /// One more, unless it cannot be checked.
    pub(crate) fn count(&self, hash: &PasswordHash, kinds: &mut Kinds) {
        if let Ok(stored) = self.parse(hash) {
            kinds.add(Kind::of(&stored));
        }
    }

    /// Whether a new hash would be of another kind.
    ///
    /// # Errors
    /// When it cannot be checked ([`Error::is_unusable_hash`]).
    #[cfg(feature = "sql")]
    pub(crate) fn is_outdated(&self, hash: &PasswordHash) -> Result<bool> {
        let stored = self.parse(hash)?;
        Ok(Kind::of(&stored) != self.kind())
    }

    /// Whether an unknown user by this name costs what a user with this hash costs.
    #[cfg(test)]
    pub(crate) fn costs_like(&self, account: &str, hash: &PasswordHash) -> bool {
        let kind = self.parse(hash).map(|stored| Kind::of(&stored));
        kind.is_ok_and(|kind| self.decoys.kind_of(account, self.kind()) == kind)
    }
}
