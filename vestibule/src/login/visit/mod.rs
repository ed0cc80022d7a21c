//! One request: its sender, its changes, and its response.
//!
//! | to | see |
//! |---|---|
//! | read our cookies | `tokens` |
//! | find the user once | `resolve`: by the session, the remember cookie, the request loader |
//! | accept or reject a request | `require`, the only place |
//! | create the response to a rejected request | `reject`; from another origin, `cross_origin` |
//! | keep a log-in that needs another factor | `pending` |
//! | log in, confirm, log out | `log_in`, `confirm`, `log_out`, with `limit` |
//! | notice another app with the same cookies | `other_app` |
//! | read and write the app's own values | `data`, `anonymous` |
//! | keep messages for the visitor | `messages` |
//! | know a browser again | `device` |
//! | emit an event | `events` |
//! | wait for the end of the session | `watch` |
//! | set the response's cookies | `finish` |

mod anonymous;
mod confirm;
mod cross_origin;
mod data;
mod device;
mod events;
mod finish;
mod limit;
mod log_in;
mod log_out;
mod messages;
mod nesting;
mod other_app;
mod pending;
mod protect;
mod reject;
mod remembered;
mod request;
mod require;
mod resolve;
mod session;
mod state;
#[cfg(test)]
mod tests;
mod tokens;
#[cfg(feature = "sql")]
mod trusted;
mod watch;

pub use anonymous::{MAX_ANONYMOUS_DATA_BYTES, MAX_ANONYMOUS_DATA_VALUES};
pub(crate) use log_in::LogInOptions;
pub(crate) use state::AnonymousValue;

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use http::{Extensions, HeaderMap};

use crate::error::{Error, Result};
use crate::login::User;
use crate::login::logged_in::LoggedIn;
use crate::login::manager::{LoginContext, Settings};
use crate::login::protection::Sender;
#[cfg(any(test, feature = "testing"))]
use crate::login::testing::TestLogin;
use crate::session::Session;
use nesting::Innermost;
use state::{DataRead, State};
use tokens::RequestTokens;

/// The state of a request, added by the layer. It reads nothing until the current user is needed.
pub(crate) struct Visit<U> {
    pub(super) context: Arc<LoginContext<U>>,
    /// The visit of the login manager around this one.
    outer: Option<Innermost>,
    tokens: OnceLock<RequestTokens>,
    /// Recorded only if an event or a new session needs it.
    sender: OnceLock<Sender>,
    /// Whether another login manager around this one has the same cookies or user type.
    clashes: bool,
    #[cfg(any(test, feature = "testing"))]
    test_login: Option<TestLogin<U>>,
    /// Held while the user is being looked up, because a look-up can begin a session.
    resolving: tokio::sync::Mutex<()>,
    data: tokio::sync::Mutex<Option<Box<DataRead>>>,
    state: Mutex<State<U>>,
}

impl<U: User> Visit<U> {
    /// Adds a visit to the request. Reads nothing yet, because most pages need no user.
    pub(super) fn begin(
        context: Arc<LoginContext<U>>,
        request: &mut axum::extract::Request,
    ) -> Arc<Self> {
        let extensions = request.extensions_mut();
        let outer = extensions.remove::<Innermost>();
        let realm = &context.settings.realm;
        let visit = Arc::new(Self {
            clashes: outer
                .as_ref()
                .is_some_and(|outer| outer.clashes_with::<U>(realm)),
            outer,
            tokens: OnceLock::new(),
            sender: OnceLock::new(),
            #[cfg(any(test, feature = "testing"))]
            test_login: TestLogin::take(extensions),
            context,
            resolving: tokio::sync::Mutex::default(),
            data: tokio::sync::Mutex::default(),
            state: Mutex::new(State::new()),
        });
        extensions.insert(Innermost::new(visit.clone()));
        visit
    }

    /// The visit that the layer put into this request, with its cookies read.
    pub(crate) fn of(headers: &HeaderMap, extensions: &Extensions) -> Option<Arc<Self>> {
        let visit = extensions.get::<Innermost>()?.of::<U>()?;
        visit
            .tokens
            .get_or_init(|| RequestTokens::read(&visit.context, headers));
        Some(visit)
    }

    /// Hides the visit while its own user is being loaded; asking for it then would deadlock.
    fn hide(extensions: &mut Extensions) {
        if let Some(innermost) = extensions.get_mut::<Innermost>() {
            innermost.hide::<U>();
        }
    }

    /// # Errors
    /// When another login manager on this route has the same cookies or user type, so it is unclear
    /// which one the user belongs to.
    pub(super) fn check(&self) -> Result<()> {
        if !self.clashes {
            return Ok(());
        }
        Err(Error::config(format!(
            "two login managers on this route have one realm, or users of one type: give that of \
             `{}` a realm of its own (`LoginManager::realm`) and a user type of its own",
            std::any::type_name::<U>()
        )))
    }

    /// # Errors
    /// When the response has begun, so a new token would not reach the browser.
    fn check_unanswered(&self) -> Result<()> {
        if !self.state().is_answered {
            return Ok(());
        }
        Err(Error::config(
            "the response has begun, and the cookie of a log-in cannot go with it: log in and \
             confirm before the handler returns, and not in a stream",
        ))
    }

    pub(crate) fn settings(&self) -> &Settings<U> {
        &self.context.settings
    }

    /// The tokens that the browser sent.
    pub(crate) fn tokens(&self) -> &RequestTokens {
        self.tokens.get_or_init(RequestTokens::none)
    }

    /// Records the sender of the request. Skipped for cached sessions, because it copies a header.
    pub(super) fn note_sender(&self, headers: &HeaderMap, extensions: &Extensions) {
        let proxies = &self.settings().trusted_proxies;
        self.sender
            .get_or_init(|| Sender::of(headers, extensions, proxies));
    }

    /// The sender of the request.
    pub(super) fn sender(&self) -> &Sender {
        self.sender.get_or_init(Sender::nobody)
    }

    /// The current user, if already looked up.
    fn known(&self) -> Option<Option<Arc<LoggedIn<U>>>> {
        self.state().known()
    }

    /// The session of this request, if already looked up, or logged in.
    fn session(&self) -> Option<Arc<Session>> {
        self.known().flatten()?.session.clone()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State<U>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(any(test, feature = "testing"))]
    fn test_login_is_done(&self) {
        if let Some(test_login) = &self.test_login {
            test_login.begin();
        }
    }
}

impl<U> std::fmt::Debug for Visit<U> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Visit")
    }
}
