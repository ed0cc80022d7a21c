//! Creates the table of remembered logins, and adds the columns of `sessions` that they need.

use sea_orm::sea_query::{ColumnDef, Index, IntoIden, Table};
use sea_orm::{DbErr, DeriveIden};

use super::columns::Sessions;
use crate::database::{Made, Schema, Step, exact_collation};
use crate::session::{Session, UserId};

#[derive(DeriveIden)]
enum RememberedLogins {
    Table,
    Id,
    Realm,
    UserId,
    UserEpoch,
    Token,
    Previous,
    Seed,
    RotatedAt,
    CreatedAt,
    ExpiresAt,
    Duration,
}

pub(super) const REMEMBER_LOGINS: Step = Step {
    name: "2026_11_23_000003_remember_logins",
    makes: Made {
        tables: &["remembered_logins"],
        indexes: &[
            "sessions_remembered_id",
            "sessions_renewed_from",
            "remembered_logins_user_id",
            "remembered_logins_expires_at",
        ],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    let exact = exact_collation(schema.backend());
    let id_chars = u32::try_from(UserId::MAX_CHARS).unwrap_or(u32::MAX);
    let agent_chars = u32::try_from(Session::MAX_USER_AGENT_CHARS).unwrap_or(u32::MAX);
    // SQLite adds only one column per statement.
    for (name, column) in [
        ("realm", realm(Sessions::Realm, exact)),
        (
            "is_fresh",
            ColumnDef::new(Sessions::IsFresh)
                .boolean()
                .not_null()
                .default(true)
                .to_owned(),
        ),
        (
            "remembered_id",
            ColumnDef::new(Sessions::RememberedId)
                .binary_len(32)
                .to_owned(),
        ),
        (
            "renewed_from",
            ColumnDef::new(Sessions::RenewedFrom)
                .binary_len(32)
                .to_owned(),
        ),
        (
            "user_agent",
            ColumnDef::new(Sessions::UserAgent)
                .string_len(agent_chars)
                .extra(exact)
                .to_owned(),
        ),
        (
            "address",
            ColumnDef::new(Sessions::Address).string_len(45).to_owned(),
        ),
    ] {
        // Each step checks whether it was done already: on MySQL an interrupted migration is
        // not rolled back.
        if schema.has_column("sessions", name).await? {
            continue;
        }
        let table = Table::alter()
            .table(Sessions::Table)
            .add_column(column)
            .to_owned();
        schema.execute(table).await?;
    }
    let number = |column| ColumnDef::new(column).big_integer().not_null().to_owned();
    let digest = |column| ColumnDef::new(column).binary_len(32).not_null().to_owned();
    schema
        .execute(
            Table::create()
                .table(RememberedLogins::Table)
                .if_not_exists()
                .col(digest(RememberedLogins::Id).primary_key())
                .col(realm(RememberedLogins::Realm, exact))
                .col(
                    ColumnDef::new(RememberedLogins::UserId)
                        .string_len(id_chars)
                        .extra(exact)
                        .not_null(),
                )
                .col(number(RememberedLogins::UserEpoch))
                .col(digest(RememberedLogins::Token))
                .col(ColumnDef::new(RememberedLogins::Previous).binary_len(32))
                .col(digest(RememberedLogins::Seed))
                .col(number(RememberedLogins::RotatedAt))
                .col(number(RememberedLogins::CreatedAt))
                .col(number(RememberedLogins::ExpiresAt))
                .col(number(RememberedLogins::Duration))
                .to_owned(),
        )
        .await?;
    let of_sessions = |name, column| {
        let index = Index::create()
            .name(name)
            .table(Sessions::Table)
            .col(column)
            .to_owned();
        ("sessions", name, index)
    };
    let of_logins = |name, column| {
        let index = Index::create()
            .name(name)
            .table(RememberedLogins::Table)
            .col(column)
            .to_owned();
        ("remembered_logins", name, index)
    };
    for (table, name, index) in [
        of_sessions("sessions_remembered_id", Sessions::RememberedId),
        of_sessions("sessions_renewed_from", Sessions::RenewedFrom),
        of_logins("remembered_logins_user_id", RememberedLogins::UserId),
        of_logins("remembered_logins_expires_at", RememberedLogins::ExpiresAt),
    ] {
        schema.create_index(table, name, index).await?;
    }
    Ok(())
}

fn realm(column: impl IntoIden, exact: &'static str) -> ColumnDef {
    let chars = u32::try_from(UserId::MAX_CHARS).unwrap_or(u32::MAX);
    ColumnDef::new(column)
        .string_len(chars)
        .extra(exact)
        .not_null()
        .default("")
        .to_owned()
}
