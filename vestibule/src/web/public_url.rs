//! The address at which browsers reach the app.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use crate::error::{Error, Result};

/// The address at which browsers reach the app, such as `https://example.com`.
///
/// It decides the cookies: over https they are `Secure` and have the `__Host-` prefix. Plain http
/// is only accepted for a loopback address.
///
/// ```
/// use vestibule::web::PublicUrl;
///
/// let local: PublicUrl = "http://127.0.0.1:5000".parse()?;
/// assert!(!local.is_https());
/// assert!("http://example.com".parse::<PublicUrl>().is_err());
/// # Ok::<(), vestibule::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PublicUrl(Url);

impl PublicUrl {
    /// Whether browsers reach the app over https.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The origin as browsers send it: scheme, host, and the port if it is not the default.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Whether a `Host` header names this address: `example.com`, or `example.com:8443`. On plain
    /// http, which is only used on the local machine, every name of the local machine does, with
    /// any port.
    ///
    /// ```
    /// use vestibule::web::PublicUrl;
    ///
    /// let site: PublicUrl = "https://example.com".parse()?;
    /// assert!(site.is_at("Example.com:443"));
    /// assert!(!site.is_at("evil.example"));
    /// # Ok::<(), vestibule::Error>(())
    /// ```
    pub fn is_at(&self, host: &str) -> bool {
        let Ok(asked) = Url::parse(&format!("{}://{host}/", self.0.scheme())) else {
            return false;
        };
        asked.origin() == self.0.origin() || (!self.is_https() && is_loopback(&asked))
    }

    /// The host, and the names in it without the last one: of `www.example.com` also `www` and
    /// `example`. They name the site to its visitors; `com` does not. On plain http, which is only
    /// used on the local machine, also `localhost`.
    #[cfg(feature = "sql")]
    pub(crate) fn host_names(&self) -> impl Iterator<Item = &str> {
        let host = self.0.host_str().unwrap_or_default();
        let domain = self.0.domain().unwrap_or_default();
        let (names, _) = domain.rsplit_once('.').unwrap_or_default();
        let names = names.split('.').filter(|name| !name.is_empty());
        let here = (!self.is_https()).then_some("localhost");
        std::iter::once(host).chain(names).chain(here)
    }

    /// The port; the default one if the address has none.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(80)
    }
}

impl FromStr for PublicUrl {
    type Err = Error;

    /// # Errors
    /// When it is not a valid address, has a path, a query or a password, or is plain http to
    /// another host than this machine ([`Error::is_config`]).
    fn from_str(text: &str) -> Result<Self> {
        Self::checked(text, "the public URL")
    }
}

impl PublicUrl {
    /// The address in `text`, which is to be `what`, such as `the public URL`.
    pub(crate) fn checked(text: &str, what: &str) -> Result<Self> {
        let refuse = |why: &str| {
            Error::config(format!(
                "`{text}` cannot be {what}: {why}; write it like `https://example.com`"
            ))
        };
        let url = Url::parse(text).map_err(|error| refuse(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("it is neither http nor https"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it has more than a host and a port"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it has a user name or a password"));
        }
        if url.host_str().is_some_and(|host| host.contains('*')) {
            return Err(refuse("it has a wildcard, and must be one host"));
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(refuse(
                "passwords and cookies need https on any host but this machine",
            ));
        }
        // The URL standard allows characters in a host, such as braces, that HTTP does not.
        if url.as_str().parse::<http::Uri>().is_err() {
            return Err(refuse("its host is no host name"));
        }
        Ok(Self(url))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

impl fmt::Debug for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::PublicUrl;

    #[test]
    fn https_anywhere_and_http_on_this_machine_are_accepted() {
        for (text, origin) in [
            ("https://example.com", "https://example.com"),
            ("https://example.com:8443/", "https://example.com:8443"),
            ("http://localhost:5000", "http://localhost:5000"),
            ("http://127.0.0.1", "http://127.0.0.1"),
            ("http://[::1]:80", "http://[::1]"),
        ] {
            assert_eq!(text.parse::<PublicUrl>().unwrap().origin(), origin);
        }
    }

    #[test]
    fn a_host_is_that_of_the_site_or_on_loopback_any_of_this_machine() {
        let site: PublicUrl = "https://example.com".parse().unwrap();
        let here: PublicUrl = "http://127.0.0.1:5000".parse().unwrap();

        for (url, host, is_at) in [
            (&site, "example.com", true),
            (&site, "EXAMPLE.com:443", true),
            (&site, "example.com:8443", false),
            (&site, "example.com.evil.example", false),
            (&site, "127.0.0.1", false),
            (&site, "", false),
            (&here, "127.0.0.1:5000", true),
            (&here, "localhost:5000", true),
            (&here, "[::1]:5000", true),
            (&here, "evil.example:5000", false),
            (&here, "127.0.0.1.evil.example:5000", false),
            (&here, "localhost.evil.example", false),
        ] {
            assert_eq!(url.is_at(host), is_at, "{url} {host}");
        }
    }

    #[cfg(feature = "sql")]
    #[test]
    fn a_host_has_the_names_by_which_visitors_know_the_site() {
        for (url, names) in [
            ("https://example.com", &["example.com", "example"][..]),
            (
                "https://www.acme.co.uk:8443",
                &["www.acme.co.uk", "www", "acme", "co"],
            ),
            ("https://192.0.2.1", &["192.0.2.1"]),
            ("http://127.0.0.1:5000", &["127.0.0.1", "localhost"]),
        ] {
            let url: PublicUrl = url.parse().unwrap();
            assert_eq!(url.host_names().collect::<Vec<_>>(), names);
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_reason() {
        for (text, why) in [
            ("http://example.com", "need https"),
            ("http://10.0.0.1", "need https"),
            ("http://localhost.example.com", "need https"),
            ("example.com", "cannot be"),
            ("ftp://example.com", "neither http nor https"),
            ("https://example.com/app", "more than a host"),
            ("https://u:p@example.com", "user name"),
        ] {
            let error = text.parse::<PublicUrl>().unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
        }
    }
}
