//! How the program listens for requests.

#[cfg(feature = "passkeys")]
use std::fs;
use std::net::SocketAddr;
#[cfg(feature = "passkeys")]
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
#[cfg(feature = "passkeys")]
use vestibule::credentials::PasskeyAuthenticators;
#[cfg(feature = "passkeys")]
use vestibule::flows::SiteConfig;
use vestibule::web::{PublicUrl, TrustedProxies};

use super::{ListenAddress, parse_address, parse_duration};

/// How the program listens for requests.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Serving")]
pub(crate) struct ServingSettings {
    /// Address and port to listen on; or a Unix socket for a proxy on this machine, like
    /// unix:/run/vestibule.sock, whose mode follows the umask
    #[arg(
        long,
        env = "VESTIBULE_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:5000",
        global = true
    )]
    pub(crate) listen: ListenAddress,

    /// Address and port of the metrics for Prometheus, at /metrics. Anybody who reaches the port
    /// can read them [default: none]
    #[arg(
        long,
        env = "VESTIBULE_METRICS_LISTEN",
        value_name = "ADDRESS",
        value_parser = parse_address,
        global = true
    )]
    pub(crate) metrics_listen: Option<SocketAddr>,

    /// Address at which browsers reach the site. It must be https, except on this machine. With a
    /// path, as in https://example.com/auth, everything is below that path
    /// [default: http:// and the address to listen on]
    #[arg(long, env = "VESTIBULE_PUBLIC_URL", value_name = "URL", global = true)]
    public_url: Option<String>,

    /// Domain that passkeys are for: the host of the public URL, or a parent domain, whose other
    /// sites can then ask for them too. Another value makes all passkeys useless
    /// [default: the host of the public URL]
    #[cfg(feature = "passkeys")]
    #[arg(
        long,
        env = "VESTIBULE_PASSKEY_RP_ID",
        value_name = "DOMAIN",
        global = true
    )]
    pub(crate) passkey_rp_id: Option<String>,

    /// Folder with the models of authenticators that may make new passkeys: a file AAGUID.pem for
    /// each, with the root certificate of its attestation [default: any may]
    #[cfg(feature = "passkeys")]
    #[arg(
        long,
        env = "VESTIBULE_PASSKEY_AUTHENTICATORS",
        value_name = "FOLDER",
        global = true
    )]
    pub(crate) passkey_authenticators: Option<PathBuf>,

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

    /// DANGEROUS: accept a public URL with plain http to this host, an address of a private network
    /// or a name. Anybody in the network can then read every password and take over every session
    /// [default: none]
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

    /// Proxies whose X-Forwarded-For is trusted: addresses or networks, separated by commas, and
    /// unix for the proxy at a Unix socket [default: none]
    #[arg(
        long,
        env = "VESTIBULE_TRUSTED_PROXIES",
        value_name = "NETWORKS",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    pub(crate) trusted_proxies: TrustedProxies,

    /// Maximum number of open connections. With one more, the program closes the connection that has
    /// waited longest for a request
    #[arg(
        long,
        env = "VESTIBULE_MAX_CONNECTIONS",
        value_name = "COUNT",
        default_value_t = 4096,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000),
        global = true
    )]
    pub(crate) max_connections: u32,

    /// Maximum number of these from one network (/24 or /64) that is not a trusted proxy
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

    /// Answer 408 to a request that takes longer than this after its headers
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
    /// Sets which domain passkeys are for and which authenticators may make them.
    #[cfg(feature = "passkeys")]
    pub(crate) fn configure_passkeys(&self, config: &mut SiteConfig) -> anyhow::Result<()> {
        config.passkey_rp_id.clone_from(&self.passkey_rp_id);
        let Some(folder) = &self.passkey_authenticators else {
            return Ok(());
        };
        let name = folder.display();
        let mut accepted = PasskeyAuthenticators::new();
        let files = fs::read_dir(folder).with_context(|| format!("cannot read {name}"))?;
        for file in files {
            let path = file?.path();
            if path.extension().is_none_or(|extension| extension != "pem") {
                continue;
            }
            let aaguid = path.file_stem().unwrap_or_default().to_string_lossy();
            let root = fs::read_to_string(&path);
            let root = root.with_context(|| format!("cannot read {}", path.display()))?;
            accepted = accepted
                .accept(&aaguid, &root)
                .with_context(|| format!("the name of {} is wrong", path.display()))?;
        }
        config.passkey_authenticators = Some(accepted);
        Ok(())
    }

    const PROXY_NOT_TRUSTED: &str = "the public URL is https, so a proxy must be in \
        front, but `--trusted-proxies` is not set: all visitors appear to have the proxy's \
        address, and the throttle, the limit of connections and the logs treat them as one \
        visitor; set the proxy's address, as in `--trusted-proxies 127.0.0.1`";

    const SOCKET_NOT_TRUSTED: &str = "`--trusted-proxies` does not have `unix`, so visitors who come \
        over the Unix socket have no address: the throttle and the logs cannot tell them apart; let \
        the proxy send X-Forwarded-For, and set `--trusted-proxies unix`";

    /// The public URL, if there is one.
    ///
    /// # Errors
    /// When it is not valid as a public URL.
    pub(crate) fn public_url(&self) -> anyhow::Result<Option<PublicUrl>> {
        let text = self.public_url.as_deref();
        let url = text.map(|text| self.parse_public_url(text)).transpose();
        url.context("the setting --public-url")
    }

    /// The public URL, or the default one for an app that listens at `address`.
    ///
    /// # Errors
    /// When other machines can reach the app, and the public URL has neither https nor a host where
    /// plain http is allowed; and when a Unix socket has no public URL.
    pub(crate) fn public_url_at(&self, address: &ListenAddress) -> anyhow::Result<PublicUrl> {
        let url = match (self.public_url()?, address) {
            (Some(url), _) => url,
            (None, ListenAddress::Tcp(address)) if address.ip().is_loopback() => {
                format!("http://{address}").parse()?
            }
            (None, ListenAddress::Tcp(_)) => {
                let url = self.parse_public_url(&format!("http://{address}"));
                url.with_context(|| needs_https(address))?
            }
            (None, ListenAddress::Unix(_)) => bail!(
                "say where browsers reach the proxy in front of {address}, as in --public-url \
                 https://example.com"
            ),
        };
        if !address.is_local() && !url.is_https() && url.is_loopback() {
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

    /// The warning if a proxy in front is necessary but not trusted. It is necessary for https,
    /// because the program itself has no TLS.
    pub(crate) fn untrusted_proxy(&self) -> Option<&'static str> {
        let url = self.public_url.as_deref().unwrap_or_default();
        match self.listen {
            ListenAddress::Unix(_) if self.trusted_proxies.trusts_unix_sockets() => None,
            ListenAddress::Unix(_) => Some(Self::SOCKET_NOT_TRUSTED),
            ListenAddress::Tcp(_) => (url.starts_with("https:") && self.trusted_proxies.is_empty())
                .then_some(Self::PROXY_NOT_TRUSTED),
        }
    }
}

fn needs_https(address: &ListenAddress) -> String {
    format!(
        "other machines can reach the app at {address}, and passwords and cookies need https \
         there: put a proxy with a certificate in front and name its address, as in \
         --public-url https://example.com"
    )
}
