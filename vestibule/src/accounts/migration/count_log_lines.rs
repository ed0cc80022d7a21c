//! Lets a line of the security log count, and makes the log searchable.

use sea_orm_migration::prelude::{
    ColumnDef, DbErr, DeriveIden, Index, IntoIden, MigrationName, MigrationTrait, SchemaManager,
    Table, async_trait,
};

use super::add_roles::SecurityLog;
use crate::database::triggers::create_index;

#[derive(DeriveIden)]
enum NewInSecurityLog {
    Times,
}

/// Each with the column that its field of the admin's search is about.
const INDEXES: [(&str, SecurityLog); 3] = [
    ("security_log_by_username", SecurityLog::Username),
    ("security_log_by_actor", SecurityLog::ActorName),
    ("security_log_by_action", SecurityLog::Action),
];

pub(super) struct CountLogLines;

impl MigrationName for CountLogLines {
    fn name(&self) -> &str {
        "2026_11_29_000001_count_log_lines"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CountLogLines {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Each step checks whether it was done already: on MySQL an interrupted migration is not
        // rolled back.
        if !manager.has_column("security_log", "times").await? {
            let times = ColumnDef::new(NewInSecurityLog::Times)
                .big_integer()
                .to_owned();
            let log = Table::alter()
                .table(SecurityLog::Table)
                .add_column(times)
                .to_owned();
            manager.alter_table(log).await?;
        }
        for (name, column) in INDEXES {
            let index = Index::create()
                .name(name)
                .table(SecurityLog::Table)
                .col(column.into_iden())
                .col(SecurityLog::Id)
                .to_owned();
            create_index(manager, "security_log", name, index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in INDEXES {
            let index = Index::drop()
                .name(name)
                .table(SecurityLog::Table)
                .to_owned();
            manager.drop_index(index).await?;
        }
        let log = Table::alter()
            .table(SecurityLog::Table)
            .drop_column(NewInSecurityLog::Times)
            .to_owned();
        manager.alter_table(log).await
    }
}
