//! The table of authenticator apps.

use sea_orm::DbErr;
use sea_orm::sea_query::Table;

use super::MAX_NAME_CHARS;
use super::row::{Column, Entity};
use crate::database::{Made, Schema, Step};
use crate::login::UserId;

pub(in crate::credentials) const CREATE_TOTP_APPS: Step = Step {
    name: "2026_11_29_000001_create_totp_apps",
    makes: Made {
        tables: &["vestibule_totp_apps"],
        indexes: &["vestibule_totp_apps_user"],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    let text = |column, chars| schema.text(column, chars).not_null().to_owned();
    let number = Schema::number;
    let table = Table::create()
        .table(Entity)
        .if_not_exists()
        .col(text(Column::Id, 36).primary_key())
        .col(text(Column::Realm, 32))
        .col(text(Column::UserId, UserId::MAX_CHARS))
        .col(text(Column::Name, MAX_NAME_CHARS))
        .col(text(Column::Secret, 255))
        .col(number(Column::CreatedAt).not_null())
        .col(number(Column::LastUsedAt).null())
        .col(number(Column::LastStep).not_null())
        .to_owned();
    schema.execute(table).await?;
    let name = "vestibule_totp_apps_user";
    schema
        .index("vestibule_totp_apps", name, &[Column::UserId])
        .await
}
