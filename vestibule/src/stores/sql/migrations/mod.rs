//! The migrations of the session tables.

mod add_methods;
mod columns;
mod create_sessions;
mod keep_data;
mod remember_logins;
mod tell_changes;

use crate::database::Migrations;

/// The migrations of the session tables, oldest first. Pass them to
/// [`Database::migrate`](crate::database::Database::migrate).
pub const MIGRATIONS: Migrations = Migrations {
    owner: "sessions",
    list: || {
        vec![
            Box::new(create_sessions::CreateSessions),
            Box::new(remember_logins::RememberLogins),
            Box::new(tell_changes::TellChanges),
            Box::new(keep_data::KeepData),
            Box::new(add_methods::AddMethods),
        ]
    },
};
