//! Lets users close their accounts, which are erased later.

use sea_orm::sea_query::{ColumnDef, Index, IntoIden, Table};
use sea_orm::{DbErr, DeriveIden};

use super::create_users::Users;
use crate::database::{Made, Schema, Step};

#[derive(DeriveIden)]
enum NewInUsers {
    ClosesAt,
    ErasingUntil,
}

pub(super) const CLOSE_ACCOUNTS: Step = Step {
    name: "2026_11_29_000004_close_accounts",
    makes: Made {
        indexes: &["users_by_closes_at"],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    // Each step checks whether it was already done, because on MySQL an interrupted migration is
    // not rolled back.
    for (name, column) in [
        ("closes_at", NewInUsers::ClosesAt.into_iden()),
        ("erasing_until", NewInUsers::ErasingUntil.into_iden()),
    ] {
        if !schema.has_column("users", name).await? {
            let users = Table::alter()
                .table(Users::Table)
                .add_column(ColumnDef::new(column).big_integer().to_owned())
                .to_owned();
            schema.execute(users).await?;
        }
    }
    let index = Index::create()
        .name("users_by_closes_at")
        .table(Users::Table)
        .col(NewInUsers::ClosesAt)
        .to_owned();
    schema
        .create_index("users", "users_by_closes_at", index)
        .await
}
