//! Limits the open connections: all together, and those from one network. If there is no room, it
//! closes the connection of the slowest client.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ipnet::IpNet;
use tokio::task::AbortHandle;
use vestibule::login::AddressPrefix;
use vestibule::web::TrustedProxies;

/// The open connections. Clones share them.
#[derive(Clone)]
pub(crate) struct Connections {
    open: Arc<Mutex<Open>>,
    limits: ConnectionLimits,
}

/// How many connections may be open.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionLimits {
    pub(crate) in_all: usize,
    /// From one network (/24 or /64), unless it is that of a trusted proxy.
    pub(crate) from_one_network: usize,
    pub(crate) trusted_proxies: TrustedProxies,
}

#[derive(Default)]
struct Open {
    next: u64,
    connections: BTreeMap<u64, Connection>,
}

struct Connection {
    /// None for a trusted proxy and for a Unix socket, because many visitors share their
    /// connections.
    network: Option<IpNet>,
    /// The number of requests in progress.
    busy: usize,
    /// Whether a request was answered before.
    has_served: bool,
    /// When it began to wait for a request.
    waits_since: Instant,
    task: Option<AbortHandle>,
}

/// A place for one connection. Dropping it frees the place.
pub(crate) struct Place {
    connections: Connections,
    number: u64,
}

/// Held while a request is being answered.
pub(crate) struct Busy(Arc<Place>);

impl Connections {
    pub(crate) fn new(limits: ConnectionLimits) -> Self {
        Self {
            open: Arc::default(),
            limits,
        }
    }

    /// Takes a place for a connection from this address; a connection over a Unix socket has none.
    /// If no place is free, closes the connection that has waited longest for a request, beginning
    /// with those that never sent one. `None` if all are busy.
    pub(crate) fn admit(&self, peer: Option<IpAddr>) -> Option<Place> {
        let visitor = peer.filter(|peer| !self.limits.trusted_proxies.trusts(*peer));
        let network = visitor.and_then(|peer| AddressPrefix::VISITOR.of(peer.to_canonical()));
        let mut open = self.open();
        if let Some(network) = network {
            let is_its = |connection: &Connection| connection.network == Some(network);
            let count = open
                .connections
                .values()
                .filter(|open| is_its(open))
                .count();
            if count >= self.limits.from_one_network && !open.close_slowest(is_its) {
                return None;
            }
        }
        if open.connections.len() >= self.limits.in_all && !open.close_slowest(|_| true) {
            return None;
        }
        let number = open.next;
        open.next += 1;
        let connection = Connection {
            network,
            busy: 0,
            has_served: false,
            waits_since: Instant::now(),
            task: None,
        };
        open.connections.insert(number, connection);
        Some(Place {
            connections: self.clone(),
            number,
        })
    }

    /// Closes the connections that never sent a whole request.
    pub(crate) fn close_unserved(&self) {
        let is_unserved = |connection: &Connection| !connection.has_served;
        while self.open().close_slowest(is_unserved) {}
    }

    /// No call panics during a change, so the data is consistent.
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Closes the slowest of these connections. Returns false if all of them are busy.
    fn close_slowest(&mut self, is_one: impl Fn(&Connection) -> bool) -> bool {
        let waiting = self.connections.iter();
        let waiting = waiting.filter(|(_, open)| open.busy == 0 && is_one(open));
        let slowest = waiting.min_by_key(|(_, open)| (open.has_served, open.waits_since));
        let Some(number) = slowest.map(|(number, _)| *number) else {
            return false;
        };
        if let Some(task) = self
            .connections
            .remove(&number)
            .and_then(|slowest| slowest.task)
        {
            task.abort();
        }
        true
    }
}

impl Place {
    /// Sets the task that serves the connection. Ending the task closes the connection.
    pub(crate) fn served_by(&self, task: AbortHandle) {
        let mut open = self.connections.open();
        match open.connections.get_mut(&self.number) {
            Some(connection) => connection.task = Some(task),
            // It was closed before it began.
            None => task.abort(),
        }
    }

    /// Marks the connection as busy until the result is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Busy {
        if let Some(connection) = self.connections.open().connections.get_mut(&self.number) {
            connection.busy += 1;
        }
        Busy(self.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut open = self.0.connections.open();
        if let Some(connection) = open.connections.get_mut(&self.0.number) {
            connection.busy -= 1;
            connection.has_served = true;
            connection.waits_since = Instant::now();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open().connections.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;

    use super::{ConnectionLimits, Connections};

    fn connections() -> Connections {
        Connections::new(ConnectionLimits {
            in_all: 3,
            from_one_network: 2,
            trusted_proxies: "10.0.0.1".parse().unwrap(),
        })
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn of_one_network_the_slowest_connection_gives_way() {
        let connections = connections();
        let slow = connections.admit(address("192.0.2.1")).unwrap();
        let quick = Arc::new(connections.admit(address("192.0.2.2")).unwrap());
        drop(quick.begin());

        let third = connections.admit(address("192.0.2.3")).unwrap();

        assert!(!connections.open().connections.contains_key(&slow.number));
        assert!(connections.open().connections.contains_key(&quick.number));
        drop((slow, third));
        assert_eq!(connections.open().connections.len(), 1);
    }

    #[test]
    fn whoever_is_being_answered_does_not_give_way() {
        let connections = connections();
        let places: Vec<_> = (0..2)
            .map(|_| Arc::new(connections.admit(address("192.0.2.1")).unwrap()))
            .collect();
        let busy: Vec<_> = places.iter().map(|place| place.begin()).collect();

        assert!(connections.admit(address("192.0.2.1")).is_none());
        assert!(connections.admit(address("198.51.100.1")).is_some());

        drop(busy);
        assert!(connections.admit(address("192.0.2.1")).is_some());
    }

    #[test]
    fn connections_that_have_sent_no_whole_request_are_closed_alone() {
        let connections = connections();
        let silent = connections.admit(address("192.0.2.1")).unwrap();
        let served = Arc::new(connections.admit(address("198.51.100.1")).unwrap());
        drop(served.begin());
        let busy = Arc::new(connections.admit(address("203.0.113.1")).unwrap());
        let _busy = busy.begin();

        connections.close_unserved();

        let open = connections.open();
        assert!(!open.connections.contains_key(&silent.number));
        assert!(open.connections.contains_key(&served.number));
        assert!(open.connections.contains_key(&busy.number));
        drop(open);
    }

    #[test]
    fn in_all_there_are_no_more_than_the_limit_and_a_proxy_may_have_them_all() {
        let connections = connections();
        let of_proxy: Vec<_> = (0..3)
            .map(|_| connections.admit(address("10.0.0.1")).unwrap())
            .collect();
        assert_eq!(connections.open().connections.len(), 3);

        let visitor = connections.admit(address("192.0.2.1")).unwrap();

        assert_eq!(
            connections.open().connections.len(),
            3,
            "the oldest gave way"
        );
        drop((of_proxy, visitor));
        assert!(connections.open().connections.is_empty());
    }
}
