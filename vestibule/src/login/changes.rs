//! What changes who is logged in: logging in, confirming, logging out. Each changes the store
//! before it returns, and leaves cookies with the visit.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::request::Parts;

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::login::visit::{LoggedIn, Visit, Visitor};
use crate::login::{Event, User, UserId};
use crate::session::{
    DataValues, RememberToken, RememberedLogin, Replaced, Session, SessionToken, new_public_id,
};
use crate::web::signed_cookie::SignedCookie;

/// How a user is logged in.
#[derive(Debug)]
pub(crate) struct LogInOptions {
    pub(crate) remember: Option<Duration>,
    pub(crate) is_fresh: bool,
    pub(crate) kept: Option<ContinuedSession>,
}

/// What of a session goes on when its user is logged in anew, from
/// [`Login::continued_session`](crate::Login::continued_session): its public id, and the app's values.
pub struct ContinuedSession {
    of: Option<Arc<Session>>,
    data: DataValues,
}

impl ContinuedSession {
    fn for_user(self, user_id: &UserId) -> Option<(String, DataValues)> {
        let session = self.of.filter(|session| session.user_id == *user_id)?;
        Some((session.public_id.clone(), self.data))
    }
}

impl fmt::Debug for ContinuedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContinuedSession").finish_non_exhaustive()
    }
}

