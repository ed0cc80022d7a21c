//! Temporary passwords: made by the site, and replaced by their user at the first log-in.

use crate::accounts::Accounts;
use crate::crypto::secret::Secret;
use crate::error::Result;

/// Of 5 bits each: 100 bits.
const CHARS: usize = 20;

/// Characters between two hyphens, to make reading and typing easier.
const GROUP: usize = 5;

impl Accounts {
    /// A new temporary password: 100 random bits, as 20 letters and digits in four groups. Show it
    /// once, and store it nowhere.
    ///
    /// ```no_run
    /// use vestibule::accounts::{Accounts, Actor, ChangeOutcome};
    ///
    /// # async fn sample(accounts: Accounts) -> Result<(), Box<dyn std::error::Error>> {
    /// let password = accounts.temporary_password()?;
    /// let operator = accounts.by(Actor::operator());
    /// let name = "alice".parse()?;
    /// let change = operator.add_with_temporary_password(&name, None, &password).await?;
    /// if change == ChangeOutcome::Done {
    ///     println!("alice can log in with {}", password.expose());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the operating system's random generator failed.
    pub fn temporary_password(&self) -> Result<Secret> {
        let chars = self.inner.random.readable::<CHARS>()?;
        let groups: Vec<String> = chars.chunks(GROUP).map(String::from_iter).collect();
        Ok(Secret::from(groups.join("-")))
    }
}
