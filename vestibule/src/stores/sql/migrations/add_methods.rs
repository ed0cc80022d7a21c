//! Adds columns for the methods of a log-in. Logins of older versions were proved by a password.

use sea_orm::DbErr;
use sea_orm::sea_query::{Alias, ColumnDef, Table};

use crate::database::triggers::{About, Trigger, When, create_triggers};
use crate::database::{Made, Schema, Step};
use crate::session::Methods;

const TABLES: [&str; 2] = ["sessions", "remembered_logins"];
const COLUMNS: [&str; 2] = ["methods", "confirmed_by"];

/// The same as before, plus the new columns.
pub(super) const TRIGGERS: [Trigger; 1] = [(
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
            "renewed_from",
            "user_agent",
            "address",
            "expires_at",
        ],
        Some("last_seen_at"),
    ),
    About::Session("id"),
)];

pub(super) const ADD_METHODS: Step = Step {
    name: "2026_11_28_000001_add_methods",
    makes: Made::NOTHING,
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    for table in TABLES {
        for name in COLUMNS {
            // On MySQL an interrupted migration is not rolled back.
            if schema.has_column(table, name).await? {
                continue;
            }
            let column = ColumnDef::new(Alias::new(name))
                .integer()
                .not_null()
                .default(i32::from(Methods::PASSWORD.bits()))
                .to_owned();
            let add = Table::alter()
                .table(Alias::new(table))
                .add_column(column)
                .to_owned();
            schema.execute(add).await?;
        }
    }
    create_triggers(schema, &TRIGGERS).await
}
