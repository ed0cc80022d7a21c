//! How the program listens for requests.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use vestibule::web::{PublicUrl, TrustedProxies};

use super::{parse_address, parse_duration};

/// How the program listens for requests.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServingSettings {
    /// Address and port to listen on
    #[arg(
        long,
        env = "VESTIBULE_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:5000",
        value_parser = parse_address,
        global = true
    )]
    pub(crate) listen: SocketAddr,

    /// Address and port at which a monitor reads the metrics, /metrics for Prometheus, without
    /// logging in [default: none]
    #[arg(
        long,
        env = "VESTIBULE_METRICS_LISTEN",
        value_name = "ADDRESS",
        value_parser = parse_address,
        global = true
    )]
    pub(crate) metrics_listen: Option<SocketAddr>,

    /// Address at which browsers reach the app; https anywhere but on this machine
    /// [default: http:// and the address to listen on]
    #[arg(long, env = "VESTIBULE_PUBLIC_URL", value_name = "URL", global = true)]
    pub(crate) public_url: Option<PublicUrl>,

    /// Add includeSubDomains to Strict-Transport-Security: browsers then use only https for all
    /// subdomains of the public URL's host, for a year. One without https becomes unreachable
    #[arg(
        long,
        env = "VESTIBULE_HSTS_INCLUDE_SUBDOMAINS",
        value_name = "BOOL",
        default_value_t = false,
        action = clap::ArgAction::Set,
        global = true
    )]
    pub(crate) hsts_include_subdomains: bool,

    /// Proxies whose X-Forwarded-For is believed: addresses or networks, with commas between
    /// [default: none]
    #[arg(
        long,
        env = "VESTIBULE_TRUSTED_PROXIES",
        value_name = "NETWORKS",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    pub(crate) trusted_proxies: TrustedProxies,

    /// How many connections may be open at a time. With one more, the client that has kept the
    /// server waiting longest is closed
    #[arg(
        long,
        env = "VESTIBULE_MAX_CONNECTIONS",
        value_name = "COUNT",
        default_value_t = 4096,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000),
        global = true
    )]
    pub(crate) max_connections: u32,

    /// How many of these may be of one network (/24 or /64), if it is no trusted proxy
    #[arg(
        long,
        env = "VESTIBULE_MAX_CONNECTIONS_PER_NETWORK",
        value_name = "COUNT",
        default_value_t = 256,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000),
        global = true
    )]
    pub(crate) max_connections_per_network: u32,

    /// Close a connection whose request headers take longer than this
    #[arg(
        long,
        env = "VESTIBULE_HEADER_TIMEOUT",
        value_name = "TIME",
        default_value = "10s",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) header_timeout: Duration,

    /// Give up a request that takes longer than this from its headers to its answer
    #[arg(
        long,
        env = "VESTIBULE_REQUEST_TIMEOUT",
        value_name = "TIME",
        default_value = "30s",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) request_timeout: Duration,
}

impl ServingSettings {
    /// What is wrong if a proxy in front is not named.
    pub(crate) const PROXY_NOT_TRUSTED: &str = "the public URL is https, so a proxy must be in \
        front, but `--trusted-proxies` is not set: all visitors appear to have the proxy's \
        address, and the throttle, the limit of connections and the logs treat them as one \
        visitor; set the proxy's address, as in `--trusted-proxies 127.0.0.1`";

    /// Whether a proxy is in front that is not named: the program itself has no TLS.
    pub(crate) fn has_untrusted_proxy(&self) -> bool {
        let is_https = self.public_url.as_ref().is_some_and(PublicUrl::is_https);
        is_https && self.trusted_proxies.is_empty()
    }
}
