//! Second factors as shown to their user and to admins, and what admins do about them.

use std::time::Duration;

use serde::Serialize;

use crate::accounts::{Account, Actor, ChangeOutcome, PlannedReset};
use crate::clock::Timestamp;
use crate::credentials::Factor;
use crate::error::Result;
use crate::flows::Site;
use crate::login::{Event, PageUser, UserId};

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

/// How often to look for planned resets whose time has come.
const EVERY: Duration = Duration::from_mins(1);

impl<U: PageUser> Site<U> {
    /// When all second factors of a user will be removed, because an admin or the operator
    /// [asked](Self::reset_factors) for it. `None` if nobody did, or if the user has shown one since.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn factors_reset_at(&self, user: &UserId) -> Result<Option<Timestamp>> {
        self.credentials().factors()?.reset_at(user).await
    }

    /// Removes the second factors of the users for whom this is planned and whose time has come,
    /// unless they have shown one meanwhile. Returns for how many it did.
    ///
    /// A site does this by itself before each log-in, if there is a
    /// [wait](crate::flows::SiteConfig::factors_reset_wait), and otherwise every now and then. Several
    /// nodes may do it at the same time.
    ///
    /// # Errors
    /// When the database or the session store failed.
    pub async fn reset_due_factors(&self) -> Result<u64> {
        let Some(accounts) = &self.inner().accounts else {
            return Ok(0);
        };
        let mut reset = 0;
        for (id, became) in accounts.planned_resets().await? {
            match became {
                PlannedReset::Reset => {
                    self.after_reset(&id).await;
                    reset += 1;
                }
                PlannedReset::Kept => self.emit_of(Event::FactorsKept, &id).await,
                PlannedReset::Gone => {}
            }
        }
        Ok(reset)
    }

    /// Before a log-in: the user may have waited for this. A failure is logged, and it is tried again
    /// at the next one.
    pub(super) async fn reset_factors_if_due(&self) {
        let inner = self.inner();
        let is_time = !inner.factors_reset_wait.is_zero()
            || inner.factors_reset.is_due(EVERY, inner.clock.now());
        if is_time && let Err(error) = self.reset_due_factors().await {
            tracing::warn!(%error, "planned resets of second factors were not made");
        }
    }

    async fn after_reset(&self, id: &UserId) {
        self.credentials().clear_factor_tries(id).await;
        self.emit_of(Event::FactorsReset, id).await;
    }

    async fn emit_of(&self, event: Event, id: &UserId) {
        self.login_handle().emit(event, id, None).await;
    }
}

impl Site<Account> {
    /// Removes all second factors and recovery codes of a user who has lost them, and logs them out
    /// everywhere. Their password alone logs them in then. They are told by mail.
    ///
    /// With [`factors_reset_wait`](crate::flows::SiteConfig::factors_reset_wait), this happens when
    /// that time is over, unless the user shows one of their factors before. They are told when.
    ///
    /// The outcome is [`AlreadySo`](ChangeOutcome::AlreadySo) if they have none, or if it is planned
    /// already, and [`NotOneself`](ChangeOutcome::NotOneself) if `actor` is the user.
    ///
    /// # Errors
    /// When the database or the session store failed.
    pub async fn reset_factors(&self, actor: Actor, id: &UserId) -> Result<ChangeOutcome> {
        let wait = self.inner().factors_reset_wait;
        let change = self.accounts().by(actor).reset_factors(id, wait).await?;
        if change == ChangeOutcome::Done {
            match wait.is_zero() {
                true => self.after_reset(id).await,
                false => self.emit_of(Event::FactorsResetPlanned, id).await,
            }
        }
        Ok(change)
    }

    /// Calls off a removal of second factors that is planned for a user: somebody else asked for it.
    /// They are told by mail. The outcome is [`AlreadySo`](ChangeOutcome::AlreadySo) if none is
    /// planned.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn keep_factors(&self, actor: Actor, id: &UserId) -> Result<ChangeOutcome> {
        let change = self.accounts().by(actor).keep_factors(id).await?;
        if change == ChangeOutcome::Done {
            self.emit_of(Event::FactorsKept, id).await;
        }
        Ok(change)
    }
}
