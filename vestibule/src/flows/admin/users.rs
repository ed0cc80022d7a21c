//! The list of users.

use axum::extract::Query;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{Admins, user_path};
use crate::access::Allowed;
use crate::accounts::{Account, ListPage, UserFilter, UserState};
use crate::error::Result;
use crate::flows::Site;
use crate::flows::answer::Answer;
use crate::flows::list_page::{PageLinks, PageQuery};
use crate::flows::page::Page;

pub(super) const LIST: &str = "admin_users.html";

/// The number of users on one page of the list.
const PAGE: usize = 50;

/// Users are counted up to this number.
const MOST_COUNTED: u64 = 10_000;

/// Which users are listed. An empty field, and a state that does not exist, are for all.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Search {
    q: String,
    state: String,
    role: String,
    #[serde(flatten)]
    page: PageQuery,
}

#[derive(Serialize)]
struct ListView {
    q: String,
    state: Option<&'static str>,
    role: String,
    /// The states there are.
    states: [&'static str; UserState::ALL.len()],
    /// The roles there are.
    roles: Vec<String>,
    users: Vec<UserView>,
    /// How many users match, counted up to [`MOST_COUNTED`].
    total: u64,
    /// Whether no more users match than were counted.
    is_total_exact: bool,
    #[serde(flatten)]
    links: PageLinks,
}

#[derive(Serialize)]
pub(super) struct UserView {
    pub(super) href: String,
    id: String,
    username: String,
    email: Option<String>,
    /// When the user showed that they read mail there, or an admin said so.
    email_verified_at: Option<String>,
    is_disabled: bool,
    awaits_approval: bool,
    /// Whether the user has closed the account, which is erased later.
    is_closed: bool,
    must_change_password: bool,
    roles: Vec<String>,
    created_at: String,
}

pub(super) async fn list(
    _: Allowed<Admins>,
    page: Page,
    Query(search): Query<Search>,
) -> Result<Response> {
    let accounts = page.site.accounts();
    let mut filter = UserFilter {
        text: search.q,
        state: UserState::ALL
            .into_iter()
            .find(|state| state.as_str() == search.state),
        role: None,
    };
    let (found, total) = match search.role.parse() {
        // What cannot be the name of a role is one that nobody has.
        Err(_) if !search.role.is_empty() => (ListPage::empty(), 0),
        role => {
            filter.role = role.ok();
            let found = ListPage::read(
                search.page.cursor(),
                PAGE,
                |account: &Account| &account.canonical_username,
                |cursor, limit| accounts.search(&filter, cursor, limit),
            );
            (
                found.await?,
                accounts.count(&filter, MOST_COUNTED + 1).await?,
            )
        }
    };
    let view = ListView {
        links: PageLinks::of(&found),
        users: found
            .entries
            .iter()
            .map(|account| user_view(&page.site, account))
            .collect(),
        total: total.min(MOST_COUNTED),
        is_total_exact: total <= MOST_COUNTED,
        states: UserState::ALL.map(UserState::as_str),
        roles: accounts.role_names().await?,
        q: filter.text,
        state: filter.state.map(UserState::as_str),
        role: search.role,
    };
    page.answer(Answer::page(LIST, view))
}

pub(super) fn user_view(site: &Site, account: &Account) -> UserView {
    UserView {
        href: user_path(site, account.id.as_str()),
        id: account.id.to_string(),
        username: account.name().to_owned(),
        email: account.email.clone(),
        email_verified_at: account.email_verified_at.map(|at| at.to_string()),
        is_disabled: account.is_disabled,
        awaits_approval: account.awaits_approval,
        is_closed: account.closes_at.is_some(),
        must_change_password: account.must_change_password,
        roles: owned(account.rights.roles()),
        created_at: account.created_at.to_string(),
    }
}

pub(super) fn owned(names: Vec<&str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}
