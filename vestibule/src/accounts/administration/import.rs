//! Moving users in from another system.

use super::{Administration, ChangeOutcome, Stopped, settled};
use crate::accounts::Action;
use crate::accounts::account::{NewAccount, NewCredential};
use crate::credentials::Username;
use crate::error::Result;
use crate::mail::Email;
use crate::password::PasswordHash;

/// The length of the column for hashes.
const MAX_HASH_CHARS: usize = 255;

impl Administration<'_> {
    /// Creates an account for a user of another system, with the hash of their password there: from
    /// Flask-Bcrypt, Werkzeug, Django, passlib or ours. Their first log-in replaces it with a new
    /// hash.
    ///
    /// The name must follow the rules of [`Username`], but may be reserved. The policy is not
    /// applied to the password, because nobody here knows it. The outcome is
    /// [`NameTaken`](ChangeOutcome::NameTaken) if another user has the name or one that looks like
    /// it, and [`UnusableHash`](ChangeOutcome::UnusableHash) if nobody could log in with the hash.
    /// Nothing is written then.
    ///
    /// ```no_run
    /// use vestibule::accounts::{Accounts, Actor, ChangeOutcome};
    /// use vestibule::password::PasswordHash;
    ///
    /// # async fn sample(accounts: Accounts) -> Result<(), Box<dyn std::error::Error>> {
    /// let hash = PasswordHash::from_stored("$2b$12$GhvMmNVjRW29ulnudl.LbuAnUtN/LRfe1JsBm1Xu6LE3059z5Tr8m");
    /// let (name, email) = ("alice".parse()?, "alice@example.com".parse()?);
    /// let operator = accounts.by(Actor::operator());
    /// match operator.import(&name, Some(&email), &hash).await? {
    ///     ChangeOutcome::Done => {}
    ///     instead => println!("alice was not imported: {instead}"),
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the database failed.
    pub async fn import(
        &self,
        username: &Username,
        email: Option<&Email>,
        hash: &PasswordHash,
    ) -> Result<ChangeOutcome> {
        settled(self.try_import(username, email, hash).await)
    }

    async fn try_import(
        &self,
        username: &Username,
        email: Option<&Email>,
        hash: &PasswordHash,
    ) -> Stopped<ChangeOutcome> {
        let accounts = self.accounts;
        let fits = hash.as_str().chars().count() <= MAX_HASH_CHARS;
        if !fits || accounts.inner.passwords.is_outdated(hash).is_err() {
            return Ok(ChangeOutcome::UnusableHash);
        }
        let transaction = self.begin().await?;
        let new = NewAccount {
            email,
            ..NewAccount::of(username)
        };
        let inserted = accounts
            .insert(new, NewCredential::Password(hash), &transaction)
            .await?;
        let Some(account) = inserted else {
            return Ok(ChangeOutcome::NameTaken);
        };
        let detail = Some("imported".to_owned());
        let action = Action::AccountAdded;
        self.done(transaction, action, Some(&account), detail).await
    }
}
