//! Lines of log-ins and log-outs, by their events.

use crate::accounts::{Accounts, Action, Actor};
use crate::error::Result;
use crate::login::{Event, EventRecord};

impl Accounts {
    /// Writes the line of an event about a log-in or log-out. Nothing for other events, and for
    /// those without a user. What another call writes a line about has no line here: a failed
    /// log-in, the end of a session, a new password.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn note_event(&self, record: &EventRecord) -> Result<()> {
        let (Some(id), Some(action)) = (&record.user, action_of(record.event)) else {
            return Ok(());
        };
        let Some(account) = self.find_by_id(id).await? else {
            return Ok(());
        };
        let actor = match action {
            Action::LoginPending
            | Action::LoginRejected
            | Action::RememberCookieReused
            | Action::PasskeyCloneSuspected => Actor::stranger(),
            _ => Actor::themself(&account),
        };
        let actor = actor
            .at(record.address)
            .in_browser(record.user_agent.as_deref());
        let methods = record.methods.to_string();
        let detail = match record.event {
            Event::LoggedIn | Event::LoginPending => Some(methods.as_str()),
            Event::Inactive if account.is_disabled => Some("account disabled"),
            Event::Inactive => Some("account closed"),
            Event::TooManySessions => Some("too many sessions"),
            _ => None,
        };
        let detail = detail.filter(|detail| !detail.is_empty());
        self.add_own(&account, &actor, action, detail).await
    }

    /// Whether an event has a line.
    pub(crate) fn notes_event(event: Event) -> bool {
        action_of(event).is_some()
    }
}

/// The line of an event: of those that let somebody in or out, or show that somebody has a
/// credential or a cookie of the user.
fn action_of(event: Event) -> Option<Action> {
    Some(match event {
        Event::LoggedIn => Action::LoggedIn,
        Event::LoadedFromCookie => Action::LoginResumed,
        Event::LoginPending => Action::LoginPending,
        Event::Inactive | Event::TooManySessions => Action::LoginRejected,
        Event::LoggedOut => Action::LoggedOut,
        Event::RememberCookieReused => Action::RememberCookieReused,
        Event::SessionProtected => Action::SessionProtected,
        Event::PasskeyCloneSuspected => Action::PasskeyCloneSuspected,
        _ => return None,
    })
}
