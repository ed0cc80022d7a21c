//! Second factors as shown to their user and to admins.

use serde::Serialize;

use crate::credentials::Factor;
use crate::error::Result;
use crate::flows::Site;
use crate::login::{PageUser, UserId};

/// A factor as shown to its user and to admins.
#[derive(Serialize)]
pub(super) struct FactorView {
    pub(super) id: String,
    kind: &'static str,
    name: String,
    created_at: String,
    last_used_at: Option<String>,
}

impl From<Factor> for FactorView {
    fn from(factor: Factor) -> Self {
        Self {
            id: factor.id,
            kind: factor.kind.as_str(),
            name: factor.name,
            created_at: factor.created_at.to_string(),
            last_used_at: factor.last_used_at.map(|at| at.to_string()),
        }
    }
}

/// A trusted browser as shown to its user.
#[derive(Serialize)]
pub(super) struct TrustedBrowserView {
    id: String,
    browser: Option<String>,
    created_at: String,
    last_used_at: Option<String>,
    expires_at: String,
}

impl<U: PageUser> Site<U> {
    /// The factors of a user, for pages.
    pub(super) async fn factor_views(&self, user: &UserId) -> Result<Vec<FactorView>> {
        let factors = self.factors(user).await?;
        Ok(factors.into_iter().map(FactorView::from).collect())
    }

    /// The trusted browsers of a user, for pages.
    pub(super) async fn trusted_browser_views(&self, user: &U) -> Result<Vec<TrustedBrowserView>> {
        let trusted = self.credentials().trusted_browsers(user).await?;
        let views = trusted.into_iter().map(|trusted| TrustedBrowserView {
            id: trusted.id,
            browser: trusted.browser,
            created_at: trusted.created_at.to_string(),
            last_used_at: trusted.last_used_at.map(|at| at.to_string()),
            expires_at: trusted.expires_at.to_string(),
        });
        Ok(views.collect())
    }

    /// The second factors of a user, the oldest first, without their secrets. Recovery codes are
    /// none.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn factors(&self, user: &UserId) -> Result<Vec<Factor>> {
        self.credentials().factors()?.list(user).await
    }

    /// The number of secrets of authenticator apps that an old line of the secret key has encrypted.
    /// The first line encrypts each again when its app is used. Reads all of them.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn secrets_under_old_keys(&self) -> Result<u64> {
        let factors = self.credentials().factors()?;
        factors.totp.count_under_old_keys().await
    }
}
