//! Whether a session still comes from the browser that began it.

use std::net::IpAddr;

use http::header::USER_AGENT;
use http::{Extensions, HeaderMap, HeaderValue};
use ipnet::IpNet;

use crate::session::Session;
use crate::web::TrustedProxies;

/// What happens to a session that comes from another browser, by its `User-Agent`, or, when
/// asked, from another network. Flask-Login's `session_protection`.
///
/// A thief who can copy a cookie can copy a `User-Agent` too: this notices the careless. It is
/// about sessions: a browser that updates itself is remembered all the same, and begins a new
/// session, which is not fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SessionProtection {
    /// Nothing: whoever has the cookie has the session.
    Off,
    /// It is not fresh any more: what needs a fresh log-in asks for the password.
    #[default]
    Basic,
    /// It ends, and what remembers the browser with it. A browser that updates itself logs its
    /// user out.
    Strong,
}

/// How much of an address has to stay the same: the network that visitors stay in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressPrefix {
    /// The bits of an IPv4 address, at most 32.
    pub ipv4_bits: u8,
    /// The bits of an IPv6 address, at most 128.
    pub ipv6_bits: u8,
}

/// A network of the size that providers hand out: `/24` and `/48`.
impl Default for AddressPrefix {
    fn default() -> Self {
        Self {
            ipv4_bits: 24,
            ipv6_bits: 48,
        }
    }
}

impl AddressPrefix {
    fn of(self, address: IpAddr) -> Option<IpNet> {
        let bits = match address {
            IpAddr::V4(_) => self.ipv4_bits.min(32),
            IpAddr::V6(_) => self.ipv6_bits.min(128),
        };
        IpNet::new(address, bits).ok().map(|net| net.trunc())
    }
}

/// Who sent a request, as far as it shows.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    user_agent: Option<HeaderValue>,
    pub(crate) address: Option<IpAddr>,
}

impl Sender {
    pub(crate) fn nobody() -> Self {
        Self {
            user_agent: None,
            address: None,
        }
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

    /// The user agent as it is kept and compared: text, and not without end.
    pub(crate) fn user_agent(&self) -> Option<String> {
        let text = String::from_utf8_lossy(self.user_agent.as_ref()?.as_bytes());
        Some(text.chars().take(Session::MAX_USER_AGENT_CHARS).collect())
    }

    /// Whether `session` can have begun with this sender. What is not known proves nothing.
    pub(crate) fn may_have_begun(&self, session: &Session, prefix: Option<AddressPrefix>) -> bool {
        let sent = self.user_agent.as_ref().map(HeaderValue::as_bytes);
        let is_same_browser = match &session.user_agent {
            Some(begun_with) => {
                sent.unwrap_or_default() == begun_with.as_bytes()
                    || self.user_agent().unwrap_or_default() == *begun_with
            }
            None => true,
        };
        let is_same_network = match (prefix, session.address, self.address) {
            (Some(prefix), Some(begun_at), Some(address)) => {
                prefix.of(begun_at) == prefix.of(address)
            }
            _ => true,
        };
        is_same_browser && is_same_network
    }
}
