//! Finding the user, once per request.

use std::sync::Arc;

use http::request::Parts;

use crate::error::Result;
use crate::login::logged_in::LoggedIn;
use crate::login::visit::Visit;
use crate::login::visit::session::Lookup;
use crate::login::visit::state::Visitor;
use crate::login::{Event, User};

impl<U: User> Visit<U> {
    /// The current user. Calls the store and the user loader once per request.
    pub(crate) async fn resolve(&self, request: &Parts) -> Result<Option<Arc<LoggedIn<U>>>> {
        self.check()?;
        match self.resolve_at_once(request) {
            Ok(known) => Ok(known),
            // This future is large, so it is boxed to keep most requests small.
            Err(lookup) => Box::pin(self.resolve_by_stores(request, lookup)).await,
        }
    }

    /// The user, if already known or cached, and if no listener needs the event. Otherwise the
    /// cache's result.
    fn resolve_at_once(&self, request: &Parts) -> Result<Option<Arc<LoggedIn<U>>>, Lookup<U>> {
        let mut state = self.state();
        if let Some(known) = state.known() {
            return Ok(known);
        }
        match self.look_in_cache(Some(request)) {
            Lookup::Hit(logged_in) if self.may_answer_at_once() => {
                state.visitor = Visitor::LoggedIn(logged_in.clone());
                Ok(Some(logged_in))
            }
            lookup => Err(lookup),
        }
    }

    /// As [`resolve_at_once`](Self::resolve_at_once), for a caller that falls back to
    /// [`resolve`](Self::resolve).
    pub(super) fn known_at_once(&self, request: &Parts) -> Option<Arc<LoggedIn<U>>> {
        self.resolve_at_once(request).ok().flatten()
    }

    fn may_answer_at_once(&self) -> bool {
        !self.has_test_login() && !self.settings().listeners.want(Event::Accessed)
    }

    async fn resolve_by_stores(
        &self,
        request: &Parts,
        lookup: Lookup<U>,
    ) -> Result<Option<Arc<LoggedIn<U>>>> {
        self.note_sender(&request.headers, &request.extensions);
        let _alone = self.resolving.lock().await;
        if let Some(known) = self.known() {
            return Ok(known);
        }
        #[cfg(any(test, feature = "testing"))]
        if let Some(test_login) = self.test_login.as_ref().filter(|login| login.begin()) {
            test_login.check(&self.settings().loader).await?;
            let options = super::LogInOptions {
                is_fresh: test_login.is_fresh(),
                ..super::LogInOptions::default()
            };
            self.log_in(&test_login.user, options, &request.headers)
                .await?;
            return Ok(self.known().flatten());
        }
        let found = self.look_up(request, lookup).await?;
        self.note(match &found {
            Some(logged_in) => Visitor::LoggedIn(logged_in.clone()),
            None => Visitor::Anonymous,
        });
        self.emit(Event::Accessed).await;
        Ok(self.known().flatten())
    }

    /// Finds the user by the session, else by the remember cookie, else by the request.
    async fn look_up(
        &self,
        request: &Parts,
        lookup: Lookup<U>,
    ) -> Result<Option<Arc<LoggedIn<U>>>> {
        if self.tokens().has_malformed_cookie {
            self.emit_for(Event::MalformedCookie, None).await;
        }
        if let Some(logged_in) = self.by_session(lookup, Some(&request.headers)).await? {
            return Ok(Some(logged_in));
        }
        if let Some(logged_in) = self.by_remember_cookie(request).await? {
            return Ok(Some(Arc::new(logged_in)));
        }
        Ok(self.by_request(request).await?.map(Arc::new))
    }

    /// Records the result, unless a log-in has happened meanwhile.
    fn note(&self, visitor: Visitor<U>) {
        let mut state = self.state();
        if !matches!(state.visitor, Visitor::LoggedIn(_)) {
            state.visitor = visitor;
        }
    }

    /// Whether a test sets the user.
    #[cfg(any(test, feature = "testing"))]
    fn has_test_login(&self) -> bool {
        self.test_login.is_some()
    }

    #[cfg(not(any(test, feature = "testing")))]
    #[expect(
        clippy::unused_self,
        reason = "its twin in tests has something to look at"
    )]
    fn has_test_login(&self) -> bool {
        false
    }
}
