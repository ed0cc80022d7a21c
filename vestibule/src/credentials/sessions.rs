//! The current user's sessions.

use crate::credentials::{Activity, Credentials};
use crate::error::Result;
use crate::login::{Event, Login, User};

impl<U: User> Credentials<U> {
    /// Ends one session of the current user, by its [`public_id`](crate::Session::public_id), and
    /// the remembered login of its browser. Returns whether the user has such a session.
    ///
    /// # Errors
    /// When a store failed. If it was the session store, the activity log already has the line, but
    /// the session may still exist: call it again.
    pub async fn end_session(&self, login: &Login<U>, public_id: &str) -> Result<bool> {
        self.check_realm(login)?;
        let Some(user) = login.current_user().await? else {
            return Ok(false);
        };
        if !login.is_still_logged_in().await? {
            return Ok(false);
        }
        let (sessions, realm) = (&self.0.sessions, &self.0.realm);
        let id = user.id();
        let found = sessions.load_by_public_id(realm, &id, public_id);
        let Some(session) = found.await? else {
            login.report_not_theirs("own session").await;
            return Ok(false);
        };
        let activity = Activity::SessionEnded(public_id);
        self.note(&user, activity, login).await?;
        sessions.revoke(session.id).await?;
        login.visit().emit(Event::SessionEnded).await;
        Ok(true)
    }

    /// Ends all other sessions and remembered logins of the current user. Returns whether the user
    /// is still logged in here; if not, ends nothing.
    ///
    /// # Errors
    /// As [`end_session`](Self::end_session).
    pub async fn end_other_sessions(&self, login: &Login<U>) -> Result<bool> {
        self.check_realm(login)?;
        let Some(user) = login.current_user().await? else {
            return Ok(false);
        };
        // The session may have ended while the body arrived.
        if !login.is_still_logged_in().await? {
            return Ok(false);
        }
        let (sessions, realm) = (&self.0.sessions, &self.0.realm);
        let two = sessions.list_user(realm, &user.id(), None, 2).await?;
        let own = user.session().map(|session| &session.public_id);
        // Log only what happens, so that repeated requests do not fill the log.
        if two.iter().any(|session| Some(&session.public_id) != own) {
            let activity = Activity::OtherSessionsEnded;
            self.note(&user, activity, login).await?;
        }
        login.log_out_elsewhere().await?;
        Ok(true)
    }

    async fn note(&self, user: &U, activity: Activity<'_>, login: &Login<U>) -> Result<()> {
        match self.0.users.log() {
            Some(log) => log.note(user, activity, &login.sender()).await,
            None => Ok(()),
        }
    }
}
