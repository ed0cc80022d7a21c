//! The security headers of every page.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Nothing but our own style, script, pictures and forms; never in a frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     img-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The same for pages whose script sends requests, to this site alone. A response that has this
/// header keeps it.
#[cfg(feature = "passkeys")]
pub(crate) const WITH_REQUESTS: (HeaderName, HeaderValue) = (
    header::CONTENT_SECURITY_POLICY,
    HeaderValue::from_static(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
         font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
    ),
);

const HEADERS: [(HeaderName, HeaderValue); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(CONTENT_SECURITY_POLICY),
    ),
    // What frame-ancestors says, for browsers that do not know it.
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    // With "no-referrer" browsers send `Origin: null` with our own forms, and those too old
    // for Fetch Metadata would then be refused.
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    ),
];

/// For which hosts browsers use https alone, for a year after each answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StrictTransport {
    /// None: the site is on plain http.
    Off,
    /// This host alone. Whether all below it have https, only the operator knows.
    Host,
    /// This host and all below it.
    Subdomains,
}

impl StrictTransport {
    fn header(self) -> Option<HeaderValue> {
        match self {
            Self::Off => None,
            Self::Host => Some(HeaderValue::from_static("max-age=31536000")),
            Self::Subdomains => Some(HeaderValue::from_static(
                "max-age=31536000; includeSubDomains",
            )),
        }
    }
}

/// Adds the headers that a response does not have yet.
pub(crate) async fn security_headers(
    State(strict): State<StrictTransport>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    add_security_headers(strict, response.headers_mut());
    response
}

/// Adds those that are not there yet.
pub(crate) fn add_security_headers(strict: StrictTransport, headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    if let Some(value) = strict.header() {
        headers
            .entry(header::STRICT_TRANSPORT_SECURITY)
            .or_insert(value);
    }
}
