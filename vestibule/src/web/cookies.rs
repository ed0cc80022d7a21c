//! Reading our own cookies without copying others, and writing them.

use std::collections::BTreeMap;
use std::time::Duration;

use cookie::{Cookie, SameSite};
use http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use memchr::memchr;

use crate::web::{PublicUrl, is_below};

/// What a request has under a cookie's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CookieMatch<'a> {
    None,
    One(&'a str),
    /// More than one, or not text: somebody else may have set it.
    Several,
}

const HOST_PREFIX: &str = "__Host-";
const SECURE_PREFIX: &str = "__Secure-";

/// One of our cookies. By default it is only for this app, hidden from scripts, and not sent with
/// requests from other sites, except when the user follows a link (`SameSite=Lax`).
#[derive(Debug, Clone)]
pub(crate) struct OwnCookie {
    name: String,
    is_secure: bool,
    domain: Option<String>,
    path: String,
}

impl OwnCookie {
    /// The cookie of an app at `public_url`. Assumes https if there is none.
    ///
    /// Over https the name has the prefix `__Host-`: browsers reject such a cookie without
    /// `Secure`, with a `Domain`, or with another path than `/` (RFC 6265bis section 4.1.3.2). An
    /// app below a path gets `__Secure-` (section 4.1.3.1). Over plain http browsers reject both
    /// prefixes, and share cookies among all ports. The port in the name then separates two
    /// programs.
    ///
    /// The path is part of the name too: browsers send a cookie for `/` or `/app` also to
    /// `/app/admin`, and a server does not see which path a cookie is for.
    pub(crate) fn new(base_name: &str, public_url: Option<&PublicUrl>) -> Self {
        let path = public_url.map(PublicUrl::path).unwrap_or_default();
        let of_path = path.replace('/', "-");
        let (name, is_secure) = match public_url.filter(|url| !url.is_https()) {
            Some(plain) => (format!("{base_name}-{}{of_path}", plain.port()), false),
            None if path.is_empty() => (format!("{HOST_PREFIX}{base_name}"), true),
            None => (format!("{SECURE_PREFIX}{base_name}{of_path}"), true),
        };
        let path = if path.is_empty() { "/" } else { path };
        Self {
            name,
            is_secure,
            domain: None,
            path: path.to_owned(),
        }
    }

    /// The same cookie for the hosts under `domain`, if that is set, and only for paths under
    /// `path`, if that is a path of the app. A cookie changed so cannot have the prefix `__Host-`,
    /// and gets `__Secure-`.
    pub(crate) fn reaching(mut self, domain: &Option<String>, path: &str) -> Self {
        self.domain.clone_from(domain);
        if is_below(self.path.trim_end_matches('/'), path) {
            path.clone_into(&mut self.path);
        }
        if (self.domain.is_some() || self.path != "/")
            && let Some(base_name) = self.name.strip_prefix(HOST_PREFIX)
        {
            self.name = format!("{SECURE_PREFIX}{base_name}");
        }
        self
    }

    /// Finds the cookie with exactly this name (case-sensitive) in all `Cookie` headers.
    pub(crate) fn find<'a>(&self, headers: &'a HeaderMap) -> CookieMatch<'a> {
        let [found] = find_all(headers, [self]);
        found
    }

    /// One of several cookies under this name.
    pub(crate) fn member(&self, name: &str) -> Self {
        Self {
            name: format!("{}.{name}", self.name),
            ..self.clone()
        }
    }

    /// All [members](Self::member) in a request, by name. One that is sent twice, or is not text,
    /// has no value, because it is unclear which one is ours.
    pub(crate) fn find_members<'a>(
        &self,
        headers: &'a HeaderMap,
    ) -> BTreeMap<&'a str, Option<&'a str>> {
        let mut found = BTreeMap::new();
        let headers = headers.get_all(COOKIE).into_iter();
        for pair in headers.flat_map(|header| header.as_bytes().split(|byte| *byte == b';')) {
            let member = pair.trim_ascii().strip_prefix(self.name.as_bytes());
            let member = member.and_then(|rest| rest.strip_prefix(b"."));
            let mut parts = member.unwrap_or_default().splitn(2, |byte| *byte == b'=');
            let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
                continue;
            };
            if let Some(name) = str::from_utf8(name)
                .ok()
                .filter(|name| is_member_name(name))
            {
                found
                    .entry(name)
                    .and_modify(|value| *value = None)
                    .or_insert(str::from_utf8(value).ok());
            }
        }
        found
    }

    /// The cookie that sets `value`, until the browser closes or for `max_age`.
    pub(crate) fn set(&self, value: String, max_age: Option<Duration>) -> Cookie<'static> {
        let mut cookie = Cookie::build((self.name.clone(), value))
            .path(self.path.clone())
            .secure(self.is_secure)
            .http_only(true)
            .same_site(SameSite::Lax)
            .build();
        if let Some(domain) = &self.domain {
            cookie.set_domain(domain.clone());
        }
        if let Some(max_age) = max_age {
            cookie.set_max_age(time::Duration::try_from(max_age).unwrap_or(time::Duration::MAX));
        }
        cookie
    }

    /// The cookie that removes it from the browser, with the same attributes.
    pub(crate) fn remove(&self) -> Cookie<'static> {
        let mut cookie = self.set(String::new(), None);
        cookie.make_removal();
        cookie
    }
}

/// Whether a name has only the characters allowed for a [member](OwnCookie::member): ASCII letters,
/// digits, `_` and `-`.
pub(crate) fn is_member_name(name: &str) -> bool {
    let is_inside = |c: u8| c.is_ascii_alphanumeric() || b"_-".contains(&c);
    name.bytes().all(is_inside)
}

