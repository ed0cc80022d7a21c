//! The session cookie: its name, its attributes, how it is read.

use std::time::Duration;

use cookie::{Cookie, SameSite};

use crate::session::SessionToken;
use crate::web::PublicUrl;
use crate::web::cookies::{self, Found};

const BASE_NAME: &str = "session";

/// The session cookie's name and attributes.
///
/// Over https the name is `__Host-session`: the browser itself then refuses the cookie
/// without `Secure`, with a `Domain`, or with another path (RFC 6265bis section 4.1.3.2).
/// Always `HttpOnly`, `SameSite=Lax`, `Path=/`.
#[derive(Debug, Clone)]
pub struct SessionCookie {
    name: String,
    secure: bool,
}

impl SessionCookie {
    /// The cookie for an app reached at `public_url`.
    pub(crate) fn new(public_url: &PublicUrl) -> Self {
        Self {
            name: cookies::name(BASE_NAME, public_url),
            secure: public_url.is_https(),
        }
    }

    /// The cookie for an app reached over https, wherever that is.
    pub(crate) fn https() -> Self {
        Self {
            name: cookies::HTTPS_PREFIX.to_owned() + BASE_NAME,
            secure: true,
        }
    }

    /// The name as it is sent.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The token that a request brings, if it brings exactly one.
    pub(crate) fn read(&self, headers: &http::HeaderMap) -> Option<SessionToken> {
        match cookies::find(headers, &self.name) {
            Found::One(value) => SessionToken::parse(value),
            // Which of two was set by somebody else cannot be told: neither counts.
            Found::None | Found::Several => None,
        }
    }

    /// The cookie that brings `token` back: until the browser closes, or for `max_age`.
    pub(crate) fn set(&self, token: &SessionToken, max_age: Option<Duration>) -> Cookie<'static> {
        let mut cookie = self.attributes(token.to_text());
        if let Some(max_age) = max_age {
            cookie.set_max_age(time::Duration::try_from(max_age).unwrap_or(time::Duration::MAX));
        }
        cookie
    }

    /// The cookie that makes the browser forget it, with the same attributes.
    pub(crate) fn remove(&self) -> Cookie<'static> {
        let mut cookie = self.attributes(String::new());
        cookie.make_removal();
        cookie
    }

    fn attributes(&self, value: String) -> Cookie<'static> {
        Cookie::build((self.name.clone(), value))
            .path("/")
            .secure(self.secure)
            .http_only(true)
            .same_site(SameSite::Lax)
            .build()
    }
}
