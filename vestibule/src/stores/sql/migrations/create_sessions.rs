//! Creates the table of sessions.

use sea_orm_migration::prelude::{
    ColumnDef, DbErr, Index, MigrationName, MigrationTrait, SchemaManager, Table, async_trait,
};

use super::columns::Sessions;
use super::reject_foreign_table;
use crate::database::exact_collation;
use crate::database::triggers::create_index;
use crate::session::UserId;

pub(super) struct CreateSessions;

impl MigrationName for CreateSessions {
    fn name(&self) -> &str {
        "2026_11_23_000002_create_sessions"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateSessions {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        reject_foreign_table(manager, "sessions", "public_id").await?;
        let exact = exact_collation(manager.get_database_backend());
        let id_chars = u32::try_from(UserId::MAX_CHARS).unwrap_or(u32::MAX);
        let number = |column| ColumnDef::new(column).big_integer().not_null().to_owned();
        manager
            .create_table(
                Table::create()
                    .table(Sessions::Table)
                    .if_not_exists()
                    .col(
                        ColumnDef::new(Sessions::Id)
                            .binary_len(32)
                            .not_null()
                            .primary_key(),
                    )
                    .col(
                        ColumnDef::new(Sessions::PublicId)
                            .string_len(24)
                            .not_null()
                            .unique_key(),
                    )
                    .col(
                        ColumnDef::new(Sessions::UserId)
                            .string_len(id_chars)
                            .extra(exact)
                            .not_null(),
                    )
                    .col(number(Sessions::UserEpoch))
                    .col(number(Sessions::CreatedAt))
                    .col(number(Sessions::AuthenticatedAt))
                    .col(number(Sessions::LastSeenAt))
                    .col(number(Sessions::ExpiresAt))
                    .to_owned(),
            )
            .await?;
        for (name, column) in [
            ("sessions_user_id", Sessions::UserId),
            ("sessions_expires_at", Sessions::ExpiresAt),
        ] {
            let index = Index::create()
                .name(name)
                .table(Sessions::Table)
                .col(column)
                .to_owned();
            create_index(manager, "sessions", name, index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(Sessions::Table).to_owned())
            .await
    }
}
