//! Temporary passwords: made by the site, and replaced by their user at the first log-in.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::EntityTrait;

use crate::accounts::Accounts;
use crate::accounts::entity::password;
use crate::clock::Timestamp;
use crate::crypto::secret::Secret;
use crate::error::{Error, Result};
use crate::login::UserId;

/// Of 5 bits each: 100 bits.
const CHARS: usize = 20;

/// Characters between two hyphens, to make reading and typing easier.
const GROUP: usize = 5;

impl Accounts {
    /// How long a temporary password works, unless
    /// [`temporary_passwords_last`](Self::temporary_passwords_last) says otherwise: 72 hours.
    pub const TEMPORARY_PASSWORDS_LAST: Duration = Duration::from_hours(72);

    /// Sets how long a temporary password works. Afterwards a log-in with it is answered like one
    /// with a wrong password. Default: 72 hours.
    pub fn temporary_passwords_last(mut self, lasts: Duration) -> Self {
        Arc::make_mut(&mut self.inner).temporary_passwords_last = lasts;
        self
    }

    /// When the temporary password of this user expires, or has expired; `None` if their password
    /// is not temporary, or they have none.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn password_expires_at(&self, id: &UserId) -> Result<Option<Timestamp>> {
        let row = password::Entity::find_by_id(id.as_str())
            .one(self.inner.database.connection())
            .await
            .map_err(Error::from_db)?;
        let expires_at = row.and_then(|row| row.expires_at);
        Ok(expires_at.map(Timestamp::from_millis))
    }

    /// Whether this time has come.
    pub(crate) fn is_past(&self, time: Timestamp) -> bool {
        time <= self.inner.clock.now()
    }

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
