//! All stored hashes: their kinds, and the ones that cannot be checked.

use std::time::Duration;

use crate::credentials::Credentials;
use crate::error::Result;
use crate::login::{User, UserId};
use crate::password::{Kinds, PasswordHash};

/// The kinds of stored hashes, from [`Credentials::review_hashes`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct HashReview {
    /// The number of outdated hashes. Each is replaced at its user's next log-in.
    pub outdated: u64,
    /// The users who cannot log in, because their hash is malformed, of an unknown kind, or asks
    /// for too much.
    pub unusable: Vec<UserId>,
}

impl<U: User> Credentials<U> {
    /// How long the first log-ins wait until the kinds of hashes have been read.
    const FIRST_READ: Duration = Duration::from_secs(2);

    /// Counts the kinds of stored hashes. Reads all of them, page by page.
    ///
    /// # Errors
    /// When the users table failed.
    pub async fn review_hashes(&self) -> Result<HashReview> {
        let mut review = HashReview::default();
        let look = |user: &UserId, hash: &PasswordHash| match self.0.passwords.is_outdated(hash) {
            Ok(is_outdated) => review.outdated += u64::from(is_outdated),
            // Django's hash for users without a password.
            Err(_) if hash.as_str().starts_with('!') => {}
            Err(_) => review.unusable.push(user.clone()),
        };
        self.read_hashes(look).await?;
        Ok(review)
    }

    /// Reads the kinds of hashes from time to time, so that an unknown user costs the same as a
    /// real one. The first log-ins wait for it, but not long.
    pub(super) async fn know_kinds(&self) {
        self.read_kinds_if_due();
        self.0.kinds.read_once(Self::FIRST_READ).await;
    }

    /// Begins to read the kinds of hashes, so that the first log-in need not wait.
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

    /// Counts all hashes by kind, in the order of their users. A sample would give names another
    /// kind each time, and miss rare kinds.
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
