//! The migrations of the session tables.

mod add_methods;
mod columns;
mod create_sessions;
mod keep_data;
mod mark_replaced;
mod remember_logins;
mod tell_changes;

use sea_orm_migration::prelude::{DbErr, SchemaManager};

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
            Box::new(mark_replaced::MarkReplaced),
        ]
    },
};

/// Fails where the database has a table of this name without our column: an app's own.
/// Flask-Session, for instance, names its table `sessions`.
async fn reject_foreign_table(
    manager: &SchemaManager<'_>,
    table: &str,
    column: &str,
) -> Result<(), DbErr> {
    if !manager.has_table(table).await? || manager.has_column(table, column).await? {
        return Ok(());
    }
    Err(DbErr::Migration(format!(
        "the database has a table `{table}` that is not ours, and it was left as it is; rename it, \
         or keep the sessions in another database or in Redis"
    )))
}
