//! Events about logins, for the app's listeners.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::login::UserId;
use crate::session::Methods;

/// What happened. If Flask-Login has a signal for it, the text ends with its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// A user logged in. `user_logged_in`.
    LoggedIn,
    /// A user showed the first factor. They are not logged in until they show a second one.
    LoginPending,
    /// A browser was logged out, even if nobody was logged in there. `user_logged_out`.
    LoggedOut,
    /// A remember cookie began a new session. `user_loaded_from_cookie`.
    LoadedFromCookie,
    /// The request loader found the user. `user_loaded_from_request`.
    LoadedFromRequest,
    /// The user showed a credential again, and their session continues: also where they changed
    /// their password. `user_login_confirmed`.
    LoginConfirmed,
    /// A request was rejected because it needs a log-in. `user_unauthorized`.
    Unauthorized,
    /// A request was rejected because it needs a fresh log-in. `user_needs_refresh`.
    NeedsRefresh,
    /// A request was rejected because it needs a second factor.
    NeedsSecondFactor,
    /// A request was rejected because it needs a verified mail address.
    NeedsVerifiedEmail,
    /// A request was rejected because the user lacks a permission, or because it asked for a
    /// session or an account that is not theirs, or does not exist.
    Forbidden,
    /// A request that may change something, or a WebSocket handshake, was rejected because it came
    /// from another site.
    CrossOrigin,
    /// A request used the current user for the first time. `user_accessed`.
    Accessed,
    /// A session was used from another browser or network than it began in, and is no longer fresh,
    /// or has ended. `session_protected`.
    SessionProtected,
    /// A log-in was rejected because the user is not active.
    Inactive,
    /// A log-in was rejected because the user has as many sessions as
    /// [they may](crate::login::SessionLimit::Reject).
    TooManySessions,
    /// A credential was wrong. Emitted by the code that checks it, with
    /// [`Login::report_failed`](crate::Login::report_failed).
    LoginFailed,
    /// A try at a credential was rejected without checking it, because there were too many wrong
    /// tries ([`Credentials`](crate::credentials::Credentials)).
    LoginThrottled,
    /// A user with other known browsers logged in with a credential in a browser where they had not
    /// logged in before. Requires the [throttle](crate::credentials::throttle), which knows the
    /// browsers.
    NewDevice,
    /// There were so many wrong tries in a row at one account that the next ones must wait. Emitted
    /// once until the next log-in.
    GuessingSuspected,
    /// A remember token was used a second time, so somebody has a copy. The remembered login and
    /// its sessions have ended.
    RememberCookieReused,
    /// A session or remember cookie was malformed, or sent twice.
    MalformedCookie,
    /// A session or remembered login was ended: by its user from another session, by a
    /// [`LoginHandle`](crate::login::LoginHandle), because the user no longer exists or has a new [`session_epoch`](crate::login::User::session_epoch), or
    /// because of the [limit](crate::login::SessionLimit).
    SessionEnded,
    /// A user ended all their other sessions, or all of them; or a
    /// [`LoginHandle`](crate::login::LoginHandle) ended all of them.
    LoggedOutElsewhere,
    /// A user changed their password.
    PasswordChanged,
    /// A user showed that they read mail at an address, which may be a new one.
    EmailVerified,
    /// A user added a second factor.
    FactorAdded,
    /// A user removed a second factor.
    FactorRemoved,
    /// All second factors of a user were removed: by an admin or the operator, or because the time of a
    /// planned reset had come.
    FactorsReset,
    /// An admin or the operator planned a reset of a user's second factors
    /// ([`SiteConfig::factors_reset_wait`](crate::flows::SiteConfig::factors_reset_wait)).
    FactorsResetPlanned,
    /// A planned reset does not take place: the user has shown a factor, or an admin or the operator has
    /// cancelled it, or the user could not have shown one.
    FactorsResetCancelled,
    /// A user has a new set of recovery codes, which ends the old one.
    RecoveryCodesRenewed,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// A passkey was rejected because its counter did not grow, so somebody may have a copy of it.
    PasskeyCloneSuspected,
    /// A user changed their username.
    UsernameChanged,
    /// A user closed their account. It is erased when the time is over in which they may come back.
    AccountClosed,
    /// A user logged in to the account that they had closed, and it is open again.
    AccountReopened,
    /// An account was deleted on a page by an admin, or a closed account was erased. The user no
    /// longer exists.
    AccountDeleted,
}

