//! Confirming a log-in: asking for the credential again, in the same session.

use std::sync::Arc;

use http::request::Parts;

use crate::error::Result;
use crate::login::logged_in::LoggedIn;
use crate::login::visit::Visit;
use crate::login::visit::state::Visitor;
use crate::login::{Event, User};
use crate::session::Methods;

impl<U: User> Visit<U> {
    /// Records that the user has shown a credential again. The session continues under a new token,
    /// as fresh, and as one of this browser. Returns whether there was a session.
    pub(crate) async fn confirm(&self, methods: Methods, request: &Parts) -> Result<bool> {
        self.check_unanswered()?;
        let Some(logged_in) = self.resolve(request).await? else {
            return Ok(false);
        };
        let Some(before) = &logged_in.session else {
            return Ok(false);
        };
        let settings = self.settings();
        let now = settings.clock.now();
        let (token, mut session) =
            self.new_session(before.user_id.clone(), before.user_epoch, now)?;
        session.public_id.clone_from(&before.public_id);
        session.methods = before.methods | methods;
        session.confirmed_by = methods;
        session.remembered = before.remembered;
        // A thief may have the other session of this login, though the password was shown in this one.
        session.is_from_replaced_token = before.is_from_replaced_token;
        session.renewed_from = Some(before.id);
        if !settings.store.renew(session.clone(), before.id).await? {
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
}
