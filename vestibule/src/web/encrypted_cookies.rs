//! Values that an anonymous visitor's browser keeps for us, a cookie each, and cannot read.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cookie::Cookie;
use http::HeaderMap;

use crate::clock::Clock;
use crate::crypto::cipher::Cipher;
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::error::Result;
use crate::web::PublicUrl;
use crate::web::cookies::OwnCookie;

/// Carries named values to later requests of the same browser, until it is closed. One cookie
/// each: answers to requests in parallel change those they are about, and no others.
#[derive(Clone)]
pub(crate) struct EncryptedCookies {
    cipher: Arc<Cipher>,
    clock: Clock,
    random: Random,
    cookie: OwnCookie,
    lifetime: Duration,
}

impl EncryptedCookies {
    /// The cookies whose names begin with `name`, encrypted by `key` for this one use.
    pub(crate) fn new(
        name: &str,
        key: &SecretKey,
        public_url: Option<&PublicUrl>,
        (clock, random): (Clock, Random),
        lifetime: Duration,
    ) -> Self {
        Self {
            cipher: Arc::new(key.cipher(&format!("vestibule {name} v1"))),
            clock,
            random,
            cookie: OwnCookie::new(name, public_url),
            lifetime,
        }
    }

    /// The values that a request brings, by name. What is not ours, or too old, is none.
    pub(crate) fn read(&self, headers: &HeaderMap) -> BTreeMap<String, Vec<u8>> {
        let now = self.clock.now();
        let brought = self.cookie.find_members(headers).into_iter();
        brought
            .filter_map(|(name, text)| {
                let value = self.cipher.decrypt(name, text?, now)?;
                Some((name.to_owned(), value))
            })
            .collect()
    }

    /// The names of the cookies that a request brings, in whatever state.
    pub(crate) fn names(&self, headers: &HeaderMap) -> Vec<String> {
        let brought = self.cookie.find_members(headers);
        brought.into_keys().map(str::to_owned).collect()
    }

    /// The cookie that brings `value` back.
    ///
    /// # Errors
    /// When the operating system's generator fails.
    pub(crate) fn set(&self, name: &str, value: &[u8]) -> Result<Cookie<'static>> {
        let expires_at = self.clock.now() + self.lifetime;
        let text = self.cipher.encrypt(name, value, expires_at, &self.random)?;
        Ok(self.cookie.member(name).set(text, None))
    }

    /// The cookie that makes the browser forget it.
    pub(crate) fn remove(&self, name: &str) -> Cookie<'static> {
        self.cookie.member(name).remove()
    }
}

impl fmt::Debug for EncryptedCookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EncryptedCookies")
            .field(&self.cookie)
            .finish()
    }
}
