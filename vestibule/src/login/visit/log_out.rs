//! Logging out: in this browser, in others, or in all.

use std::sync::Arc;

use http::HeaderMap;
use http::request::Parts;

use crate::error::Result;
use crate::login::visit::Visit;
use crate::login::visit::state::Visitor;
use crate::login::{Event, User};

impl<U: User> Visit<U> {
    /// Ends the session and the remembered login on the server, and removes the cookies.
    ///
    /// Ends both the session of a log-in during this request, if any, and the session whose token
    /// the browser sent.
    pub(crate) async fn log_out(&self, headers: &HeaderMap) -> Result<()> {
        self.check()?;
        #[cfg(any(test, feature = "testing"))]
        self.test_login_is_done();
        let (store, realm) = (&self.settings().store, &self.settings().realm);
        let brought = self.tokens().session;
        let mut ended = self.session();
        if let Some(id) = brought {
            if ended.is_none() {
                ended = store.load(id).await?.map(Arc::new);
            }
            store.revoke(id).await?;
        }
        let mut remembered = None;
        if let Some(token) = &self.tokens().remember {
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
        self.drop_pending(headers).await?;
        self.forget();
        self.drop_data(headers).await;
        match &ended {
            Some(session) => self.emit_for_session(Event::LoggedOut, session).await,
            None => {
                let user = remembered.map(|login| login.user_id);
                self.emit_for(Event::LoggedOut, user).await;
            }
        }
        Ok(())
    }

    /// Ends the user's other sessions and remembered logins; with `here_too`, this one as well.
    /// Returns the number of sessions ended.
    pub(crate) async fn log_out_elsewhere(&self, request: &Parts, here_too: bool) -> Result<u64> {
        let Some(logged_in) = self.resolve(request).await? else {
            return Ok(0);
        };
        let this = logged_in.session.as_ref().map(|session| session.id);
        let keep = this.filter(|_| !here_too);
        let (settings, user_id) = (self.settings(), logged_in.user.id());
        let ended = settings
            .store
            .revoke_user_and_pending(&settings.realm, &user_id, keep)
            .await?;
        self.emit(Event::LoggedOutElsewhere).await;
        if here_too {
            self.forget();
            self.drop_data(&request.headers).await;
        }
        Ok(ended)
    }

    /// Makes the visitor anonymous and removes the browser's cookies.
    pub(super) fn forget(&self) {
        let mut state = self.state();
        state.visitor = Visitor::Anonymous;
        state.set_cookies().session = Some(self.context.cookies.session.remove());
        if self.may_have_remember_cookie() || state.set_cookies().remember.is_some() {
            state.set_cookies().remember = Some(self.context.cookies.remember.remove());
        }
    }
}
