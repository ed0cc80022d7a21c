//! What a request brings in our cookies.

use http::HeaderMap;

use crate::login::manager::LoginContext;
use crate::session::{CookieToken, RememberToken, SessionId, read_both};

/// What the browser sent in our cookies.
pub(crate) struct RequestTokens {
    /// The id of the session whose token came.
    pub(crate) session: Option<SessionId>,
    pub(crate) remember: Option<RememberToken>,
    pub(crate) has_malformed_cookie: bool,
}

impl RequestTokens {
    /// Reads our cookies and nothing else. The store is not asked yet.
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

    /// What a request brings whose cookies were never read.
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
