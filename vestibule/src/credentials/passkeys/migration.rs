//! The tables of passkeys and of their ceremonies.

use sea_orm::DbErr;
use sea_orm::sea_query::{ColumnDef, Index, IntoIden, Table};

use super::MAX_NAME_CHARS;
use super::row::{ceremony, passkey};
use crate::database::{Made, Migrations, Schema, Step};
use crate::login::UserId;

/// The migrations of the tables of passkeys, for
/// [`Database::migrate`](crate::database::Database::migrate). A [`Site`](crate::flows::Site) with
/// passkeys runs them itself.
pub const PASSKEY_MIGRATIONS: Migrations = Migrations {
    owner: "passkeys",
    steps: &[CREATE_PASSKEYS, CREATE_CEREMONIES],
};

const CREATE_PASSKEYS: Step = Step {
    name: "2026_11_29_000001_create_passkeys",
    makes: Made {
        tables: &["vestibule_passkeys"],
        indexes: &["vestibule_passkeys_digest", "vestibule_passkeys_user"],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(create_passkeys(schema)),
};

const CREATE_CEREMONIES: Step = Step {
    name: "2026_11_29_000002_create_passkey_ceremonies",
    makes: Made {
        tables: &["vestibule_passkey_ceremonies"],
        indexes: &[
            "vestibule_passkey_ceremonies_expiry",
            "vestibule_passkey_ceremonies_user",
        ],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(create_ceremonies(schema)),
};

/// The characters of a UUID.
const UUID_CHARS: usize = 36;

fn long_text(column: impl IntoIden) -> ColumnDef {
    ColumnDef::new(column).text().not_null().to_owned()
}

async fn create_passkeys(schema: &Schema<'_>) -> Result<(), DbErr> {
    use passkey::{Column, Entity};

    let text = |column: Column, chars| schema.text(column, chars).not_null().to_owned();
    let table = Table::create()
        .table(Entity)
        .if_not_exists()
        .col(text(Column::Id, UUID_CHARS).primary_key())
        .col(text(Column::Digest, 64))
        .col(text(Column::Realm, 64))
        .col(text(Column::UserId, UserId::MAX_CHARS))
        .col(text(Column::UserHandle, UUID_CHARS))
        .col(long_text(Column::CredentialId))
        .col(long_text(Column::Credential))
        .col(Schema::number(Column::Revision).not_null())
        .col(text(Column::Name, MAX_NAME_CHARS))
        .col(ColumnDef::new(Column::IsSynced).boolean().not_null())
        .col(Schema::number(Column::CreatedAt).not_null())
        .col(Schema::number(Column::LastUsedAt).null())
        .to_owned();
    schema.execute(table).await?;
    let digest = Index::create()
        .name("vestibule_passkeys_digest")
        .table(Entity)
        .col(Column::Digest)
        .unique()
        .to_owned();
    schema
        .create_index("vestibule_passkeys", "vestibule_passkeys_digest", digest)
        .await?;
    let name = "vestibule_passkeys_user";
    schema
        .index("vestibule_passkeys", name, &[Column::UserId])
        .await
}

async fn create_ceremonies(schema: &Schema<'_>) -> Result<(), DbErr> {
    use ceremony::{Column, Entity};

    let text = |column, chars| schema.text(column, chars);
    let table = Table::create()
        .table(Entity)
        .if_not_exists()
        .col(text(Column::Digest, 64).not_null().primary_key())
        .col(text(Column::Purpose, 64).not_null())
        .col(text(Column::UserId, UserId::MAX_CHARS).null())
        .col(text(Column::UserHandle, UUID_CHARS).null())
        .col(long_text(Column::State))
        .col(Schema::number(Column::ExpiresAt).not_null())
        .to_owned();
    schema.execute(table).await?;
    for (name, column) in [
        ("vestibule_passkey_ceremonies_expiry", Column::ExpiresAt),
        ("vestibule_passkey_ceremonies_user", Column::UserId),
    ] {
        schema
            .index("vestibule_passkey_ceremonies", name, &[column])
            .await?;
    }
    Ok(())
}
