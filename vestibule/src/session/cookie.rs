//! The two cookies of a login: how they are read and written.

use std::time::Duration;

use cookie::Cookie;

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::session::{RememberToken, RememberedLogin, SessionToken};
use crate::web::PublicUrl;
use crate::web::cookies::{CookieMatch, OwnCookie, find_all};

/// The cookie that brings a session token: `__Host-session` over https, and `session-` with the
/// port on plain http, which is only ever on this machine. It goes when the browser closes.
///
/// Always `HttpOnly`, `SameSite=Lax`, `Path=/`; over https `Secure`.
#[derive(Debug, Clone)]
pub(crate) struct SessionCookie(OwnCookie);

impl SessionCookie {
    /// The cookie of a realm, for an app reached at `public_url`; without one, over https.
    pub(crate) fn new(realm: &str, public_url: Option<&PublicUrl>) -> Self {
        Self(OwnCookie::new(&in_realm(realm, "session"), public_url))
    }

    /// That of the anonymous visitors for whom the app keeps values in the store.
    pub(crate) fn of_anonymous(realm: &str, public_url: Option<&PublicUrl>) -> Self {
        Self(OwnCookie::new(&in_realm(realm, "data"), public_url))
    }

    /// That of a log-in that is proved in part.
    pub(crate) fn of_pending(realm: &str, public_url: Option<&PublicUrl>) -> Self {
        Self(OwnCookie::new(&in_realm(realm, "pending"), public_url))
    }

    /// Whether a request brings the cookie, in whatever state.
    pub(crate) fn is_brought(&self, headers: &http::HeaderMap) -> bool {
        self.0.find(headers) != CookieMatch::None
    }

    /// The token that a request brings, if it brings exactly one.
    pub(crate) fn read(&self, headers: &http::HeaderMap) -> CookieToken<SessionToken> {
        parsed(self.0.find(headers), SessionToken::parse)
    }

    /// The cookie that brings `token` back.
    pub(crate) fn set(&self, token: &SessionToken) -> Cookie<'static> {
        self.0.set(token.to_text(), None)
    }

    /// The cookie that makes the browser forget it.
    pub(crate) fn remove(&self) -> Cookie<'static> {
        self.0.remove()
    }
}

/// How browsers are remembered past the end of a session: `REMEMBER_COOKIE_…` of Flask-Login.
///
/// ```
/// use std::time::Duration;
/// use vestibule::session::RememberCookie;
///
/// let mut remember = RememberCookie::default();
/// remember.duration = Duration::from_hours(7 * 24);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RememberCookie {
    /// How long a browser is remembered after the log-in. Default: 30 days, at most 400. A
    /// longer time gives whoever finds the browser longer to use it. Flask-Login: a year.
    pub duration: Duration,
    /// Whether the duration counts anew from every visit. Default: no. With it a browser in
    /// use is remembered for ever. Browsers that did not ask to be remembered are not touched.
    pub refresh_each_request: bool,
    /// The cookie's name, before the prefix that its attributes call for. Default: `remember`.
    pub name: String,
    /// Send it to all hosts under this domain. Default: to this host alone. With it, any of
    /// those hosts can read the cookie, and overwrite it.
    pub domain: Option<String>,
    /// Send it to paths under this one only. Default: `/`. It is no protection: scripts of the
    /// same origin can ask for that path. A log-out under another path removes the cookie from
    /// the browser, but cannot end what a copy of it stands for.
    pub path: String,
    /// For how long a token that was just replaced still leads to its successor: the time
    /// between two tabs that a browser opens together, or until an answer is known to be lost.
    /// Default: 30 seconds. A longer time gives a thief longer to go unseen.
    pub grace: Duration,
}

impl Default for RememberCookie {
    fn default() -> Self {
        Self {
            duration: Duration::from_hours(30 * 24),
            refresh_each_request: false,
            name: "remember".to_owned(),
            domain: None,
            path: "/".to_owned(),
            grace: Duration::from_secs(30),
        }
    }
}

