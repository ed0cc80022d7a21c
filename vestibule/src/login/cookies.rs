//! The cookies of a login manager.

use std::time::Duration;

use crate::login::LoginManager;
use crate::login::anonymous::{AnonymousCookies, AnonymousData, AnonymousSession};
use crate::session::{OwnRememberCookie, SessionCookie, in_realm};
use crate::web::Flashes;
use crate::web::encrypted_cookies::EncryptedCookies;
use crate::web::signed_cookie::SignedCookie;

/// How long a visitor may take to log in before the kept `next` is forgotten.
const NEXT_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// The cookies of a login manager, as its settings have them.
#[derive(Debug)]
pub(crate) struct Cookies {
    pub(crate) session: SessionCookie,
    pub(crate) remember: OwnRememberCookie,
    pub(crate) messages: Option<Flashes>,
    pub(crate) next: Option<SignedCookie>,
    pub(crate) anonymous: AnonymousCookies,
}

impl Cookies {
    pub(crate) fn of<U>(manager: &LoginManager<U>) -> Self {
        let url = manager.public_url.as_ref();
        let clock = || manager.clock.clone();
        let next = |key| {
            let name = in_realm(&manager.realm, "next");
            SignedCookie::new(&name, key, url, clock(), NEXT_LIFETIME)
        };
        let values = |key| {
            let name = in_realm(&manager.realm, "data");
            let random = manager.random.clone();
            EncryptedCookies::new(&name, key, url, (clock(), random), manager.expiry.absolute)
        };
        let messages = |key| Flashes::at(url, key, clock());
        Self {
            session: SessionCookie::new(&manager.realm, url),
            remember: manager.remember.of(&manager.realm, url),
            messages: manager.messages_key.as_ref().map(messages),
            next: manager.next_key.as_ref().map(next),
            anonymous: match &manager.anonymous_data {
                AnonymousData::Nowhere => AnonymousCookies::None,
                AnonymousData::InCookies(key) => AnonymousCookies::Values(values(key)),
                AnonymousData::InStore => {
                    AnonymousCookies::Session(AnonymousSession::of(&manager.realm, url))
                }
            },
        }
    }
}
