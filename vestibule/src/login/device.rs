//! Tokens of the browsers that a user has logged in from.

use crate::crypto::random::Random;
use crate::error::Result;
use crate::session::{SessionId, SessionToken};

/// A secret in a browser's cookie: 256 random bits. It shows that an account was logged in to from
/// this browser. The store holds a digest of it.
#[derive(Debug)]
pub(crate) struct DeviceToken(SessionToken);

impl DeviceToken {
    pub(crate) fn generate(random: &Random) -> Result<Self> {
        SessionToken::generate(random).map(Self)
    }

    /// Its digest for one account. The digests do not reveal that two accounts were used in one
    /// browser.
    pub(crate) fn digest_for(&self, account: &str) -> SessionId {
        self.0.id(account)
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        SessionToken::parse(text).map(Self)
    }

    pub(super) fn to_text(&self) -> String {
        self.0.to_text()
    }
}
