//! Session protection: a session that comes from another browser than it began in.

use crate::error::Result;
use crate::login::visit::Visit;
use crate::login::{Event, SessionProtection, User};
use crate::session::Session;

impl<U: User> Visit<U> {
    /// Whether a session comes from another browser, and still has something to lose.
    pub(super) fn must_protect(&self, session: &Session) -> bool {
        let settings = &self.settings().sessions;
        let may_lose = match settings.protection {
            SessionProtection::Off => false,
            // Emitted once: at the next request of that browser there is nothing left to lose.
            SessionProtection::Basic => session.is_fresh,
            SessionProtection::Strong => true,
        };
        let sender = &self.tokens().sender;
        may_lose && !sender.may_have_begun(session, settings.protected_prefix)
    }

    /// Does what session protection says about a session from another browser. Returns whether
    /// the session may still be used.
    pub(super) async fn protect(&self, session: &mut Session) -> Result<bool> {
        if !self.must_protect(session) {
            return Ok(true);
        }
        let settings = self.settings();
        let is_strong = settings.sessions.protection == SessionProtection::Strong;
        if is_strong {
            settings.store.revoke(session.id).await?;
            self.forget();
        } else {
            settings.store.mark_stale(session.id).await?;
            session.is_fresh = false;
        }
        self.emit_for_session(Event::SessionProtected, session)
            .await;
        Ok(!is_strong)
    }
}
