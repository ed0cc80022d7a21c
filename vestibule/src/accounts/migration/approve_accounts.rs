//! Adds which accounts wait for an administrator's approval, and when a temporary password expires.

use sea_orm::sea_query::{ColumnDef, Index, Table};
use sea_orm::{DbErr, DeriveIden};

use super::create_users::{Passwords, Users};
use crate::database::{Made, Schema, Step};

#[derive(DeriveIden)]
enum New {
    AwaitsApproval,
    ExpiresAt,
}

const BY_STATE: &str = "users_by_awaits_approval";

pub(super) const APPROVE_ACCOUNTS: Step = Step {
    name: "2026_11_29_000005_approve_accounts",
    makes: Made {
        indexes: &[BY_STATE],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    // Each step checks whether it was already done, because on MySQL an interrupted migration is
    // not rolled back.
    if !schema.has_column("users", "awaits_approval").await? {
        // Accounts that are there already are approved.
        let awaits_approval = ColumnDef::new(New::AwaitsApproval)
            .boolean()
            .not_null()
            .default(false)
            .to_owned();
        let users = Table::alter()
            .table(Users::Table)
            .add_column(awaits_approval)
            .to_owned();
        schema.execute(users).await?;
    }
    if !schema.has_column("passwords", "expires_at").await? {
        let expires_at = ColumnDef::new(New::ExpiresAt).big_integer().to_owned();
        let passwords = Table::alter()
            .table(Passwords::Table)
            .add_column(expires_at)
            .to_owned();
        schema.execute(passwords).await?;
    }
    let by_state = Index::create()
        .name(BY_STATE)
        .table(Users::Table)
        .col(New::AwaitsApproval)
        .col(Users::CanonicalUsername)
        .to_owned();
    schema.create_index("users", BY_STATE, by_state).await
}
