//! An authenticator app that is being added, before its first code.
//!
//! Nothing is stored until then. The secret is derived from the site's key, the session and the time,
//! so each request of this session computes the same one for ten to twenty minutes. A new token of
//! the session gives another secret: adding an app gives one, so no secret is shown twice.

use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

use super::{SecretBytes, TotpApps};
use crate::clock::Timestamp;
use crate::crypto::digest::hmac_sha256;
use crate::session::Session;

/// How long a secret is offered. The one before is accepted too.
const PERIOD: Duration = Duration::from_mins(10);

/// The number of a period, which the form sends back.
pub(crate) type Nonce = i64;

/// A secret that is offered to a session.
pub(crate) struct Enrolment {
    pub(crate) nonce: Nonce,
    pub(super) secret: SecretBytes,
    /// The id of the app that a right code adds. It is derived too, so that two requests with the
    /// same secret add one app.
    pub(super) id: String,
}

impl Enrolment {
    /// The secret for people and apps, in base32.
    pub(crate) fn key(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(&self.secret[..]))
    }
}

impl TotpApps {
    /// The secret that is offered to this session now.
    pub(crate) fn enrolment(&self, session: &Session) -> Enrolment {
        self.enrolment_of(session, period(self.0.clock.now()))
    }

    /// The secrets that a code may be for: that of the `nonce`, or without one each that may have
    /// been shown. Empty if the nonce has expired.
    pub(crate) fn enrolments(&self, session: &Session, nonce: Option<Nonce>) -> Vec<Enrolment> {
        let now = period(self.0.clock.now());
        let offered = [now, now - 1].into_iter();
        let meant = offered.filter(|period| nonce.is_none_or(|nonce| nonce == *period));
        meant
            .map(|period| self.enrolment_of(session, period))
            .collect()
    }

    fn enrolment_of(&self, session: &Session, nonce: Nonce) -> Enrolment {
        let derive = |what: &str| {
            let of_session = data_encoding::HEXLOWER.encode(session.id.as_bytes());
            // Only the user can have any text, so it comes last.
            let message = format!("{what} {nonce} {of_session} {}", session.user_id);
            Zeroizing::new(hmac_sha256(&self.0.enrolment_key[..], message.as_bytes()))
        };
        let mut secret = Zeroizing::new([0; 20]);
        let derived = derive("secret");
        secret.copy_from_slice(&derived[..20]);
        let id = data_encoding::HEXLOWER.encode(&derive("id")[..16]);
        Enrolment { nonce, secret, id }
    }
}

fn period(now: Timestamp) -> Nonce {
    let period = i64::try_from(PERIOD.as_millis()).unwrap_or(i64::MAX);
    now.as_millis().div_euclid(period)
}
