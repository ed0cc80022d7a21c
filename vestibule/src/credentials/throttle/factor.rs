//! Tries at second factors.

use crate::clock::Timestamp;
#[cfg(feature = "sql")]
use crate::credentials::throttle::{CounterKey, Subject, Tally};
use crate::credentials::throttle::{
    CounterKind, Limit, LimitRule, Permit, Settlement, Throttle, Try, subject,
};
use crate::error::Result;
use crate::login::UserId;

/// More wrong codes in a row than a person types who has lost the factor.
#[cfg(feature = "sql")]
const MANY_CODES: u32 = 20;

#[cfg(feature = "sql")]
fn is_closed(tally: Tally) -> bool {
    tally.open_at == Tally::CLOSED
}

impl Throttle {
    /// Counts a try at the second factors of this user, from any browser. A right password does not
    /// clear this counter.
    pub(in crate::credentials) async fn begin_factor(
        &self,
        (realm, id): (&str, &UserId),
        may_close: bool,
        now: Timestamp,
    ) -> Result<Permit> {
        let mut streak = self.0.limits.factor;
        streak.closed_after = streak.closed_after.filter(|_| may_close);
        let limit = Limit {
            key: subject::factor_key(realm, id),
            rule: LimitRule::Streak(streak),
        };
        self.count(&[], &[limit], now).await
    }

    /// Settles the try of a stranger who has shown the first of two factors: clears the wrong tries at
    /// the account, as a log-in does, or the next try would wait for them. Takes the try back at all
    /// other counters.
    pub(in crate::credentials) fn first_factor_shown(&self, mut tried: Try) {
        let Some(counters) = self.0.counters.clone() else {
            return;
        };
        let Some((_, now)) = tried.throttle else {
            return;
        };
        let is_of_account =
            |limit: &Limit| matches!(limit.key.kind(), CounterKind::Account | CounterKind::Pair);
        let counted = std::mem::take(&mut tried.counted);
        let (cleared, taken_back): (Vec<_>, Vec<_>) = counted.into_iter().partition(is_of_account);
        let cleared: Vec<_> = cleared.into_iter().map(|limit| limit.key).collect();
        self.0.closed.forget(&cleared);
        let settlement = Settlement {
            taken_back,
            cleared,
            ..Settlement::default()
        };
        self.later(async move { counters.settle(&settlement, now).await });
    }

    /// Whether somebody may have kept this user from showing a second factor: by more wrong codes in a
    /// row than a person types, or by so many wrong passwords that the account is closed to strangers.
    #[cfg(feature = "sql")]
    pub(in crate::credentials) async fn may_keep_out(
        &self,
        realm: &str,
        id: &UserId,
        now: Timestamp,
    ) -> Result<bool> {
        let factor = subject::factor_key(realm, id);
        let codes = self.tally(&factor, now).await?;
        if codes.is_some_and(|codes| codes.tries >= MANY_CODES || is_closed(codes)) {
            return Ok(true);
        }
        let account = self.account(realm, Subject::User(id));
        let passwords = self.tally(&account, now).await?;
        Ok(passwords.is_some_and(is_closed))
    }

    #[cfg(feature = "sql")]
    async fn tally(&self, key: &CounterKey, now: Timestamp) -> Result<Option<Tally>> {
        let Some(counters) = &self.0.counters else {
            return Ok(None);
        };
        let found = counters.list(key.as_str(), None, 1).await?;
        let found = found.into_iter().filter(|counter| counter.key == *key);
        let mut tallies = found.map(|counter| counter.tally);
        Ok(tallies.find(|tally| !tally.is_forgotten(now)))
    }

    /// Clears the wrong codes of a user who has shown a second factor.
    pub(in crate::credentials) fn factor_shown(&self, realm: &str, id: &UserId) {
        let Some(counters) = self.0.counters.clone() else {
            return;
        };
        let key = [subject::factor_key(realm, id)];
        self.0.closed.forget(&key);
        self.later(async move { counters.clear(&key).await.map(drop) });
    }
}
