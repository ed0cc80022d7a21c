//! The session cookie: how it is read and written.

use std::time::Duration;

use cookie::Cookie;

use crate::session::SessionToken;
use crate::web::PublicUrl;
use crate::web::cookies::{Found, OwnCookie};

/// The cookie that brings a session token: `__Host-session` over https, and `session-` with the
/// port on plain http, which is only ever on this machine.
///
/// Always `HttpOnly`, `SameSite=Lax`, `Path=/`; over https `Secure`.
#[derive(Debug, Clone)]
pub(crate) struct SessionCookie(OwnCookie);

impl SessionCookie {
    /// The cookie for an app reached at `public_url`; without one, over https.
    pub(crate) fn new(public_url: Option<&PublicUrl>) -> Self {
        Self(OwnCookie::new("session", public_url))
    }

    /// The token that a request brings, if it brings exactly one.
    pub(crate) fn read(&self, headers: &http::HeaderMap) -> Option<SessionToken> {
        match self.0.find(headers) {
            Found::One(value) => {
                let token = SessionToken::parse(value);
                if token.is_none() {
                    tracing::info!("refused: a session cookie that is no token");
                }
                token
            }
            Found::None => None,
            // Which of two was set by somebody else cannot be told: neither counts.
            Found::Several => {
                tracing::info!("refused: two session cookies");
                None
            }
        }
    }

    /// The cookie that brings `token` back: until the browser closes, or for `max_age`.
    pub(crate) fn set(&self, token: &SessionToken, max_age: Option<Duration>) -> Cookie<'static> {
        self.0.set(token.to_text(), max_age)
    }

    /// The cookie that makes the browser forget it.
    pub(crate) fn remove(&self) -> Cookie<'static> {
        self.0.remove()
    }
}
