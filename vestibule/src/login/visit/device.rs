//! The cookie that makes this browser a known one.

use std::time::Duration;

use http::HeaderMap;

use crate::login::User;
use crate::login::device::DeviceToken;
use crate::login::visit::Visit;
use crate::web::cookies::CookieMatch;

/// The maximum number of accounts that know one browser. One more replaces the oldest.
const MAX_TOKENS: usize = 5;

/// Separates two tokens. No token contains it.
const SEPARATOR: char = '.';

impl<U: User> Visit<U> {
    /// How long a browser stays known after a log-in.
    pub(crate) const DEVICE_KNOWN_FOR: Duration = Duration::from_hours(365 * 24);

    /// The tokens that this browser sent, oldest first. Only a store knows which accounts they
    /// belong to.
    pub(crate) fn devices(&self, headers: &HeaderMap) -> Vec<DeviceToken> {
        let CookieMatch::One(value) = self.context.cookies.device.find(headers) else {
            return Vec::new();
        };
        let tokens = value.split(SEPARATOR).take(MAX_TOKENS);
        tokens.filter_map(DeviceToken::parse).collect()
    }

    /// Sets a new token in this browser. Replaces the one at `replaced`, if given.
    pub(crate) fn set_device(
        &self,
        mut tokens: Vec<DeviceToken>,
        replaced: Option<usize>,
        new: DeviceToken,
    ) {
        if let Some(index) = replaced.filter(|index| *index < tokens.len()) {
            tokens.remove(index);
        } else if tokens.len() >= MAX_TOKENS {
            tokens.remove(0);
        }
        tokens.push(new);
        let texts: Vec<_> = tokens.iter().map(DeviceToken::to_text).collect();
        let value = texts.join(&SEPARATOR.to_string());
        let cookie = &self.context.cookies.device;
        let cookie = cookie.set(value, Some(Self::DEVICE_KNOWN_FOR));
        self.state().set_cookies().device = Some(cookie);
    }
}
