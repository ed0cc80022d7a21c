//! The migrations of the account tables.

mod add_roles;
mod add_skeletons;
mod count_log_lines;
mod create_users;
mod tell_changes;

use add_roles::AddRoles;
use add_skeletons::AddSkeletons;
use count_log_lines::CountLogLines;
use create_users::CreateUsers;
use tell_changes::{SpreadChanges, TellChanges};

use crate::database::Migrations;

/// The migrations of the account tables, for
/// [`Database::migrate`](crate::database::Database::migrate).
pub const MIGRATIONS: Migrations = Migrations {
    owner: "accounts",
    list: || {
        vec![
            Box::new(CreateUsers),
            Box::new(AddRoles),
            Box::new(TellChanges),
            Box::new(AddSkeletons),
            Box::new(SpreadChanges),
            Box::new(CountLogLines),
        ]
    },
};
