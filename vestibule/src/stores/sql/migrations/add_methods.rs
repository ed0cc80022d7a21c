//! Adds columns for the methods of a log-in. Logins of older versions were proved by a password.

use sea_orm_migration::prelude::{
    Alias, ColumnDef, DbErr, MigrationName, MigrationTrait, SchemaManager, Table, async_trait,
};

use crate::database::triggers::{About, Trigger, When, create_triggers};
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

pub(super) struct AddMethods;

impl MigrationName for AddMethods {
    fn name(&self) -> &str {
        "2026_11_28_000001_add_methods"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for AddMethods {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            for name in COLUMNS {
                // On MySQL an interrupted migration is not rolled back.
                if manager.has_column(table, name).await? {
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
                manager.alter_table(add).await?;
            }
        }
        create_triggers(manager, &TRIGGERS).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_triggers(manager, &super::tell_changes::TRIGGERS).await?;
        for table in TABLES {
            for name in COLUMNS {
                let drop = Table::alter()
                    .table(Alias::new(table))
                    .drop_column(Alias::new(name))
                    .to_owned();
                manager.alter_table(drop).await?;
            }
        }
        Ok(())
    }
}
