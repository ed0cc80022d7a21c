//! A short-lived signed cookie: what an anonymous visitor takes along without a row in a store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cookie::Cookie;
use http::HeaderMap;

use crate::clock::Clock;
use crate::crypto::key::{SecretKey, Signer};
use crate::web::PublicUrl;
use crate::web::cookies::{CookieMatch, OwnCookie};

/// Carries a value to a later request of the same browser. Signed, so that nobody else can
/// write one; not encrypted: the reader is the one it is for.
#[derive(Clone)]
pub(crate) struct SignedCookie {
    signer: Arc<Signer>,
    clock: Clock,
    cookie: OwnCookie,
    lifetime: Duration,
}

impl SignedCookie {
    /// The cookie `name`, signed by `key` for this one use.
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

    /// The value that a request brings. What is not ours, or too old, is none.
    pub(crate) fn read(&self, headers: &HeaderMap) -> Option<Vec<u8>> {
        match self.cookie.find(headers) {
            CookieMatch::One(sealed) => self.signer.open(sealed, self.clock.now()),
            CookieMatch::None | CookieMatch::Several => None,
        }
    }

    /// Whether a request brings our cookie, in whatever state.
    pub(crate) fn is_brought(&self, headers: &HeaderMap) -> bool {
        self.cookie.find(headers) != CookieMatch::None
    }

    /// The cookie that brings `value` back, for its lifetime, and no longer than the browser is
    /// open: the next person at it must not see where this one was going.
    pub(crate) fn set(&self, value: &[u8]) -> Cookie<'static> {
        let sealed = self.signer.seal(value, self.clock.now() + self.lifetime);
        self.cookie.set(sealed, None)
    }

    /// The cookie that makes the browser forget it.
    pub(crate) fn remove(&self) -> Cookie<'static> {
        self.cookie.remove()
    }
}

impl fmt::Debug for SignedCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SignedCookie").field(&self.cookie).finish()
    }
}
