//! The migrations of the account tables.

mod add_invitations;
mod add_roles;
mod add_skeletons;
mod approve_accounts;
mod close_accounts;
mod count_log_lines;
mod create_users;
mod index_states;
mod name_browsers;
mod reserve_names;
mod tell_changes;
mod verify_emails;

use add_invitations::ADD_INVITATIONS;
use add_roles::ADD_ROLES;
use add_skeletons::ADD_SKELETONS;
use approve_accounts::APPROVE_ACCOUNTS;
use close_accounts::CLOSE_ACCOUNTS;
use count_log_lines::COUNT_LOG_LINES;
use create_users::CREATE_USERS;
use index_states::INDEX_STATES;
use name_browsers::NAME_BROWSERS;
use reserve_names::RESERVE_NAMES;
use tell_changes::{SPREAD_CHANGES, TELL_CHANGES};
use verify_emails::VERIFY_EMAILS;

use crate::database::Migrations;

/// The migrations of the account tables, for
/// [`Database::migrate`](crate::database::Database::migrate).
pub const MIGRATIONS: Migrations = Migrations {
    owner: "accounts",
    steps: &[
        CREATE_USERS,
        ADD_ROLES,
        TELL_CHANGES,
        ADD_SKELETONS,
        SPREAD_CHANGES,
        COUNT_LOG_LINES,
        NAME_BROWSERS,
        INDEX_STATES,
        VERIFY_EMAILS,
        ADD_INVITATIONS,
        APPROVE_ACCOUNTS,
        CLOSE_ACCOUNTS,
        RESERVE_NAMES,
    ],
};
