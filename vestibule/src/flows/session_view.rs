//! A session as shown to its user and to admins.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::session::Session;
use crate::web::browser_and_system;

/// Where a page of sessions begins: `?after=ID`, the session that it follows.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Following {
    pub(super) after: Option<String>,
}

/// One page of a user's sessions.
#[derive(Serialize)]
pub(super) struct SessionsView {
    sessions: Vec<SessionView>,
    /// The session that the next page follows.
    next: Option<String>,
}

impl SessionsView {
    /// The first `most` of these `sessions`. One more shows that there is a next page. `this` is the
    /// viewer's session.
    pub(super) fn new(mut sessions: Vec<Session>, most: usize, this: Option<&Session>) -> Self {
        let is_more = sessions.len() > most;
        sessions.truncate(most);
        let last = sessions.last().filter(|_| is_more);
        Self {
            next: last.map(|last| last.public_id.clone()),
            sessions: SessionView::list(&sessions, this),
        }
    }
}

/// A session as shown to its user and to admins.
#[derive(Serialize)]
struct SessionView {
    id: String,
    is_this: bool,
    /// Whether it has the same remembered login as this one, and ends with it.
    is_same_login: bool,
    is_remembered: bool,
    /// Whether a just-replaced remember token began it, perhaps a copy.
    is_from_replaced_token: bool,
    /// The methods of the log-in, by the names in [`Methods`](crate::session::Methods).
    methods: Vec<&'static str>,
    browser: Option<String>,
    user_agent: Option<String>,
    address: Option<String>,
    created_at: String,
    last_seen_at: String,
}

impl SessionView {
    /// `this` is the viewer's session. Of sessions of one remembered login from the same place,
    /// only the last is shown; a thief's would come from another place.
    fn list(sessions: &[Session], this: Option<&Session>) -> Vec<Self> {
        let shown_as = |session: &Session| {
            let login = session.remembered?;
            let is_from_replaced = session.is_from_replaced_token;
            Some((
                login,
                is_from_replaced,
                session.user_agent.clone(),
                session.address,
            ))
        };
        let mut shown: HashSet<_> = this.and_then(shown_as).into_iter().collect();
        let sessions = sessions.iter().filter(|session| {
            this.is_some_and(|this| this.id == session.id)
                || shown_as(session).is_none_or(|shown_as| shown.insert(shown_as))
        });
        sessions.map(|session| Self::new(session, this)).collect()
    }

    fn new(session: &Session, this: Option<&Session>) -> Self {
        let user_agent = session.user_agent.clone().filter(|text| !text.is_empty());
        Self {
            id: session.public_id.clone(),
            is_this: this.is_some_and(|this| this.id == session.id),
            is_same_login: session.remembered.is_some()
                && this.is_some_and(|this| {
                    this.id != session.id && this.remembered == session.remembered
                }),
            is_remembered: session.remembered.is_some(),
            is_from_replaced_token: session.is_from_replaced_token,
            methods: session.methods.names().collect(),
            browser: user_agent.as_deref().and_then(browser_and_system),
            user_agent,
            address: session.address.map(|address| address.to_string()),
            created_at: session.created_at.to_string(),
            last_seen_at: session.last_seen_at.to_string(),
        }
    }
}
