//! Makes mail addresses unique, and records who has shown that they read mail there.
//! [`Accounts::fill_canonical_emails`](crate::accounts::Accounts::fill_canonical_emails) fills in
//! the canonical forms, because SQL cannot compute them.

use sea_orm::sea_query::{ColumnDef, Index, Table};
use sea_orm::{DbErr, DeriveIden};

use super::create_users::Users;
use crate::database::{Made, Schema, Step, exact_collation};

#[derive(DeriveIden)]
enum NewInUsers {
    CanonicalEmail,
    EmailVerifiedAt,
}

/// Room for the address of an account that does not own it: a `#` and the account's id come after.
const CANONICAL_CHARS: u32 = 320;

pub(super) const VERIFY_EMAILS: Step = Step {
    name: "2026_11_29_000003_verify_emails",
    makes: Made {
        indexes: &["users_canonical_email"],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    // Each step checks whether it was already done, because on MySQL an interrupted migration is
    // not rolled back.
    let exact = exact_collation(schema.backend());
    let mut canonical = ColumnDef::new(NewInUsers::CanonicalEmail);
    canonical.string_len(CANONICAL_CHARS).extra(exact);
    let mut verified_at = ColumnDef::new(NewInUsers::EmailVerifiedAt);
    verified_at.big_integer();
    for (name, column) in [
        ("canonical_email", canonical),
        ("email_verified_at", verified_at),
    ] {
        if !schema.has_column("users", name).await? {
            let users = Table::alter()
                .table(Users::Table)
                .add_column(column)
                .to_owned();
            schema.execute(users).await?;
        }
    }
    let unique = Index::create()
        .name("users_canonical_email")
        .table(Users::Table)
        .col(NewInUsers::CanonicalEmail)
        .unique()
        .to_owned();
    schema
        .create_index("users", "users_canonical_email", unique)
        .await
}
