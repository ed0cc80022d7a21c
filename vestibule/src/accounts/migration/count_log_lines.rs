//! Adds a count to lines of the security log, and makes the log searchable.

use sea_orm::sea_query::{ColumnDef, Index, IntoIden, Table};
use sea_orm::{DbErr, DeriveIden};

use super::add_roles::SecurityLog;
use crate::database::{Made, Schema, Step};

#[derive(DeriveIden)]
enum NewInSecurityLog {
    Times,
}

/// The indexes, each with the column of its field in the admin's search.
const INDEXES: [(&str, SecurityLog); 3] = [
    ("security_log_by_username", SecurityLog::Username),
    ("security_log_by_actor", SecurityLog::ActorName),
    ("security_log_by_action", SecurityLog::Action),
];

pub(super) const COUNT_LOG_LINES: Step = Step {
    name: "2026_11_29_000001_count_log_lines",
    makes: Made {
        indexes: &[
            "security_log_by_username",
            "security_log_by_actor",
            "security_log_by_action",
        ],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    // Each step checks whether it was already done, because on MySQL an interrupted migration is
    // not rolled back.
    if !schema.has_column("security_log", "times").await? {
        let times = ColumnDef::new(NewInSecurityLog::Times)
            .big_integer()
            .to_owned();
        let log = Table::alter()
            .table(SecurityLog::Table)
            .add_column(times)
            .to_owned();
        schema.execute(log).await?;
    }
    for (name, column) in INDEXES {
        let index = Index::create()
            .name(name)
            .table(SecurityLog::Table)
            .col(column.into_iden())
            .col(SecurityLog::Id)
            .to_owned();
        schema.create_index("security_log", name, index).await?;
    }
    Ok(())
}
