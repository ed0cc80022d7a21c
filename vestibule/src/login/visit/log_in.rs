//! Logging in: a new session, under a new token.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::request::Parts;

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::login::continued_session::ContinuedSession;
use crate::login::logged_in::LoggedIn;
use crate::login::visit::Visit;
use crate::login::visit::state::Visitor;
use crate::login::{Event, User, UserId};
use crate::session::{
    DataValues, Methods, RememberToken, RememberedLogin, Replaced, Session, SessionToken,
    new_public_id,
};
use crate::web::signed_cookie::SignedCookie;

/// The options of a log-in.
#[derive(Debug)]
pub(crate) struct LogInOptions {
    pub(crate) remember: Option<Duration>,
    pub(crate) is_fresh: bool,
    /// The methods used. Default: a password, or none if the log-in is not fresh.
    pub(crate) methods: Option<Methods>,
    pub(crate) continued: Option<ContinuedSession>,
    /// The user's epoch when the credential was checked. Default: the given user's.
    pub(crate) epoch: Option<i64>,
}

impl Default for LogInOptions {
    fn default() -> Self {
        Self {
            remember: None,
            is_fresh: true,
            methods: None,
            continued: None,
            epoch: None,
        }
    }
}

impl<U: User> Visit<U> {
    /// Begins a session for `user` under a new token and ends the browser's previous one. Returns
    /// `false` if the limit does not allow one more.
    pub(crate) async fn log_in(
        &self,
        user: &U,
        options: LogInOptions,
        headers: &HeaderMap,
    ) -> Result<bool> {
        self.check()?;
        self.check_unanswered()?;
        let settings = self.settings();
        #[cfg(any(test, feature = "testing"))]
        self.test_login_is_done();
        let user_id = user.id();
        let id = user_id.as_str();
        // MySQL ignores trailing spaces in comparisons.
        if id.is_empty() || id.chars().count() > UserId::MAX_CHARS || id.ends_with(' ') {
            return Err(Error::config(format!(
                "a user's id has 1 to {} characters, and no space at its end",
                UserId::MAX_CHARS
            )));
        }
        let now = settings.clock.now();
        let epoch = match options.epoch {
            Some(epoch) => epoch,
            None => self.context.epoch_of(user).await?,
        };
        let (token, mut session) = self.new_session(user.id(), epoch, now)?;
        session.is_fresh = options.is_fresh;
        session.confirmed_by = options.methods.unwrap_or(match options.is_fresh {
            true => Methods::PASSWORD,
            false => Methods::NONE,
        });
        session.methods = session.confirmed_by;
        let mut kept_data = None;
        let mut event = Event::LoggedIn;
        if let Some((before, data)) = options
            .continued
            .and_then(|continued| continued.for_user(&user_id))
        {
            session.public_id.clone_from(&before.public_id);
            session.methods |= before.methods;
            kept_data = Some(data);
            event = Event::LoginConfirmed;
        }
        let remembered = match options.remember {
            Some(duration) => {
                let token = RememberToken::generate(&settings.random)?;
                let epoch = session.user_epoch;
                let realm = &settings.realm;
                let (id, digest) = (token.id(realm), token.digest());
                let mut login = RememberedLogin::new(id, digest, user_id, epoch, now, duration);
                realm.as_ref().clone_into(&mut login.realm);
                login.methods = session.methods;
                login.confirmed_by = session.confirmed_by;
                session.remembered = Some(login.id);
                Some((token, login))
            }
            None => None,
        };
        self.warn_of_other_app(&user.id(), epoch, now).await;
        let replaced = self.replaced();
        self.drop_pending(headers).await?;
        let before = self.before_one_more(user, epoch, now).await?;
        if !self.may_begin(&before, replaced) {
            self.emit_too_many(user.id()).await;
            return Ok(false);
        }
        let data = match kept_data {
            Some(data) => data,
            None => self.kept_data(headers).await?,
        };
        let login = remembered.as_ref().map(|(_, login)| login.clone());
        settings
            .store
            .create(session.clone(), data, login, replaced)
            .await?;
        if !self.keep_limit(user, &session, &before, now).await {
            self.forget();
            self.emit_too_many(user.id()).await;
            return Ok(false);
        }
        let session = Arc::new(session);
        // From here on the browser must get its cookies, even if something else fails.
        self.state().set_cookies().remember = match &remembered {
            Some((token, login)) => Some(self.context.cookies.remember.set(token, login, now)),
            None if self.may_have_remember_cookie() => Some(self.context.cookies.remember.remove()),
            None => None,
        };
        let logged_in = LoggedIn {
            is_fresh: self.is_fresh(&session, now),
            is_remembered: remembered.is_some(),
            user: user.clone(),
            session: Some(session.clone()),
        };
        self.enter(&token, logged_in);
        self.drop_data(headers).await;
        self.context.sweep_if_due();
        self.emit(event).await;
        Ok(true)
    }

    /// The part of this session that continues when its user logs in again.
    pub(crate) async fn continued_session(&self, request: &Parts) -> Result<ContinuedSession> {
        let logged_in = self.resolve(request).await?;
        let session = logged_in.and_then(|logged_in| logged_in.session.clone());
        let data = match &session {
            Some(session) => self.data_of(session.id).await?,
            None => DataValues::new(),
        };
        Ok(ContinuedSession { session, data })
    }

    /// The session and remembered login that the browser has, and that its log-in ends.
    pub(super) fn replaced(&self) -> Replaced {
        let tokens = self.tokens();
        Replaced {
            session: self.session().map(|before| before.id).or(tokens.session),
            remembered: tokens
                .remember
                .as_ref()
                .map(|token| token.id(&self.settings().realm)),
        }
    }

    /// Completes a log-in under `token`: sets the cookie, and uses up the kept `next`.
    pub(super) fn enter(&self, token: &SessionToken, logged_in: LoggedIn<U>) {
        self.set_session_cookie(token);
        let mut state = self.state();
        state.set_cookies().next = self.context.cookies.next.as_ref().map(SignedCookie::remove);
        state.visitor = Visitor::LoggedIn(Arc::new(logged_in));
    }

    pub(super) fn set_session_cookie(&self, token: &SessionToken) {
        self.state().set_cookies().session = Some(self.context.cookies.session.set(token));
    }

    /// A session of `user` that begins now, in this browser, and its token.
    pub(super) fn new_session(
        &self,
        user: UserId,
        epoch: i64,
        now: Timestamp,
    ) -> Result<(SessionToken, Session)> {
        let (settings, sender) = (self.settings(), self.sender());
        let token = SessionToken::generate(&settings.random)?;
        let public_id = new_public_id(&settings.random)?;
        let lifetime = settings.sessions.expiry.absolute;
        let id = token.id(&settings.realm);
        let mut session = Session::new(id, public_id, user, epoch, now, lifetime);
        settings.realm.as_ref().clone_into(&mut session.realm);
        session.user_agent = Some(sender.user_agent().unwrap_or_default());
        session.address = sender.address;
        Ok((token, session))
    }
}