/// Finds several cookies in one pass over all `Cookie` headers.
pub(crate) fn find_all<'a, const N: usize>(
    headers: &'a HeaderMap,
    cookies: [&OwnCookie; N],
) -> [CookieMatch<'a>; N] {
    let mut found = [CookieMatch::None; N];
    for header in headers.get_all(COOKIE) {
        let mut rest = Some(header.as_bytes());
        while let Some(text) = rest {
            let pair = match memchr(b';', text) {
                Some(end) => {
                    rest = text.get(end + 1..);
                    text.get(..end).unwrap_or_default()
                }
                None => {
                    rest = None;
                    text
                }
            };
            let pair = pair.trim_ascii_start();
            for (cookie, found) in cookies.iter().zip(&mut found) {
                let Some(value) = value_of(pair, &cookie.name) else {
                    continue;
                };
                *found = match (*found, str::from_utf8(value)) {
                    (CookieMatch::None, Ok(value)) => CookieMatch::One(value.trim_ascii_end()),
                    _ => CookieMatch::Several,
                };
            }
        }
    }
    found
}

fn value_of<'a>(pair: &'a [u8], name: &str) -> Option<&'a [u8]> {
    pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")
}

/// Adds a `Set-Cookie` header.
pub(crate) fn append(headers: &mut HeaderMap, cookie: &Cookie<'_>) {
    // Names and values are ours and plain ASCII, so this never fails.
    if let Ok(value) = HeaderValue::try_from(cookie.to_string()) {
        headers.append(SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use http::header::{COOKIE, HeaderMap, HeaderValue};

    use super::{CookieMatch, OwnCookie};

    fn headers(values: &[&'static str]) -> HeaderMap {
        values
            .iter()
            .map(|value| (COOKIE, HeaderValue::from_static(value)))
            .collect()
    }

    fn cookie(base_name: &str) -> OwnCookie {
        OwnCookie::new(base_name, None)
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let headers = headers(&["a=1; __Host-session=x; b=2"]);

        assert_eq!(cookie("session").find(&headers), CookieMatch::One("x"));
    }

    #[test]
    fn two_of_one_name_are_told_apart_from_none_in_one_header_or_two() {
        for headers in [
            headers(&["__Host-s=evil; __Host-s=good"]),
            headers(&["__Host-s=good", "__Host-s=evil"]),
            headers(&["__Host-s=good; __Host-s="]),
        ] {
            assert_eq!(cookie("s").find(&headers), CookieMatch::Several);
        }
        assert_eq!(cookie("s").find(&headers(&["t=1"])), CookieMatch::None);
    }

    #[test]
    fn members_are_found_by_name_and_have_no_value_if_they_come_twice() {
        let headers = headers(&[
            "__Host-data.a=1; __Host-data.b=2;__Host-data.b=3; __Host-data=4; __Host-datax.c=5",
            "x=6; __Host-data.d=7=8",
        ]);

        let found = cookie("data").find_members(&headers);

        let expected = [("a", Some("1")), ("b", None), ("d", Some("7=8"))];
        assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
        let cookie = cookie("data").member("a").set("1".to_owned(), None);
        assert_eq!(cookie.name(), "__Host-data.a");
    }

    #[test]
    fn below_a_path_a_cookie_has_that_path_and_a_name_of_its_own() {
        let app = |url: &str| OwnCookie::new("session", Some(&url.parse().unwrap()));
        for (url, expected) in [
            (
                "https://example.com",
                "__Host-session=x; HttpOnly; SameSite=Lax; Secure; Path=/",
            ),
            (
                "https://example.com/a/b",
                "__Secure-session-a-b=x; HttpOnly; SameSite=Lax; Secure; Path=/a/b",
            ),
            (
                "http://localhost:5000",
                "session-5000=x; HttpOnly; SameSite=Lax; Path=/",
            ),
            (
                "http://localhost:5000/a",
                "session-5000-a=x; HttpOnly; SameSite=Lax; Path=/a",
            ),
        ] {
            let set = app(url).set("x".to_owned(), None);
            assert_eq!(set.to_string(), expected);
        }
        let both = headers(&["session-5000-a=inner; session-5000=outer"]);
        let outer = app("http://localhost:5000");
        assert_eq!(outer.find(&both), CookieMatch::One("outer"));
        let inner = app("http://localhost:5000/a");
        assert_eq!(inner.find(&both), CookieMatch::One("inner"));
    }

    #[test]
    fn a_path_of_a_setting_narrows_the_cookie_and_never_widens_it() {
        for (url, path, expected) in [
            (
                "https://example.com",
                "/",
                "__Host-r=; HttpOnly; SameSite=Lax; Secure; Path=/",
            ),
            (
                "https://example.com",
                "/x",
                "__Secure-r=; HttpOnly; SameSite=Lax; Secure; Path=/x",
            ),
            (
                "https://example.com/a",
                "/",
                "__Secure-r-a=; HttpOnly; SameSite=Lax; Secure; Path=/a",
            ),
            (
                "https://example.com/a",
                "/a/x",
                "__Secure-r-a=; HttpOnly; SameSite=Lax; Secure; Path=/a/x",
            ),
            (
                "https://example.com/a",
                "/b",
                "__Secure-r-a=; HttpOnly; SameSite=Lax; Secure; Path=/a",
            ),
        ] {
            let cookie = OwnCookie::new("r", Some(&url.parse().unwrap())).reaching(&None, path);
            assert_eq!(cookie.set(String::new(), None).to_string(), expected);
        }
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
                cookie("session").find(&headers(&[look_alike])),
                CookieMatch::None,
                "{look_alike}"
            );
        }
    }
}
