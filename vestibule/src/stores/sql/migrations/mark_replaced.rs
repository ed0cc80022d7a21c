//! Adds the column for a session that a just-replaced remember token began.

use sea_orm_migration::prelude::{
    Alias, ColumnDef, DbErr, MigrationName, MigrationTrait, SchemaManager, Table, async_trait,
};

use crate::database::triggers::{About, Trigger, When, create_triggers};

const COLUMN: &str = "is_from_replaced_token";

/// The same as before, plus the new column.
const TRIGGERS: [Trigger; 1] = [(
    "sessions",
    When::Updated(
        &[
            "id",
            "public_id",
            "realm",
            "user_id",
            "user_epoch",
            "created_at",
            "authenticated_at",
            "methods",
            "confirmed_by",
            "is_fresh",
            "remembered_id",
            COLUMN,
            "renewed_from",
            "user_agent",
            "address",
            "expires_at",
        ],
        Some("last_seen_at"),
    ),
    About::Session("id"),
)];

pub(super) struct MarkReplaced;

impl MigrationName for MarkReplaced {
    fn name(&self) -> &str {
        "2026_11_29_000001_mark_replaced"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for MarkReplaced {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // On MySQL an interrupted migration is not rolled back.
        if !manager.has_column("sessions", COLUMN).await? {
            let column = ColumnDef::new(Alias::new(COLUMN))
                .boolean()
                .not_null()
                .default(false)
                .to_owned();
            let add = Table::alter()
                .table(Alias::new("sessions"))
                .add_column(column)
                .to_owned();
            manager.alter_table(add).await?;
        }
        create_triggers(manager, &TRIGGERS).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_triggers(manager, &super::add_methods::TRIGGERS).await?;
        let drop = Table::alter()
            .table(Alias::new("sessions"))
            .drop_column(Alias::new(COLUMN))
            .to_owned();
        manager.alter_table(drop).await
    }
}
