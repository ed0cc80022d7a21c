//! The queue before the hashing: in which everybody waits behind themself.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::password::hash::Memory;

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

impl Claimant<'_> {
    /// The addresses of which one customer may have many: 48 bits of IPv6, 24 of IPv4.
    fn network(&self) -> Option<IpNet> {
        self.within(24, 48)
    }

    /// The address. Whoever has one of IPv6 has its network of 64 bits.
    fn address(&self) -> Option<IpNet> {
        self.within(32, 64)
    }

    /// The network of so many bits.
    fn within(&self, v4: u8, v6: u8) -> Option<IpNet> {
        let address = self.address?.to_canonical();
        let bits = if address.is_ipv4() { v4 } else { v6 };
        IpNet::new(address, bits).ok().map(|net| net.trunc())
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
mod tests {
    use std::collections::BTreeMap;

    use super::{Claimant, FairQueue, Place, Waiting};

    /// A queue whose places have names.
    struct Line {
        queue: FairQueue,
        capacity: usize,
        names: BTreeMap<Place, &'static str>,
    }

    impl Line {
        fn new(capacity: usize) -> Self {
            Self {
                queue: FairQueue::default(),
                capacity,
                names: BTreeMap::new(),
            }
        }

        /// Somebody comes; the place, and who is refused for it.
        fn come(
            &mut self,
            name: &'static str,
            address: &str,
            account: &str,
        ) -> (Place, Option<&'static str>) {
            let claimant = Claimant {
                account: (!account.is_empty()).then_some(account),
                address: (!address.is_empty()).then(|| address.parse().unwrap()),
            };
            let waiting = Waiting::new(&claimant, Box::new(|_| ()));
            let (place, refused) = self.queue.push(waiting, self.capacity);
            self.names.insert(place, name);
            let refused = refused.map(|_| {
                let gone = |place: &&Place| !self.queue.waiting.contains_key(place);
                let gone = *self.names.keys().find(gone).unwrap();
                self.names.remove(&gone).unwrap()
            });
            (place, refused)
        }

        fn serve(&mut self) -> Option<&'static str> {
            self.queue.pop()?;
            let gone = |place: &&Place| !self.queue.waiting.contains_key(place);
            let gone = *self.names.keys().find(gone).unwrap();
            self.names.remove(&gone)
        }

        fn serve_all(&mut self) -> Vec<&'static str> {
            std::iter::from_fn(|| self.serve()).collect()
        }
    }

    const FLOOD: &str = "192.0.1.1";
    const OTHER: &str = "192.0.2.1";

    #[test]
    fn those_who_ask_once_are_served_in_the_order_in_which_they_came() {
        let mut line = Line::new(9);
        line.come("a", "192.0.1.1", "");
        line.come("b", "192.0.2.1", "");
        line.come("c", "192.0.3.1", "");

        assert_eq!(line.serve_all(), ["a", "b", "c"]);
    }

    #[test]
    fn a_flooding_address_waits_behind_itself() {
        for (flood, other) in [
            ([FLOOD; 3], OTHER),
            (
                ["2001:db8::1", "2001:db8::2", "2001:db8::3"],
                "2001:db8:1::1",
            ),
        ] {
            let mut line = Line::new(9);
            for address in flood {
                line.come("flood", address, "");
            }
            line.come("other", other, "");

            assert_eq!(line.serve_all(), ["flood", "other", "flood", "flood"]);
        }
    }

    #[test]
    fn an_address_that_keeps_one_waiting_all_the_time_is_no_further_ahead_than_the_others() {
        let mut line = Line::new(9);
        line.come("flood", FLOOD, "");
        line.come("other", OTHER, "");
        line.come("other", OTHER, "");

        let served: Vec<_> = (0..4)
            .map(|_| {
                let served = line.serve().unwrap();
                if served == "flood" {
                    line.come("flood", FLOOD, "");
                }
                served
            })
            .collect();

        assert_eq!(served, ["flood", "other", "flood", "other"]);
    }

    #[test]
    fn those_who_come_for_the_first_time_hold_nobody_up_without_end() {
        let mut line = Line::new(4);
        line.come("one", FLOOD, "");
        line.come("one again", FLOOD, "");

        let served: Vec<_> = (0..9)
            .map(|at| {
                line.come("new", &format!("10.0.{at}.1"), "");
                line.serve().unwrap()
            })
            .collect();

        assert_eq!(served[..3], ["one", "new", "one again"], "{served:?}");
    }

    #[test]
    fn a_flood_from_many_networks_of_one_customer_waits_behind_itself() {
        let mut line = Line::new(9);
        for at in 0..20 {
            line.come("flood", &format!("2001:db8:0:{at}::1"), "");
        }
        let (_, refused) = line.come("other", "2001:db8:1::1", "");

        assert_eq!(refused, Some("flood"));
        assert_eq!(line.serve_all()[..3], ["flood", "other", "flood"]);
    }

    #[test]
    fn a_flood_from_one_network_keeps_nobody_waiting_however_long_it_lasts() {
        let mut line = Line::new(64);
        let mut waits = Vec::new();
        for at in 0..1_000 {
            for flood in 0..3 {
                line.come(
                    "flood",
                    &format!("2001:db8:0:{}::1", (at * 3 + flood) % 256),
                    "alice",
                );
            }
            if at % 10 == 0 {
                let refused = line
                    .come("owner", &format!("2001:db8:{}::1", at + 1), "alice")
                    .1;
                assert_ne!(refused, Some("owner"));
                waits.push(at);
            }
            if line.serve().unwrap() == "owner" {
                let came_at = waits.remove(0);
                assert!(at - came_at <= 2, "{came_at} to {at}");
            }
        }
        assert!(waits.is_empty(), "{waits:?}");
    }

    #[test]
    fn whoever_shares_a_flooding_network_shares_its_turns() {
        let mut line = Line::new(9);
        for _ in 0..20 {
            line.come("flood", "198.51.100.1", "");
        }
        line.come("neighbour", "198.51.100.2", "");
        line.come("other", OTHER, "");

        assert_eq!(
            line.serve_all()[..4],
            ["flood", "other", "neighbour", "flood"]
        );
    }

    #[test]
    fn many_addresses_that_flood_one_account_do_not_keep_the_others_waiting() {
        let mut line = Line::new(9);
        line.come("alice", "192.0.1.1", "alice");
        line.come("alice", "192.0.2.1", "alice");
        line.come("alice", "192.0.3.1", "alice");
        line.come("bob", "192.0.4.1", "bob");

        assert_eq!(line.serve_all(), ["alice", "bob", "alice", "alice"]);
    }

    #[test]
    fn one_address_cannot_keep_the_owner_of_an_account_out() {
        let mut line = Line::new(4);
        for _ in 0..20 {
            line.come("flood", FLOOD, "alice");
        }

        let (_, refused) = line.come("alice", OTHER, "alice");

        assert_eq!(refused, Some("flood"));
        assert_eq!(line.serve_all()[..2], ["flood", "alice"]);
    }

    #[test]
    fn where_no_address_is_known_an_account_waits_behind_itself() {
        let mut line = Line::new(9);
        line.come("alice", "", "alice");
        line.come("alice", "", "alice");
        line.come("bob", "", "bob");

        assert_eq!(line.serve_all(), ["alice", "bob", "alice"]);
    }

    #[test]
    fn past_the_end_of_the_queue_a_flood_is_refused_and_not_the_others() {
        let mut line = Line::new(3);
        let refused: Vec<_> = (0..4).map(|_| line.come("flood", FLOOD, "").1).collect();
        assert_eq!(refused, [None, None, None, Some("flood")]);

        assert_eq!(line.come("other", OTHER, "").1, Some("flood"));
        assert_eq!(line.serve_all(), ["flood", "other", "flood"]);
    }

    #[test]
    fn what_was_refused_or_withdrawn_does_not_count_against_whoever_asked() {
        let mut line = Line::new(3);
        for _ in 0..20 {
            line.come("one", FLOOD, "");
        }
        let places: Vec<_> = line.names.keys().copied().collect();
        for place in places {
            line.queue.remove(place).unwrap();
        }
        line.names.clear();
        line.come("one", FLOOD, "");
        line.come("other", OTHER, "");

        assert_eq!(line.serve_all(), ["one", "other"]);
    }
}
