//! The hashing queue, fair between networks, addresses and accounts.

use std::collections::HashMap;
use std::hash::Hash;

use ipnet::IpNet;

use crate::password::hash::Memory;
use crate::password::pool::claimant::Claimant;

/// A queue in order of arrival, with one exception: when a job is served, the waiting jobs of the
/// same network, address or account count as having arrived at that moment. So a flood delays only
/// itself, and no job waits for jobs that arrive later.
///
/// Anyone can name any account, so within an account the network counts first: a flood in a user's
/// name delays that user by one turn.
///
/// Each push and pop scans all waiting jobs, which are some dozens.
#[derive(Default)]
pub(super) struct FairQueue {
    waiting: HashMap<Place, QueuedJob>,
    /// A logical clock, which each push and pop advances by one.
    now: u64,
}

/// The time of arrival, which identifies a waiting job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place(u64);

pub(super) struct QueuedJob {
    network: Requester<IpNet>,
    address: Requester<IpNet>,
    account: Requester<String>,
    pub(super) job: Job,
}

/// Called with the thread's memory to do the work, or with `None` if the job was dropped.
pub(super) type Job = Box<dyn FnOnce(Option<&mut Memory>) + Send>;

/// A network, address or account that may have several jobs waiting; unknown if `id` is `None`.
struct Requester<T> {
    id: Option<T>,
    /// When this job would have arrived if the requester had sent one after the other.
    queued_at: u64,
}

impl<T: Eq> Requester<T> {
    fn new(id: Option<T>) -> Self {
        Self { id, queued_at: 0 }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.id.is_some() && self.id == other.id
    }

    fn mark_served(&mut self, other: &Self, now: u64) {
        if self.is_same(other) {
            self.queued_at = now;
        }
    }
}

impl QueuedJob {
    pub(super) fn new(claimant: &Claimant<'_>, job: Job) -> Self {
        Self {
            network: Requester::new(claimant.network()),
            address: Requester::new(claimant.address()),
            account: Requester::new(claimant.account.map(str::to_owned)),
            job,
        }
    }

    /// The job with the smallest order is served next.
    fn order(&self, place: Place) -> impl Ord + use<> {
        let (network, address) = (self.network.queued_at, self.address.queued_at);
        (network.max(self.account.queued_at), network, address, place)
    }
}

impl FairQueue {
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Adds a job. If the queue is then too long, removes and returns the last job of the requester
    /// with the most jobs, which may be the new one.
    pub(super) fn push(
        &mut self,
        mut job: QueuedJob,
        capacity: usize,
    ) -> (Place, Option<QueuedJob>) {
        self.now += 1;
        let place = Place(self.now);
        job.network.queued_at = self.now;
        job.address.queued_at = self.now;
        job.account.queued_at = self.now;
        self.waiting.insert(place, job);
        let evicted = match self.waiting.len() > capacity {
            true => self.eviction_candidate(),
            false => None,
        };
        (place, evicted.and_then(|place| self.remove(place)))
    }

    pub(super) fn pop(&mut self) -> Option<QueuedJob> {
        let next = self.waiting.iter();
        let next = next.min_by_key(|(place, job)| job.order(**place));
        let place = *next?.0;
        let next = self.remove(place)?;
        self.now += 1;
        for job in self.waiting.values_mut() {
            job.network.mark_served(&next.network, self.now);
            job.address.mark_served(&next.address, self.now);
            job.account.mark_served(&next.account, self.now);
        }
        Some(next)
    }

    pub(super) fn remove(&mut self, place: Place) -> Option<QueuedJob> {
        self.waiting.remove(&place)
    }

    /// The last job of the network with the most jobs. If several networks have as many, the
    /// address with the most jobs decides, and then the account.
    fn eviction_candidate(&self) -> Option<Place> {
        let networks = count_by_id(self.waiting.values().map(|job| &job.network));
        let addresses = count_by_id(self.waiting.values().map(|job| &job.address));
        let accounts = count_by_id(self.waiting.values().map(|job| &job.account));
        let last = self.waiting.iter().max_by_key(|(place, job)| {
            let counts = (
                count_of(&networks, &job.network),
                count_of(&addresses, &job.address),
                count_of(&accounts, &job.account),
            );
            (counts, job.order(**place))
        });
        last.map(|(place, _)| *place)
    }
}

fn count_by_id<'a, T: Eq + Hash + 'a>(
    requesters: impl Iterator<Item = &'a Requester<T>>,
) -> HashMap<&'a T, usize> {
    let mut counts = HashMap::new();
    for id in requesters.filter_map(|requester| requester.id.as_ref()) {
        *counts.entry(id).or_default() += 1;
    }
    counts
}

fn count_of<T: Eq + Hash>(counts: &HashMap<&T, usize>, requester: &Requester<T>) -> usize {
    let id = requester.id.as_ref();
    id.and_then(|id| counts.get(id).copied()).unwrap_or(1)
}

#[cfg(test)]
mod tests;
