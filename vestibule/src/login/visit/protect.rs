//! Session protection: a session used by another browser than it began in.

use http::request::Parts;

use crate::error::Result;
use crate::login::protection::may_have_begun;
use crate::login::visit::Visit;
use crate::login::{Event, SessionProtection, User};
use crate::session::Session;

impl<U: User> Visit<U> {
    /// Whether another browser uses a session, and session protection must act. Without a request,
    /// checks the recorded sender.
    pub(super) fn must_protect(&self, session: &Session, request: Option<&Parts>) -> bool {
        let settings = &self.settings().sessions;
        let may_lose = match settings.protection {
            SessionProtection::Off => false,
            // Emitted once: at that browser's next request, the session is already stale.
            SessionProtection::Basic => session.is_fresh,
            SessionProtection::Strong => true,
        };
        if !may_lose {
            return false;
        }
        let (prefix, proxies) = (settings.protected_prefix, &self.settings().trusted_proxies);
        !match request {
            Some(request) => may_have_begun(session, prefix, request, proxies),
            None => self.sender().may_have_begun(session, prefix),
        }
    }

    /// Applies session protection to a session from another browser. Returns whether the session
    /// may still be used.
    pub(super) async fn protect(&self, session: &mut Session) -> Result<bool> {
        if !self.must_protect(session, None) {
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
