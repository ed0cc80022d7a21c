//! The address at which browsers reach the app.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use axum::Router;
use url::{Host, Url};

use crate::error::{Error, Result};

/// The address at which browsers reach the app, such as `https://example.com`.
///
/// It decides the cookies: over https they are `Secure` and have the `__Host-` prefix. Plain http
/// is only accepted for a loopback address; for a private network there is
/// [`dangerous_plain_http_on_private_network`](Self::dangerous_plain_http_on_private_network).
///
/// It can have a path, such as `https://example.com/app`, if the app has only a part of the host.
/// Links, redirects, `next` and the cookies' `Path` then stay below that path. The routes have it
/// too, unless a proxy removes it ([`proxy_removes_path`](Self::proxy_removes_path)).
///
/// ```
/// use vestibule::web::PublicUrl;
///
/// let local: PublicUrl = "http://127.0.0.1:5000".parse()?;
/// assert!(!local.is_https());
/// assert!("http://example.com".parse::<PublicUrl>().is_err());
///
/// let app: PublicUrl = "https://example.com/app".parse()?;
/// assert_eq!((app.path(), app.route_path()), ("/app", "/app"));
/// let app = app.proxy_removes_path();
/// assert_eq!((app.path(), app.route_path()), ("/app", ""));
/// # Ok::<(), vestibule::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PublicUrl {
    url: Url,
    is_path_removed: bool,
}

impl PublicUrl {
    /// Whether browsers reach the app over https.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Parses an address with plain http on a private network, such as `http://192.168.1.20:5000`
    /// or `http://nas.local`. Repeat its host as `host`, to show that you mean it: an address of a
    /// private network (RFC 1918), a unique local address (RFC 4193), a link-local address, or any
    /// name.
    ///
    /// **Anybody in that network can read every password and every cookie, take over every session,
    /// and change every page on its way.** Browsers reject `Secure` cookies there, so the cookies
    /// have neither `Secure` nor a prefix, and other ports and subdomains can overwrite them.
    /// Browsers do not say which site a form comes from, so only the `Origin` header is checked.
    /// Each start logs a warning.
    ///
    /// ```
    /// use vestibule::web::PublicUrl;
    ///
    /// let parse = PublicUrl::dangerous_plain_http_on_private_network;
    /// assert!(parse("http://192.168.1.20:5000", "192.168.1.20").is_ok());
    /// assert!(parse("http://203.0.113.7", "203.0.113.7").is_err(), "a public address");
    /// ```
    ///
    /// # Errors
    /// When it is not a valid address, its host is not `host`, or the host is a public address
    /// ([`Error::is_config`]).
    pub fn dangerous_plain_http_on_private_network(text: &str, host: &str) -> Result<Self> {
        let this = Self::parse(text, NAME)?;
        if !this
            .url
            .host_str()
            .is_some_and(|found| is_host(found, host))
        {
            return Err(refusal(text, NAME, &format!("its host is not `{host}`")));
        }
        match this.url.host() {
            Some(Host::Domain(_)) => Ok(this),
            Some(Host::Ipv4(address)) if is_private(address.into()) => Ok(this),
            Some(Host::Ipv6(address)) if is_private(address.into()) => Ok(this),
            _ => Err(refusal(
                text,
                NAME,
                "its host is a public address, which needs https",
            )),
        }
    }

    /// Whether only browsers on this machine reach the app.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// The path in front of all pages, as browsers see it: empty, or like `/app`.
    pub fn path(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }

    /// Says that a proxy removes the [path](Self::path): browsers ask for `/app/login`, and the app
    /// gets `/login`. Without a path, it changes nothing.
    ///
    /// The app cannot find this out by itself. If it served a page at both addresses, a proxy that
    /// removes the path would pass `/app/app/admin` on as `/app/admin`, past its own rules for
    /// `/app/admin`.
    #[must_use]
    pub fn proxy_removes_path(mut self) -> Self {
        self.is_path_removed = true;
        self
    }

    /// The path in front of all routes, as the app sees it: [`path`](Self::path), or empty if a
    /// [proxy removes it](Self::proxy_removes_path).
    pub fn route_path(&self) -> &str {
        match self.is_path_removed {
            true => "",
            false => self.path(),
        }
    }

