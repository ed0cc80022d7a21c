//! The address of Redis, and advice if it cannot be reached.

use redis::{Client, ConnectionAddr, ErrorKind, RedisError, ServerErrorKind};
use rustls::crypto::{CryptoProvider, ring};

use crate::error::{Error, Result};

/// The servers in an address.
pub(super) struct Address {
    pub(super) first: Client,
    /// All of them, including the first.
    pub(super) nodes: Vec<Client>,
    pub(super) is_cluster: bool,
    is_tls: bool,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self> {
        // The redis crate accepts any certificate if the address ends in `#insecure`, in builds
        // where another crate has enabled that feature.
        if url.contains('#') {
            return Err(Error::config(
                "the session store's address must not have a `#`: the certificate of a server is \
                 always verified, and in a password it is written %23",
            ));
        }
        let (urls, is_cluster) = match url.split_once("+cluster://") {
            Some((scheme @ ("redis" | "rediss"), nodes)) => {
                let nodes = nodes.split(',').map(str::trim);
                let urls = nodes.map(|node| format!("{scheme}://{node}")).collect();
                (urls, true)
            }
            _ => (vec![url.to_owned()], false),
        };
        let open = |url: &String| Client::open(url.as_str()).map_err(|_| unreadable());
        let nodes: Vec<_> = urls.iter().map(open).collect::<Result<_>>()?;
        let first = nodes.first().cloned().ok_or_else(unreadable)?;
        let address = first.get_connection_info().addr();
        Ok(Self {
            is_tls: matches!(address, ConnectionAddr::TcpTls { .. }),
            is_cluster,
            first,
            nodes,
        })
    }

    /// Makes sure that rustls has a crypto provider. The redis crate uses the default of the
    /// process, and panics if none is set and Cargo built two.
    pub(super) fn choose_cryptography(&self) {
        if self.is_tls && CryptoProvider::get_default().is_none() {
            // If another thread has just set one, that one is fine too.
            ring::default_provider().install_default().ok();
        }
    }

    /// [`Error::is_store`] if the server is not up yet, so that trying again may help, and
    /// [`Error::is_config`] otherwise.
    pub(super) fn cannot_connect(&self, error: &RedisError) -> Error {
        let said = error.to_string();
        let advice = advice(self.is_tls, &said);
        let message = format!("cannot connect to the session store: {said}{advice}");
        match is_not_up(error, &said) && advice.is_empty() {
            true => Error::store(message),
            false => Error::config(message),
        }
    }
}

/// Whether the server may accept the connection soon: nothing listens, its name is not known yet, or
/// it still reads its data.
fn is_not_up(error: &RedisError, said: &str) -> bool {
    /// An unknown name, and every error of a cluster, can be recognized only by the text.
    const NOT_UP: [&str; 4] = [
        "Connection refused",
        "failed to lookup address",
        "timed out",
        "unreachable",
    ];
    let is_starting = matches!(
        error.kind(),
        ErrorKind::Server(
            ServerErrorKind::BusyLoading
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown
                | ServerErrorKind::TryAgain
        )
    );
    is_starting
        || error.is_connection_refusal()
        || error.is_timeout()
        || NOT_UP.iter().any(|words| said.contains(words))
}

/// Advice, chosen by the error's text, because a cluster's errors contain nothing else.
fn advice(is_tls: bool, said: &str) -> &'static str {
    let says = |some: &[&str]| some.iter().any(|words| said.contains(words));
    if says(&["certificate not valid for name"]) {
        "; name the server in the address as its certificate does, or give it a certificate for \
         that name"
    } else if says(&["invalid peer certificate: UnknownIssuer"]) {
        "; the issuer of the server's certificate is not trusted on this machine: set the \
         environment variable SSL_CERT_FILE to a PEM file with the issuer's certificate"
    } else if says(&["CaUsedAsEndEntity"]) {
        "; this certificate belongs to a certificate authority: let it issue one for the server"
    } else if says(&["invalid peer certificate"]) {
        "; give the server a certificate that is valid"
    } else if is_tls && says(&["corrupt message", "handshake eof", "timed out"]) {
        "; does the server speak TLS at this port? Redis does at its `tls-port`"
    } else if !is_tls && says(DROPPED) {
        "; if the server speaks TLS at this port, the address begins with rediss:// or \
         rediss+cluster://"
    } else {
        ""
    }
}

/// Errors of a client without TLS at a server that expects TLS.
const DROPPED: &[&str] = &["reset by peer", "roken pipe", "end of file"];

/// Leaves out the address, which may contain a mistyped password.
fn unreadable() -> Error {
    Error::config(
        "the session store's address cannot be read; write it like redis://127.0.0.1:6379, or \
         redis+cluster://10.0.0.1:6379,10.0.0.2:6379, with rediss for TLS",
    )
}
