//! The table of the outbox.

use sea_orm::DbErr;
use sea_orm::sea_query::{ColumnDef, Index, Table};

use super::row::{Column, Entity};
use super::turned_off;
use crate::database::{Made, Migrations, Schema, Step, exact_collation};
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
    let exact = exact_collation(schema.backend());
    let text = |column: Column, chars: u32| {
        let mut definition = ColumnDef::new(column);
        definition.string_len(chars).extra(exact);
        definition
    };
    let address_chars = u32::try_from(Email::MAX_CHARS).unwrap_or(u32::MAX);
    let table = Table::create()
        .table(Entity)
        .if_not_exists()
        .col(text(Column::Id, 36).not_null().primary_key())
        .col(text(Column::Kind, 64).not_null())
        .col(text(Column::Recipient, address_chars).not_null())
        .col(text(Column::Language, 35).not_null())
        .col(ColumnDef::new(Column::Sealed).text().null())
        .col(text(Column::Once, 128).null().unique_key())
        .col(ColumnDef::new(Column::CreatedAt).big_integer().not_null())
        .col(text(Column::State, 8).not_null())
        .col(ColumnDef::new(Column::DueAt).big_integer().not_null())
        .col(ColumnDef::new(Column::Tries).big_integer().not_null())
        .col(ColumnDef::new(Column::ExpiresAt).big_integer().not_null())
        .col(ColumnDef::new(Column::LastError).text().null())
        .to_owned();
    schema.execute(table).await?;
    let due = Index::create()
        .name("vestibule_mails_due")
        .table(Entity)
        .col(Column::State)
        .col(Column::DueAt)
        .to_owned();
    schema
        .create_index("vestibule_mails", "vestibule_mails_due", due)
        .await?;
    let recipient = Index::create()
        .name("vestibule_mails_recipient")
        .table(Entity)
        .col(Column::Recipient)
        .col(Column::Kind)
        .col(Column::CreatedAt)
        .to_owned();
    schema
        .create_index("vestibule_mails", "vestibule_mails_recipient", recipient)
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
    let exact = exact_collation(schema.backend());
    let text = |column: turned_off::Column, chars: usize| {
        let mut definition = ColumnDef::new(column);
        let chars = u32::try_from(chars).unwrap_or(u32::MAX);
        definition.string_len(chars).extra(exact).not_null();
        definition
    };
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
