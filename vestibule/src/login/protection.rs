//! Session protection: whether a request comes from the browser that began the session.

use std::net::IpAddr;

use http::header::USER_AGENT;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderValue};
use ipnet::IpNet;

use crate::session::Session;
use crate::web::TrustedProxies;

/// What happens to a session used by another browser, by its `User-Agent`, or optionally from
/// another network. Flask-Login's `session_protection`.
///
/// It only stops careless thieves: those who copy a cookie can copy a `User-Agent` too. It applies
/// to sessions, not remembered logins: an updated browser stays remembered, and begins a new
/// session, which is not fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SessionProtection {
    /// No check: a copy of the cookie is enough to use the session.
    Off,
    /// The session is no longer fresh: routes that need a fresh log-in ask for the password.
    #[default]
    Basic,
    /// The session and its remembered login end. An update of the browser logs its user out.
    Strong,
}

/// How many bits of an address must stay the same: the visitor's network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressPrefix {
    /// The number of bits of an IPv4 address, at most 32.
    pub ipv4_bits: u8,
    /// The number of bits of an IPv6 address, at most 128.
    pub ipv6_bits: u8,
}

/// The usual network sizes of providers: `/24` and `/48`.
impl Default for AddressPrefix {
    fn default() -> Self {
        Self {
            ipv4_bits: 24,
            ipv6_bits: 48,
        }
    }
}

impl AddressPrefix {
    /// The smallest network of one visitor: `/24` and `/64`.
    pub const VISITOR: Self = Self {
        ipv4_bits: 24,
        ipv6_bits: 64,
    };

    /// The network of an address.
    ///
    /// ```
    /// use vestibule::login::AddressPrefix;
    ///
    /// let network = AddressPrefix::VISITOR.of("198.51.100.7".parse()?);
    /// assert_eq!(network.map(|network| network.to_string()).as_deref(), Some("198.51.100.0/24"));
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    pub fn of(self, address: IpAddr) -> Option<IpNet> {
        let bits = match address {
            IpAddr::V4(_) => self.ipv4_bits.min(32),
            IpAddr::V6(_) => self.ipv6_bits.min(128),
        };
        IpNet::new(address, bits).ok().map(|net| net.trunc())
    }
}

/// The sender of a request: browser and address, as far as they are known.
#[derive(Debug, Clone)]
pub struct Sender {
    user_agent: Option<HeaderValue>,
    pub(crate) address: Option<IpAddr>,
}

impl Sender {
    /// A sender at this address, if known, with an unknown browser.
    pub fn at(address: Option<IpAddr>) -> Self {
        Self {
            user_agent: None,
            address,
        }
    }

    /// The address that the request came from, if known.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    pub(crate) fn nobody() -> Self {
        Self::at(None)
    }

    pub(crate) fn of(
        headers: &HeaderMap,
        extensions: &Extensions,
        proxies: &TrustedProxies,
    ) -> Self {
        Self {
            user_agent: headers.get(USER_AGENT).cloned(),
            address: proxies.visitor(extensions, headers),
        }
    }

    /// The request's `User-Agent`, cut to
    /// [`MAX_USER_AGENT_CHARS`](crate::Session::MAX_USER_AGENT_CHARS). The client can send any text
    /// here.
    pub fn user_agent(&self) -> Option<String> {
        self.user_agent.as_ref().map(kept_user_agent)
    }

    /// Whether the session may have begun with this sender. Values missing in the session, and an
    /// unknown address, count as equal.
    pub(crate) fn may_have_begun(&self, session: &Session, prefix: Option<AddressPrefix>) -> bool {
        is_same_browser(session, self.user_agent.as_ref())
            && is_same_network(session, prefix, || self.address)
    }
}

/// As [`Sender::may_have_begun`], for this request, without copying its headers.
pub(crate) fn may_have_begun(
    session: &Session,
    prefix: Option<AddressPrefix>,
    request: &Parts,
    proxies: &TrustedProxies,
) -> bool {
    let address = || proxies.visitor(&request.extensions, &request.headers);
    is_same_browser(session, request.headers.get(USER_AGENT))
        && is_same_network(session, prefix, address)
}

fn is_same_browser(session: &Session, sent: Option<&HeaderValue>) -> bool {
    let Some(begun_with) = &session.user_agent else {
        return true;
    };
    sent.map(HeaderValue::as_bytes).unwrap_or_default() == begun_with.as_bytes()
        || sent.map(kept_user_agent).unwrap_or_default() == *begun_with
}

fn is_same_network(
    session: &Session,
    prefix: Option<AddressPrefix>,
    address: impl FnOnce() -> Option<IpAddr>,
) -> bool {
    let (Some(prefix), Some(begun_at)) = (prefix, session.address) else {
        return true;
    };
    address().is_none_or(|address| prefix.of(begun_at) == prefix.of(address))
}

/// A user agent in its stored form: text of limited length.
fn kept_user_agent(sent: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(sent.as_bytes());
    text.chars().take(Session::MAX_USER_AGENT_CHARS).collect()
}
