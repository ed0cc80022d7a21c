//! How the program listens for requests.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
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

    /// Address at which browsers reach the app; https anywhere but on this machine. With a path, as
    /// in https://example.com/auth, everything is below that path
    /// [default: http:// and the address to listen on]
    #[arg(long, env = "VESTIBULE_PUBLIC_URL", value_name = "URL", global = true)]
    public_url: Option<String>,

    /// Set this if the proxy removes the path of the public URL: browsers ask for /auth/login, and
    /// the program gets /login
    #[arg(
        long,
        env = "VESTIBULE_PROXY_REMOVES_PATH",
        value_name = "BOOL",
        default_value_t = false,
        action = clap::ArgAction::Set,
        global = true
    )]
    proxy_removes_path: bool,

    /// DANGEROUS: allow a public URL with plain http to this host, which must be an address of a
    /// private network, or a name. Anybody in the network can then read every password and take
    /// over every session [default: none]
    #[arg(
        long,
        env = "VESTIBULE_DANGEROUS_PLAIN_HTTP_ON_PRIVATE_NETWORK",
        value_name = "HOST",
        global = true
    )]
    dangerous_plain_http_on_private_network: Option<String>,

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

    /// The public URL, if there is one.
    ///
    /// # Errors
    /// When it cannot be one.
    pub(crate) fn public_url(&self) -> anyhow::Result<Option<PublicUrl>> {
        let text = self.public_url.as_deref();
        let url = text.map(|text| self.parse_public_url(text)).transpose();
        url.context("the setting --public-url")
    }

    /// The address at which browsers reach the app that listens at `address`.
    ///
    /// # Errors
    /// When other machines can reach it, and the public URL has neither https nor a host where plain
    /// http is allowed.
    pub(crate) fn public_url_at(&self, address: SocketAddr) -> anyhow::Result<PublicUrl> {
        let url = match self.public_url()? {
            Some(url) => url,
            None if address.ip().is_loopback() => format!("http://{address}").parse()?,
            None => self
                .parse_public_url(&format!("http://{address}"))
                .with_context(|| needs_https(address))?,
        };
        if !address.ip().is_loopback() && !url.is_https() && url.is_loopback() {
            bail!(needs_https(address));
        }
        Ok(url)
    }

    fn parse_public_url(&self, text: &str) -> vestibule::Result<PublicUrl> {
        let url = match &self.dangerous_plain_http_on_private_network {
            Some(host) if text.starts_with("http:") => {
                PublicUrl::dangerous_plain_http_on_private_network(text, host)?
            }
            _ => text.parse()?,
        };
        Ok(match self.proxy_removes_path {
            true => url.proxy_removes_path(),
            false => url,
        })
    }

    /// Whether a proxy is in front that is not named: the program itself has no TLS.
    pub(crate) fn has_untrusted_proxy(&self) -> bool {
        let url = self.public_url.as_deref().unwrap_or_default();
        url.starts_with("https:") && self.trusted_proxies.is_empty()
    }
}

fn needs_https(address: SocketAddr) -> String {
    format!(
        "listening on {address}, other machines can reach the app, and passwords and cookies need \
         https there: put a proxy with a certificate in front and name its address, as in \
         --public-url https://example.com"
    )
}
