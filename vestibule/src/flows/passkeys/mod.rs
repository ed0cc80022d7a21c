//! Passkeys: adding them, logging in with them, and the list of a user's own.
//!
//! # Steps
//! 1. `GET /account/passkeys` lists the user's passkeys: name, when it was added and last used, and
//!    whether it is synced; as JSON too.
//! 2. `POST /account/passkeys/options` returns the `PublicKeyCredentialCreationOptionsJSON` for the
//!    browser, and `POST /account/passkeys` takes its `RegistrationResponseJSON`, with `name` beside
//!    its members. It answers 201. Both need a fresh log-in.
//! 3. `POST /account/passkeys/rename` with `passkey` and `name` gives one of them another name. To
//!    remove one is a change of [`factors`](super::factors), which has the rules for all changes.
//! 4. `POST /login/passkey/options` returns the `PublicKeyCredentialRequestOptionsJSON`, and
//!    `POST /login/passkey` takes the `AuthenticationResponseJSON`, with `remember`, `trust` and
//!    `next` beside its members. What it is for depends on the visitor: with a pending log-in it is the second
//!    factor, in a session it confirms the log-in, and otherwise it logs in by the passkey alone.
//! 5. `GET /.well-known/passkey-endpoints` tells password managers where passkeys are added.
//!
//! # What it protects against
//! - Phishing: browsers show a passkey to its own domain only, and the origin must be exactly that
//!   of the public URL. Pages in a frame of another origin get nothing.
//! - Replay: a challenge works once, for five minutes, in the browser that asked for it.
//! - Log-in by a passkey alone at an authenticator that somebody left unlocked: it must have verified
//!   the user.
//! - Copies of an authenticator: if its counter does not grow, the log-in is rejected.
//! - Finding out who has passkeys: a log-in by a passkey alone names no user, and every wrong one has
//!   the same answer.
//! - A thief at an unlocked browser who adds a passkey: that needs a fresh log-in, and the user gets
//!   a mail.
//!
//! # What it does not protect against
//! A thief of the account where the passkeys are synced.
//!
//! # Settings
//! [`SiteConfig::passkey_rp_id`](crate::flows::SiteConfig::passkey_rp_id). At a public URL whose
//! host is no domain, or without https, browsers have no passkeys, and the pages do not exist;
//! `http://localhost` is an exception.

mod log_in;
mod manage;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use cookie::SameSite;
use data_encoding::BASE64URL_NOPAD;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use url::Url;

use crate::crypto::secret::Secret;
use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::flow::Flow;
use crate::flows::mails::MailTexts;
use crate::flows::notices::EventNotice;
use crate::flows::page::Page;
use crate::flows::{Site, SiteConfig};
use crate::login::{Event, Login, PageUser};
use crate::session::in_realm;
use crate::web::cookies::{CookieMatch, OwnCookie, append};
use crate::web::text::Text;
use crate::web::{Problem, PublicUrl, browser_and_system};

pub(super) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[
            (LIST, "/account/passkeys"),
            ("passkey_options", "/account/passkeys/options"),
            ("rename_passkey", "/account/passkeys/rename"),
            (LOG_IN, "/login/passkey"),
            (LOG_IN_OPTIONS, "/login/passkey/options"),
            (ENDPOINTS, "/.well-known/passkey-endpoints"),
        ],
        public: &[LOG_IN, LOG_IN_OPTIONS, ENDPOINTS],
        is_on: Some(may_be_used),
        routes: |paths| {
            let list = get(manage::show::<U>).post(manage::add::<U>);
            Router::new()
                .route(paths.own(LIST), list)
                .route(paths.own("passkey_options"), post(manage::options::<U>))
                .route(paths.own("rename_passkey"), post(manage::rename::<U>))
                .route(paths.own(LOG_IN), post(log_in::log_in::<U>))
                .route(paths.own(LOG_IN_OPTIONS), post(log_in::options::<U>))
                .route(paths.own(ENDPOINTS), get(endpoints::<U>))
        },
        templates: &[(manage::TEMPLATE, include_str!("passkeys.html"))],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        static_files: &[(
            "passkeys.js",
            "text/javascript; charset=utf-8",
            include_str!("passkeys.js"),
        )],
        migrations: &[crate::credentials::PASSKEY_MIGRATIONS],
        mails: &MAILS,
        notices: &NOTICES,
        ..Flow::new(NAME)
    }
}

/// The name of the flow.
pub(super) const NAME: &str = "passkeys";

