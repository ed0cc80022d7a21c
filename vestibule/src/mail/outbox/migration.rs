//! The table of the outbox.

use sea_orm::DbErr;
use sea_orm::sea_query::{ColumnDef, Index, Table};

use super::row::{Column, Entity};
use super::turned_off;
use crate::database::{Made, Migrations, Schema, Step};
use crate::mail::Email;
use crate::session::UserId;

/// The migrations of the outbox, for [`Database::migrate`](crate::database::Database::migrate). A
/// [`Site`](crate::flows::Site) with mail runs them itself.
pub const MIGRATIONS: Migrations = Migrations {
    owner: "mail",
    steps: &[CREATE_OUTBOX, CREATE_MAILS_OFF],
};

const CREATE_OUTBOX: Step = Step {
    name: "2026_11_29_000001_create_outbox",
    makes: Made {
        tables: &["vestibule_mails"],
        indexes: &["vestibule_mails_due", "vestibule_mails_recipient"],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    let text = |column, chars| schema.text(column, chars);
    let number = |column| Schema::number(column).not_null().to_owned();
    let table = Table::create()
        .table(Entity)
        .if_not_exists()
        .col(text(Column::Id, 36).not_null().primary_key())
        .col(text(Column::Kind, 64).not_null())
        .col(text(Column::Recipient, Email::MAX_CHARS).not_null())
        .col(text(Column::Language, 35).not_null())
        .col(ColumnDef::new(Column::Sealed).text().null())
        .col(text(Column::Once, 128).null().unique_key())
        .col(number(Column::CreatedAt))
        .col(text(Column::State, 8).not_null())
        .col(number(Column::DueAt))
        .col(number(Column::Tries))
        .col(number(Column::ExpiresAt))
        .col(ColumnDef::new(Column::LastError).text().null())
        .to_owned();
    schema.execute(table).await?;
    let due = [Column::State, Column::DueAt];
    schema
        .index("vestibule_mails", "vestibule_mails_due", &due)
        .await?;
    let of_recipient = [Column::Recipient, Column::Kind, Column::CreatedAt];
    schema
        .index(
            "vestibule_mails",
            "vestibule_mails_recipient",
            &of_recipient,
        )
        .await
}

const CREATE_MAILS_OFF: Step = Step {
    name: "2026_11_29_000002_create_mails_off",
    makes: Made {
        tables: &["vestibule_mails_off"],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(create_mails_off(schema)),
};

async fn create_mails_off(schema: &Schema<'_>) -> Result<(), DbErr> {
    let text = |column, chars| schema.text(column, chars).not_null().to_owned();
    let table = Table::create()
        .table(turned_off::Entity)
        .if_not_exists()
        .col(text(turned_off::Column::UserId, UserId::MAX_CHARS))
        .col(text(turned_off::Column::Kind, 100))
        .primary_key(
            Index::create()
                .col(turned_off::Column::UserId)
                .col(turned_off::Column::Kind),
        )
        .to_owned();
    schema.execute(table).await
}
