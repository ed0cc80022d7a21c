//! All stored hashes: of which kinds they are, and which cannot be checked.

use std::time::Duration;

use crate::credentials::Credentials;
use crate::error::Result;
use crate::login::{User, UserId};
use crate::password::{Kinds, PasswordHash};

/// How stored passwords are hashed, from [`Credentials::review_hashes`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct HashReview {
    /// How many are hashed otherwise than new ones. Each is replaced at the next log-in of its
    /// user.
    pub outdated: u64,
    /// The users whose password cannot be checked, because its hash is malformed, of an unknown
    /// kind or asks for too much: they cannot log in.
    pub unusable: Vec<UserId>,
}

impl<U: User> Credentials<U> {
    /// How long the first log-ins wait for the kinds of hashes to be read.
    const FIRST_READ: Duration = Duration::from_secs(2);

    /// How the stored passwords are hashed. Reads all of them, page by page.
    ///
    /// # Errors
    /// When the users table failed.
    pub async fn review_hashes(&self) -> Result<HashReview> {
        let mut review = HashReview::default();
        let look = |user: &UserId, hash: &PasswordHash| match self.0.passwords.is_outdated(hash) {
            Ok(is_outdated) => review.outdated += u64::from(is_outdated),
            // What Django writes for those who are to have no password.
            Err(_) if hash.as_str().starts_with('!') => {}
            Err(_) => review.unusable.push(user.clone()),
        };
        self.read_hashes(look).await?;
        Ok(review)
    }

    /// Learns now and then what kinds of hashes there are, so that an unknown user costs what one
    /// of the others does. The first log-ins wait for it, but not long.
    pub(super) async fn know_kinds(&self) {
        self.read_kinds_if_due();
        self.0.kinds.read_once(Self::FIRST_READ).await;
    }

    /// Begins to read what kinds of hashes there are, so that the first log-in need not wait.
    pub(crate) fn read_kinds_if_due(&self) {
        let Some(reading) = self.0.kinds.begin() else {
            return;
        };
        let credentials = self.clone();
        tokio::spawn(async move {
            match credentials.note_kinds().await {
                Ok(()) => reading.done(),
                Err(error) => tracing::warn!(%error, "the kinds of password hashes were not read"),
            }
        });
    }

    /// Counts all passwords by their kinds, in the order of their users. A sample would move names
    /// from one kind to another each time, and miss the rare kinds.
    pub(crate) async fn note_kinds(&self) -> Result<()> {
        let passwords = &self.0.passwords;
        let mut kinds = Kinds::default();
        let count = |_: &UserId, hash: &PasswordHash| passwords.count(hash, &mut kinds);
        self.read_hashes(count).await?;
        passwords.note(kinds);
        Ok(())
    }

    async fn read_hashes(&self, mut read: impl FnMut(&UserId, &PasswordHash)) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.0.users.table().hashes(after.as_ref()).await?;
            for (user, hash) in &page {
                read(user, hash);
            }
            let last = page.into_iter().next_back();
            match last {
                Some((user, _)) => after = Some(user),
                None => return Ok(()),
            }
        }
    }
}
