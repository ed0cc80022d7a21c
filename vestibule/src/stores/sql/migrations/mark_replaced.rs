//! Adds the column for a session that a just-replaced remember token began.

use sea_orm::DbErr;
use sea_orm::sea_query::{Alias, ColumnDef, Table};

use crate::database::triggers::{About, Trigger, When, create_triggers};
use crate::database::{Made, Schema, Step};

const COLUMN: &str = "is_from_replaced_token";

/// The same as before, plus the new column.
const TRIGGERS: [Trigger; 1] = [(
    "sessions",
    When::Updated(
        &[
            "id",
            "public_id",
            "realm",
            "user_id",
            "user_epoch",
            "created_at",
            "authenticated_at",
            "methods",
            "confirmed_by",
            "is_fresh",
            "remembered_id",
            COLUMN,
            "renewed_from",
            "user_agent",
            "address",
            "expires_at",
        ],
        Some("last_seen_at"),
    ),
    About::Session("id"),
)];

pub(super) const MARK_REPLACED: Step = Step {
    name: "2026_11_29_000001_mark_replaced",
    makes: Made::NOTHING,
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    // On MySQL an interrupted migration is not rolled back.
    if !schema.has_column("sessions", COLUMN).await? {
        let column = ColumnDef::new(Alias::new(COLUMN))
            .boolean()
            .not_null()
            .default(false)
            .to_owned();
        let add = Table::alter()
            .table(Alias::new("sessions"))
            .add_column(column)
            .to_owned();
        schema.execute(add).await?;
    }
    create_triggers(schema, &TRIGGERS).await
}
