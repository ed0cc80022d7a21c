//! The security log.

use axum::extract::Query;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{Admins, user_path};
use crate::access::Allowed;
use crate::accounts::{Accounts, Action, LogEntry, LogFilter};
use crate::error::Result;
use crate::flows::Site;
use crate::flows::answer::Answer;
use crate::flows::list_page::{PageLinks, PageQuery};
use crate::flows::page::Page;
use crate::login::UserId;

pub(super) const LIST: &str = "admin_log.html";

/// Lines on one page.
const PAGE: usize = 100;

/// Which lines are shown. An empty field, and an action that does not exist, are for all.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Search {
    user: String,
    actor: String,
    action: String,
    #[serde(flatten)]
    page: PageQuery,
}

#[derive(Serialize)]
struct ListView {
    user: String,
    actor: String,
    action: Option<&'static str>,
    /// The actions there are.
    actions: Vec<&'static str>,
    log: Vec<LogView>,
    #[serde(flatten)]
    links: PageLinks,
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
    Query(search): Query<Search>,
) -> Result<Response> {
    let accounts = page.site.accounts();
    let filter = LogFilter {
        username: as_in_the_log(accounts, &search.user).await?,
        actor: as_in_the_log(accounts, &search.actor).await?,
        action: Action::ALL
            .into_iter()
            .find(|action| action.as_str() == search.action),
        ..LogFilter::default()
    };
    let found = accounts.search_security_log(&filter, search.page.cursor(), PAGE);
    let found = found.await?;
    let view = ListView {
        action: filter.action.map(Action::as_str),
        actions: Action::ALL.map(Action::as_str).to_vec(),
        links: PageLinks::of_log(&found),
        log: found
            .lines
            .into_iter()
            .map(|entry| log_view(&page.site, entry))
            .collect(),
        user: search.user,
        actor: search.actor,
    };
    page.answer(Answer::page(LIST, view))
}

/// A typed name as the log has it: as its user writes it, or, if nobody has it now, as it was typed.
async fn as_in_the_log(accounts: &Accounts, typed: &str) -> Result<Option<String>> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let found = accounts.find_by_name_or_email(typed).await?;
    let name = found.map_or_else(|| typed.to_owned(), |account| account.name().to_owned());
    // PostgreSQL rejects a NUL, and no name has a control character.
    Ok(Some(name.replace(char::is_control, " ")))
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
