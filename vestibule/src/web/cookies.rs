//! Reading our own cookies, without a copy of the others, and writing them.

use cookie::Cookie;
use http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};

use crate::web::PublicUrl;

/// The prefix that makes browsers refuse a cookie that is not `Secure`, or is for more than
/// this very host (RFC 6265bis section 4.1.3.2).
pub(crate) const HTTPS_PREFIX: &str = "__Host-";

/// What a request brings under a cookie's name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    None,
    One(&'a str),
    /// More than one, or none that is text: somebody else's work.
    Several,
}

/// The name to use at `public_url`: with the `__Host-` prefix wherever there is https.
///
/// Without https, which is only ever a loopback address, browsers refuse the prefix, and
/// cookies are shared by all ports of the host: the port in the name keeps apart two programs
/// on one machine.
pub(crate) fn name(base: &str, public_url: &PublicUrl) -> String {
    if public_url.is_https() {
        HTTPS_PREFIX.to_owned() + base
    } else {
        format!("{base}-{}", public_url.port())
    }
}

/// Finds the cookie by this very name (case matters) over all `Cookie` headers.
pub(crate) fn find<'a>(headers: &'a HeaderMap, name: &str) -> Found<'a> {
    let mut found = Found::None;
    for header in headers.get_all(COOKIE) {
        for pair in header.as_bytes().split(|byte| *byte == b';') {
            let Some(value) = value_of(pair.trim_ascii_start(), name) else {
                continue;
            };
            found = match (found, str::from_utf8(value)) {
                (Found::None, Ok(value)) => Found::One(value.trim_ascii_end()),
                _ => return Found::Several,
            };
        }
    }
    found
}

fn value_of<'a>(pair: &'a [u8], name: &str) -> Option<&'a [u8]> {
    pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")
}

/// Adds a `Set-Cookie` header.
pub(crate) fn append(headers: &mut HeaderMap, cookie: &Cookie<'_>) {
    // Names and values are ours and plain ASCII, so that this never fails.
    if let Ok(value) = HeaderValue::try_from(cookie.to_string()) {
        headers.append(SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use http::header::{COOKIE, HeaderMap, HeaderValue};

    use super::{Found, find};

    fn headers(values: &[&'static str]) -> HeaderMap {
        values
            .iter()
            .map(|value| (COOKIE, HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let headers = headers(&["a=1; __Host-session=x; b=2"]);

        assert_eq!(find(&headers, "__Host-session"), Found::One("x"));
    }

    #[test]
    fn two_of_one_name_are_told_apart_from_none_in_one_header_or_two() {
        for headers in [
            headers(&["s=evil; s=good"]),
            headers(&["s=good", "s=evil"]),
            headers(&["s=good; s="]),
        ] {
            assert_eq!(find(&headers, "s"), Found::Several);
        }
        assert_eq!(find(&headers(&["t=1"]), "s"), Found::None);
    }

    #[test]
    fn names_that_only_look_alike_are_other_cookies() {
        for look_alike in [
            "__host-session=x",
            "__Host-session%00=x",
            "%5f_Host-session=x",
            "=__Host-session=x",
            "x__Host-session=x",
            "__Host-session =x",
            "__Host-session",
        ] {
            assert_eq!(
                find(&headers(&[look_alike]), "__Host-session"),
                Found::None,
                "{look_alike}"
            );
        }
    }
}
