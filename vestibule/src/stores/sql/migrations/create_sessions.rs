//! Creates the table of sessions.

use sea_orm::DbErr;
use sea_orm::sea_query::{ColumnDef, Index, Table};

use super::columns::Sessions;
use crate::database::{Made, Schema, Step, exact_collation};
use crate::session::UserId;

pub(super) const CREATE_SESSIONS: Step = Step {
    name: "2026_11_23_000002_create_sessions",
    makes: Made {
        tables: &["sessions"],
        indexes: &["sessions_user_id", "sessions_expires_at"],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    let exact = exact_collation(schema.backend());
    let id_chars = u32::try_from(UserId::MAX_CHARS).unwrap_or(u32::MAX);
    let number = |column| ColumnDef::new(column).big_integer().not_null().to_owned();
    schema
        .execute(
            Table::create()
                .table(Sessions::Table)
                .if_not_exists()
                .col(
                    ColumnDef::new(Sessions::Id)
                        .binary_len(32)
                        .not_null()
                        .primary_key(),
                )
                .col(
                    ColumnDef::new(Sessions::PublicId)
                        .string_len(24)
                        .not_null()
                        .unique_key(),
                )
                .col(
                    ColumnDef::new(Sessions::UserId)
                        .string_len(id_chars)
                        .extra(exact)
                        .not_null(),
                )
                .col(number(Sessions::UserEpoch))
                .col(number(Sessions::CreatedAt))
                .col(number(Sessions::AuthenticatedAt))
                .col(number(Sessions::LastSeenAt))
                .col(number(Sessions::ExpiresAt))
                .to_owned(),
        )
        .await?;
    for (name, column) in [
        ("sessions_user_id", Sessions::UserId),
        ("sessions_expires_at", Sessions::ExpiresAt),
    ] {
        let index = Index::create()
            .name(name)
            .table(Sessions::Table)
            .col(column)
            .to_owned();
        schema.create_index("sessions", name, index).await?;
    }
    Ok(())
}
