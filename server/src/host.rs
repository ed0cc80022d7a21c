//! Which requests are meant for this site: those with exactly one well-formed `Host`, and that of
//! the site.

use std::sync::Once;

use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use vestibule::flows::Site;
use vestibule::web::{Problem, PublicUrl, TrustedProxies};

/// How the site is reached.
#[derive(Clone)]
pub(crate) struct Reached {
    pub(crate) public_url: PublicUrl,
    pub(crate) trusted_proxies: TrustedProxies,
    /// Answered whatever host is asked for: a monitor may know the address alone.
    pub(crate) probes: &'static [&'static str],
}

/// Rejects requests that are not meant for this site, or that a proxy in front could read
/// differently (RFC 9112, section 3.2). Of a request with `Content-Length` and `Transfer-Encoding`
/// hyper reads the latter, and closes the connection after it (section 6.3).
pub(crate) async fn check_host(
    State((reached, site)): State<(Reached, Site)>,
    request: Request,
    next: Next,
) -> Response {
    match reached.objection(&request) {
        None => next.run(request).await,
        Some((status, text)) => {
            let mut problem = Problem::new(status).detail_text(text);
            if status == StatusCode::MISDIRECTED_REQUEST {
                problem = problem.link(&reached.public_url);
                reached.warn_of_host(&request);
            }
            let mut response = site.error_page(problem, request.headers());
            // What follows on this connection cannot be told from the body of this request.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
            response
        }
    }
}

/// The status, and the name of the text.
type Objection = (StatusCode, &'static str);

impl Reached {
    fn objection(&self, request: &Request) -> Option<Objection> {
        let bad = |text| Some((StatusCode::BAD_REQUEST, text));
        let (headers, uri) = (request.headers(), request.uri());
        if request.method().as_str() == "PRI" {
            // The preface of HTTP/2 (RFC 9113, section 3.4).
            let status = StatusCode::HTTP_VERSION_NOT_SUPPORTED;
            return Some((status, "program-http-version"));
        }
        if request.method() == Method::CONNECT || uri.path() == "*" {
            return bad("program-not-a-proxy");
        }
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return bad("program-host-count");
        };
        let Some(host) = authority(host) else {
            return bad("program-host-malformed");
        };
        if uri.authority().is_some_and(|asked| *asked != host) {
            return bad("program-host-ambiguous");
        }
        if self.probes.contains(&uri.path()) || self.public_url.is_at(host.as_str()) {
            return None;
        }
        if self.trusted_proxies.trusts_connection(request.extensions()) {
            return None;
        }
        Some((StatusCode::MISDIRECTED_REQUEST, "program-host-elsewhere"))
    }

    /// Once: anybody can send such requests.
    fn warn_of_host(&self, request: &Request) {
        static ONCE: Once = Once::new();
        let host = request
            .headers()
            .get(HOST)
            .and_then(|host| host.to_str().ok());
        let host: String = host.into_iter().flat_map(str::chars).take(100).collect();
        ONCE.call_once(|| {
            tracing::warn!(
                host,
                public_url = %self.public_url,
                "rejected a request for another host than that of the public URL: set --public-url \
                 to the address in the browser; if a proxy in front asks for that host, let it pass \
                 `Host` on, or name it by --trusted-proxies"
            );
        });
    }
}

/// A host and an optional port.
fn authority(host: &HeaderValue) -> Option<Authority> {
    let authority: Authority = host.to_str().ok()?.parse().ok()?;
    let is_plain = !authority.as_str().contains('@') && !authority.host().is_empty();
    is_plain.then_some(authority)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::body::Body;
    use axum::extract::{ConnectInfo, Request};

    use super::Reached;

    #[test]
    fn a_trusted_proxy_may_ask_for_any_host_and_nobody_else() {
        let reached = Reached {
            public_url: "https://example.com".parse().unwrap(),
            trusted_proxies: "10.0.0.0/8".parse().unwrap(),
            probes: &["/healthz"],
        };
        let status = |peer: &str, host: &str, path: &str| {
            let request = Request::builder().uri(path).header("host", host);
            let mut request = request.body(Body::empty()).unwrap();
            let peer: SocketAddr = format!("{peer}:1").parse().unwrap();
            request.extensions_mut().insert(ConnectInfo(peer));
            let objection = reached.objection(&request);
            objection.map(|(status, _)| status.as_u16())
        };

        for (peer, host, path, expected) in [
            ("192.0.2.1", "example.com", "/login", None),
            ("192.0.2.1", "127.0.0.1:5000", "/login", Some(421)),
            ("192.0.2.1", "127.0.0.1:5000", "/healthz", None),
            ("10.1.2.3", "127.0.0.1:5000", "/login", None),
            ("10.1.2.3", "a@b", "/login", Some(400)),
        ] {
            assert_eq!(status(peer, host, path), expected, "{peer} {host} {path}");
        }
    }
}
