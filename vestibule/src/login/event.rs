//! What happens around logins, for whoever wants to know.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::login::UserId;
use crate::session::Methods;

/// What happened. Where Flask-Login has a signal for it, the text ends with the signal's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// A user logged in. `user_logged_in`.
    LoggedIn,
    /// A user proved a log-in in part: nobody is logged in until they show a second factor.
    LoginPending,
    /// A browser was logged out; with no user where nobody was logged in. `user_logged_out`.
    LoggedOut,
    /// A remember cookie began a new session. `user_loaded_from_cookie`.
    LoadedFromCookie,
    /// The request loader found the user. `user_loaded_from_request`.
    LoadedFromRequest,
    /// The user showed a credential again. `user_login_confirmed`.
    LoginConfirmed,
    /// Somebody asked for what needs a log-in. `user_unauthorized`.
    Unauthorized,
    /// Somebody asked for what needs a fresh log-in. `user_needs_refresh`.
    NeedsRefresh,
    /// A user asked for what needs a second factor, and has shown none.
    NeedsSecondFactor,
    /// A user asked for what they have no right to.
    Forbidden,
    /// A request asked who the visitor is, for the first time. `user_accessed`.
    Accessed,
    /// A session came from another browser or address than it began with; it is not fresh any
    /// more, or ended. `session_protected`.
    SessionProtected,
    /// A log-in was refused, as the user is not active.
    Inactive,
    /// A credential was wrong. Reported by whoever checks it:
    /// [`Login::report_failed`](crate::Login::report_failed).
    LoginFailed,
    /// A remember token was used a second time: somebody has a copy. The remembered login and
    /// its sessions are ended.
    RememberCookieReused,
    /// A session or remember cookie was no token, or came twice.
    MalformedCookie,
    /// A session or remembered login was ended: by its user, from another session, or as its user
    /// is gone, or has begun a new [`session_epoch`](crate::login::User::session_epoch), or as it
    /// is past the [limit](crate::login::SessionLimit).
    SessionEnded,
    /// A user ended all their other sessions, or all of them.
    LoggedOutElsewhere,
    /// A user chose another password.
    PasswordChanged,
}

/// What happened, to whom and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventRecord {
    /// What happened.
    pub event: Event,
    /// When.
    pub at: Timestamp,
    /// The login manager's [`realm`](crate::login::LoginManager::realm).
    pub realm: String,
    /// The user it happened to, where that is known.
    pub user: Option<UserId>,
    /// The [`public_id`](crate::Session::public_id) of the session.
    pub session: Option<String>,
    /// How the user proved who they are, in the whole log-in, where there is a session or a
    /// pending log-in.
    pub methods: Methods,
    /// The address that the request came from, where that is known.
    pub address: Option<IpAddr>,
    /// The request's `User-Agent`, cut off at
    /// [`MAX_USER_AGENT_CHARS`](crate::Session::MAX_USER_AGENT_CHARS). Anybody can write
    /// anything there.
    pub user_agent: Option<String>,
    /// What a rejected request asked for ([`Event::Unauthorized`], [`Event::NeedsRefresh`],
    /// [`Event::NeedsSecondFactor`], [`Event::Forbidden`]).
    pub rejected: Option<Rejected>,
}

/// What somebody asked for who was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// The rule that they did not meet, as in `role admin and fresh login`; before it the name of
    /// the guard that asked, where it has one. `handler` where a handler found out by itself.
    pub rule: String,
    /// The method.
    pub method: String,
    /// The path without its query, cut off at [`MAX_PATH_CHARS`](Self::MAX_PATH_CHARS). Anybody
    /// can write anything there.
    pub path: String,
}

impl Rejected {
    /// The most characters of a path that are kept.
    pub const MAX_PATH_CHARS: usize = 200;
}

impl EventRecord {
    /// One line in the log. What the visitor wrote is quoted and escaped.
    fn log(&self) {
        macro_rules! log {
            ($level:ident) => {
                tracing::$level!(
                    event = ?self.event,
                    realm = Some(self.realm.as_str()).filter(|realm| !realm.is_empty()),
                    user = self.user.as_ref().map(UserId::as_str),
                    session = self.session,
                    methods = (!self.methods.is_empty()).then(|| tracing::field::display(self.methods)),
                    address = self.address.map(tracing::field::display),
                    user_agent = self.user_agent,
                    rule = self.rejected.as_ref().map(|rejected| rejected.rule.as_str()),
                    method = self.rejected.as_ref().map(|rejected| rejected.method.as_str()),
                    path = self.rejected.as_ref().map(|rejected| rejected.path.as_str()),
                    "login event"
                )
            };
        }
        match self.event {
            Event::SessionProtected
            | Event::RememberCookieReused
            | Event::MalformedCookie
            | Event::LoginFailed
            | Event::Forbidden
            | Event::Inactive => log!(warn),
            event if event.is_routine() => log!(debug),
            _ => log!(info),
        }
    }
}

impl Event {
    /// Whether it happens at every request of somebody.
    fn is_routine(self) -> bool {
        matches!(
            self,
            Self::Accessed
                | Self::Unauthorized
                | Self::NeedsRefresh
                | Self::NeedsSecondFactor
                | Self::LoadedFromRequest
        )
    }
}

type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Clone)]
enum Listener {
    Sync(Arc<dyn Fn(&EventRecord) + Send + Sync>),
    Async(Arc<dyn Fn(EventRecord) -> BoxFuture + Send + Sync>),
}

/// Everybody who wants to know.
#[derive(Clone, Default)]
pub(crate) struct Listeners(Vec<Listener>);

impl Listeners {
    pub(crate) fn add(&mut self, listener: impl Fn(&EventRecord) + Send + Sync + 'static) {
        self.0.push(Listener::Sync(Arc::new(listener)));
    }

    pub(crate) fn add_async<F, Fut>(&mut self, listener: F)
    where
        F: Fn(EventRecord) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = move |record| -> BoxFuture { Box::pin(listener(record)) };
        self.0.push(Listener::Async(Arc::new(listener)));
    }

    /// Whether anybody would notice `event`: most requests have nobody to tell.
    pub(crate) fn want(&self, event: Event) -> bool {
        !self.0.is_empty() || !event.is_routine() || tracing::enabled!(tracing::Level::DEBUG)
    }

    /// Tells all of them, in the order in which they were added, and the log.
    pub(crate) async fn emit(&self, record: EventRecord) {
        record.log();
        for listener in &self.0 {
            match listener {
                Listener::Sync(listener) => listener(&record),
                Listener::Async(listener) => listener(record.clone()).await,
            }
        }
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listeners({})", self.0.len())
    }
}
