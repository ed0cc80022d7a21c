//! The cookies of a browser for tests.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use cookie::Cookie;
use http::HeaderMap;
use http::header::SET_COOKIE;

use crate::web::is_below;

/// The cookies of one host. As in browsers, there is one of each name for each path; it is sent to
/// that path and all paths below it, the longest path first (RFC 6265bis section 5.8.3).
#[derive(Debug, Clone, Default)]
pub(super) struct BrowserCookies(BTreeMap<(Reverse<String>, String), Kept>);

#[derive(Debug, Clone)]
struct Kept {
    value: String,
    /// Whether it is kept when the browser closes.
    is_persistent: bool,
}

impl BrowserCookies {
    /// Stores and removes cookies as a response says.
    ///
    /// # Panics
    /// When a `Set-Cookie` cannot be read.
    pub(super) fn keep(&mut self, headers: &HeaderMap) {
        for header in headers.get_all(SET_COOKIE) {
            let text = header.to_str().expect("cookies are ASCII");
            let cookie = Cookie::parse(text).expect("a cookie that browsers read");
            let path = cookie.path().unwrap_or("/").to_owned();
            let key = (Reverse(path), cookie.name().to_owned());
            if cookie.max_age().is_some_and(|age| !age.is_positive()) {
                self.0.remove(&key);
                continue;
            }
            let kept = Kept {
                value: cookie.value().to_owned(),
                is_persistent: cookie.max_age().is_some() || cookie.expires().is_some(),
            };
            self.0.insert(key, kept);
        }
    }

    /// Sets a cookie for all paths.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let kept = Kept {
            value: value.to_owned(),
            is_persistent: true,
        };
        self.0
            .insert((Reverse("/".to_owned()), name.to_owned()), kept);
    }

    /// Removes a cookie from all paths.
    pub(super) fn forget(&mut self, name: &str) {
        self.0.retain(|(_, its), _| its != name);
    }

    /// Removes the cookies without an expiry, as when the browser closes.
    pub(super) fn close(&mut self) {
        self.0.retain(|_, cookie| cookie.is_persistent);
    }

    /// Adds all cookies of another browser.
    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The value of a cookie; that of the longest path, if there are several.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let mut of_name = self.0.iter().filter(|((_, its), _)| its == name);
        of_name.next().map(|(_, cookie)| cookie.value.clone())
    }

    /// The names, in order.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.0.keys().map(|(_, name)| name.clone()).collect();
        names.sort();
        names
    }

    /// The `Cookie` header of a request for a path; it may have a query.
    pub(super) fn header(&self, path: &str) -> Option<String> {
        let path = path.split('?').next().unwrap_or_default();
        let sent = self.0.iter().filter(|((its, _), _)| {
            let base = its.0.trim_end_matches('/');
            is_below(base, path)
        });
        let pairs: Vec<_> = sent
            .map(|((_, name), cookie)| format!("{name}={}", cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}
