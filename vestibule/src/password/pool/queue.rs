//! The queue before the hashing: in which everybody waits behind themself.

use std::collections::HashMap;
use std::hash::Hash;

use ipnet::IpNet;

use crate::password::hash::Memory;
use crate::password::pool::claimant::Claimant;

/// A queue in the order of arrival, but that the next one of the same network, address or account
/// counts as having come when the one before was taken up. So a flood waits behind itself, and
/// nobody waits for those who come later.
///
/// An account is anybody's to name, so within it the network counts first: a flood in somebody's
/// name holds them up by one turn.
///
/// Each coming and going looks at all who wait, which are some dozens.
#[derive(Default)]
pub(super) struct FairQueue {
    waiting: HashMap<Place, Waiting>,
    /// Goes on by one whenever somebody comes or is taken up.
    now: u64,
}

/// The time of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place(u64);

pub(super) struct Waiting {
    network: Party<IpNet>,
    address: Party<IpNet>,
    account: Party<String>,
    pub(super) start: Start,
}

/// Does the work, or is told that there will be none.
pub(super) type Start = Box<dyn FnOnce(Option<&mut Memory>) + Send>;

/// Somebody who may have several waiting, if anybody knows who it is.
struct Party<T> {
    is: Option<T>,
    /// Since when this would wait if they had sent one after the other.
    since: u64,
}

impl<T: Eq> Party<T> {
    fn new(is: Option<T>) -> Self {
        Self { is, since: 0 }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.is.is_some() && self.is == other.is
    }

    fn was_taken_up(&mut self, other: &Self, now: u64) {
        if self.is_same(other) {
            self.since = now;
        }
    }
}

impl Waiting {
    pub(super) fn new(claimant: &Claimant<'_>, start: Start) -> Self {
        Self {
            network: Party::new(claimant.network()),
            address: Party::new(claimant.address()),
            account: Party::new(claimant.account.map(str::to_owned)),
            start,
        }
    }

    /// Whose is the least is the next one.
    fn turn(&self, place: Place) -> impl Ord + use<> {
        let (network, address) = (self.network.since, self.address.since);
        (network.max(self.account.since), network, address, place)
    }
}

impl FairQueue {
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Puts it into the queue. Where that is full the last one of those who have the most waiting
    /// is returned, which may be this one.
    pub(super) fn push(
        &mut self,
        mut waiting: Waiting,
        capacity: usize,
    ) -> (Place, Option<Waiting>) {
        self.now += 1;
        let place = Place(self.now);
        waiting.network.since = self.now;
        waiting.address.since = self.now;
        waiting.account.since = self.now;
        self.waiting.insert(place, waiting);
        let refused = match self.waiting.len() > capacity {
            true => self.last_of_the_many(),
            false => None,
        };
        (place, refused.and_then(|place| self.remove(place)))
    }

    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let next = self.waiting.iter();
        let next = next.min_by_key(|(place, waiting)| waiting.turn(**place));
        let place = *next?.0;
        let next = self.remove(place)?;
        self.now += 1;
        for waiting in self.waiting.values_mut() {
            waiting.network.was_taken_up(&next.network, self.now);
            waiting.address.was_taken_up(&next.address, self.now);
            waiting.account.was_taken_up(&next.account, self.now);
        }
        Some(next)
    }

    pub(super) fn remove(&mut self, place: Place) -> Option<Waiting> {
        self.waiting.remove(&place)
    }

    /// The last one of the network that has the most waiting, or of the address in it, or else of
    /// the account.
    fn last_of_the_many(&self) -> Option<Place> {
        let networks = count(self.waiting.values().map(|waiting| &waiting.network));
        let addresses = count(self.waiting.values().map(|waiting| &waiting.address));
        let accounts = count(self.waiting.values().map(|waiting| &waiting.account));
        let last = self.waiting.iter().max_by_key(|(place, waiting)| {
            let many = (
                of(&networks, &waiting.network),
                of(&addresses, &waiting.address),
                of(&accounts, &waiting.account),
            );
            (many, waiting.turn(**place))
        });
        last.map(|(place, _)| *place)
    }
}

fn count<'a, T: Eq + Hash + 'a>(
    parties: impl Iterator<Item = &'a Party<T>>,
) -> HashMap<&'a T, usize> {
    let mut counts = HashMap::new();
    for party in parties.filter_map(|party| party.is.as_ref()) {
        *counts.entry(party).or_default() += 1;
    }
    counts
}

fn of<T: Eq + Hash>(counts: &HashMap<&T, usize>, party: &Party<T>) -> usize {
    let party = party.is.as_ref();
    party
        .and_then(|party| counts.get(party).copied())
        .unwrap_or(1)
}

#[cfg(test)]
mod tests;
