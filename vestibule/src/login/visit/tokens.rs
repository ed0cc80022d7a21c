//! The tokens in a request's cookies.

use http::HeaderMap;

use crate::login::manager::LoginContext;
use crate::session::{CookieToken, RememberToken, SessionId, read_both};

/// The tokens in the request's cookies.
pub(crate) struct RequestTokens {
    /// The id of the session whose token was sent.
    pub(crate) session: Option<SessionId>,
    pub(crate) remember: Option<RememberToken>,
    pub(crate) has_malformed_cookie: bool,
}

impl RequestTokens {
    /// Reads our cookies. Makes no store call.
    pub(super) fn read<U>(context: &LoginContext<U>, headers: &HeaderMap) -> Self {
        let (settings, cookies) = (&context.settings, &context.cookies);
        let (session, remember) = read_both(headers, &cookies.session, &cookies.remember);
        let mut is_malformed = false;
        let session = valid(session, &mut is_malformed);
        Self {
            session: session.map(|token| token.id(&settings.realm)),
            remember: valid(remember, &mut is_malformed),
            has_malformed_cookie: is_malformed,
        }
    }

    /// The tokens of a request whose cookies were not read.
    pub(super) fn none() -> Self {
        Self {
            session: None,
            remember: None,
            has_malformed_cookie: false,
        }
    }
}

fn valid<T>(token: CookieToken<T>, is_malformed: &mut bool) -> Option<T> {
    match token {
        CookieToken::Absent => None,
        CookieToken::Valid(token) => Some(token),
        CookieToken::Malformed => {
            *is_malformed = true;
            None
        }
    }
}
