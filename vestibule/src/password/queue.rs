//! The queue before the hashing: in which everybody waits behind themself.

use std::collections::{BTreeMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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

/// Start-time fair queueing (Goyal, Vin and Cheng 1996), with rounds for time: an address gets into
/// the round after the one in which it waits, or was served, last. So it waits behind itself,
/// however it comes, and nobody else does.
///
/// Within a round those come last whose account others wait for too, or others of whose network:
/// a flood in one name holds up that name, and its owner, at another address, no longer than that
/// round; and one that has many addresses next to one another holds up those.
#[derive(Default)]
pub(super) struct FairQueue {
    waiting: BTreeMap<Place, Waiting>,
    /// The round that is being served, for those who come now.
    round: u64,
    /// Who was served in it, and how many those were.
    served: HashSet<Party>,
    served_count: usize,
    arrived: u64,
}

/// Whereby the queue is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    round: u64,
    /// How many of the same account, or network, were in this round before.
    rank: usize,
    arrived: u64,
}

pub(super) struct Waiting {
    /// Who waits behind themself.
    party: Option<Party>,
    account: Option<String>,
    network: Option<IpAddr>,
    pub(super) start: Start,
}

/// Does the work, or is told that there will be none.
pub(super) type Start = Box<dyn FnOnce(Option<&mut Memory>) + Send>;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Party {
    Address(IpAddr),
    /// Where nobody knows an address.
    Account(String),
}

impl Claimant<'_> {
    fn party(&self) -> Option<Party> {
        let Some(address) = self.address else {
            return self.account.map(str::to_owned).map(Party::Account);
        };
        Some(Party::Address(match address.to_canonical() {
            // Whoever has one address of IPv6 has its network of 64 bits.
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            v4 @ IpAddr::V4(_) => v4,
        }))
    }

    /// Whose addresses one customer may have many of: 48 bits of IPv6, 24 of IPv4.
    fn network(&self) -> Option<IpAddr> {
        Some(match self.address?.to_canonical() {
            IpAddr::V6(v6) => {
                let [a, b, c, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
            }
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                IpAddr::V4(Ipv4Addr::new(a, b, c, 0))
            }
        })
    }
}

impl Waiting {
    pub(super) fn new(claimant: &Claimant<'_>, start: Start) -> Self {
        Self {
            party: claimant.party(),
            account: claimant.account.map(str::to_owned),
            network: claimant.network(),
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
        let round = self.round_of(waiting.party.as_ref());
        let in_round = || {
            self.waiting
                .iter()
                .filter(|(place, _)| place.round == round)
        };
        let of_account = |(_, other): &(&Place, &Waiting)| other.account == waiting.account;
        let of_network = |(_, other): &(&Place, &Waiting)| other.network == waiting.network;
        let account = waiting
            .account
            .is_some()
            .then(|| in_round().filter(of_account).count());
        let network = waiting
            .network
            .is_some()
            .then(|| in_round().filter(of_network).count());
        let rank = account.max(network).unwrap_or(0);
        self.arrived += 1;
        let place = Place {
            round,
            rank,
            arrived: self.arrived,
        };
        self.waiting.insert(place, waiting);
        let is_full = self.waiting.len() > capacity;
        let last = self.waiting.last_key_value().map(|(place, _)| *place);
        let refused = last.filter(|_| is_full).and_then(|last| self.remove(last));
        (place, refused)
    }

    /// The round of one who comes now. What was withdrawn or refused does not count against them.
    fn round_of(&self, party: Option<&Party>) -> u64 {
        let Some(party) = party else {
            return self.round;
        };
        let theirs = |(_, waiting): &(&Place, &Waiting)| waiting.party.as_ref() == Some(party);
        let last = self.waiting.iter().rfind(theirs);
        match last {
            Some((place, _)) => self.round.max(place.round + 1),
            None if self.served.contains(party) => self.round + 1,
            None => self.round,
        }
    }

    /// How many are served in a round while others wait for the next: those who keep coming for
    /// the first time hold nobody up for longer.
    const ROUND: usize = 64;

    /// The next one.
    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let (place, waiting) = self.waiting.pop_first()?;
        if place.round > self.round {
            self.begin_round(place.round);
        }
        self.served_count += 1;
        if place.round == self.round {
            self.served.extend(waiting.party.clone());
        }
        if self.served_count >= Self::ROUND {
            self.begin_round(self.round + 1);
        }
        Some(waiting)
    }

    fn begin_round(&mut self, round: u64) {
        self.round = round;
        self.served.clear();
        self.served_count = 0;
    }

    pub(super) fn remove(&mut self, place: Place) -> Option<Waiting> {
        self.waiting.remove(&place)
    }
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
            let first = *self.queue.waiting.keys().next()?;
            self.queue.pop().unwrap();
            self.names.remove(&first)
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

        assert_eq!(served, ["flood", "other", "other", "flood"]);
    }

    #[test]
    fn those_who_come_for_the_first_time_hold_nobody_up_without_end() {
        let mut line = Line::new(4);
        line.come("one", FLOOD, "");
        line.come("one again", FLOOD, "");

        let served: Vec<_> = (0..100)
            .map(|at| {
                line.come("new", &format!("10.0.{at}.1"), "");
                line.serve().unwrap()
            })
            .collect();

        let again = served.iter().position(|name| *name == "one again");
        assert_eq!(again, Some(FairQueue::ROUND + 1));
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
    fn with_one_place_a_closed_loop_does_not_keep_the_others_out() {
        let mut line = Line::new(1);
        line.come("flood", FLOOD, "");
        let mut served = Vec::new();
        for _ in 0..4 {
            served.extend(line.serve());
            line.come("flood", FLOOD, "");
            line.come("other", OTHER, "");
        }

        assert!(served.contains(&"other"), "{served:?}");
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
        line.come("one", FLOOD, "");
        line.come("other", OTHER, "");

        assert_eq!(line.serve_all(), ["one", "other"]);
    }

    #[test]
    fn what_is_remembered_of_those_who_were_served_ends_with_the_round() {
        let mut line = Line::new(4);
        for at in 0..1_000 {
            line.come("new", &format!("10.0.{}.{}", at / 250, at % 250), "");
            line.serve();
            assert!(line.queue.served.len() <= FairQueue::ROUND);
        }
    }
}
