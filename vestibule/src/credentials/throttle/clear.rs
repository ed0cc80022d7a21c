//! Listing and clearing counters.

use std::net::IpAddr;

#[cfg(feature = "sql")]
use crate::clock::Timestamp;
use crate::credentials::throttle::subject::{self, network_of};
use crate::credentials::throttle::{Counter, CounterKey, CounterKind, Subject, Throttle};
use crate::error::Result;
use crate::login::UserId;

/// The number of counters listed at a time.
pub(super) const PAGE: u64 = 500;

impl Throttle {
    /// Clears all counters of this user: of the account, and of each network at it.
    ///
    /// # Errors
    /// When the counters failed.
    pub(crate) async fn clear_user(&self, realm: &str, id: &UserId) -> Result<u64> {
        self.clear_account(&self.account(realm, Subject::User(id)))
            .await
    }

    /// Clears the wrong codes of this user's second factors.
    ///
    /// # Errors
    /// When the counters failed.
    pub(crate) async fn clear_factor(&self, realm: &str, id: &UserId) -> Result<u64> {
        let Some(counters) = &self.0.counters else {
            return Ok(0);
        };
        let key = [subject::factor_key(realm, id)];
        self.0.closed.forget(&key);
        counters.clear(&key).await
    }

    /// Forgets a deleted user, with the browsers in which they are known.
    ///
    /// # Errors
    /// When the counters failed.
    pub(crate) async fn forget_user(&self, realm: &str, id: &UserId) -> Result<()> {
        let account = self.account(realm, Subject::User(id));
        self.clear_account(&account).await?;
        self.clear_factor(realm, id).await?;
        let devices = subject::devices_of(&account);
        self.clear_all(&devices).await.map(drop)
    }

    /// Until when the browsers are known in which this user has logged in.
    ///
    /// # Errors
    /// When the counters failed.
    #[cfg(feature = "sql")]
    pub(crate) async fn known_browsers(
        &self,
        realm: &str,
        id: &UserId,
        now: Timestamp,
    ) -> Result<Vec<Timestamp>> {
        let Some(counters) = &self.0.counters else {
            return Ok(Vec::new());
        };
        let devices = subject::devices_of(&self.account(realm, Subject::User(id)));
        let known = counters.list(&devices, None, PAGE).await?.into_iter();
        let known = known.filter(|known| !known.tally.is_forgotten(now));
        let until = known.map(|known| Timestamp::from_millis(known.tally.forgotten_at));
        Ok(until.collect())
    }

    /// As [`clear_user`](Self::clear_user), for an unknown name.
    ///
    /// # Errors
    /// When the counters failed.
    pub(crate) async fn clear_name(&self, realm: &str, canonical: &str) -> Result<u64> {
        self.clear_account(&self.account(realm, Subject::Name(canonical)))
            .await
    }

    async fn clear_account(&self, account: &CounterKey) -> Result<u64> {
        let Some(counters) = &self.0.counters else {
            return Ok(0);
        };
        let cleared = counters.clear(std::slice::from_ref(account)).await?;
        self.0.closed.forget_all();
        Ok(cleared + self.clear_all(&subject::pairs_of(account)).await?)
    }

    /// Clears all counters whose name begins with `prefix`.
    async fn clear_all(&self, prefix: &str) -> Result<u64> {
        let Some(counters) = &self.0.counters else {
            return Ok(0);
        };
        let mut cleared = 0;
        loop {
            let found = counters.list(prefix, None, PAGE).await?;
            let keys: Vec<_> = found.into_iter().map(|counter| counter.key).collect();
            if keys.is_empty() {
                return Ok(cleared);
            }
            cleared += counters.clear(&keys).await?;
        }
    }

    /// Clears the counters of this address's network.
    ///
    /// # Errors
    /// When the counters failed.
    pub(crate) async fn clear_network(&self, address: IpAddr) -> Result<u64> {
        match (&self.0.counters, network_of(address)) {
            (Some(counters), Some(network)) => {
                let keys = [
                    subject::network_key(network),
                    subject::registrations_key(network),
                    #[cfg(feature = "sql")]
                    subject::mails_key(network),
                    #[cfg(feature = "sql")]
                    subject::tokens_key(network),
                ];
                let cleared = counters.clear(&keys).await?;
                self.0.closed.forget_all();
                Ok(cleared)
            }
            _ => Ok(0),
        }
    }

    /// Some hundred counters of a kind, ordered by name, starting after `after`.
    ///
    /// # Errors
    /// When the counters failed.
    pub(crate) async fn list(
        &self,
        kind: CounterKind,
        after: Option<&CounterKey>,
    ) -> Result<Vec<Counter>> {
        match &self.0.counters {
            Some(counters) => counters.list(kind.prefix(), after, PAGE).await,
            None => Ok(Vec::new()),
        }
    }
}
