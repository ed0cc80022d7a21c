//! Creates the tables of users and passwords.

use sea_orm_migration::prelude::{
    ColumnDef, DbErr, DeriveIden, ForeignKey, ForeignKeyAction, MigrationName, MigrationTrait,
    SchemaManager, Table, async_trait,
};

use crate::database::exact_collation;
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
enum Passwords {
    Table,
    UserId,
    Hash,
    ChangedAt,
}

pub(super) struct CreateUsers;

impl MigrationName for CreateUsers {
    fn name(&self) -> &str {
        "2026_11_23_000001_create_users"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateUsers {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let exact = exact_collation(manager.get_database_backend());
        let id_chars = u32::try_from(UserId::MAX_CHARS).unwrap_or(u32::MAX);
        manager
            .create_table(
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
        manager
            .create_table(
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

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(Passwords::Table).to_owned())
            .await?;
        manager
            .drop_table(Table::drop().table(Users::Table).to_owned())
            .await
    }
}
