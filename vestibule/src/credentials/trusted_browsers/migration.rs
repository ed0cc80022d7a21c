//! The table of trusted browsers.

use sea_orm::DbErr;
use sea_orm::sea_query::Table;

use super::MAX_BROWSER_CHARS;
use super::row::{Column, Entity};
use crate::database::{Made, Schema, Step};
use crate::login::UserId;

pub(in crate::credentials) const CREATE_TRUSTED_BROWSERS: Step = Step {
    name: "2026_11_29_000003_create_trusted_browsers",
    makes: Made {
        tables: &["vestibule_trusted_browsers"],
        indexes: &[
            "vestibule_trusted_browsers_user",
            "vestibule_trusted_browsers_expiry",
        ],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    let text = |column, chars| schema.text(column, chars);
    let number = Schema::number;
    let table = Table::create()
        .table(Entity)
        .if_not_exists()
        .col(text(Column::Digest, 64).not_null().primary_key())
        .col(text(Column::Id, 36).not_null())
        .col(text(Column::Realm, 32).not_null())
        .col(text(Column::UserId, UserId::MAX_CHARS).not_null())
        .col(number(Column::Epoch).not_null())
        .col(text(Column::Browser, MAX_BROWSER_CHARS).null())
        .col(number(Column::CreatedAt).not_null())
        .col(number(Column::LastUsedAt).null())
        .col(number(Column::ExpiresAt).not_null())
        .to_owned();
    schema.execute(table).await?;
    for (name, column) in [
        ("vestibule_trusted_browsers_user", Column::UserId),
        ("vestibule_trusted_browsers_expiry", Column::ExpiresAt),
    ] {
        schema
            .index("vestibule_trusted_browsers", name, &[column])
            .await?;
    }
    Ok(())
}
