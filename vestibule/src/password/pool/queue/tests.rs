use std::collections::BTreeMap;

use super::{FairQueue, Place, QueuedJob};
use crate::password::pool::claimant::Claimant;

/// A queue with named places.
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

    /// Adds a job. Returns its place, and the name of the job evicted for it.
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
        let waiting = QueuedJob::new(&claimant, Box::new(|_| ()));
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
