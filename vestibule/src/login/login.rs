//! Logging in and out, as a handler's argument.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::error::Result;
use crate::login::log_in::LogIn;
use crate::login::rule::{Demand, Rule};
use crate::login::views::Needed;
use crate::login::visit::{LogInOptions, Visit};
use crate::login::{
    ContinuedSession, CurrentUser, Event, LoginRejection, Next, PendingLogin, Sender, User, UserId,
};
use crate::session::{Methods, Session};

/// Logs in and out, and confirms a log-in. Flask-Login's `login_user`, `logout_user` and
/// `confirm_login`.
///
/// The store has the change before `await` returns. The cookie is set with the response.
///
/// ```
/// use axum::response::Redirect;
/// use vestibule::login::LoginOutcome;
/// use vestibule::{Error, Login};
/// # use vestibule::login::{User, UserId};
/// # #[derive(Clone)] struct Member;
/// # impl User for Member { fn id(&self) -> UserId { 1_i64.into() } }
/// # async fn check_password() -> Option<Member> { None }
///
/// async fn log_in(login: Login<Member>) -> Result<Redirect, Error> {
///     if let Some(member) = check_password().await
///         && login.log_in(&member).await? == LoginOutcome::LoggedIn
///     {
///         return Ok(Redirect::to("/"));
///     }
///     Ok(Redirect::to("/login"))
/// }
///
/// async fn log_out(login: Login<Member>) -> Result<Redirect, Error> {
///     login.log_out().await?;
///     Ok(Redirect::to("/login"))
/// }
/// ```
pub struct Login<U> {
    pub(super) visit: Arc<Visit<U>>,
    pub(super) request: Box<Parts>,
}

impl<U: User> Login<U> {
    /// Logs `user` in: `login.log_in(&user).await?`, or with an option,
    /// `login.log_in(&user).remember().await?`.
    ///
    /// Every log-in begins a new session under a new token and ends the browser's previous one.
    /// This does not check a credential: do that first.
    ///
    /// # Errors
    /// When awaited: when the store failed; when no store can keep the user's id; or when the
    /// response has begun, as in a stream, so no cookie can be set
    /// ([`Error::is_config`](crate::Error::is_config)).
    pub fn log_in<'a>(&'a self, user: &'a U) -> LogIn<'a, U> {
        LogIn {
            visit: &self.visit,
            headers: &self.request.headers,
            user,
            options: LogInOptions::default(),
            even_if_inactive: false,
        }
    }

    pub(crate) fn visit(&self) -> &Arc<Visit<U>> {
        &self.visit
    }

    pub(crate) fn headers(&self) -> &http::HeaderMap {
        &self.request.headers
    }

    /// Logs out: ends the session and this browser's remembered login on the server, and removes
    /// the cookies. For a visitor who is not logged in, only removes the cookies.
    ///
    /// # Errors
    /// When the store failed. The session then still exists, so show the visitor an error.
    pub async fn log_out(&self) -> Result<()> {
        self.visit.log_out(&self.request.headers).await
    }

    /// Ends all other sessions and remembered logins of the current user. Returns the number of
    /// sessions ended. Does nothing if nobody is logged in.
    ///
    /// # Errors
    /// When the session store or the user loader failed.
    pub async fn log_out_elsewhere(&self) -> Result<u64> {
        self.visit.log_out_elsewhere(&self.request, false).await
    }

    /// Ends all sessions and remembered logins of the current user, including this one. Returns the
    /// number of sessions ended. Does nothing if nobody is logged in.
    ///
    /// # Errors
    /// When the session store or the user loader failed.
    pub async fn log_out_everywhere(&self) -> Result<u64> {
        self.visit.log_out_elsewhere(&self.request, true).await
    }

    /// At most `limit` of the current user's sessions that are still valid, most recently used
    /// first. With `after`, a session's [`public_id`](Session::public_id), those that follow it;
    /// the first ones if they have no such session. Empty if nobody is logged in.
    ///
    /// # Errors
    /// When the session store or the user loader failed.
    pub async fn sessions(&self, after: Option<&str>, limit: usize) -> Result<Vec<Session>> {
        self.visit.sessions(&self.request, after, limit).await
    }

    /// Makes the log-in fresh again: the session continues under a new token. Flask-Login's
    /// `confirm_login`.
    ///
    /// This does not check a credential: do that first.
    ///
    /// # Errors
    /// When the session store or the user loader failed, or when the response has begun, as in a
    /// stream ([`Error::is_config`](crate::Error::is_config)).
    pub async fn confirm(&self) -> Result<ConfirmOutcome> {
        self.confirm_by(Methods::PASSWORD).await
    }