impl RememberCookie {
    /// # Errors
    /// When a browser would not take a cookie of that name, domain, path or duration.
    pub(crate) fn check(&self) -> Result<()> {
        let longest = RememberedLogin::MAX_DURATION;
        if self.duration < Duration::from_secs(1) || self.duration > longest {
            return Err(Error::config(
                "a browser is remembered for a second at least, and for 400 days at most",
            ));
        }
        let is_token = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c);
        if self.name.is_empty() || !self.name.bytes().all(is_token) {
            return Err(Error::config(format!(
                "`{}` cannot be the name of a cookie: write letters, digits, `-` and `_`",
                self.name
            )));
        }
        let is_in_a_realm = |name: &str, own: &str| {
            let of_a_realm = name.strip_suffix(own);
            of_a_realm.is_some_and(|realm| realm.is_empty() || realm.ends_with('-'))
        };
        // Each value of an anonymous visitor is in one, as `data.cart`.
        let before_dot = self.name.split('.').next().unwrap_or_default();
        let is_ours = |own: &str| is_in_a_realm(&self.name, own);
        if ["session", "pending", "next", "flash"]
            .into_iter()
            .any(is_ours)
            || is_in_a_realm(before_dot, "data")
            || self.name.starts_with("__")
        {
            return Err(Error::config(format!(
                "`{}` cannot be the name of the remember cookie: it is that of another cookie of \
                 ours, or begins with `__`; take one such as `remember`",
                self.name
            )));
        }
        let is_path = |c: u8| c.is_ascii_graphic() && c != b';';
        if !self.path.starts_with('/') || !self.path.bytes().all(is_path) {
            return Err(Error::config(format!(
                "`{}` cannot be the path of a cookie: write one that begins with `/`",
                self.path
            )));
        }
        let is_domain = |text: &str| {
            let host = url::Host::parse(text);
            matches!(host, Ok(url::Host::Domain(host)) if host == text) && !text.starts_with('.')
        };
        if let Some(domain) = self.domain.as_deref().filter(|text| !is_domain(text)) {
            return Err(Error::config(format!(
                "`{domain}` cannot be the domain of a cookie: write one like `example.com`, \
                 without a dot in front"
            )));
        }
        Ok(())
    }

    /// The cookie of a realm, for an app reached at `public_url`; without one, over https.
    pub(crate) fn of(&self, realm: &str, public_url: Option<&PublicUrl>) -> OwnRememberCookie {
        let name = in_realm(realm, &self.name);
        OwnRememberCookie(OwnCookie::new(&name, public_url).reaching(&self.domain, &self.path))
    }
}

/// The cookie that brings a [`RememberToken`].
#[derive(Debug, Clone)]
pub(crate) struct OwnRememberCookie(OwnCookie);

impl OwnRememberCookie {
    /// The cookie that brings `token` back for as long as the login is remembered.
    pub(crate) fn set(
        &self,
        token: &RememberToken,
        remembered: &RememberedLogin,
        now: Timestamp,
    ) -> Cookie<'static> {
        let remaining = remembered.expires_at.since(now);
        let mut cookie = self.0.set(token.to_text(), Some(remaining));
        // What Max-Age says, for those who read only this.
        let seconds = remembered.expires_at.as_millis() / 1000;
        if let Ok(moment) = time::OffsetDateTime::from_unix_timestamp(seconds) {
            cookie.set_expires(moment);
        }
        cookie
    }

    /// The cookie that makes the browser forget it.
    pub(crate) fn remove(&self) -> Cookie<'static> {
        self.0.remove()
    }
}

/// The tokens that a request brings in the two cookies, found in one go: nearly every request of a
/// user brings the one and is asked for the other.
pub(crate) fn read_both(
    headers: &http::HeaderMap,
    session: &SessionCookie,
    remember: &OwnRememberCookie,
) -> (CookieToken<SessionToken>, CookieToken<RememberToken>) {
    let [session, remember] = find_all(headers, [&session.0, &remember.0]);
    (
        parsed(session, SessionToken::parse),
        parsed(remember, RememberToken::parse),
    )
}

/// Each realm has cookies of its own.
pub(crate) fn in_realm(realm: &str, name: &str) -> String {
    if realm.is_empty() {
        name.to_owned()
    } else {
        format!("{realm}-{name}")
    }
}

/// What a request brings in one of the two cookies.
pub(crate) enum CookieToken<T> {
    Absent,
    Valid(T),
    /// Something that is no token, or two cookies of the name: which of them was set by
    /// somebody else cannot be told, and neither counts.
    Malformed,
}

fn parsed<T>(found: CookieMatch<'_>, parse: fn(&str) -> Option<T>) -> CookieToken<T> {
    match found {
        CookieMatch::None => CookieToken::Absent,
        CookieMatch::One(value) => parse(value).map_or(CookieToken::Malformed, CookieToken::Valid),
        CookieMatch::Several => CookieToken::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::RememberCookie;

    #[test]
    fn what_no_browser_would_take_is_refused_at_the_start() {
        let refused = |change: fn(&mut RememberCookie)| {
            let mut remember = RememberCookie::default();
            change(&mut remember);
            remember.check().unwrap_err().to_string()
        };

        assert!(refused(|cookie| cookie.name = "a b".to_owned()).contains("name"));
        assert!(refused(|cookie| cookie.name = String::new()).contains("name"));
        assert!(refused(|cookie| cookie.duration = Duration::ZERO).contains("400 days"));
        assert!(refused(|cookie| cookie.duration = Duration::MAX).contains("400 days"));
        for taken in [
            "session",
            "pending",
            "next",
            "flash",
            "data",
            "data.cart",
            "admin-session",
            "admin-data",
            "admin-data.cart",
            "__Host-remember",
        ] {
            let remember = RememberCookie {
                name: taken.to_owned(),
                ..RememberCookie::default()
            };
            assert!(remember.check().is_err(), "{taken}");
        }
        assert!(refused(|cookie| cookie.path = "app".to_owned()).contains("path"));
        assert!(refused(|cookie| cookie.path = "/a;Domain=b".to_owned()).contains("path"));
        for domain in ["192.0.2.1", ".example.com", "example.com; Path=/", ""] {
            let remember = RememberCookie {
                domain: Some(domain.to_owned()),
                ..RememberCookie::default()
            };
            assert!(remember.check().is_err(), "{domain}");
        }
        assert!(RememberCookie::default().check().is_ok());
    }
}
