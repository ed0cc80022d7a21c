//! The security log.

use axum::extract::Query;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{Admins, user_path};
use crate::access::Allowed;
use crate::accounts::LogEntry;
use crate::error::Result;
use crate::flows::Site;
use crate::flows::answer::Answer;
use crate::flows::page::Page;
use crate::login::UserId;

pub(super) const LIST: &str = "admin_log.html";

/// Lines on one page.
const PAGE: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Older {
    before: Option<String>,
}

#[derive(Serialize)]
struct ListView {
    goes_on: bool,
    log: Vec<LogView>,
    /// The line before which the next page starts.
    next: Option<String>,
}

#[derive(Serialize)]
pub(super) struct LogView {
    at: String,
    /// The address of the user's page, if the user exists.
    user_href: Option<String>,
    actor_href: Option<String>,
    #[serde(flatten)]
    entry: LogEntry,
}

pub(super) async fn list(
    _: Allowed<Admins>,
    page: Page,
    Query(older): Query<Older>,
) -> Result<Response> {
    let accounts = page.site.accounts();
    let limit = u64::try_from(PAGE).unwrap_or(u64::MAX) + 1;
    // An invalid line id would still be compared with the others.
    let before = older.before.as_deref().filter(|before| is_id(before));
    let mut found = accounts.security_log(None, before, limit).await?;
    let is_more = found.len() > PAGE;
    found.truncate(PAGE);
    let view = ListView {
        goes_on: before.is_some(),
        next: found.last().filter(|_| is_more).map(|last| last.id.clone()),
        log: found
            .into_iter()
            .map(|entry| log_view(&page.site, entry))
            .collect(),
    };
    page.answer(Answer::page(LIST, view))
}

pub(super) fn log_view(site: &Site, entry: LogEntry) -> LogView {
    let path = |id: &Option<UserId>| id.as_ref().map(|id| user_path(site, id.as_str()));
    LogView {
        at: entry.at.to_string(),
        user_href: path(&entry.user_id),
        actor_href: path(&entry.actor_id),
        entry,
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|c| c.is_ascii_hexdigit() || c == b'-')
}
