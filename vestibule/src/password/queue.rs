//! The queue before the hashing: in which everybody waits behind themself.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};

use crate::password::function::Memory;

/// Whom a password is checked for (NIST SP 800-63-4: who claims to be somebody). What is known of
/// them makes the queue fair: each address and each account waits behind itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Claimant<'a> {
    /// Who they say they are: a username in its canonical form, whether or not there is such a
    /// user. It also says what an unknown user's check costs.
    pub account: Option<&'a str>,
    /// Where they come from.
    pub address: Option<IpAddr>,
}

/// Start-time fair queueing (Goyal, Vin and Cheng 1996), with rounds for time: whoever has one
/// waiting already, by address or by account, gets into the round after it.
#[derive(Default)]
pub(super) struct FairQueue {
    waiting: BTreeMap<Place, Waiting>,
    /// The round that is being served.
    round: u64,
    arrived: u64,
    parties: HashMap<Party, Standing>,
}

/// The round, and the order of arrival in it.
pub(super) type Place = (u64, u64);

pub(super) struct Waiting {
    parties: [Option<Party>; 2],
    /// When it is too late, by [`monotonic`](crate::clock::monotonic).
    until: u64,
    pub(super) start: Start,
}

/// Does the work, or is told that there will be none.
pub(super) type Start = Box<dyn FnOnce(Option<&mut Memory>) + Send>;

#[derive(Clone, PartialEq, Eq, Hash)]
enum Party {
    Address(IpAddr),
    Account(String),
}

#[derive(Default)]
struct Standing {
    waiting: usize,
    last_round: u64,
}

impl Claimant<'_> {
    fn parties(&self) -> [Option<Party>; 2] {
        let address = self.address.map(|address| match address.to_canonical() {
            // Whoever has one address of IPv6 has its network of 64 bits.
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            v4 @ IpAddr::V4(_) => v4,
        });
        let account = self.account.map(str::to_owned);
        [address.map(Party::Address), account.map(Party::Account)]
    }
}

impl Waiting {
    /// Whoever asks waits until then, by [`monotonic`](crate::clock::monotonic).
    pub(super) fn new(claimant: &Claimant<'_>, until: u64, start: Start) -> Self {
        Self {
            parties: claimant.parties(),
            until,
            start,
        }
    }
}

impl FairQueue {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Puts it into the queue. Where that is full the one that would have to wait longest is
    /// returned, which may be this one.
    pub(super) fn push(&mut self, waiting: Waiting, capacity: usize) -> (Place, Option<Waiting>) {
        let rounds = waiting.parties.iter().flatten().map(|party| {
            let standing = self.parties.get(party);
            standing.map_or(0, |standing| standing.last_round + 1)
        });
        let round = rounds.max().unwrap_or(0).max(self.round);
        self.arrived += 1;
        let place = (round, self.arrived);
        for party in waiting.parties.iter().flatten().cloned() {
            let standing = self.parties.entry(party).or_default();
            standing.waiting += 1;
            standing.last_round = round;
        }
        self.waiting.insert(place, waiting);
        let is_full = self.waiting.len() > capacity;
        let last = self.waiting.last_key_value().map(|(place, _)| *place);
        let refused = last.filter(|_| is_full).and_then(|last| self.remove(last));
        (place, refused)
    }

    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let (place, _) = self.waiting.first_key_value()?;
        let place = *place;
        self.round = place.0;
        self.remove(place)
    }

    pub(super) fn remove(&mut self, place: Place) -> Option<Waiting> {
        let waiting = self.waiting.remove(&place)?;
        for party in waiting.parties.iter().flatten() {
            if let Some(standing) = self.parties.get_mut(party) {
                standing.waiting -= 1;
                if standing.waiting == 0 {
                    self.parties.remove(party);
                }
            }
        }
        Some(waiting)
    }

    /// Takes out those for whom it is too late.
    pub(super) fn remove_late(&mut self, now: u64) -> Vec<Waiting> {
        let late = self
            .waiting
            .iter()
            .filter(|(_, waiting)| waiting.until <= now);
        let late: Vec<_> = late.map(|(place, _)| *place).collect();
        late.into_iter()
            .filter_map(|place| self.remove(place))
            .collect()
    }
}