const LIST: &str = "passkeys";
const LOG_IN: &str = "passkey_login";
const LOG_IN_OPTIONS: &str = "passkey_login_options";
const ENDPOINTS: &str = "passkey_endpoints";

const MAILS: [MailTexts; 1] = [MailTexts::new(
    "passkey_clone_suspected",
    "mail-passkey-clone-suspected-subject",
    "mail-passkey-clone-suspected",
)];

const NOTICES: [EventNotice; 1] = [EventNotice {
    event: Event::PasskeyCloneSuspected,
    kind: "passkey_clone_suspected",
    is_of_accounts: false,
}];

/// Whether browsers have passkeys at the public URL: at a domain by https, and at localhost.
fn may_be_used<U>(config: &SiteConfig<U>) -> bool {
    let url = &config.public_url;
    host_of(url)
        .is_some_and(|host| url.is_https() || host == "localhost" || host.ends_with(".localhost"))
}

/// Whether a site with this configuration has passkeys.
pub(super) fn is_enabled<U>(config: &SiteConfig<U>) -> bool {
    match &config.flows {
        Some(named) => named.iter().any(|name| name == NAME),
        None => may_be_used(config),
    }
}

/// The host of a public URL, if it is a domain.
pub(super) fn host_of(url: &PublicUrl) -> Option<String> {
    let origin = Url::parse(&url.origin()).ok()?;
    origin.domain().map(str::to_owned)
}

/// Where password managers send users (W3C Passkey Endpoints).
async fn endpoints<U: PageUser>(State(site): State<Site<U>>) -> axum::Json<serde_json::Value> {
    let list = site.address_of(LIST);
    axum::Json(json!({ "enroll": list, "manage": list }))
}

/// The name of a new passkey for which the user chose none: users recognize where they made it.
pub(super) fn default_name<U: PageUser>(page: &Page<U>, login: &Login<U>) -> String {
    let from = login.sender().user_agent();
    let browser = from.as_deref().and_then(browser_and_system);
    browser.unwrap_or_else(|| page.say(&Text::named("passkey")))
}

/// The answer to a new passkey that is wrong, for whatever reason.
pub(super) fn rejected() -> Answer {
    let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY).code("passkey_rejected");
    Answer::problem(problem.text(Text::named("passkey-not-added")))
}

/// The secret by which a browser finds its ceremonies again, in a cookie. Several tabs share it.
pub(super) struct BrowserSecret {
    pub(super) secret: Secret,
    cookie: OwnCookie,
    is_new: bool,
}

impl BrowserSecret {
    /// The secret of the browser that sent these headers, or a new one.
    ///
    /// # Errors
    /// When the operating system's generator failed.
    pub(super) fn of<U: PageUser>(
        site: &Site<U>,
        login: &Login<U>,
        headers: &HeaderMap,
    ) -> Result<Self> {
        let settings = login.visit().settings();
        let name = in_realm(&settings.realm, "passkey");
        let cookie = OwnCookie::new(&name, Some(site.public_url()));
        let is_secret = |text: &&str| {
            let bytes = BASE64URL_NOPAD.decode(text.as_bytes());
            bytes.is_ok_and(|bytes| bytes.len() == 32)
        };
        let brought = match cookie.find(headers) {
            CookieMatch::One(text) => Some(text).filter(is_secret).map(Secret::from),
            CookieMatch::None | CookieMatch::Several => None,
        };
        Ok(Self {
            is_new: brought.is_none(),
            secret: match brought {
                Some(secret) => secret,
                None => {
                    let bytes = settings.random.bytes::<32>()?;
                    Secret::from(BASE64URL_NOPAD.encode(&bytes))
                }
            },
            cookie,
        })
    }

    /// Sets the cookie, if the browser does not have it.
    fn set(&self, response: &mut Response) {
        if self.is_new {
            let mut cookie = self.cookie.set(self.secret.expose().to_owned(), None);
            cookie.set_same_site(SameSite::Strict);
            append(response.headers_mut(), &cookie);
        }
    }

    /// The response with options for this browser.
    pub(super) fn options(&self, options: Value) -> Response {
        let no_store = [(CACHE_CONTROL, "no-store")];
        let mut response = (no_store, axum::Json(options)).into_response();
        self.set(&mut response);
        response
    }

    /// Removes the cookie, and with it all ceremonies of the browser.
    pub(super) fn remove(&self, response: &mut Response) {
        let mut cookie = self.cookie.remove();
        cookie.set_same_site(SameSite::Strict);
        append(response.headers_mut(), &cookie);
    }
}
