//! Messages for the next page.

use std::time::Duration;

use cookie::Cookie;
use http::HeaderMap;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::crypto::key::SecretKey;
use crate::web::PublicUrl;
use crate::web::cookies;
use crate::web::signed_cookie::SignedCookie;

/// A message for the next page. Flask's `flash`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Flash {
    /// The kind of message, for its style: `success`, `info`, `error`.
    pub category: String,
    /// The message.
    pub message: String,
}

impl Flash {
    /// A message of a category.
    pub fn new(category: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            category: category.into(),
            message: message.into(),
        }
    }
}

/// A message that waits for the next page, and who it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptFlash {
    #[serde(flatten)]
    pub(crate) flash: Flash,
    /// The user who was logged in when the message was written, as the login visit names them.
    /// Others do not see the message, because `You are logged in` would be wrong for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
}

impl KeptFlash {
    /// A message for any user of the browser.
    pub(crate) fn for_anybody(flash: Flash) -> Self {
        Self { flash, user: None }
    }
}

/// Keeps messages for the next page in a short-lived signed cookie, so that an anonymous visitor
/// needs no row in a store.
#[derive(Debug, Clone)]
pub struct Flashes(SignedCookie);

/// Long enough for a redirect over a slow connection.
const LIFETIME: Duration = Duration::from_secs(60);

/// More than this many bytes of JSON would not fit into a cookie, so the oldest messages are
/// dropped.
const MAX_BYTES: usize = 2_000;

impl Flashes {
    /// Messages signed with `key`, for an app at `public_url`.
    pub fn new(key: &SecretKey, public_url: &PublicUrl, clock: Clock) -> Self {
        Self::at(Some(public_url), key, clock)
    }

    /// As [`new`](Self::new). Assumes https if there is no `public_url`.
    pub(crate) fn at(public_url: Option<&PublicUrl>, key: &SecretKey, clock: Clock) -> Self {
        Self(SignedCookie::new("flash", key, public_url, clock, LIFETIME))
    }

    /// The messages in a request. Forged and expired ones are skipped.
    pub fn read(&self, headers: &HeaderMap) -> Vec<Flash> {
        let kept = self.read_kept(headers).into_iter();
        kept.map(|kept| kept.flash).collect()
    }

    /// As [`read`](Self::read), including the users they are for.
    pub(crate) fn read_kept(&self, headers: &HeaderMap) -> Vec<KeptFlash> {
        let payload = self.0.read(headers);
        payload
            .and_then(|payload| serde_json::from_slice(&payload).ok())
            .unwrap_or_default()
    }

    /// Whether a request has our cookie, valid or not.
    pub(crate) fn is_brought(&self, headers: &HeaderMap) -> bool {
        self.0.is_brought(headers)
    }

    /// Adds the cookie that keeps `flashes` for the next page. If they do not fit, the oldest are
    /// dropped.
    pub fn write(&self, headers: &mut HeaderMap, flashes: &[Flash]) {
        let kept = flashes.iter().cloned().map(KeptFlash::for_anybody);
        cookies::append(headers, &self.set(&kept.collect::<Vec<_>>()));
    }

    /// The cookie that keeps `flashes` for the next page.
    pub(crate) fn set(&self, flashes: &[KeptFlash]) -> Cookie<'static> {
        let mut kept = flashes;
        let payload = loop {
            let payload = serde_json::to_vec(kept).unwrap_or_default();
            if payload.len() <= MAX_BYTES || kept.is_empty() {
                break payload;
            }
            kept = &kept[1..];
        };
        let dropped = flashes.len() - kept.len();
        if dropped > 0 {
            tracing::warn!(dropped, "messages for a visitor do not fit into a cookie");
        }
        self.0.set(&payload)
    }

    /// Removes the messages from the browser after they were shown.
    pub fn clear(&self, headers: &mut HeaderMap) {
        cookies::append(headers, &self.remove());
    }

    /// The cookie that removes the messages from the browser.
    pub(crate) fn remove(&self) -> Cookie<'static> {
        self.0.remove()
    }
}

#[cfg(test)]
mod tests {
    use http::header::{COOKIE, HeaderMap, SET_COOKIE};

    use super::{Flash, Flashes, LIFETIME};
    use crate::clock::{Clock, Timestamp};
    use crate::crypto::key::SecretKey;
    use crate::crypto::random::Random;

    fn flashes(clock: &Clock) -> Flashes {
        let key = SecretKey::generate(&Random::insecure_seeded(1)).unwrap();
        Flashes::new(&key, &"https://example.com".parse().unwrap(), clock.clone())
    }

    /// The headers of the browser's next request after `response`.
    fn brought_back(response: &HeaderMap) -> HeaderMap {
        let cookie = response[SET_COOKIE].to_str().unwrap();
        let pair = cookie.split(';').next().unwrap().to_owned();
        HeaderMap::from_iter([(COOKIE, pair.parse().unwrap())])
    }

    #[test]
    fn messages_come_back_once_in_a_cookie_with_every_attribute() {
        let flashes = flashes(&Clock::manual(Timestamp::from_millis(0)));
        let sent = [
            Flash::new("info", "Tschüß; \"bye\""),
            Flash::new("error", "b"),
        ];
        let mut response = HeaderMap::new();

        flashes.write(&mut response, &sent);

        assert_eq!(flashes.read(&brought_back(&response)), sent);
        let cookie = response[SET_COOKIE].to_str().unwrap();
        assert!(cookie.starts_with("__Host-flash="));
        for attribute in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Max-Age"), "{cookie}");
    }

    #[test]
    fn an_old_or_foreign_message_is_not_shown() {
        let clock = Clock::manual(Timestamp::from_millis(0));
        let flashes = flashes(&clock);
        let mut response = HeaderMap::new();
        flashes.write(&mut response, &[Flash::new("info", "hello")]);
        let headers = brought_back(&response);
        let other = Flashes::new(
            &SecretKey::generate(&Random::insecure_seeded(2)).unwrap(),
            &"https://example.com".parse().unwrap(),
            clock.clone(),
        );

        assert_eq!(other.read(&headers), []);
        clock.advance(LIFETIME);
        assert_eq!(flashes.read(&headers), []);
    }

    #[test]
    fn a_flood_of_messages_still_fits_a_cookie() {
        let flashes = flashes(&Clock::manual(Timestamp::from_millis(0)));
        let flood = vec![Flash::new("info", "x".repeat(900)); 50];
        let mut response = HeaderMap::new();

        flashes.write(&mut response, &flood);

        assert!(response[SET_COOKIE].len() < 4_096);
        assert_eq!(flashes.read(&brought_back(&response)).len(), 2);
    }
}
