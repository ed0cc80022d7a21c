//! The names of the counters.

use std::net::IpAddr;

use data_encoding::HEXLOWER;
use ipnet::IpNet;

use crate::credentials::throttle::{CounterKey, Subject};
use crate::crypto::digest::{hmac_sha256, sha256};
use crate::login::{AddressPrefix, UserId};
use crate::session::SessionId;

/// The kinds of counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CounterKind {
    /// Wrong tries at an account, by strangers.
    Account,
    /// Wrong tries at an unknown name.
    Name,
    /// Wrong tries at an account or an unknown name, from one network.
    Pair,
    /// Wrong tries from one network.
    Network,
    /// Wrong tries by all strangers.
    Overall,
    /// Registrations from one network.
    Registrations,
    /// Registrations from all networks.
    AllRegistrations,
    /// Wrong tries at an account in a browser that it knows.
    Device,
    /// Wrong tries at the password of a logged-in user, in their session.
    Session,
    /// Wrong codes of an account's second factors.
    Factor,
    /// Requests from one network that send a mail.
    Mails,
    /// Links and codes from mails, and passkeys, that did not work, from one network.
    Tokens,
    /// Requests from one network, of visitors who are not logged in, for the options of a passkey.
    Ceremonies,
    /// A kind that Vestibule does not have.
    Other,
}

const KINDS: [(CounterKind, &str); 13] = [
    (CounterKind::Account, "account/"),
    (CounterKind::Name, "name/"),
    (CounterKind::Pair, "pair/"),
    (CounterKind::Network, "network/"),
    (CounterKind::Overall, "overall/"),
    (CounterKind::Registrations, "registrations/"),
    (CounterKind::AllRegistrations, "all-registrations/"),
    (CounterKind::Device, "device/"),
    (CounterKind::Session, "session/"),
    (CounterKind::Factor, "factor/"),
    (CounterKind::Mails, "mails/"),
    (CounterKind::Tokens, "tokens/"),
    (CounterKind::Ceremonies, "ceremonies/"),
];

impl CounterKind {
    /// The prefix of these counters' names.
    pub(super) fn prefix(self) -> &'static str {
        let found = KINDS.iter().find(|(kind, _)| *kind == self);
        found.map_or("", |(_, prefix)| prefix)
    }
}

impl CounterKey {
    /// The kind of this counter.
    pub fn kind(&self) -> CounterKind {
        let is_its = |(_, prefix): &&(CounterKind, &str)| self.as_str().starts_with(prefix);
        KINDS
            .iter()
            .find(is_its)
            .map_or(CounterKind::Other, |(kind, _)| *kind)
    }

    /// Its name without the kind: for a network, `198.51.100.0/24`; for an account, the realm, a
    /// `/` and the id.
    pub fn subject(&self) -> &str {
        let rest = self.as_str().split_once('/');
        rest.map_or("", |(_, rest)| rest)
    }

    fn of(kind: CounterKind, subject: &str) -> Self {
        Self::from_stored(format!("{}{subject}", kind.prefix()))
    }
}

/// The counter of an account, or of an unknown name. Unknown names are digested, because people
/// type passwords there by mistake.
pub(super) fn account_key(
    realm: &str,
    subject: Subject<'_>,
    names_key: Option<&[u8]>,
) -> CounterKey {
    match subject {
        Subject::User(id) => CounterKey::of(CounterKind::Account, &format!("{realm}/{id}")),
        Subject::Name(name) => {
            let name = name.as_bytes();
            let digest = names_key.map_or_else(|| sha256(name), |key| hmac_sha256(key, name));
            let digest = HEXLOWER.encode(&digest);
            CounterKey::of(CounterKind::Name, &format!("{realm}/{digest}"))
        }
    }
}

/// The counter of an account in one network.
pub(super) fn pair_key(account: &CounterKey, network: IpNet) -> CounterKey {
    CounterKey::from_stored(format!("{}{network}", pairs_of(account)))
}

/// The prefix of the names of an account's counters in its networks.
pub(super) fn pairs_of(account: &CounterKey) -> String {
    // An id may contain a `/`, so the text between the two must not end in one that belongs to it.
    format!("{}{account}//", CounterKind::Pair.prefix())
}

