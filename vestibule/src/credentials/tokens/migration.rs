//! The table of tokens.

use sea_orm::DbErr;
use sea_orm::sea_query::{ColumnDef, Table};

use super::row::{Column, Entity};
use crate::database::{Made, Migrations, Schema, Step};
use crate::login::UserId;
use crate::mail::Email;

/// The migrations of the table of single-use tokens, for
/// [`Database::migrate`](crate::database::Database::migrate). A [`Site`](crate::flows::Site) with
/// mail runs them itself.
pub const TOKEN_MIGRATIONS: Migrations = Migrations {
    owner: "tokens",
    steps: &[CREATE_TOKENS, COUNT_TRIES],
};

const CREATE_TOKENS: Step = Step {
    name: "2026_11_29_000001_create_tokens",
    makes: Made {
        tables: &["vestibule_tokens"],
        indexes: &["vestibule_tokens_user", "vestibule_tokens_expiry"],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

const COUNT_TRIES: Step = Step {
    name: "2026_11_29_000002_count_tries_at_tokens",
    makes: Made::NOTHING,
    up: |schema| Box::pin(add_tries(schema)),
};

async fn add_tries(schema: &Schema<'_>) -> Result<(), DbErr> {
    // On MySQL an interrupted migration is not rolled back.
    if schema.has_column("vestibule_tokens", "tries").await? {
        return Ok(());
    }
    let mut tries = ColumnDef::new(Column::Tries);
    tries.integer().not_null().default(0);
    let table = Table::alter().table(Entity).add_column(tries).to_owned();
    schema.execute(table).await
}

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    let text = |column, chars| schema.text(column, chars);
    let number = |column| Schema::number(column).not_null().to_owned();
    let table = Table::create()
        .table(Entity)
        .if_not_exists()
        .col(text(Column::Digest, 64).not_null().primary_key())
        .col(text(Column::Purpose, 64).not_null())
        .col(text(Column::UserId, UserId::MAX_CHARS).not_null())
        .col(text(Column::Address, Email::MAX_CHARS).not_null())
        .col(number(Column::Epoch))
        .col(text(Column::Code, 64).null())
        .col(number(Column::CreatedAt))
        .col(number(Column::ExpiresAt))
        .to_owned();
    schema.execute(table).await?;
    for (name, columns) in [
        (
            "vestibule_tokens_user",
            vec![Column::UserId, Column::Purpose],
        ),
        ("vestibule_tokens_expiry", vec![Column::ExpiresAt]),
    ] {
        schema.index("vestibule_tokens", name, &columns).await?;
    }
    Ok(())
}
