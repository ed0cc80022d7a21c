//! Lines of the security log, as far as the user whom they are about may read them.

use serde::Serialize;

use crate::accounts::LogEntry;
use crate::login::UserId;

/// A line about a user, as far as they may read it.
#[derive(Serialize)]
pub(super) struct OwnLine {
    id: String,
    at: String,
    action: String,
    times: u64,
    detail: Option<String>,
    by: By,
    /// Unknown where an admin made the change: it is theirs.
    address: Option<String>,
    browser: Option<String>,
}

/// Who it was, as far as its user may know.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum By {
    User,
    Admin,
    Operator,
    /// The site, because a time had come.
    Site,
    NotLoggedIn,
}

impl OwnLine {
    pub(super) fn new(user: &UserId, line: LogEntry) -> Self {
        let by = match &line.actor_id {
            Some(actor) if actor == user => By::User,
            Some(_) => By::Admin,
            None if line.is_by_operator() => By::Operator,
            None if line.is_by_site() => By::Site,
            None => By::NotLoggedIn,
        };
        let is_of_visitor = matches!(by, By::User | By::NotLoggedIn);
        Self {
            id: line.id,
            at: line.at.to_string(),
            action: line.action,
            times: line.times,
            detail: line.detail,
            by,
            address: line.address.filter(|_| is_of_visitor),
            browser: line.browser.filter(|_| is_of_visitor),
        }
    }
}
