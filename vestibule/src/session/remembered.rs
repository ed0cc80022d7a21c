//! The remembered login, and the token in the remember cookie.

use std::fmt;
use std::time::Duration;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::clock::Timestamp;
use crate::crypto::digest::{constant_time_eq, hmac_sha256, sha256, sha256_in};
use crate::crypto::random::Random;
use crate::error::Result;
use crate::session::{Methods, SessionExpiry, UserId};

/// The content of the remember cookie: the name of a remembered login, and a secret that can be
/// used once. Never stored, never shown.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct RememberToken {
    name: [u8; 16],
    secret: [u8; 32],
}

impl RememberToken {
    /// The length of the token in a cookie: 48 bytes as base64url.
    const TEXT_LEN: usize = 64;

    pub(crate) fn generate(random: &Random) -> Result<Self> {
        Ok(Self {
            name: random.bytes()?,
            secret: random.bytes()?,
        })
    }

    /// Reads a cookie's value. Every token has exactly one spelling in base64url.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() != Self::TEXT_LEN {
            return None;
        }
        let mut bytes = [0; 48];
        BASE64URL_NOPAD
            .decode_mut(text.as_bytes(), &mut bytes)
            .ok()?;
        let (name, secret) = bytes.split_first_chunk()?;
        let token = Self {
            name: *name,
            secret: *secret.first_chunk()?,
        };
        bytes.zeroize();
        Some(token)
    }

    /// The token as a cookie's value.
    pub(crate) fn to_text(&self) -> String {
        BASE64URL_NOPAD.encode(&[&self.name[..], &self.secret[..]].concat())
    }

    /// The id of this token's remembered login in the store. It differs between
    /// [`realm`](crate::login::LoginManager::realm)s.
    pub fn id(&self, realm: &str) -> RememberedId {
        RememberedId(sha256_in(realm, &self.name))
    }

    pub(crate) fn digest(&self) -> RememberDigest {
        RememberDigest(sha256(&self.secret))
    }

    /// The token that comes after this one.
    ///
    /// `seed` is random and stored. The successor can be computed again within the grace period,
    /// but only with both this token and the seed.
    fn successor(&self, seed: &RememberSeed) -> Self {
        Self {
            name: self.name,
            secret: hmac_sha256(&self.secret, &seed.0),
        }
    }
}

impl fmt::Debug for RememberToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RememberToken(…)")
    }
}

/// The id of a remembered login: the SHA-256 of the name in the cookie.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RememberedId([u8; 32]);

/// The SHA-256 of a remember token's secret. Compared in constant time.
#[derive(Clone, Copy, Eq)]
pub struct RememberDigest([u8; 32]);

impl PartialEq for RememberDigest {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq(&self.0, &other.0)
    }
}

/// Random bytes from which, with the previous token, the next token is computed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RememberSeed([u8; 32]);

macro_rules! kept_as_32_bytes {
    ($name:ident, $shown_bytes:literal) => {
        impl $name {
            /// From the stored bytes.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes to store.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let start = HEXLOWER.encode(&self.0[..$shown_bytes]);
                write!(f, "{}({start}…)", stringify!($name))
            }
        }
    };
}

// Of a digest, show enough to distinguish two in a log. Of a seed, show nothing: with a used token
// it gives the current one.
kept_as_32_bytes!(RememberedId, 4);
kept_as_32_bytes!(RememberDigest, 4);
kept_as_32_bytes!(RememberSeed, 0);

/// A login remembered by one browser after its sessions end.
///
/// Its token changes at each use. If two browsers hold copies of a token, the second to use it
/// reveals the theft. The login and its sessions then end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RememberedLogin {
    /// The SHA-256 of the name in the browser's cookie.
    pub id: RememberedId,
    /// The [`realm`](crate::login::LoginManager::realm) of the login manager that made it.
    pub realm: String,
    /// The user who is remembered.
    pub user_id: UserId,
    /// The user's [`session_epoch`](crate::login::User::session_epoch) at the log-in.
    pub user_epoch: i64,
    /// The digest of the current token.
    pub token: RememberDigest,
    /// The digest of the previous token, if any.
    pub previous: Option<RememberDigest>,
    /// Random bytes from which, with the previous token, the current one was computed.
    pub seed: RememberSeed,
    /// When the current token was issued.
    pub rotated_at: Timestamp,
    /// When the user logged in.
    pub created_at: Timestamp,
    /// All methods that proved the log-in.
    pub methods: Methods,
    /// The methods used at [`created_at`](Self::created_at).
    pub confirmed_by: Methods,
    /// When the remembered login expires.
    pub expires_at: Timestamp,
    /// How long the browser is remembered, counted from the log-in or, if each visit restarts it,
    /// from the last visit.
    pub duration: Duration,
}

/// The result of checking a presented token.
#[derive(Debug)]
pub(crate) enum TokenState {
    /// The current token.
    Current,
    /// The previous token, replaced a moment ago: a second tab, or a response that got lost. Holds
    /// the current token.
    JustReplaced(RememberToken),
    /// An older token, or one that was never issued: somebody has a copy.
    Reused,
}

impl RememberedLogin {
    /// A remembered login that begins now, in the unnamed realm, with `token` as the current one. A
    /// store then sets the other fields to their stored values.
    ///
    /// `duration` is how long it lasts, at most [`MAX_DURATION`](Self::MAX_DURATION).
    pub fn new(
        id: RememberedId,
        token: RememberDigest,
        user_id: UserId,
        user_epoch: i64,
        now: Timestamp,
        duration: Duration,
    ) -> Self {
        let duration = duration.min(Self::MAX_DURATION);
        Self {
            id,
            realm: String::new(),
            user_id,
            user_epoch,
            token,
            previous: None,
            seed: RememberSeed([0; 32]),
            rotated_at: now,
            created_at: now,
            methods: Methods::PASSWORD,
            confirmed_by: Methods::PASSWORD,
            expires_at: now + duration,
            duration,
        }
    }