    /// As [`confirm`](Self::confirm), for a credential other than a password.
    ///
    /// # Errors
    /// As [`confirm`](Self::confirm).
    pub async fn confirm_by(&self, methods: Methods) -> Result<ConfirmOutcome> {
        let has_session = self.visit.confirm(methods, &self.request).await?;
        Ok(if has_session {
            ConfirmOutcome::Confirmed
        } else {
            ConfirmOutcome::NoSession
        })
    }

    /// This browser's unfinished log-in, a [`PendingLogin`]: the user has shown one factor, and
    /// must show another.
    ///
    /// # Errors
    /// When the session store or the user loader failed.
    pub async fn pending(&self) -> Result<Option<PendingLogin<U>>> {
        self.visit.pending(&self.request.headers).await
    }

    /// The part of this session that [continues](LogIn::continuing) when its user logs in again.
    /// Call it before the session ends; values written later are lost. Empty if nobody is logged
    /// in.
    ///
    /// # Errors
    /// When the session store or the user loader failed.
    pub async fn continued_session(&self) -> Result<ContinuedSession> {
        self.visit.continued_session(&self.request).await
    }

    /// The user of this request. After a [`log_in`](Self::log_in), the one who just logged in.
    ///
    /// # Errors
    /// When the session store or the user loader failed.
    pub async fn current_user(&self) -> Result<Option<CurrentUser<U>>> {
        Ok(self
            .visit
            .resolve(&self.request)
            .await?
            .map(CurrentUser::new))
    }

    /// The page that asks for a second factor, if the app has set one.
    #[cfg(feature = "sql")]
    pub(crate) fn second_factor_view(&self) -> Option<String> {
        let views = self.request.extensions.get::<crate::login::LoginViews>();
        let views = views.cloned().unwrap_or_default();
        let views = views.or(&self.visit.settings().rejections.views);
        views.view(Needed::SecondFactor)
    }

    /// The address that the request came from, if known
    /// ([`LoginManager::trusted_proxies`](crate::LoginManager::trusted_proxies)).
    pub fn address(&self) -> Option<IpAddr> {
        self.visit.sender().address
    }

    /// The browser and the address that the request came from.
    pub fn sender(&self) -> Sender {
        self.visit.sender().clone()
    }

    /// Whether this request's session still exists. A guard only checks when the request begins.
    /// Ask again before a critical action after a wait, such as for a long body. Always true for a
    /// user of the request loader, who has no session.
    ///
    /// # Errors
    /// When the session store failed.
    pub async fn is_still_logged_in(&self) -> Result<bool> {
        self.visit.is_still_logged_in().await
    }

    /// Returns when the session of this request has ended, for any reason: its user logged out here
    /// or elsewhere, somebody revoked it, it expired, the user was deleted or disabled, or
    /// [`User::session_epoch`] changed. Also returns if nobody is logged in. For WebSockets and
    /// streams, which outlive the check at their beginning:
    ///
    /// ```
    /// use axum::extract::ws::{WebSocket, WebSocketUpgrade};
    /// use axum::response::Response;
    /// # use vestibule::login::{User, UserId};
    /// use vestibule::{CurrentUser, Login};
    /// # #[derive(Clone)] struct Member;
    /// # impl User for Member { fn id(&self) -> UserId { 1_i64.into() } }
    /// # async fn talk(socket: &mut WebSocket) {}
    ///
    /// async fn chat(
    ///     _: CurrentUser<Member>,
    ///     login: Login<Member>,
    ///     handshake: WebSocketUpgrade,
    /// ) -> Response {
    ///     handshake.on_upgrade(async move |mut socket| {
    ///         tokio::select! {
    ///             () = talk(&mut socket) => {}
    ///             () = login.until_logged_out() => {}
    ///         }
    ///     })
    /// }
    /// ```
    ///
    /// Waiting is not a use of the session: a user who only listens idles out. It does not check
    /// roles and permissions again.
    ///
    /// Changes that the store and the user loader report in their feeds end it immediately in this
    /// process, and within about a second on other nodes. Without such feeds, the stores are asked
    /// every five seconds. Expiry is noticed within five seconds. If the stores fail for one to two
    /// minutes, it returns too, because nobody knows whether the session still exists. For a user
    /// of the request loader, the loader is asked every five seconds with the same request.
    pub async fn until_logged_out(&self) {
        self.visit.until_logged_out(&self.request).await;
    }

