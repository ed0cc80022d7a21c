//! The table of recovery codes.

use sea_orm::DbErr;
use sea_orm::sea_query::Table;

use super::row::{Column, Entity};
use crate::database::{Made, Schema, Step};
use crate::login::UserId;

pub(in crate::credentials) const CREATE_RECOVERY_CODES: Step = Step {
    name: "2026_11_29_000002_create_recovery_codes",
    makes: Made {
        tables: &["vestibule_recovery_codes"],
        indexes: &["vestibule_recovery_codes_user"],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    let text = |column, chars| schema.text(column, chars).not_null().to_owned();
    let table = Table::create()
        .table(Entity)
        .if_not_exists()
        .col(text(Column::Digest, 64).primary_key())
        .col(text(Column::Realm, 32))
        .col(text(Column::UserId, UserId::MAX_CHARS))
        .col(Schema::number(Column::CreatedAt).not_null())
        .to_owned();
    schema.execute(table).await?;
    let name = "vestibule_recovery_codes_user";
    schema
        .index("vestibule_recovery_codes", name, &[Column::UserId])
        .await
}
