//! A short-lived signed cookie, so that an anonymous visitor needs no row in a store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cookie::Cookie;
use http::HeaderMap;

use crate::clock::Clock;
use crate::crypto::key::SecretKey;
use crate::crypto::signer::Signer;
use crate::web::PublicUrl;
use crate::web::cookies::{CookieMatch, OwnCookie};

/// Keeps a value for a later request of the same browser. The value is signed, so nobody else can
/// write one, but not encrypted, because only the browser's own user can read it.
#[derive(Clone)]
pub(crate) struct SignedCookie {
    signer: Arc<Signer>,
    clock: Clock,
    cookie: OwnCookie,
    lifetime: Duration,
}

impl SignedCookie {
    /// The cookie `name`, signed with `key` for this purpose only.
    pub(crate) fn new(
        name: &str,
        key: &SecretKey,
        public_url: Option<&PublicUrl>,
        clock: Clock,
        lifetime: Duration,
    ) -> Self {
        Self {
            signer: Arc::new(key.signer(&format!("vestibule {name} v1"))),
            clock,
            cookie: OwnCookie::new(name, public_url),
            lifetime,
        }
    }

    /// The value in a request, unless it is forged or expired.
    pub(crate) fn read(&self, headers: &HeaderMap) -> Option<Vec<u8>> {
        match self.cookie.find(headers) {
            CookieMatch::One(sealed) => self.signer.open(sealed, self.clock.now()),
            CookieMatch::None | CookieMatch::Several => None,
        }
    }

    /// Whether a request has our cookie, valid or not.
    pub(crate) fn is_brought(&self, headers: &HeaderMap) -> bool {
        self.cookie.find(headers) != CookieMatch::None
    }

    /// The cookie that sets `value`, for its lifetime, or until the browser closes: the next user
    /// of the browser must not see where this one was going.
    pub(crate) fn set(&self, value: &[u8]) -> Cookie<'static> {
        let sealed = self.signer.seal(value, self.clock.now() + self.lifetime);
        self.cookie.set(sealed, None)
    }

    /// The cookie that removes it from the browser.
    pub(crate) fn remove(&self) -> Cookie<'static> {
        self.cookie.remove()
    }
}

impl fmt::Debug for SignedCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SignedCookie").field(&self.cookie).finish()
    }
}