    /// The user of this request, if they meet this rule. For a handler that chooses the rule at run
    /// time. Names in rules are constants. To check a name made at run time, call
    /// [`CurrentUser::can`] and return [`forbidden`](Self::forbidden).
    ///
    /// # Errors
    /// The response for all other visitors, or when the session store or the user loader failed.
    pub async fn require(&self, rule: Rule) -> Result<CurrentUser<U>, LoginRejection> {
        let user = self.visit.require(rule.into(), &self.request).await?;
        Ok(CurrentUser::new(user))
    }

    /// The response for a visitor who must log in, for a handler that decides that itself.
    /// Flask-Login's `unauthorized`.
    pub async fn unauthorized(&self) -> LoginRejection {
        self.reject(Needed::Login).await
    }

    /// The response for a user who lacks a permission, for a handler that decides that itself: 403.
    pub async fn forbidden(&self) -> LoginRejection {
        self.reject(Needed::Right).await
    }

    /// The response for a user who must show a credential again, for a handler that decides that
    /// itself. Flask-Login's `needs_refresh`.
    pub async fn needs_refresh(&self) -> LoginRejection {
        self.reject(Needed::FreshLogin).await
    }

    /// As [`forbidden`](Self::forbidden), for a user who does not meet `demand`.
    #[cfg(feature = "sql")]
    pub(crate) async fn lacks(&self, demand: Demand) -> LoginRejection {
        self.visit
            .reject(Needed::Right, demand, &self.request)
            .await
    }

    /// The response for a user who must show a second factor, for a handler that decides that itself.
    #[cfg(feature = "sql")]
    pub(crate) async fn needs_second_factor(&self) -> LoginRejection {
        self.reject(Needed::SecondFactor).await
    }

    /// The user for whom this request has begun a pending log-in.
    #[cfg(feature = "sql")]
    pub(crate) fn pending_begun(&self) -> Option<UserId> {
        self.visit.state().pending_begun.clone()
    }

    async fn reject(&self, needed: Needed<'_>) -> LoginRejection {
        let demand = Demand::of_handler();
        self.visit.reject(needed, demand, &self.request).await
    }

    /// The page that the visitor was going to: the `next` of the address, if it has exactly one.
    /// With [`next_in_cookie`](crate::LoginManager::next_in_cookie), it is the one in the cookie,
    /// until the next log-in. `None` if it is outside of the path of the public URL.
    pub fn next(&self) -> Next {
        let next = match &self.visit.context.cookies.next {
            Some(cookie) => {
                let kept = cookie.read(&self.request.headers);
                let kept = kept.and_then(|kept| String::from_utf8(kept).ok());
                kept.map(Next::from).unwrap_or_default()
            }
            None => Next::of_query(&self.request.uri),
        };
        match &self.visit.settings().public_url {
            Some(app) => next.below(app),
            None => next,
        }
    }

    /// Emits [`Event::LoginFailed`] for a wrong credential of `tried`, if the user is known. The
    /// response waits for the listeners: one that is slower for existing users reveals that they
    /// exist.
    pub async fn report_failed(&self, tried: Option<&UserId>) {
        self.report_failed_by(Methods::NONE, tried).await;
    }

    /// As [`report_failed`](Self::report_failed), with the kind of credential that was wrong, such
    /// as [`Methods::PASSWORD`].
    pub async fn report_failed_by(&self, methods: Methods, tried: Option<&UserId>) {
        self.visit.emit_failed(methods, tried.cloned()).await;
    }

    /// Emits [`Event::Forbidden`] for something that does not exist or is not the user's, which the
    /// handler answers alike, with 404. `rule` is what it should have been.
    pub(crate) async fn report_not_theirs(&self, rule: &'static str) {
        let demand = Demand::named(rule);
        self.visit
            .emit_rejected(Event::Forbidden, demand, &self.request)
            .await;
    }
}

impl<U> fmt::Debug for Login<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

impl<U: User, S: Send + Sync> FromRequestParts<S> for Login<U> {
    type Rejection = LoginRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, LoginRejection> {
        let visit = Visit::of(&parts.headers, &parts.extensions)
            .ok_or_else(LoginRejection::no_layer::<U>)?;
        visit.note_sender(&parts.headers, &parts.extensions);
        Ok(Self {
            visit,
            request: Box::new(parts.clone()),
        })
    }
}

/// The outcome of confirming a log-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "without a session nothing was confirmed"]
#[non_exhaustive]
pub enum ConfirmOutcome {
    /// The log-in is fresh.
    Confirmed,
    /// There is no session to confirm, and nothing happened: nobody is logged in, the user came
    /// from the request loader, or the session has ended or was confirmed elsewhere meanwhile.
    NoSession,
}
