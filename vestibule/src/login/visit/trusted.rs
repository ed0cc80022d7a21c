//! The cookie of a browser in which a user need not show a second factor.

use std::time::Duration;

use http::HeaderMap;

use crate::login::User;
use crate::login::visit::Visit;
use crate::session::SessionToken;
use crate::web::cookies::CookieMatch;

impl<U: User> Visit<U> {
    /// The token that this browser sent.
    pub(crate) fn trusted(&self, headers: &HeaderMap) -> Option<SessionToken> {
        match self.context.cookies.trusted.find(headers) {
            CookieMatch::One(value) => SessionToken::parse(value),
            _ => None,
        }
    }

    /// Sets a token in this browser, for so long.
    pub(crate) fn set_trusted(&self, token: &SessionToken, lasts: Duration) {
        let cookie = &self.context.cookies.trusted;
        let cookie = cookie.set(token.to_text(), Some(lasts));
        self.state().set_cookies().trusted = Some(cookie);
    }
}
