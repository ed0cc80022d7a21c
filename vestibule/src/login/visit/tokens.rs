//! What a request brings of ours, and who sent it.

use http::{Extensions, HeaderMap};

use crate::login::manager::LoginContext;
use crate::login::protection::Sender;
use crate::session::{CookieToken, RememberToken, SessionId};

/// What the browser sent in our cookies, and who sent it.
pub(crate) struct RequestTokens {
    /// The id of the session whose token came.
    pub(crate) session: Option<SessionId>,
    pub(crate) remember: Option<RememberToken>,
    pub(crate) has_malformed_cookie: bool,
    pub(crate) sender: Sender,
}

impl RequestTokens {
    /// Reads our cookies and nothing else. The store is not asked yet.
    pub(super) fn read<U>(
        context: &LoginContext<U>,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Self {
        let (settings, cookies) = (&context.settings, &context.cookies);
        let mut is_malformed = false;
        let session = valid(cookies.session.read(headers), &mut is_malformed);
        Self {
            session: session.map(|token| token.id(&settings.realm)),
            remember: valid(cookies.remember.read(headers), &mut is_malformed),
            has_malformed_cookie: is_malformed,
            sender: Sender::of(headers, extensions, &settings.trusted_proxies),
        }
    }

    /// What a request brings whose cookies were never read.
    pub(super) fn none() -> Self {
        Self {
            session: None,
            remember: None,
            has_malformed_cookie: false,
            sender: Sender::nobody(),
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
