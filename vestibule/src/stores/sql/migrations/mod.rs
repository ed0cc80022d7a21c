//! The migrations of the session tables.

mod add_methods;
mod columns;
mod create_sessions;
mod keep_data;
mod mark_replaced;
mod remember_logins;
mod tell_changes;

use crate::database::Migrations;

/// The migrations of the session tables, oldest first. Pass them to
/// [`Database::migrate`](crate::database::Database::migrate).
pub const MIGRATIONS: Migrations = Migrations {
    owner: "sessions",
    steps: &[
        create_sessions::CREATE_SESSIONS,
        remember_logins::REMEMBER_LOGINS,
        tell_changes::TELL_CHANGES,
        keep_data::KEEP_DATA,
        add_methods::ADD_METHODS,
        mark_replaced::MARK_REPLACED,
    ],
};
