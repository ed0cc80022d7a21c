//! Browsers in which a user need not show a second factor.

use crate::credentials::Credentials;
use crate::credentials::trusted_browsers::{TRUSTED_FOR, TrustedBrowser};
use crate::error::Result;
use crate::login::{Login, User, UserId};
use crate::web::browser_and_system;

impl<U: User> Credentials<U> {
    /// Trusts the browser of this request, whose user has just shown a second factor.
    ///
    /// # Errors
    /// When a store or the operating system's generator failed.
    pub(crate) async fn trust_browser(&self, login: &Login<U>, user: &U) -> Result<()> {
        let browser = login.sender().user_agent();
        let browser = browser.as_deref().and_then(browser_and_system);
        let (id, epoch) = (user.id(), self.epoch_of(user).await?);
        let trusted = &self.factors()?.trusted_browsers;
        let token = trusted.add((&id, epoch), browser).await?;
        login.visit().set_trusted(&token, TRUSTED_FOR);
        Ok(())
    }

    /// Whether the user trusts the browser of this request.
    ///
    /// # Errors
    /// When the database failed.
    pub(in crate::credentials) async fn is_trusted(
        &self,
        login: &Login<U>,
        user: &U,
        epoch: i64,
    ) -> Result<bool> {
        let Some(token) = login.visit().trusted(login.headers()) else {
            return Ok(false);
        };
        let trusted = &self.factors()?.trusted_browsers;
        trusted.is_trusted((&user.id(), epoch), &token).await
    }

    /// Ends the trust in all browsers of a user, because their factors changed.
    pub(super) async fn end_trust(&self, id: &UserId) -> Result<()> {
        let factors = self.factors()?;
        let connection = factors.database.connection();
        factors.trusted_browsers.forget(id, connection).await
    }

    /// The browsers that a user trusts, the newest first.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn trusted_browsers(&self, user: &U) -> Result<Vec<TrustedBrowser>> {
        let epoch = self.epoch_of(user).await?;
        let trusted = &self.factors()?.trusted_browsers;
        trusted.list(&user.id(), epoch).await
    }
}
