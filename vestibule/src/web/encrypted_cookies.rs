//! Encrypted values in an anonymous visitor's browser, one cookie each.

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

/// Keeps named values in the browser until it closes. Each has its own cookie, so that parallel
/// responses only change the values they set.
#[derive(Clone)]
pub(crate) struct EncryptedCookies {
    cipher: Arc<Cipher>,
    clock: Clock,
    random: Random,
    cookie: OwnCookie,
    lifetime: Duration,
}

impl EncryptedCookies {
    /// The cookies whose names begin with `name`, encrypted with `key` for this purpose only.
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

    /// The values in a request, by name. Forged and expired ones are skipped.
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

    /// The names of the cookies in a request, valid or not.
    pub(crate) fn names(&self, headers: &HeaderMap) -> Vec<String> {
        let brought = self.cookie.find_members(headers);
        brought.into_keys().map(str::to_owned).collect()
    }

    /// The cookie that sets `value`.
    ///
    /// # Errors
    /// When the operating system's generator fails.
    pub(crate) fn set(&self, name: &str, value: &[u8]) -> Result<Cookie<'static>> {
        let expires_at = self.clock.now() + self.lifetime;
        let text = self.cipher.encrypt(name, value, expires_at, &self.random)?;
        Ok(self.cookie.member(name).set(text, None))
    }

    /// The cookie that removes the value from the browser.
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
