//! Finding the user by the request itself.

use http::request::Parts;

use crate::error::Result;
use crate::login::logged_in::LoggedIn;
use crate::login::visit::Visit;
use crate::login::{Event, User};

impl<U: User> Visit<U> {
    /// The user that the app's request loader finds, if it has one.
    pub(super) async fn by_request(&self, request: &Parts) -> Result<Option<LoggedIn<U>>> {
        let Some(user) = self.load_by_request(request).await? else {
            return Ok(None);
        };
        self.emit_for(Event::LoadedFromRequest, Some(user.id()))
            .await;
        Ok(Some(LoggedIn {
            user,
            session: None,
            is_fresh: false,
            is_remembered: false,
        }))
    }

    /// The active user that the app's request loader finds, if it has one.
    pub(super) async fn load_by_request(&self, request: &Parts) -> Result<Option<U>> {
        let Some(loader) = &self.settings().request_loader else {
            return Ok(None);
        };
        let mut request = request.clone();
        Self::hide(&mut request.extensions);
        Ok(loader.load(request).await?.filter(User::is_active))
    }
}