/// The counter of a network.
pub(super) fn network_key(network: IpNet) -> CounterKey {
    CounterKey::of(CounterKind::Network, &network.to_string())
}

/// The counter of all strangers together.
pub(super) fn overall_key() -> CounterKey {
    CounterKey::of(CounterKind::Overall, "all")
}

/// The counter of registrations from a network.
pub(super) fn registrations_key(network: IpNet) -> CounterKey {
    CounterKey::of(CounterKind::Registrations, &network.to_string())
}

/// The counter of all registrations together.
pub(super) fn all_registrations_key() -> CounterKey {
    CounterKey::of(CounterKind::AllRegistrations, "all")
}

/// The counter of requests from a network that send a mail.
#[cfg(feature = "sql")]
pub(super) fn mails_key(network: IpNet) -> CounterKey {
    CounterKey::of(CounterKind::Mails, &network.to_string())
}

/// The counter of links and codes from a network that did not work.
#[cfg(feature = "sql")]
pub(super) fn tokens_key(network: IpNet) -> CounterKey {
    CounterKey::of(CounterKind::Tokens, &network.to_string())
}

/// The counter of requests from a network for the options of a passkey.
#[cfg(feature = "passkeys")]
pub(super) fn ceremonies_key(network: IpNet) -> CounterKey {
    CounterKey::of(CounterKind::Ceremonies, &network.to_string())
}

/// The counter of a browser that an account knows, by the digest of its token for this account.
pub(in crate::credentials) fn device_key(account: &CounterKey, digest: &SessionId) -> CounterKey {
    let digest = HEXLOWER.encode(digest.as_bytes());
    CounterKey::from_stored(format!("{}{digest}", devices_of(account)))
}

/// The prefix of the names of the counters of all browsers that an account knows.
pub(super) fn devices_of(account: &CounterKey) -> String {
    format!("{}{account}//", CounterKind::Device.prefix())
}

/// The counter of a session, or of the remembered login that began it, because that can begin any
/// number of sessions.
pub(in crate::credentials) fn session_key(id: &str) -> CounterKey {
    CounterKey::of(CounterKind::Session, id)
}

/// The counter of an account's second factors.
pub(super) fn factor_key(realm: &str, id: &UserId) -> CounterKey {
    CounterKey::of(CounterKind::Factor, &format!("{realm}/{id}"))
}

/// The network of an address. A network counts as one visitor.
pub(super) fn network_of(address: IpAddr) -> Option<IpNet> {
    AddressPrefix::VISITOR.of(address)
}

#[cfg(test)]
mod tests {
    use super::{account_key, network_key, network_of, pair_key, pairs_of};
    use crate::credentials::throttle::{CounterKey, CounterKind, Subject};
    use crate::login::UserId;

    #[test]
    fn a_counter_says_what_it_counts() {
        let id = UserId::from("7".to_owned());
        let account = account_key("admin", Subject::User(&id), None);
        let network = network_of("198.51.100.77".parse().unwrap()).unwrap();

        assert_eq!(account.as_str(), "account/admin/7");
        assert_eq!(account.kind(), CounterKind::Account);
        assert_eq!(network_key(network).subject(), "198.51.100.0/24");
        let pair = pair_key(&account, network);
        assert_eq!(pair.as_str(), "pair/account/admin/7//198.51.100.0/24");
        assert!(pair.as_str().starts_with(&pairs_of(&account)));
        assert_eq!(pair.kind(), CounterKind::Pair);
    }

    #[test]
    fn a_name_that_nobody_has_is_not_kept_as_it_was_typed() {
        let name = Subject::Name("hunter2");

        let (plain, keyed) = (
            account_key("", name, None),
            account_key("", name, Some(b"k")),
        );

        assert!(!plain.as_str().contains("hunter2"), "{plain}");
        assert_ne!(plain, keyed);
    }

    #[test]
    fn the_longest_key_fits() {
        let id = UserId::from("ü".repeat(UserId::MAX_CHARS));
        let account = account_key(&"r".repeat(32), Subject::User(&id), None);
        let network = network_of("2001:db8:ffff:ffff::1".parse().unwrap()).unwrap();

        let key = pair_key(&account, network);

        assert!(key.as_str().chars().count() <= CounterKey::MAX_CHARS);
    }
}
