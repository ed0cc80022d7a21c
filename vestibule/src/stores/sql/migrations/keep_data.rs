//! Creates the table of the app's own values.

use sea_orm::sea_query::{ColumnDef, ForeignKey, ForeignKeyAction, Index, Table};
use sea_orm::{DbErr, DeriveIden};

use super::columns::Sessions;
use crate::database::{Made, Schema, Step, exact_collation};
use crate::session::DataKey;

#[derive(DeriveIden)]
enum SessionData {
    Table,
    SessionId,
    Name,
    Value,
}

pub(super) const KEEP_DATA: Step = Step {
    name: "2026_11_24_000004_keep_data",
    makes: Made {
        tables: &["session_data"],
        foreign_keys: &["session_data_session_id"],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    let exact = exact_collation(schema.backend());
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
    schema.execute(table).await
}
