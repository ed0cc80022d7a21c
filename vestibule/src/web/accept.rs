//! The kind of client that sent a request, and so the format of the response.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

/// The kind of client that sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Client {
    /// A browser, or any client that does not identify as another kind.
    Browser,
    /// A script that accepts or sends JSON, or an `EventSource`, which accepts `text/event-stream`.
    Json,
    /// [htmx](https://htmx.org): redirected by a header, because it does not follow a redirect to a
    /// page.
    Htmx,
}

impl Client {
    /// Decides by `HX-Request`, then by `Accept`, then by the `Content-Type` sent.
    pub fn of(headers: &HeaderMap) -> Self {
        if headers.contains_key("hx-request") {
            return Self::Htmx;
        }
        let accept = headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(Preference::parse);
        let (mut script, mut html) = (0, 0);
        for preference in accept {
            if preference.is_script {
                script = script.max(preference.weight);
            }
            if preference.is_html {
                html = html.max(preference.weight);
            }
        }
        if script > html || (script == html && sends_json(headers)) {
            Self::Json
        } else {
            Self::Browser
        }
    }

    /// As [`of`](Self::of), for a failed request. A browser's request for anything but a page gets
    /// JSON, because a script would treat the login page or the error page as its result.
    pub(crate) fn of_failed(headers: &HeaderMap) -> Self {
        match Self::of(headers) {
            Self::Browser if !is_navigation(headers) => Self::Json,
            client => client,
        }
    }
}

/// Whether the browser shows the response as a page. It does not if `Sec-Fetch-Mode` says that the
/// request is from a script, an image or the like, or if a script library names itself in
/// `X-Requested-With`.
fn is_navigation(headers: &HeaderMap) -> bool {
    let is_fetched = |mode: &HeaderValue| mode.as_bytes() != b"navigate";
    let is_by_script = |by: &HeaderValue| by.as_bytes().eq_ignore_ascii_case(b"XMLHttpRequest");
    !headers.get("sec-fetch-mode").is_some_and(is_fetched)
        && !headers.get("x-requested-with").is_some_and(is_by_script)
}

/// For handlers that take it as an argument.
impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

/// One entry of an `Accept` header (RFC 9110 section 12.5.1), weighed in thousandths.
struct Preference {
    /// Whether only scripts accept this type.
    is_script: bool,
    is_html: bool,
    weight: u16,
}

impl Preference {
    fn parse(entry: &str) -> Self {
        let mut parts = entry.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts
            .find_map(|parameter| parameter.strip_prefix("q="))
            .map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0));
        Self {
            is_script: matches!(&*media_type, "application/json" | "text/event-stream")
                || media_type.ends_with("+json"),
            is_html: matches!(&*media_type, "text/html" | "application/xhtml+xml"),
            weight: (weight.clamp(0.0, 1.0) * 1000.0) as u16,
        }
    }
}

/// Whether the request's body is JSON by its `Content-Type`.
pub(crate) fn sends_json(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|media_type| media_type == "application/json")
}

/// Whether the body is UTF-8: the `Content-Type` has that charset or none.
#[cfg(feature = "sql")]
pub(crate) fn is_utf8(headers: &HeaderMap) -> bool {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let mut parameters = value.unwrap_or_default().split(';').skip(1);
    parameters.all(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or_default();
        let value = value.trim().trim_matches('"');
        !name.trim().eq_ignore_ascii_case("charset") || value.eq_ignore_ascii_case("utf-8")
    })
}

/// The `Content-Type` without its parameters, in lower case.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let media_type = value.split(';').next().unwrap_or_default();
    Some(media_type.trim().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};

    use super::Client;

    fn client(headers: &[(HeaderName, &'static str)]) -> Client {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect();
        Client::of(&headers)
    }

    #[test]
    fn a_browser_is_one_by_its_accept_header_or_for_want_of_a_better_guess() {
        let chromium = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

        assert_eq!(client(&[(ACCEPT, chromium)]), Client::Browser);
        assert_eq!(client(&[(ACCEPT, "*/*")]), Client::Browser);
        assert_eq!(client(&[]), Client::Browser);
        assert_eq!(
            client(&[(ACCEPT, "text/html, application/json;q=0.5")]),
            Client::Browser
        );
    }

    #[test]
    fn a_script_asks_for_json_or_sends_it() {
        assert_eq!(client(&[(ACCEPT, "application/json")]), Client::Json);
        assert_eq!(client(&[(ACCEPT, "text/event-stream")]), Client::Json);
        assert_eq!(
            client(&[(ACCEPT, "application/problem+json")]),
            Client::Json
        );
        assert_eq!(
            client(&[(ACCEPT, "text/html;q=0.5, application/json")]),
            Client::Json
        );
        assert_eq!(
            client(&[(CONTENT_TYPE, "Application/JSON; charset=utf-8")]),
            Client::Json
        );
    }

    #[test]
    fn htmx_says_so() {
        let header = HeaderName::from_static("hx-request");

        assert_eq!(client(&[(header, "true")]), Client::Htmx);
    }
}
