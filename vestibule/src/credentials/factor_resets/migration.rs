//! The table of planned resets.

use sea_orm::DbErr;
use sea_orm::sea_query::{Index, Table};

use super::row::{Column, Entity};
use crate::database::{Made, Schema, Step};
use crate::login::UserId;

pub(in crate::credentials) const CREATE_FACTOR_RESETS: Step = Step {
    name: "2026_11_29_000004_create_factor_resets",
    makes: Made {
        tables: &["vestibule_factor_resets"],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    let text = |column, chars| schema.text(column, chars).not_null().to_owned();
    // It has few rows, so no index on `due_at`.
    let table = Table::create()
        .table(Entity)
        .if_not_exists()
        .col(text(Column::Realm, 32))
        .col(text(Column::UserId, UserId::MAX_CHARS))
        .col(Schema::number(Column::DueAt).not_null())
        .primary_key(Index::create().col(Column::Realm).col(Column::UserId))
        .to_owned();
    schema.execute(table).await
}