impl<U: User> Visit<U> {
    /// Begins a session for `user` under a new token and ends what the browser had before. Returns
    /// whether the user may have one more.
    pub(crate) async fn log_in(
        &self,
        user: &U,
        options: LogInOptions,
        headers: &HeaderMap,
    ) -> Result<bool> {
        self.check()?;
        self.check_unanswered()?;
        let manager = &*self.manager;
        #[cfg(any(test, feature = "testing"))]
        self.test_login_is_done();
        let user_id = user.id();
        let id = user_id.as_str();
        // MySQL compares without the spaces at the end.
        if id.is_empty() || id.chars().count() > UserId::MAX_CHARS || id.ends_with(' ') {
            return Err(Error::config(format!(
                "a user's id has 1 to {} characters, and no space at its end",
                UserId::MAX_CHARS
            )));
        }
        let now = manager.clock.now();
        let (token, mut session) = self.new_session(user, now)?;
        session.is_fresh = options.is_fresh;
        let mut kept_data = None;
        if let Some((public_id, data)) = options.kept.and_then(|kept| kept.for_user(&user_id)) {
            session.public_id = public_id;
            kept_data = Some(data);
        }
        let remembered = match options.remember {
            Some(duration) => {
                let token = RememberToken::generate(&manager.random)?;
                let epoch = session.user_epoch;
                let realm = &manager.realm;
                let (id, digest) = (token.id(realm), token.digest());
                let mut login = RememberedLogin::new(id, digest, user_id, epoch, now, duration);
                realm.as_ref().clone_into(&mut login.realm);
                session.remembered = Some(login.id);
                Some((token, login))
            }
            None => None,
        };
        let realm = &manager.realm;
        let replaced = Replaced {
            session: self.session().map(|before| before.id).or_else(|| {
                self.credentials()
                    .token
                    .as_ref()
                    .map(|token| token.id(realm))
            }),
            remembered: self
                .credentials()
                .remember_token
                .as_ref()
                .map(|token| token.id(realm)),
        };
        let before = self.before_one_more(user, now).await?;
        if !self.may_begin(&before, replaced) {
            return Ok(false);
        }
        let data = match kept_data {
            Some(data) => data,
            None => self.kept_data(headers).await?,
        };
        let login = remembered.as_ref().map(|(_, login)| login.clone());
        manager
            .store
            .create(session.clone(), data, login, replaced)
            .await?;
        if !self.keep_limit(user, &session, &before, now).await {
            self.forget();
            return Ok(false);
        }
        let session = Arc::new(session);
        // From here on the browser must get its cookies, whatever else fails.
        self.state().set_cookies().remember = match &remembered {
            Some((token, login)) => Some(self.manager.cookies.remember.set(token, login, now)),
            None if self.may_have_remember_cookie() => Some(self.manager.cookies.remember.remove()),
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
        manager.sweep_if_due();
        self.emit(Event::LoggedIn).await;
        Ok(true)
    }

    /// What of this session is to go on when its user is logged in anew.
    pub(crate) async fn continued_session(&self, request: &Parts) -> Result<ContinuedSession> {
        let logged_in = self.resolve(request).await?;
        let session = logged_in.and_then(|logged_in| logged_in.session.clone());
        let data = match &session {
            Some(session) => self.data_of(session.id).await?,
            None => DataValues::new(),
        };
        Ok(ContinuedSession { of: session, data })
    }

    /// Notes that the user has shown a credential again: the session goes on under a new token,
    /// fresh, with this browser as its own. Returns whether there was a session to go on.
    pub(crate) async fn confirm(&self, request: &Parts) -> Result<bool> {
        self.check_unanswered()?;
        let Some(logged_in) = self.resolve(request).await? else {
            return Ok(false);
        };
        let Some(before) = &logged_in.session else {
            return Ok(false);
        };
        let manager = &*self.manager;
        let now = manager.clock.now();
        let (token, mut session) = self.new_session(&logged_in.user, now)?;
        session.public_id.clone_from(&before.public_id);
        session.remembered = before.remembered;
        session.renewed_from = Some(before.id);
        if !manager.store.renew(session.clone(), before.id).await? {
            self.state().visitor = Visitor::Anonymous;
            return Ok(false);
        }
        let confirmed = LoggedIn {
            is_fresh: true,
            is_remembered: logged_in.is_remembered,
            user: logged_in.user.clone(),
            session: Some(Arc::new(session)),
        };
        self.enter(&token, confirmed);
        self.emit(Event::LoginConfirmed).await;
        Ok(true)
    }

    /// Ends the session on the server and in the browser, and what remembers the browser.
    ///
    /// Both the session of this very request's log-in, if there was one, and the session whose
    /// token the browser brought.
    pub(crate) async fn log_out(&self, headers: &HeaderMap) -> Result<()> {
        self.check()?;
        #[cfg(any(test, feature = "testing"))]
        self.test_login_is_done();
        let (store, realm) = (&self.manager.store, &self.manager.realm);
        let brought = self
            .credentials()
            .token
            .as_ref()
            .map(|token| token.id(realm));
        let mut ended = self.session();
        if let Some(id) = brought {
            if ended.is_none() {
                ended = store.load(id).await?.map(Arc::new);
            }
            store.revoke(id).await?;
        }
        let mut remembered = None;
        if let Some(token) = &self.credentials().remember_token {
            if ended.is_none() {
                remembered = store.load_remembered(token.id(realm)).await?;
            }
            store.revoke_remembered(token.id(realm)).await?;
        }
        if let Some(session) = &ended
            && brought != Some(session.id)
        {
            store.revoke(session.id).await?;
        }
        self.forget();
        self.drop_data(headers).await;
        let user = ended.as_ref().map(|session| session.user_id.clone());
        let user = user.or_else(|| remembered.map(|login| login.user_id));
        let session = ended.map(|session| session.public_id.clone());
        self.emit_for(Event::LoggedOut, user, session).await;
        Ok(())
    }

    /// Ends the user's other sessions and what remembers other browsers; or with this one.
    /// Returns how many sessions.
    pub(crate) async fn log_out_elsewhere(&self, request: &Parts, here_too: bool) -> Result<u64> {
        let Some(logged_in) = self.resolve(request).await? else {
            return Ok(0);
        };
        let this = logged_in.session.as_ref().map(|session| session.id);
        let keep = this.filter(|_| !here_too);
        let user_id = logged_in.user.id();
        let realm = &self.manager.realm;
        let ended = self
            .manager
            .store
            .revoke_user(realm, &user_id, keep)
            .await?;
        self.emit(Event::LoggedOutElsewhere).await;
        if here_too {
            self.forget();
            self.drop_data(&request.headers).await;
        }
        Ok(ended)
    }

    /// Somebody has shown a credential: they are logged in under `token`, and where they were
    /// going is used up.
    fn enter(&self, token: &SessionToken, logged_in: LoggedIn<U>) {
        self.set_session_cookie(token);
        let mut state = self.state();
        state.set_cookies().next = self.manager.cookies.next.as_ref().map(SignedCookie::remove);
        state.visitor = Visitor::LoggedIn(Arc::new(logged_in));
    }

    /// Nobody is logged in any more, and the browser has nothing of ours.
    pub(crate) fn forget(&self) {
        let mut state = self.state();
        state.visitor = Visitor::Anonymous;
        state.set_cookies().session = Some(self.manager.cookies.session.remove());
        if self.may_have_remember_cookie() || state.set_cookies().remember.is_some() {
            state.set_cookies().remember = Some(self.manager.cookies.remember.remove());
        }
    }

    /// A session of `user` that begins now, in this browser, and its token.
    pub(crate) fn new_session(&self, user: &U, now: Timestamp) -> Result<(SessionToken, Session)> {
        let manager = &*self.manager;
        let token = SessionToken::generate(&manager.random)?;
        let public_id = new_public_id(&manager.random)?;
        let lifetime = manager.expiry.absolute;
        let epoch = user.session_epoch();
        let id = token.id(&manager.realm);
        let mut session = Session::new(id, public_id, user.id(), epoch, now, lifetime);
        manager.realm.as_ref().clone_into(&mut session.realm);
        session.user_agent = Some(self.credentials().sender.user_agent().unwrap_or_default());
        session.address = self.credentials().sender.address;
        Ok((token, session))
    }
}
