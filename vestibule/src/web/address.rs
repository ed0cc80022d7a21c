//! The address that a request came from.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Once;

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap, HeaderName};
use ipnet::IpNet;

use crate::error::{Error, Result};

/// Stands for connections over a Unix socket.
const UNIX: &str = "unix";

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies that are trusted to report a visitor's address. Default: none.
///
/// The address is the connection's, from axum's `into_make_service_with_connect_info`. If that is a
/// trusted proxy, the visitor's address comes from `X-Forwarded-For`. It is read from the end,
/// where each proxy appends, up to the first address that is not a trusted proxy. Anything before
/// that can be forged.
///
/// The entry `unix` trusts connections without an address, such as those over a Unix socket. Use it
/// only if every other connection has an address, or visitors can choose theirs.
///
/// ```
/// use vestibule::web::TrustedProxies;
///
/// let proxies: TrustedProxies = "10.0.0.1, 2001:db8::/32".parse()?;
/// # Ok::<(), vestibule::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    /// Whether to trust connections without an address.
    unix: bool,
}

impl TrustedProxies {
    /// The visitor's address, if it is known.
    pub(crate) fn visitor(&self, extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = peer(extensions);
        let mut visitor = peer;
        if !self.trusts_connection(extensions) {
            return visitor;
        }
        let forwarded: Vec<_> = headers.get_all(X_FORWARDED_FOR).iter().collect();
        // Stop at an unreadable entry: those before it can be forged.
        let entries = forwarded
            .iter()
            .rev()
            .flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        for entry in entries {
            let Some(entry) = address_in(entry) else {
                warn_of_unreadable(peer);
                break;
            };
            let entry = entry.to_canonical();
            visitor = Some(entry);
            if !self.has(entry) {
                break;
            }
        }
        visitor
    }

    /// Whether no proxy is trusted.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && !self.unix
    }

    /// Whether this address is that of a trusted proxy.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.has(address.to_canonical())
    }

    /// Whether connections over a Unix socket, which have no address, are those of a trusted proxy.
    pub fn trusts_unix_sockets(&self) -> bool {
        self.unix
    }

    /// Whether the connection of a request with these extensions is that of a trusted proxy.
    pub fn trusts_connection(&self, extensions: &Extensions) -> bool {
        match peer(extensions) {
            Some(address) => self.has(address),
            None => self.unix,
        }
    }

    fn has(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }
}

/// The address of the connection.
fn peer(extensions: &Extensions) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(peer.ip().to_canonical())
}

/// The address of an entry in `X-Forwarded-For`. Some proxies add the port, brackets or quotes:
/// `203.0.113.7:50000`, `[2001:db8::1]`, `"[2001:db8::1]:50000"`.
fn address_in(entry: &[u8]) -> Option<IpAddr> {
    let entry = str::from_utf8(entry).ok()?.trim().trim_matches('"');
    let bare = entry.trim_start_matches('[').trim_end_matches(']');
    let with_port = || entry.parse::<SocketAddr>().map(|address| address.ip());
    bare.parse().or_else(|_| with_port()).ok()
}

/// Warns once, at the first unreadable entry, because all visitors behind that proxy count as one.
fn warn_of_unreadable(proxy: Option<IpAddr>) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let proxy = proxy.map_or(UNIX.to_owned(), |proxy| proxy.to_string());
        tracing::warn!(
            proxy,
            "a trusted proxy sent an X-Forwarded-For that cannot be read; all its visitors count \
             as one"
        );
    });
}

impl FromStr for TrustedProxies {
    type Err = Error;

