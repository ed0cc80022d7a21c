//! Removing all second factors of a user who has lost them, at once or after a wait.

use std::time::Duration;

use crate::accounts::{Account, Accounts, Actor, ChangeOutcome, DueReset};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::flows::Site;
use crate::login::{Event, PageUser, UserId};

/// How often to look for planned resets that are due.
const EVERY: Duration = Duration::from_secs(1);

impl Site<Account> {
    /// Removes all second factors and recovery codes of a user who has lost them, and logs them out
    /// everywhere. Their password alone logs them in then. They are told by mail.
    ///
    /// With [`factors_reset_wait`](crate::flows::SiteConfig::factors_reset_wait) this is only planned.
    /// The outcome is [`Planned`](ChangeOutcome::Planned), also if it was planned before. The user is
    /// told by mail, and cancels it by showing a factor.
    ///
    /// The outcome is [`AlreadySo`](ChangeOutcome::AlreadySo) if they have no factor, and
    /// [`NotOneself`](ChangeOutcome::NotOneself) if `actor` is the user.
    ///
    /// # Errors
    /// When the database or the session store failed.
    pub async fn reset_factors(&self, actor: Actor, id: &UserId) -> Result<ChangeOutcome> {
        let (accounts, wait) = (self.accounts().by(actor), self.inner().factors_reset_wait);
        if wait.is_zero() {
            let change = accounts.reset_factors(id).await?;
            if change == ChangeOutcome::Done {
                self.after_reset(id).await;
            }
            return Ok(change);
        }
        let (change, is_new) = accounts.plan_factors_reset(id, wait).await?;
        if is_new {
            self.emit_of(Event::FactorsResetPlanned, id).await;
        }
        Ok(change)
    }

    /// Cancels a planned reset of a user's second factors, because somebody else asked for it. They are
    /// told by mail. The outcome is [`AlreadySo`](ChangeOutcome::AlreadySo) if none is planned.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn cancel_factors_reset(&self, actor: Actor, id: &UserId) -> Result<ChangeOutcome> {
        let change = self.accounts().by(actor).cancel_factors_reset(id).await?;
        if change == ChangeOutcome::Done {
            self.emit_of(Event::FactorsResetCancelled, id).await;
        }
        Ok(change)
    }
}

impl<U: PageUser> Site<U> {
    /// When all second factors of a user will be removed, if an admin or the operator has
    /// [planned](Self::reset_factors) that.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn factors_reset_at(&self, user: &UserId) -> Result<Option<Timestamp>> {
        self.credentials().factors()?.resets.due_at(user).await
    }

    /// Carries out the planned resets that are due, and returns how many. A failure for one user is
    /// logged, and does not keep the others from theirs.
    ///
    /// The site does this by itself before a log-in on its login page, at most once a second. Call it
    /// if your app has a login page of its own. Several nodes may do it at the same time.
    ///
    /// A user who could not cancel the reset keeps their factors: one whose account is disabled or
    /// closed, one with 20 wrong codes in a row, and one whose account is closed to strangers after so
    /// many wrong passwords.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn reset_due_factors(&self) -> Result<u64> {
        let Some(accounts) = &self.inner().accounts else {
            return Ok(0);
        };
        let mut carried_out = 0;
        for id in accounts.due_factor_resets().await? {
            match self.carry_out_reset(accounts, &id).await {
                Ok(DueReset::CarriedOut) => {
                    self.after_reset(&id).await;
                    carried_out += 1;
                }
                Ok(DueReset::Cancelled) => {
                    self.emit_of(Event::FactorsResetCancelled, &id).await;
                }
                Ok(DueReset::Gone) => {}
                Err(error) => {
                    tracing::warn!(user_id = id.as_str(), %error, "a planned reset failed");
                }
            }
        }
        Ok(carried_out)
    }

    async fn carry_out_reset(&self, accounts: &Accounts, id: &UserId) -> Result<DueReset> {
        let now = self.inner().clock.now();
        let could_show = !self.credentials().may_be_kept_out(id, now).await?;
        accounts.carry_out_reset(id, could_show).await
    }

    /// Before a log-in: its user may have waited for this.
    pub(super) async fn reset_factors_if_due(&self) {
        let inner = self.inner();
        if inner.accounts.is_none() || !inner.resets_checked.is_due(EVERY, inner.clock.now()) {
            return;
        }
        let site = self.clone();
        // In a task, so that a client who hangs up does not end it in the middle.
        let resets = tokio::spawn(async move { site.reset_due_factors().await });
        match resets.await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "planned resets could not be read"),
            Err(error) => tracing::error!(%error, "planned resets failed"),
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
