//! A user's second factors.

use std::time::Duration;

use super::{Administration, ChangeOutcome, Stop, Stopped, settled};
use crate::accounts::security_log::Entry;
use crate::accounts::{Account, Accounts, Action, Actor};
use crate::clock::Timestamp;
use crate::credentials::factors::Factors;
use crate::database::{Transaction, changed, retried};
use crate::error::{Error, Result};
use crate::login::{User, UserId};
use crate::mail::outbox::when;

/// What became of a planned reset when its time came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DueReset {
    /// The factors are removed.
    CarriedOut,
    /// The factors stay, because the user could not have shown one.
    Cancelled,
    /// There is none: another node was faster, or the user has shown a factor or no longer exists.
    Gone,
}

impl Administration<'_> {
    /// Removes all second factors and recovery codes of a user who has lost them, and ends all their
    /// sessions and remembered logins. Users cannot do this for themselves:
    /// [`NotOneself`](ChangeOutcome::NotOneself).
    ///
    /// # Errors
    /// When the database or the session store failed.
    pub(crate) async fn reset_factors(&self, id: &UserId) -> Result<ChangeOutcome> {
        self.revoked(self.try_reset_factors(id).await, id).await
    }

    /// Plans that, after a wait: [`Planned`](ChangeOutcome::Planned). It does not happen if the user
    /// shows a factor meanwhile. Returns too whether this plan is a new one.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn plan_factors_reset(
        &self,
        id: &UserId,
        wait: Duration,
    ) -> Result<(ChangeOutcome, bool)> {
        let planned = self.try_plan_reset(id, wait).await;
        let is_new = planned.is_ok();
        let change = settled(planned.map(ChangeOutcome::Planned))?;
        Ok((change, is_new))
    }

    /// Cancels a planned reset.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn cancel_factors_reset(&self, id: &UserId) -> Result<ChangeOutcome> {
        settled(self.try_cancel_reset(id).await)
    }

    async fn try_reset_factors(&self, id: &UserId) -> Stopped<ChangeOutcome> {
        let accounts = self.accounts;
        let (transaction, account) = self.begin_on(id).await?;
        if self.actor.id() == Some(id) {
            return Ok(ChangeOutcome::NotOneself);
        }
        if accounts.factor_store()?.forget_in(id, &transaction).await? == 0 {
            return Ok(ChangeOutcome::AlreadySo);
        }
        changed(accounts.new_epoch(id), &transaction).await?;
        let action = Action::FactorsReset;
        self.done(transaction, action, Some(&account), None).await
    }

    /// Returns when a new plan is due.
    async fn try_plan_reset(&self, id: &UserId, wait: Duration) -> Stopped<Timestamp> {
        let factors = self.accounts.factor_store()?;
        let has_one = factors.has_any(id).await?;
        let (transaction, account) = self.begin_on(id).await?;
        if self.actor.id() == Some(id) {
            return Err(ChangeOutcome::NotOneself.into());
        }
        if !has_one {
            return Err(ChangeOutcome::AlreadySo.into());
        }
        if !account.is_active() {
            return Err(ChangeOutcome::NotActive.into());
        }
        if let Some(due_at) = factors.resets.due_at_in(id, &transaction).await? {
            return Err(ChangeOutcome::Planned(due_at).into());
        }
        let due_at = self.accounts.inner.clock.now() + wait;
        factors.resets.plan(id, due_at, &transaction).await?;
        let (action, detail) = (Action::FactorsResetPlanned, Some(when(due_at)));
        let written = self.done(transaction, action, Some(&account), detail);
        let _done = written.await?;
        Ok(due_at)
    }

    async fn try_cancel_reset(&self, id: &UserId) -> Stopped<ChangeOutcome> {
        let (transaction, account) = self.begin_on(id).await?;
        let resets = &self.accounts.factor_store()?.resets;
        if !resets.remove_in(id, &transaction).await? {
            return Ok(ChangeOutcome::AlreadySo);
        }
        let action = Action::FactorsResetCancelled;
        self.done(transaction, action, Some(&account), None).await
    }

    /// Cancels a planned reset of a user who is about to be disabled.
    pub(super) async fn cancel_reset_in(
        &self,
        account: &Account,
        transaction: &Transaction,
    ) -> Result<()> {
        let accounts = self.accounts;
        let Some(factors) = &accounts.inner.factors else {
            return Ok(());
        };
        if !factors.resets.remove_in(&account.id, transaction).await? {
            return Ok(());
        }
        let entry = Entry {
            action: Action::FactorsResetCancelled,
            user: Some(account),
            detail: None,
        };
        accounts.write(transaction, &self.actor, &entry).await
    }

    async fn try_due_reset(&self, id: &UserId, could_show: bool) -> Stopped<DueReset> {
        let accounts = self.accounts;
        let factors = accounts.factor_store()?;
        let (transaction, account) = self.begin_on(id).await?;
        let now = accounts.inner.clock.now();
        if !factors.resets.remove_due_in(id, now, &transaction).await? {
            return Ok(DueReset::Gone);
        }
        let (action, became) = match could_show && account.is_active() {
            true => {
                factors.forget_in(id, &transaction).await?;
                changed(accounts.new_epoch(id), &transaction).await?;
                (Action::FactorsReset, DueReset::CarriedOut)
            }
            false => (Action::FactorsResetCancelled, DueReset::Cancelled),
        };
        let _done = self.done(transaction, action, Some(&account), None).await?;
        Ok(became)
    }
}

impl Accounts {
    /// The users whose planned reset is due.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn due_factor_resets(&self) -> Result<Vec<UserId>> {
        let now = self.inner.clock.now();
        self.factor_store()?.resets.due(now).await
    }

    /// Carries out the planned reset of a user, if it is due, and ends all their sessions. A user who
    /// could not show a factor meanwhile, because the account is not active or somebody else may have
    /// used up the tries, keeps them.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn carry_out_reset(&self, id: &UserId, could_show: bool) -> Result<DueReset> {
        let by_time = self.by(Actor::planned_reset());
        let attempt = || async {
            match by_time.try_due_reset(id, could_show).await {
                Ok(became) => Ok(Some(became)),
                Err(Stop::Instead(_)) => Ok(None),
                Err(Stop::Broken(error)) => Err(error),
            }
        };
        let Some(became) = retried(attempt).await? else {
            // The user no longer exists.
            self.factor_store()?.forget(id).await?;
            return Ok(DueReset::Gone);
        };
        if became == DueReset::CarriedOut {
            let (sessions, realm) = (&self.inner.sessions, &self.inner.realm);
            // They are in an epoch that has ended, so they are rejected in any case.
            if let Err(error) = sessions.revoke_user_and_pending(realm, id, None).await {
                tracing::warn!(user_id = id.as_str(), %error, "ended sessions are still stored");
            }
        }
        Ok(became)
    }

    fn factor_store(&self) -> Result<&Factors> {
        let factors = self.inner.factors.as_ref();
        factors.ok_or_else(|| Error::internal("these accounts keep no factors"))
    }
}
