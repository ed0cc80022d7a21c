//! [`RedisCounters`]: wrong tries at credentials, counted in Redis.

use crate::clock::Timestamp;
use crate::credentials::throttle::{
    Attempt, By, Counted, Counter, CounterKey, Counters, Limit, LimitRule, Settlement, Tally,
};
use crate::error::{Error, Result};
use crate::stores::redis::{Calls, RedisStore};

/// Counts wrong tries in Redis 7 or later, or Valkey, for all nodes that share it.
/// [`RedisStore::counters`] makes it. Clones share the connection.
#[derive(Clone)]
pub struct RedisCounters {
    calls: Calls,
}

impl RedisStore {
    /// The counters of the [throttle](crate::credentials::throttle), on the same server.
    pub fn counters(&self) -> RedisCounters {
        RedisCounters {
            calls: self.calls.with_script(include_str!("counters.lua")),
        }
    }
}

impl RedisCounters {
    async fn call(
        &self,
        operation: &str,
        now: Timestamp,
        arguments: Vec<String>,
    ) -> Result<Vec<String>> {
        let now = now.as_millis().to_string();
        let arguments = arguments.iter().map(String::as_str);
        let arguments: Vec<_> = [&*now].into_iter().chain(arguments).collect();
        self.calls.run(operation, &arguments).await
    }
}

/// A limit as the script reads it: a name, a kind and five numbers.
fn arguments(limit: &Limit) -> Vec<String> {
    let millis = |duration: std::time::Duration| duration.as_millis().to_string();
    let (kind, numbers) = match limit.rule {
        LimitRule::Streak(streak) => (
            "streak",
            [
                streak.free.max(1).to_string(),
                millis(streak.first),
                millis(streak.longest),
                streak.closed_after.unwrap_or(0).to_string(),
                streak.forgotten_after.map_or("0".to_owned(), millis),
            ],
        ),
        LimitRule::Rate(rate) => {
            let zero = || "0".to_owned();
            let burst = rate.burst.max(1).to_string();
            ("rate", [burst, millis(rate.each), zero(), zero(), zero()])
        }
    };
    let name = limit.key.as_str().to_owned();
    [name, kind.to_owned()].into_iter().chain(numbers).collect()
}

fn number(text: Option<&String>) -> Result<i64> {
    let number = text.and_then(|text| text.parse().ok());
    number.ok_or_else(|| Error::store("a counter in Redis is not a number"))
}

fn tallies(fields: &[String]) -> Result<Vec<Tally>> {
    let tally = |fields: &[String]| -> Result<Tally> {
        Ok(Tally {
            tries: u32::try_from(number(fields.first())?).unwrap_or(u32::MAX),
            open_at: number(fields.get(1))?,
            forgotten_at: number(fields.get(2))?,
        })
    };
    fields.chunks(3).map(tally).collect()
}

/// A counter, from its name and three numbers.
fn counter(fields: &[String]) -> Result<Counter> {
    let (name, rest) = fields.split_first().unzip();
    let tallies = tallies(rest.unwrap_or_default())?;
    Ok(Counter {
        key: CounterKey::from_stored(name.cloned().unwrap_or_default()),
        tally: tallies.first().copied().unwrap_or_default(),
    })
}

impl Counters for RedisCounters {
    async fn count(&self, attempt: Attempt<'_>, now: Timestamp) -> Result<Counted> {
        let (known, otherwise) = (attempt.known, attempt.otherwise);
        let counts = [known.len().to_string(), otherwise.len().to_string()];
        let limits = known.iter().chain(otherwise).flat_map(arguments);
        let answer = self.call("count", now, counts.into_iter().chain(limits).collect());
        let answer = answer.await?;
        match answer.first().map(String::as_str) {
            Some("closed") => Ok(Counted::Closed(counter(
                answer.get(1..).unwrap_or_default(),
            )?)),
            Some("passed") => {
                let by = match usize::try_from(number(answer.get(1))?) {
                    Ok(index) => By::Known(index),
                    Err(_) => By::Otherwise,
                };
                Ok(Counted::Passed(
                    tallies(answer.get(2..).unwrap_or_default())?,
                    by,
                ))
            }
            _ => Err(Error::store("Redis neither counted nor rejected a try")),
        }
    }

    async fn settle(&self, settlement: &Settlement, now: Timestamp) -> Result<()> {
        let Settlement {
            taken_back,
            cleared,
            known,
        } = settlement;
        let counts = [taken_back.len(), cleared.len(), known.len()];
        let mut arguments: Vec<_> = counts.iter().map(ToString::to_string).collect();
        arguments.extend(taken_back.iter().flat_map(self::arguments));
        arguments.extend(cleared.iter().map(|key| key.as_str().to_owned()));
        arguments.extend(known.iter().flat_map(|(key, until)| {
            let until = until.as_millis().to_string();
            [key.as_str().to_owned(), until]
        }));
        self.call("settle", now, arguments).await.map(drop)
    }

    async fn clear(&self, keys: &[CounterKey]) -> Result<u64> {
        let names = keys.iter().map(|key| key.as_str().to_owned()).collect();
        let cleared = self.call("clear", Timestamp::from_millis(0), names).await?;
        Ok(u64::try_from(number(cleared.first())?).unwrap_or(0))
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&CounterKey>,
        limit: u64,
    ) -> Result<Vec<Counter>> {
        let after = after.map_or("", CounterKey::as_str).to_owned();
        let arguments = vec![prefix.to_owned(), after, limit.to_string()];
        let found = self
            .call("list", Timestamp::from_millis(0), arguments)
            .await?;
        found.chunks(4).map(counter).collect()
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64> {
        let mut swept = 0;
        loop {
            let batch = self.call("sweep", now, Vec::new()).await?;
            match u64::try_from(number(batch.first())?) {
                Ok(0) | Err(_) => return Ok(swept),
                Ok(batch) => swept += batch,
            }
        }
    }
}

impl std::fmt::Debug for RedisCounters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RedisCounters")
    }
}