/// An event with its user, session and origin.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventRecord {
    /// What happened.
    pub event: Event,
    /// When it happened.
    pub at: Timestamp,
    /// The login manager's [`realm`](crate::login::LoginManager::realm).
    pub realm: String,
    /// The user concerned, if known.
    pub user: Option<UserId>,
    /// The [`public_id`](crate::Session::public_id) of the session.
    pub session: Option<String>,
    /// All methods that proved the log-in, if there is a session or a pending log-in. For
    /// [`Event::LoginFailed`]: the method that was tried, if known.
    pub methods: Methods,
    /// The address that the request came from, if known.
    pub address: Option<IpAddr>,
    /// The request's `User-Agent`, cut to
    /// [`MAX_USER_AGENT_CHARS`](crate::Session::MAX_USER_AGENT_CHARS). The client can send any text
    /// here.
    pub user_agent: Option<String>,
    /// For [`Event::Unauthorized`], [`Event::NeedsRefresh`], [`Event::NeedsSecondFactor`],
    /// [`Event::NeedsVerifiedEmail`], [`Event::Forbidden`] and [`Event::CrossOrigin`]: the rejected request.
    pub rejected: Option<Rejected>,
}

/// The target of a rejected request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// The rule that was not met, such as `role admin and fresh login`, with the guard's name in
    /// front if it has one. `handler` if a handler rejected the request itself. For
    /// [`Event::CrossOrigin`]: `same origin`.
    pub rule: String,
    /// The HTTP method.
    pub method: String,
    /// The path without its query, cut to [`MAX_PATH_CHARS`](Self::MAX_PATH_CHARS). The client can
    /// send any text here.
    pub path: String,
}

impl Rejected {
    /// The maximum number of characters kept of a path.
    pub const MAX_PATH_CHARS: usize = 200;
}

impl EventRecord {
    /// Writes one line to the log. Text from the visitor is quoted and escaped.
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
            | Event::CrossOrigin
            | Event::TooManySessions
            | Event::GuessingSuspected
            | Event::RecoveryCodeUsed
            | Event::PasskeyCloneSuspected
            | Event::Inactive => log!(warn),
            event if event.is_routine() => log!(debug),
            _ => log!(info),
        }
    }
}

impl Event {
    /// Whether it happens at every request of a visitor.
    fn is_routine(self) -> bool {
        matches!(
            self,
            Self::Accessed
                | Self::Unauthorized
                | Self::NeedsRefresh
                | Self::NeedsSecondFactor
                | Self::NeedsVerifiedEmail
                | Self::LoadedFromRequest
                | Self::LoginThrottled
        )
    }
}

type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Clone)]
struct Listener {
    /// Which events it is called for.
    wants: fn(Event) -> bool,
    call: Call,
}

#[derive(Clone)]
enum Call {
    Sync(Arc<dyn Fn(&EventRecord) + Send + Sync>),
    Async(Arc<dyn Fn(EventRecord) -> BoxFuture + Send + Sync>),
}

/// The app's listeners.
#[derive(Clone, Default)]
pub(crate) struct Listeners(Vec<Listener>);

impl Listeners {
    pub(crate) fn add(&mut self, listener: impl Fn(&EventRecord) + Send + Sync + 'static) {
        self.add_for(|_| true, listener);
    }

    /// Adds a listener of some events only.
    pub(crate) fn add_for(
        &mut self,
        wants: fn(Event) -> bool,
        listener: impl Fn(&EventRecord) + Send + Sync + 'static,
    ) {
        let call = Call::Sync(Arc::new(listener));
        self.0.push(Listener { wants, call });
    }

    pub(crate) fn add_async<F, Fut>(&mut self, listener: F)
    where
        F: FnOnce(EventRecord) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = move |record| -> BoxFuture { Box::pin(listener.clone()(record)) };
        let call = Call::Async(Arc::new(listener));
        self.0.push(Listener {
            wants: |_| true,
            call,
        });
    }

    /// Whether anything would receive `event`. For most requests, nothing does.
    pub(crate) fn want(&self, event: Event) -> bool {
        !event.is_routine()
            || self.0.iter().any(|listener| (listener.wants)(event))
            || tracing::enabled!(tracing::Level::DEBUG)
    }

    /// Writes to the log, then calls all listeners in the order they were added.
    pub(crate) async fn emit(&self, record: EventRecord) {
        record.log();
        let wanting = |listener: &&Listener| (listener.wants)(record.event);
        for listener in self.0.iter().filter(wanting) {
            match &listener.call {
                Call::Sync(listener) => listener(&record),
                Call::Async(listener) => listener(record.clone()).await,
            }
        }
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listeners({})", self.0.len())
    }
}
