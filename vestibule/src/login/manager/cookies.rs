//! The cookies of a login manager.

use std::time::Duration;

use crate::login::manager::settings::{AnonymousData, Settings};
use crate::session::{OwnRememberCookie, SessionCookie, anonymous_realm, in_realm};
use crate::web::cookies::OwnCookie;
use crate::web::encrypted_cookies::EncryptedCookies;
use crate::web::signed_cookie::SignedCookie;
use crate::web::{Flashes, PublicUrl};

/// How long the `next` cookie is kept.
const NEXT_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// The cookies of a login manager, built from its settings.
#[derive(Debug)]
pub(crate) struct Cookies {
    pub(crate) session: SessionCookie,
    pub(crate) pending: SessionCookie,
    pub(crate) remember: OwnRememberCookie,
    /// The cookie that makes a browser a known one, after a log-in with credentials.
    pub(crate) device: OwnCookie,
    /// The cookie of a browser in which its user need not show a second factor.
    #[cfg(feature = "sql")]
    pub(crate) trusted: OwnCookie,
    pub(crate) messages: Option<Flashes>,
    pub(crate) next: Option<SignedCookie>,
    pub(crate) anonymous: AnonymousCookies,
}

/// The cookies for the values of anonymous visitors.
#[derive(Debug)]
pub(crate) enum AnonymousCookies {
    None,
    /// One cookie for each value.
    Values(EncryptedCookies),
    /// One cookie with a token; the values are in the session store.
    Session(AnonymousSession),
}

/// The cookie of anonymous sessions, and their realm. No login token is valid in it.
#[derive(Debug)]
pub(crate) struct AnonymousSession {
    pub(crate) cookie: SessionCookie,
    pub(crate) realm: String,
}

impl AnonymousSession {
    fn of(realm: &str, public_url: Option<&PublicUrl>) -> Self {
        Self {
            cookie: SessionCookie::of_anonymous(realm, public_url),
            realm: anonymous_realm(realm),
        }
    }
}

impl Cookies {
    pub(crate) fn of<U>(settings: &Settings<U>) -> Self {
        let url = settings.public_url.as_ref();
        let realm = &*settings.realm;
        let clock = || settings.clock.clone();
        let next = |key| {
            let name = in_realm(realm, "next");
            SignedCookie::new(&name, key, url, clock(), NEXT_LIFETIME)
        };
        let values = |key| {
            let name = in_realm(realm, "data");
            let random = settings.random.clone();
            let lifetime = settings.sessions.expiry.absolute;
            EncryptedCookies::new(&name, key, url, (clock(), random), lifetime)
        };
        let messages = |key| Flashes::at(url, key, clock());
        Self {
            session: SessionCookie::new(realm, url),
            pending: SessionCookie::of_pending(realm, url),
            remember: settings.sessions.remember.of(realm, url),
            device: OwnCookie::new(&in_realm(realm, "device"), url),
            #[cfg(feature = "sql")]
            trusted: OwnCookie::new(&in_realm(realm, "trusted"), url),
            messages: settings.cookies.messages_key.as_ref().map(messages),
            next: settings.cookies.next_key.as_ref().map(next),
            anonymous: match &settings.cookies.anonymous_data {
                AnonymousData::Nowhere => AnonymousCookies::None,
                AnonymousData::InCookies(key) => AnonymousCookies::Values(values(key)),
                AnonymousData::InStore => {
                    AnonymousCookies::Session(AnonymousSession::of(realm, url))
                }
            },
        }
    }
}
