//! The session token and the session id.

use std::fmt;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::crypto::digest::sha256_in;
use crate::crypto::random::Random;
use crate::error::Result;

/// The secret in the browser's cookie: 256 random bits. Never stored, never shown.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SessionToken([u8; 32]);

impl SessionToken {
    /// The length of the token in a cookie: 32 bytes as base64url without padding.
    const TEXT_LEN: usize = 43;

    pub(crate) fn generate(random: &Random) -> Result<Self> {
        random.bytes().map(Self)
    }

    /// Reads a cookie's value. Accepts only the canonical encoding (RFC 4648, section 3.5): no
    /// padding, no other alphabet, no stray bits at the end.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() != Self::TEXT_LEN {
            return None;
        }
        let mut bytes = [0; 33];
        let len = BASE64URL_NOPAD
            .decode_mut(text.as_bytes(), &mut bytes[..32])
            .ok()?;
        let token = Self(*bytes[..len].first_chunk()?);
        bytes.zeroize();
        Some(token)
    }

    /// The token as a cookie's value.
    pub(crate) fn to_text(&self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }

    /// The id of this token's session in the store. It differs between
    /// [`realm`](crate::login::LoginManager::realm)s.
    pub fn id(&self, realm: &str) -> SessionId {
        SessionId(sha256_in(realm, &self.0))
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

/// A new [`public_id`](super::Session::public_id): 96 random bits, so it is unique.
pub(crate) fn new_public_id(random: &Random) -> Result<String> {
    Ok(HEXLOWER.encode(&random.bytes::<12>()?))
}

/// The id of a session in the store: the SHA-256 of its token.
///
/// Looking up a digest leaks nothing useful through timing, because an attacker who does not know
/// the token cannot choose its digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId([u8; 32]);

impl SessionId {
    /// An id from stored bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Shows the first 4 bytes: enough to distinguish two sessions in a log.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({}…)", HEXLOWER.encode(&self.0[..4]))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::SessionToken;
    use crate::crypto::random::Random;

    #[test]
    fn a_token_reads_back_from_its_text() {
        let token = SessionToken::generate(&Random::system()).unwrap();

        let read = SessionToken::parse(&token.to_text()).unwrap();

        assert_eq!(read.id(""), token.id(""));
        assert_ne!(read.id("admin"), token.id(""));
    }

    #[test]
    fn only_the_canonical_spelling_of_a_token_is_read() {
        let text = SessionToken::generate(&Random::insecure_seeded(1))
            .unwrap()
            .to_text();
        let mut stray_bits = text.clone().into_bytes();
        stray_bits[42] += 1;
        let stray_bits = String::from_utf8(stray_bits).unwrap();

        for spelling in [
            stray_bits,
            format!("{text}="),
            format!(" {text}"),
            format!("\"{text}\""),
            text[..42].to_owned(),
            format!("{text}A"),
            text.replace(['-', '_'], "+"),
            String::new(),
            "A".repeat(8_192),
        ] {
            if spelling != text {
                assert!(SessionToken::parse(&spelling).is_none(), "{spelling}");
            }
        }
    }

    #[test]
    fn tokens_are_all_different_and_share_nothing() {
        let random = Random::system();
        let tokens: Vec<_> = (0..100_000)
            .map(|_| SessionToken::generate(&random).unwrap())
            .collect();

        let texts: HashSet<_> = tokens.iter().map(SessionToken::to_text).collect();
        assert_eq!(texts.len(), 100_000);
        for bit in 0..256 {
            let is_set = |token: &&SessionToken| token.0[bit / 8] >> (bit % 8) & 1 == 1;
            let count = tokens.iter().filter(is_set).count();
            // Six standard deviations of 100,000 coin tosses.
            assert!((49_050..50_950).contains(&count), "bit {bit}: {count}");
        }
    }

    #[test]
    fn neither_a_token_nor_the_whole_id_is_shown() {
        let token = SessionToken::generate(&Random::insecure_seeded(1)).unwrap();

        assert_eq!(format!("{token:?}"), "SessionToken(…)");
        assert_eq!(format!("{:?}", token.id("")).chars().count(), 20);
    }
}
