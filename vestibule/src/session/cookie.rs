//! The two cookies of a login: how they are read and written.

use std::time::Duration;

use cookie::Cookie;

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::session::{RememberToken, RememberedLogin, SessionToken};
use crate::web::PublicUrl;
use crate::web::cookies::{CookieMatch, OwnCookie, find_all};

/// The session token's cookie: `__Host-session` over https, `__Secure-session-app` for an app below
/// `/app`, and `session-` with the port over plain http. The browser deletes it when it closes.
///
/// Always `HttpOnly`, `SameSite=Lax`, and with the path of the public URL; over https `Secure`.
#[derive(Debug, Clone)]
pub(crate) struct SessionCookie(OwnCookie);

impl SessionCookie {
    /// The cookie of a realm, for an app at `public_url`. Assumes https if there is none.
    pub(crate) fn new(realm: &str, public_url: Option<&PublicUrl>) -> Self {
        Self(OwnCookie::new(&in_realm(realm, "session"), public_url))
    }

    /// The cookie of anonymous visitors whose values the app keeps in the store.
    pub(crate) fn of_anonymous(realm: &str, public_url: Option<&PublicUrl>) -> Self {
        Self(OwnCookie::new(&in_realm(realm, "data"), public_url))
    }

    /// The cookie of a log-in that still needs a second factor.
    pub(crate) fn of_pending(realm: &str, public_url: Option<&PublicUrl>) -> Self {
        Self(OwnCookie::new(&in_realm(realm, "pending"), public_url))
    }

    /// Whether the request has the cookie, valid or not.
    pub(crate) fn is_brought(&self, headers: &http::HeaderMap) -> bool {
        self.0.find(headers) != CookieMatch::None
    }

    /// The token in the request, if it has exactly one such cookie.
    pub(crate) fn read(&self, headers: &http::HeaderMap) -> CookieToken<SessionToken> {
        parsed(self.0.find(headers), SessionToken::parse)
    }

    /// The cookie that sets `token`.
    pub(crate) fn set(&self, token: &SessionToken) -> Cookie<'static> {
        self.0.set(token.to_text(), None)
    }

    /// The cookie that removes it from the browser.
    pub(crate) fn remove(&self) -> Cookie<'static> {
        self.0.remove()
    }
}

/// How browsers are remembered after the session ends: Flask-Login's `REMEMBER_COOKIE_…`.
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
    /// How long a browser is remembered after the log-in. Default: 30 days, at most 400. With a
    /// longer time, a stolen or shared browser stays logged in longer. Flask-Login: a year.
    pub duration: Duration,
    /// Whether each visit restarts the duration. Default: no. If yes, a browser in use stays
    /// remembered permanently. Browsers without a remember cookie are not affected.
    pub refresh_each_request: bool,
    /// The cookie's name, without the prefix its attributes require. Default: `remember`.
    pub name: String,
    /// Send the cookie to all hosts under this domain. Default: only to this host. If set, any of
    /// those hosts can read and overwrite the cookie.
    pub domain: Option<String>,
    /// Send the cookie only to paths under this one. Default: `/`, all paths of the app; never more
    /// than those below the path of the public URL. This is no protection: scripts of the same
    /// origin can request that path. A log-out under another path removes the cookie,
    /// but cannot revoke the remembered login, so a copy of the cookie still works.
    pub path: String,
    /// How long the previous token still works after it was replaced, for two tabs opened together
    /// and for lost responses. Default: 30 seconds. A longer time lets a thief stay undetected
    /// longer.
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
    /// When browsers would reject the cookie's name, domain, path or duration.
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
        // An anonymous visitor's values have one cookie each, such as `data.cart`.
        let before_dot = self.name.split('.').next().unwrap_or_default();
        let is_ours = |own: &str| is_in_a_realm(&self.name, own);
        if [
            "session", "pending", "next", "flash", "device", "trusted", "passkey",
        ]
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

    /// The cookie of a realm, for an app at `public_url`. Assumes https if there is none.
    pub(crate) fn of(&self, realm: &str, public_url: Option<&PublicUrl>) -> OwnRememberCookie {
        let name = in_realm(realm, &self.name);
        OwnRememberCookie(OwnCookie::new(&name, public_url).reaching(&self.domain, &self.path))
    }
}

/// The cookie that holds a [`RememberToken`].
#[derive(Debug, Clone)]
pub(crate) struct OwnRememberCookie(OwnCookie);

impl OwnRememberCookie {
    /// The cookie that sets `token` until the remembered login expires.
    pub(crate) fn set(
        &self,
        token: &RememberToken,
        remembered: &RememberedLogin,
        now: Timestamp,
    ) -> Cookie<'static> {
        let remaining = remembered.expires_at.since(now);
        let mut cookie = self.0.set(token.to_text(), Some(remaining));
        // The same time as `Max-Age`, for clients that only read `Expires`.
        let seconds = remembered.expires_at.as_millis() / 1000;
        if let Ok(moment) = time::OffsetDateTime::from_unix_timestamp(seconds) {
            cookie.set_expires(moment);
        }
        cookie
    }

    /// The cookie that removes it from the browser.
    pub(crate) fn remove(&self) -> Cookie<'static> {
        self.0.remove()
    }
}

/// The tokens in both cookies, found in one pass, because almost every request of a user needs
/// both.
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

/// The cookie's name, which differs between realms.
pub(crate) fn in_realm(realm: &str, name: &str) -> String {
    if realm.is_empty() {
        name.to_owned()
    } else {
        format!("{realm}-{name}")
    }
}

/// The content of one of the two cookies in a request.
pub(crate) enum CookieToken<T> {
    Absent,
    Valid(T),
    /// Not a token, or two cookies of the same name. Somebody else may have set one of the two, so
    /// neither is used.
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
            "device",
            "trusted",
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