    /// Addresses and networks, separated by commas: `10.0.0.1, 192.168.0.0/16`; and `unix`.
    ///
    /// # Errors
    /// When one of them is invalid ([`Error::is_config`]).
    fn from_str(text: &str) -> Result<Self> {
        let mut proxies = Self::default();
        let entries = text.split(',').map(str::trim);
        for entry in entries.filter(|entry| !entry.is_empty()) {
            if entry == UNIX {
                proxies.unix = true;
                continue;
            }
            let address = entry.parse::<IpAddr>().map(IpNet::from);
            let network = address.or_else(|_| entry.parse::<IpNet>()).map_err(|_| {
                Error::config(format!(
                    "`{entry}` is neither an address nor a network; write it like `10.0.0.1` \
                     or `10.0.0.0/8`, or `unix` for the proxy at the other end of a Unix socket"
                ))
            });
            proxies.networks.push(network?);
        }
        Ok(proxies)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::extract::ConnectInfo;
    use http::{Extensions, HeaderMap, HeaderValue};

    use super::{TrustedProxies, X_FORWARDED_FOR};

    fn visitor(trusted: &[&str], peer: &str, forwarded: &[&'static str]) -> String {
        let trusted: TrustedProxies = trusted.join(",").parse().unwrap();
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(X_FORWARDED_FOR, value);
        }
        trusted.visitor(&extensions, &headers).unwrap().to_string()
    }

    #[test]
    fn nobody_is_believed_by_default() {
        assert_eq!(visitor(&[], "192.0.2.1:1", &["8.8.8.8"]), "192.0.2.1");
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_what_the_visitor_wrote_before_it_is_not() {
        let proxy = ["10.0.0.0/8"];

        assert_eq!(visitor(&proxy, "10.0.0.1:1", &["192.0.2.7"]), "192.0.2.7");
        for forwarded in [
            &["6.6.6.6, 192.0.2.7, 10.0.0.2"][..],
            &["6.6.6.6", "192.0.2.7", "10.0.0.2"],
            &["rubbish, 192.0.2.7"],
            // nginx appends to the visitor's own line, whatever bytes it has.
            &["6.6.6.6", "é, 192.0.2.7"],
        ] {
            assert_eq!(visitor(&proxy, "10.0.0.1:1", forwarded), "192.0.2.7");
        }
        assert_eq!(visitor(&proxy, "192.0.2.1:1", &["6.6.6.6"]), "192.0.2.1");
    }

    #[test]
    fn without_a_readable_entry_the_address_is_the_proxys_own() {
        for forwarded in [
            &["unknown"][..],
            &[],
            &["192.0.2.7, \"x"],
            &["192.0.2.7, é"],
        ] {
            let address = visitor(&["10.0.0.1/32"], "10.0.0.1:1", forwarded);
            assert_eq!(address, "10.0.0.1");
        }
    }

    #[test]
    fn a_port_brackets_and_quotes_around_an_address_are_read() {
        for (forwarded, expected) in [
            ("192.0.2.7:50000", "192.0.2.7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:50000", "2001:db8::7"),
            ("\"[2001:db8::7]:50000\"", "2001:db8::7"),
            ("\"192.0.2.7\"", "192.0.2.7"),
            ("6.6.6.6, 192.0.2.7:1 , 10.0.0.2:2", "192.0.2.7"),
            ("192.0.2.7:x", "10.0.0.1"),
            ("[192.0.2.7", "192.0.2.7"),
        ] {
            let address = visitor(&["10.0.0.0/8"], "10.0.0.1:1", &[forwarded]);
            assert_eq!(address, expected, "{forwarded}");
        }
    }

    /// Attack: a visitor of an app that trusts no Unix socket chooses an address.
    #[test]
    fn a_connection_without_an_address_is_trusted_only_if_unix_sockets_are() {
        let visitor = |trusted: &str, forwarded: &'static str| {
            let trusted: TrustedProxies = trusted.parse().unwrap();
            let headers = [(X_FORWARDED_FOR, HeaderValue::from_static(forwarded))];
            let headers: HeaderMap = headers.into_iter().collect();
            let visitor = trusted.visitor(&Extensions::new(), &headers);
            visitor.map(|address| address.to_string())
        };
        let known = Some("192.0.2.7".to_owned());

        assert_eq!(visitor("unix", "6.6.6.6, 192.0.2.7"), known);
        let both = visitor("unix, 10.0.0.0/8", "6.6.6.6, 192.0.2.7, 10.0.0.1");
        assert_eq!(both, known);
        assert_eq!(visitor("unix", "unknown"), None);
        assert_eq!(visitor("10.0.0.0/8", "192.0.2.7"), None);
        assert_eq!(visitor("", "192.0.2.7"), None);
    }

    #[test]
    fn proxies_are_read_from_a_list_of_addresses_and_networks() {
        let proxies: TrustedProxies = "10.0.0.1, 2001:db8::/32,".parse().unwrap();
        assert!(proxies.has("10.0.0.1".parse().unwrap()));
        assert!(!proxies.has("10.0.0.2".parse().unwrap()));
        assert!(proxies.has("2001:db8::7".parse().unwrap()));
        for wrong in ["proxy", "10.0.0.0/33", "10.0.0"] {
            let error = wrong.parse::<TrustedProxies>().unwrap_err();
            assert!(error.to_string().contains(wrong), "{error}");
        }
    }

    #[test]
    fn an_ipv4_address_in_ipv6_is_the_ipv4_address() {
        let address = visitor(
            &["10.0.0.0/8"],
            "[::ffff:10.0.0.1]:1",
            &["::ffff:192.0.2.7"],
        );

        assert_eq!(address, "192.0.2.7");
    }
}
