//! Creates the table of invitations.

use sea_orm::sea_query::{ColumnDef, Index, IntoIden, Table};
use sea_orm::{DbErr, DeriveIden};

use crate::database::{Made, Schema, Step, exact_collation};
use crate::login::UserId;
use crate::mail::Email;

#[derive(DeriveIden)]
enum VestibuleInvitations {
    Table,
    Id,
    Digest,
    Address,
    CanonicalAddress,
    RoleName,
    InviterId,
    InviterName,
    InviterRole,
    CreatedAt,
    ExpiresAt,
    UsedAt,
    UserId,
    RevokedAt,
}

pub(super) const ADD_INVITATIONS: Step = Step {
    name: "2026_11_29_000004_add_invitations",
    makes: Made {
        tables: &["vestibule_invitations"],
        indexes: &[
            "vestibule_invitations_digest",
            "vestibule_invitations_address",
        ],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

/// Room for a canonical address, whose domain may be longer than as it was typed.
const CANONICAL_CHARS: u32 = 320;

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    let exact = exact_collation(schema.backend());
    let text = |column: VestibuleInvitations, chars: u32| {
        let mut definition = ColumnDef::new(column);
        definition.string_len(chars).extra(exact);
        definition
    };
    let time = |column: VestibuleInvitations| {
        let mut definition = ColumnDef::new(column);
        definition.big_integer();
        definition
    };
    let id_chars = u32::try_from(UserId::MAX_CHARS).unwrap_or(u32::MAX);
    let email_chars = u32::try_from(Email::MAX_CHARS).unwrap_or(u32::MAX);
    let table = Table::create()
        .table(VestibuleInvitations::Table)
        .if_not_exists()
        .col(text(VestibuleInvitations::Id, 36).not_null().primary_key())
        .col(text(VestibuleInvitations::Digest, 64).not_null())
        .col(text(VestibuleInvitations::Address, email_chars).not_null())
        .col(text(VestibuleInvitations::CanonicalAddress, CANONICAL_CHARS).not_null())
        .col(text(VestibuleInvitations::RoleName, 64))
        .col(text(VestibuleInvitations::InviterId, id_chars))
        .col(text(VestibuleInvitations::InviterName, 64).not_null())
        .col(text(VestibuleInvitations::InviterRole, 64))
        .col(time(VestibuleInvitations::CreatedAt).not_null())
        .col(time(VestibuleInvitations::ExpiresAt).not_null())
        .col(time(VestibuleInvitations::UsedAt))
        .col(text(VestibuleInvitations::UserId, id_chars))
        .col(time(VestibuleInvitations::RevokedAt))
        .to_owned();
    schema.execute(table).await?;
    let index = |name: &str, column: VestibuleInvitations| {
        Index::create()
            .name(name)
            .table(VestibuleInvitations::Table)
            .col(column.into_iden())
            .to_owned()
    };
    let (table, name) = ("vestibule_invitations", "vestibule_invitations_digest");
    let mut digest = index(name, VestibuleInvitations::Digest);
    schema
        .create_index(table, name, digest.unique().to_owned())
        .await?;
    let name = "vestibule_invitations_address";
    let address = index(name, VestibuleInvitations::CanonicalAddress);
    schema.create_index(table, name, address).await
}
