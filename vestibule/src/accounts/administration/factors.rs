//! A user's second factors.

use std::time::Duration;

use super::{Administration, ChangeOutcome, Stop, Stopped, settled};
use crate::accounts::{Accounts, Action, Actor};
use crate::credentials::factors::Factors;
use crate::database::changed;
use crate::error::{Error, Result};
use crate::login::UserId;
use crate::mail::outbox::when;

/// What became of a planned reset when its time came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlannedReset {
    /// The factors are removed, and all sessions of the user have ended.
    Reset,
    /// The user has used a factor meanwhile, so they stay.
    Kept,
    /// There is no such reset: another node was faster, or the user has no factor any more.
    Gone,
}

impl Administration<'_> {
    /// Removes all second factors and recovery codes of a user who has lost them, and ends all their
    /// sessions and remembered logins. After this time, and only if the user has used none of them
    /// until then; without one, at once. Users cannot do this for themselves:
    /// [`NotOneself`](ChangeOutcome::NotOneself).
    ///
    /// # Errors
    /// When the database or the session store failed.
    pub(crate) async fn reset_factors(&self, id: &UserId, wait: Duration) -> Result<ChangeOutcome> {
        match wait.is_zero() {
            true => self.revoked(self.try_reset_factors(id).await, id).await,
            false => settled(self.try_plan_reset(id, wait).await),
        }
    }

    /// Calls off a planned reset.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn keep_factors(&self, id: &UserId) -> Result<ChangeOutcome> {
        settled(self.try_keep_factors(id).await)
    }

    async fn try_reset_factors(&self, id: &UserId) -> Stopped<ChangeOutcome> {
        let accounts = self.accounts;
        let (transaction, account) = self.begin_on(id).await?;
        if self.actor.id() == Some(id) {
            return Ok(ChangeOutcome::NotOneself);
        }
        if accounts.kept_factors()?.forget_in(id, &transaction).await? == 0 {
            return Ok(ChangeOutcome::AlreadySo);
        }
        changed(accounts.new_epoch(id), &transaction).await?;
        let action = Action::FactorsReset;
        self.done(transaction, action, Some(&account), None).await
    }

    async fn try_plan_reset(&self, id: &UserId, wait: Duration) -> Stopped<ChangeOutcome> {
        let factors = self.accounts.kept_factors()?;
        let has_one = factors.has_any(id).await?;
        let (transaction, account) = self.begin_on(id).await?;
        if self.actor.id() == Some(id) {
            return Ok(ChangeOutcome::NotOneself);
        }
        if !has_one || factors.reset_at_in(id, &transaction).await?.is_some() {
            return Ok(ChangeOutcome::AlreadySo);
        }
        let due_at = self.accounts.inner.clock.now() + wait;
        factors.resets.plan(id, due_at, &transaction).await?;
        let (action, detail) = (Action::FactorsResetPlanned, Some(when(due_at)));
        self.done(transaction, action, Some(&account), detail).await
    }

    async fn try_keep_factors(&self, id: &UserId) -> Stopped<ChangeOutcome> {
        let (transaction, account) = self.begin_on(id).await?;
        let resets = &self.accounts.kept_factors()?.resets;
        if !resets.forget(id, &transaction).await? {
            return Ok(ChangeOutcome::AlreadySo);
        }
        let action = Action::FactorsKept;
        self.done(transaction, action, Some(&account), None).await
    }

    /// Decides a planned reset whose time has come.
    async fn try_planned_reset(&self, id: &UserId) -> Stopped<PlannedReset> {
        let accounts = self.accounts;
        let factors = accounts.kept_factors()?;
        let (transaction, account) = self.begin_on(id).await?;
        let planned = factors.resets.find(id, &transaction).await?;
        if planned.is_none_or(|planned| planned.due_at > accounts.inner.clock.now()) {
            return Ok(PlannedReset::Gone);
        }
        if factors.reset_at_in(id, &transaction).await?.is_none() {
            factors.resets.forget(id, &transaction).await?;
            let action = Action::FactorsKept;
            let _done = self.done(transaction, action, Some(&account), None).await?;
            return Ok(PlannedReset::Kept);
        }
        if factors.forget_in(id, &transaction).await? == 0 {
            transaction.commit().await.map_err(Error::from_db)?;
            return Ok(PlannedReset::Gone);
        }
        changed(accounts.new_epoch(id), &transaction).await?;
        let action = Action::FactorsReset;
        let _done = self.done(transaction, action, Some(&account), None).await?;
        Ok(PlannedReset::Reset)
    }
}

impl Accounts {
    /// Decides each planned reset whose time has come. Returns what became of them.
    ///
    /// # Errors
    /// When the database or the session store failed. Call it again then.
    pub(crate) async fn planned_resets(&self) -> Result<Vec<(UserId, PlannedReset)>> {
        let factors = self.kept_factors()?;
        let by_time = self.by(Actor::planned_reset());
        let mut decided = Vec::new();
        for id in factors.resets.due().await? {
            let became = match by_time.try_planned_reset(&id).await {
                Ok(became) => became,
                Err(Stop::Instead(_)) => {
                    // The user no longer exists.
                    factors.forget(&id).await?;
                    PlannedReset::Gone
                }
                Err(Stop::Broken(error)) => return Err(error),
            };
            if became == PlannedReset::Reset {
                let (sessions, realm) = (&self.inner.sessions, &self.inner.realm);
                sessions.revoke_user_and_pending(realm, &id, None).await?;
            }
            decided.push((id, became));
        }
        Ok(decided)
    }

    fn kept_factors(&self) -> Result<&Factors> {
        let factors = self.inner.factors.as_ref();
        factors.ok_or_else(|| Error::internal("these accounts keep no factors"))
    }
}
