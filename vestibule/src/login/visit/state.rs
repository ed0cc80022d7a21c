//! The state of a request: what it has looked up, and its cookies.

use std::collections::BTreeMap;
use std::sync::Arc;

use cookie::Cookie;

use crate::login::logged_in::LoggedIn;
use crate::login::visit::messages::Messages;
use crate::session::{DataValues, SessionId, UserId};

/// The results of a request's look-ups so far, and the cookies of its response.
pub(crate) struct State<U> {
    pub(super) visitor: Visitor<U>,
    pub(super) anonymous_session: AnonymousId,
    /// The user for whom this request has begun a pending log-in.
    pub(crate) pending_begun: Option<UserId>,
    /// The pending log-in that this request has used up.
    pub(super) pending_used: Option<SessionId>,
    /// Whether the response has begun, so no cookie can be set any more.
    pub(super) is_answered: bool,
    /// Not read if the request has none.
    pub(super) messages: Option<Box<Messages>>,
    pub(super) set_cookies: Option<Box<SetCookies>>,
}

/// The current user, as far as known.
pub(super) enum Visitor<U> {
    NotAsked,
    Anonymous,
    LoggedIn(Arc<LoggedIn<U>>),
}

/// The anonymous session that the browser has after this request.
#[derive(Clone, Copy)]
pub(super) enum AnonymousId {
    /// The one that the browser sent, if any.
    Unchanged,
    Removed,
    Set(SessionId),
}

/// The cookies to set with the response. Few responses have any.
#[derive(Default)]
pub(crate) struct SetCookies {
    pub(crate) session: Option<Cookie<'static>>,
    pub(crate) remember: Option<Cookie<'static>>,
    pub(crate) pending: Option<Cookie<'static>>,
    pub(crate) next: Option<Cookie<'static>>,
    pub(crate) anonymous: Option<Cookie<'static>>,
    pub(crate) device: Option<Cookie<'static>>,
    pub(crate) trusted: Option<Cookie<'static>>,
    /// By name.
    pub(crate) data: BTreeMap<String, SetValue>,
}

/// The cookie with a value of an anonymous visitor, or the one that removes it.
pub(crate) struct SetValue {
    pub(super) cookie: Cookie<'static>,
    pub(super) value: Option<AnonymousValue>,
}

/// A value of an anonymous visitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AnonymousValue {
    pub(crate) is_kept: bool,
    pub(crate) json: String,
}

/// The values of a session read during this request.
pub(crate) struct DataRead {
    pub(super) session: SessionId,
    pub(super) values: DataValues,
}

impl<U> State<U> {
    pub(super) fn new() -> Self {
        Self {
            visitor: Visitor::NotAsked,
            anonymous_session: AnonymousId::Unchanged,
            pending_begun: None,
            pending_used: None,
            is_answered: false,
            messages: None,
            set_cookies: None,
        }
    }

    /// The current user, if already looked up.
    pub(super) fn known(&self) -> Option<Option<Arc<LoggedIn<U>>>> {
        match &self.visitor {
            Visitor::NotAsked => None,
            Visitor::Anonymous => Some(None),
            Visitor::LoggedIn(logged_in) => Some(Some(logged_in.clone())),
        }
    }

    /// The anonymous visitor's values set with the response, by name.
    pub(super) fn set_data(&self) -> impl Iterator<Item = (&String, &SetValue)> {
        self.set_cookies.iter().flat_map(|set| &set.data)
    }

    pub(crate) fn set_cookies(&mut self) -> &mut SetCookies {
        self.set_cookies.get_or_insert_default()
    }
}