    /// The longest time that a browser can be remembered. Browsers keep no cookie longer (RFC
    /// 6265bis, section 5.5).
    pub const MAX_DURATION: Duration = Duration::from_hours(400 * 24);

    /// Whether it may still be used. Rows dated in the future are rejected, as for sessions.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        let newest = now + SessionExpiry::MAX_CLOCK_SKEW;
        self.created_at <= newest && self.rotated_at <= newest && now < self.expires_at
    }

    pub(crate) fn judge(
        &self,
        token: &RememberToken,
        now: Timestamp,
        grace: Duration,
    ) -> TokenState {
        let presented = token.digest();
        if self.token == presented {
            return TokenState::Current;
        }
        if self.previous == Some(presented) && now.since(self.rotated_at) < grace {
            return TokenState::JustReplaced(token.successor(&self.seed));
        }
        TokenState::Reused
    }

    /// This login after one more use of `token`, and the next token.
    pub(crate) fn rotated(
        &self,
        token: &RememberToken,
        random: &Random,
        now: Timestamp,
    ) -> Result<(Self, RememberToken)> {
        let seed = RememberSeed(random.bytes()?);
        let successor = token.successor(&seed);
        let rotated = Self {
            token: successor.digest(),
            previous: Some(self.token),
            seed,
            rotated_at: now,
            ..self.clone()
        };
        Ok((rotated, successor))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{RememberSeed, RememberToken, RememberedLogin, TokenState};
    use crate::clock::Timestamp;
    use crate::crypto::random::Random;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const GRACE: Duration = Duration::from_secs(30);

    fn remembered(token: &RememberToken) -> RememberedLogin {
        let (id, digest) = (token.id(""), token.digest());
        RememberedLogin::new(id, digest, 1_i64.into(), 0, NOW, Duration::from_hours(1))
    }

    #[test]
    fn a_token_reads_back_from_its_text_and_from_no_other_spelling() {
        let token = RememberToken::generate(&Random::insecure_seeded(1)).unwrap();
        let text = token.to_text();

        let read = RememberToken::parse(&text).unwrap();

        assert_eq!((read.id(""), read.digest()), (token.id(""), token.digest()));
        for other in [
            format!("{text}="),
            text[1..].to_owned(),
            text.replace(char::is_alphabetic, "+"),
            "é".repeat(32),
        ] {
            assert!(RememberToken::parse(&other).is_none(), "{other}");
        }
    }

    #[test]
    fn the_token_before_finds_its_successor_again_for_a_moment() {
        let random = Random::insecure_seeded(1);
        let token = RememberToken::generate(&random).unwrap();

        // Long after the log-in: the moment begins with the use.
        let later = NOW + Duration::from_mins(10);
        let (rotated, successor) = remembered(&token).rotated(&token, &random, later).unwrap();

        assert!(matches!(
            rotated.judge(&successor, later, GRACE),
            TokenState::Current
        ));
        let again = match rotated.judge(&token, later, GRACE) {
            TokenState::JustReplaced(again) => again.to_text(),
            other => panic!("{other:?}"),
        };
        assert_eq!(again, successor.to_text());
        assert!(matches!(
            rotated.judge(&token, later + GRACE, GRACE),
            TokenState::Reused
        ));
    }

    /// A reader of the store has the seed, but not the previous token.
    #[test]
    fn a_successor_takes_both_the_token_before_and_the_seed() {
        let random = Random::insecure_seeded(1);
        let [a, b] = [(), ()].map(|()| RememberToken::generate(&random).unwrap());
        let successors = [
            a.successor(&RememberSeed([1; 32])).secret,
            b.successor(&RememberSeed([1; 32])).secret,
            a.successor(&RememberSeed([2; 32])).secret,
        ];

        for (i, successor) in successors.iter().enumerate() {
            assert!(!successors[..i].contains(successor));
            assert_ne!(successor, &a.secret);
        }
    }

    /// A logged login and a used cookie must not reveal the current token.
    #[test]
    fn a_remembered_login_is_shown_without_what_its_token_is_made_from() {
        let random = Random::insecure_seeded(1);
        let token = RememberToken::generate(&random).unwrap();
        let (rotated, _) = remembered(&token).rotated(&token, &random, NOW).unwrap();

        let shown = format!("{rotated:?}");

        assert!(shown.contains("RememberSeed(…)"), "{shown}");
    }

    #[test]
    fn what_was_used_twice_or_never_given_out_is_reuse() {
        let random = Random::insecure_seeded(1);
        let first = RememberToken::generate(&random).unwrap();
        let (once, second) = remembered(&first).rotated(&first, &random, NOW).unwrap();
        let (twice, _) = once.rotated(&second, &random, NOW).unwrap();
        let mut made_up = RememberToken::generate(&random).unwrap();
        made_up.name = first.name;

        for token in [&first, &made_up] {
            let judged = twice.judge(token, NOW, GRACE);
            assert!(matches!(judged, TokenState::Reused), "{judged:?}");
        }
    }

    #[test]
    fn no_browser_is_remembered_for_longer_than_browsers_remember() {
        let token = RememberToken::generate(&Random::insecure_seeded(1)).unwrap();

        let (id, digest) = (token.id(""), token.digest());
        let forever = RememberedLogin::new(id, digest, 1_i64.into(), 0, NOW, Duration::MAX);

        let days = forever.expires_at.since(NOW).as_secs() / (24 * 60 * 60);
        assert_eq!(days, 400);
    }
}