    /// Puts the app's own routes below [`route_path`](Self::route_path), as axum's
    /// [`nest`](Router::nest); if that is empty, they stay where they are. The ready-made pages and
    /// the login layer do not need it.
    ///
    /// ```
    /// use axum::Router;
    /// use axum::routing::get;
    /// use vestibule::web::PublicUrl;
    ///
    /// let url: PublicUrl = "https://example.com/app".parse()?;
    /// // At `/app/hello`.
    /// let mine: Router = url.nest(Router::new().route("/hello", get(|| async { "Hello" })));
    /// # Ok::<(), vestibule::Error>(())
    /// ```
    pub fn nest<S: Clone + Send + Sync + 'static>(&self, routes: Router<S>) -> Router<S> {
        match self.route_path() {
            "" => routes,
            path => Router::new().nest(path, routes),
        }
    }

    /// The origin as browsers send it: scheme, host, and the port if it is not the default.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Whether a `Host` header names this address: `example.com`, or `example.com:8443`. If the
    /// address is one of the local machine on plain http, every name of the local machine matches,
    /// with any port.
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
        let Ok(asked) = Url::parse(&format!("{}://{host}/", self.url.scheme())) else {
            return false;
        };
        let is_here = !self.is_https() && self.is_loopback();
        asked.origin() == self.url.origin() || (is_here && is_loopback(&asked))
    }

    /// The host and its labels except the last: for `www.example.com` also `www` and `example`.
    /// These words name the site to its visitors; `com` does not. On plain http also `localhost`.
    #[cfg(feature = "sql")]
    pub(crate) fn host_names(&self) -> impl Iterator<Item = &str> {
        let host = self.url.host_str().unwrap_or_default();
        let domain = self.url.domain().unwrap_or_default();
        let (names, _) = domain.rsplit_once('.').unwrap_or_default();
        let names = names.split('.').filter(|name| !name.is_empty());
        let here = (!self.is_https()).then_some("localhost");
        std::iter::once(host).chain(names).chain(here)
    }

    /// The port; the default one if the address has none.
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(80)
    }
}

impl FromStr for PublicUrl {
    type Err = Error;

    /// # Errors
    /// When it is not a valid address, has a query or a password, a path that is not like `/app`, or
    /// is plain http to another host than this machine ([`Error::is_config`]).
    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text, NAME)?.without_plain_http(text, NAME)
    }
}

const NAME: &str = "the public URL";

impl PublicUrl {
    /// Parses a scheme, a host and a port. `what` names the address in errors, such as `a trusted
    /// origin`.
    ///
    /// # Errors
    /// When `text` is something else, or is plain http to another host than this machine.
    pub(crate) fn origin_of(text: &str, what: &str) -> Result<Self> {
        let this = Self::parse(text, what)?.without_plain_http(text, what)?;
        if !this.path().is_empty() {
            return Err(refusal(text, what, "it has more than a host and a port"));
        }
        Ok(this)
    }

    fn without_plain_http(self, text: &str, what: &str) -> Result<Self> {
        if !self.is_https() && !self.is_loopback() {
            let why = "passwords and cookies need https on any host but this machine";
            return Err(refusal(text, what, why));
        }
        Ok(self)
    }

    /// Parses an address. Does not check whether it may use plain http.
    fn parse(text: &str, what: &str) -> Result<Self> {
        let refusal = |why: &str| refusal(text, what, why);
        let url = Url::parse(text).map_err(|error| refusal(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refusal("it is neither http nor https"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refusal("it has a query or a fragment"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refusal("it has a user name or a password"));
        }
        if url.host_str().is_some_and(|host| host.contains('*')) {
            return Err(refusal("it has a wildcard, and must be one host"));
        }
        // The URL standard allows characters in a host, such as braces, that HTTP does not.
        if url.as_str().parse::<http::Uri>().is_err() {
            return Err(refusal("its host is not a valid host name"));
        }
        let this = Self {
            url,
            is_path_removed: false,
        };
        if !this.path().is_empty() && !is_base_path(this.path()) {
            let why = "its path may have only letters, digits, `-`, `_`, `.` and `~`";
            return Err(refusal(why));
        }
        Ok(this)
    }
}

fn refusal(text: &str, what: &str, why: &str) -> Error {
    Error::config(format!(
        "`{text}` cannot be {what}: {why}; write it like `https://example.com`"
    ))
}

/// Whether a text can be the path in front of an app: `/auth` or `/a/b`, in characters that every
/// URL parser and router reads alike.
pub(crate) fn is_base_path(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
    let mut segments = text.split('/');
    segments.next() == Some("")
        && text.len() > 1
        && segments.all(|name| !matches!(name, "" | "." | "..") && name.chars().all(is_plain))
}

/// Whether a path is `base`, or below it; `base` is empty, or like `/app`.
pub(crate) fn is_below(base: &str, path: &str) -> bool {
    let rest = path.strip_prefix(base);
    rest.is_some_and(|rest| base.is_empty() || rest.is_empty() || rest.starts_with('/'))
}

/// Whether two texts name the same host; an IPv6 address may have brackets.
fn is_host(found: &str, given: &str) -> bool {
    let bare = |host: &str| {
        host.trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned()
    };
    bare(found).eq_ignore_ascii_case(&bare(given))
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || v4.is_loopback(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_loopback(),
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
        write!(f, "{}{}", self.origin(), self.path())
    }
}

impl fmt::Debug for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicUrl({self})")
    }
}

#[cfg(test)]
mod tests;
