//! The tables of users, passwords, roles and the security log.

mod add_roles;
mod create_users;
mod tell_changes;

use add_roles::AddRoles;
use create_users::CreateUsers;
use tell_changes::TellChanges;

use crate::database::Migrations;

/// What brings the account tables up to date, for
/// [`Database::migrate`](crate::database::Database::migrate).
pub const MIGRATIONS: Migrations = Migrations {
    owner: "accounts",
    list: || {
        vec![
            Box::new(CreateUsers),
            Box::new(AddRoles),
            Box::new(TellChanges),
        ]
    },
};
