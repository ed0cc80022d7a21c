//! Creates the tables of users and passwords.

use sea_orm::sea_query::{ColumnDef, ForeignKey, ForeignKeyAction, Table};
use sea_orm::{DbErr, DeriveIden};

use crate::database::{Made, Schema, Step, exact_collation};
use crate::login::UserId;

#[derive(DeriveIden)]
pub(super) enum Users {
    Table,
    Id,
    Username,
    CanonicalUsername,
    Email,
    IsDisabled,
    SessionEpoch,
    CreatedAt,
    UpdatedAt,
}

#[derive(DeriveIden)]
pub(super) enum Passwords {
    Table,
    UserId,
    Hash,
    ChangedAt,
}

pub(super) const CREATE_USERS: Step = Step {
    name: "2026_11_23_000001_create_users",
    makes: Made {
        tables: &["users", "passwords"],
        foreign_keys: &["passwords_user_id"],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    let exact = exact_collation(schema.backend());
    let id_chars = u32::try_from(UserId::MAX_CHARS).unwrap_or(u32::MAX);
    schema
        .execute(
            Table::create()
                .table(Users::Table)
                .if_not_exists()
                .col(
                    ColumnDef::new(Users::Id)
                        .string_len(id_chars)
                        .extra(exact)
                        .not_null()
                        .primary_key(),
                )
                .col(
                    ColumnDef::new(Users::Username)
                        .string_len(64)
                        .extra(exact)
                        .not_null(),
                )
                .col(
                    ColumnDef::new(Users::CanonicalUsername)
                        .string_len(191)
                        .extra(exact)
                        .not_null()
                        .unique_key(),
                )
                .col(ColumnDef::new(Users::Email).string_len(254).null())
                .col(
                    ColumnDef::new(Users::IsDisabled)
                        .boolean()
                        .not_null()
                        .default(false),
                )
                .col(
                    ColumnDef::new(Users::SessionEpoch)
                        .big_integer()
                        .not_null()
                        .default(0),
                )
                .col(ColumnDef::new(Users::CreatedAt).big_integer().not_null())
                .col(ColumnDef::new(Users::UpdatedAt).big_integer().not_null())
                .to_owned(),
        )
        .await?;
    schema
        .execute(
            Table::create()
                .table(Passwords::Table)
                .if_not_exists()
                .col(
                    ColumnDef::new(Passwords::UserId)
                        .string_len(id_chars)
                        .extra(exact)
                        .not_null()
                        .primary_key(),
                )
                .col(ColumnDef::new(Passwords::Hash).string_len(255).not_null())
                .col(
                    ColumnDef::new(Passwords::ChangedAt)
                        .big_integer()
                        .not_null(),
                )
                .foreign_key(
                    ForeignKey::create()
                        .name("passwords_user_id")
                        .from(Passwords::Table, Passwords::UserId)
                        .to(Users::Table, Users::Id)
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .to_owned(),
        )
        .await
}
