//! The table of recovery codes.

use sea_orm::DbErr;
use sea_orm::sea_query::{ColumnDef, Index, Table};

use super::row::{Column, Entity};
use crate::database::{Made, Schema, Step, exact_collation};
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
    let exact = exact_collation(schema.backend());
    let text = |column: Column, chars: usize| {
        let mut definition = ColumnDef::new(column);
        definition
            .string_len(u32::try_from(chars).unwrap_or(u32::MAX))
            .not_null()
            .extra(exact);
        definition
    };
    let table = Table::create()
        .table(Entity)
        .if_not_exists()
        .col(text(Column::Digest, 64).primary_key())
        .col(text(Column::Realm, 32))
        .col(text(Column::UserId, UserId::MAX_CHARS))
        .col(ColumnDef::new(Column::CreatedAt).big_integer().not_null())
        .to_owned();
    schema.execute(table).await?;
    let name = "vestibule_recovery_codes_user";
    let of_user = Index::create()
        .name(name)
        .table(Entity)
        .col(Column::UserId)
        .to_owned();
    schema
        .create_index("vestibule_recovery_codes", name, of_user)
        .await
}
