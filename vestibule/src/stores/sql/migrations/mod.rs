//! The migrations of the tables of sessions, oldest first.

mod add_methods;
mod columns;
mod create_sessions;
mod keep_data;
mod remember_logins;
mod tell_changes;

use crate::database::Migrations;

/// What brings the session tables up to date, for
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
