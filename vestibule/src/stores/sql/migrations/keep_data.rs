//! Creates the table of the app's own values.

use sea_orm_migration::prelude::{
    ColumnDef, DbErr, DeriveIden, ForeignKey, ForeignKeyAction, Index, MigrationName,
    MigrationTrait, SchemaManager, Table, async_trait,
};

use super::columns::Sessions;
use super::reject_foreign_table;
use crate::database::exact_collation;
use crate::session::DataKey;

#[derive(DeriveIden)]
enum SessionData {
    Table,
    SessionId,
    Name,
    Value,
}

pub(super) struct KeepData;

impl MigrationName for KeepData {
    fn name(&self) -> &str {
        "2026_11_24_000004_keep_data"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for KeepData {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        reject_foreign_table(manager, "session_data", "session_id").await?;
        let exact = exact_collation(manager.get_database_backend());
        let name_chars = u32::try_from(DataKey::<()>::MAX_NAME_CHARS).unwrap_or(u32::MAX);
        let session_id = ColumnDef::new(SessionData::SessionId)
            .binary_len(32)
            .not_null()
            .to_owned();
        let name = ColumnDef::new(SessionData::Name)
            .string_len(name_chars)
            .extra(exact)
            .not_null()
            .to_owned();
        let value = ColumnDef::new(SessionData::Value)
            .text()
            .extra(exact)
            .not_null()
            .to_owned();
        // The values are deleted with their session, and follow it when it gets a new id.
        let mut of_session = ForeignKey::create()
            .name("session_data_session_id")
            .from(SessionData::Table, SessionData::SessionId)
            .to(Sessions::Table, Sessions::Id)
            .on_delete(ForeignKeyAction::Cascade)
            .on_update(ForeignKeyAction::Cascade)
            .to_owned();
        let table = Table::create()
            .table(SessionData::Table)
            .if_not_exists()
            .col(session_id)
            .col(name)
            .col(value)
            .primary_key(
                Index::create()
                    .col(SessionData::SessionId)
                    .col(SessionData::Name),
            )
            .foreign_key(&mut of_session)
            .to_owned();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::drop().table(SessionData::Table).to_owned();
        manager.drop_table(table).await
    }
}
