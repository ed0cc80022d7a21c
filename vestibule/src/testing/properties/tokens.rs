//! The tokens in our cookies.

use crate::session::{RememberToken, SessionToken};

/// Checks the value of a cookie: a token has exactly one spelling.
///
/// # Panics
/// When another spelling is read too.
pub fn tokens(text: &[u8]) {
    let Ok(text) = str::from_utf8(text) else {
        return;
    };
    if let Some(token) = SessionToken::parse(text) {
        assert_eq!(token.to_text(), text);
    }
    if let Some(token) = RememberToken::parse(text) {
        assert_eq!(token.to_text(), text);
    }
}
