//! Creates the table of remembered logins, and adds the columns of `sessions` that they need.

use sea_orm_migration::prelude::{
    ColumnDef, DbErr, DeriveIden, Index, IntoIden, MigrationName, MigrationTrait, SchemaManager,
    Table, async_trait,
};

use super::columns::Sessions;
use crate::database::exact_collation;
use crate::database::triggers::create_index;
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

pub(super) struct RememberLogins;

impl MigrationName for RememberLogins {
    fn name(&self) -> &str {
        "2026_11_23_000003_remember_logins"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for RememberLogins {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let exact = exact_collation(manager.get_database_backend());
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
            if manager.has_column("sessions", name).await? {
                continue;
            }
            let table = Table::alter()
                .table(Sessions::Table)
                .add_column(column)
                .to_owned();
            manager.alter_table(table).await?;
        }
        let number = |column| ColumnDef::new(column).big_integer().not_null().to_owned();
        let digest = |column| ColumnDef::new(column).binary_len(32).not_null().to_owned();
        manager
            .create_table(
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
            create_index(manager, table, name, index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(RememberedLogins::Table).to_owned())
            .await?;
        for name in ["sessions_remembered_id", "sessions_renewed_from"] {
            let index = Index::drop().name(name).table(Sessions::Table).to_owned();
            manager.drop_index(index).await?;
        }
        for column in [
            Sessions::Realm,
            Sessions::IsFresh,
            Sessions::RememberedId,
            Sessions::RenewedFrom,
            Sessions::UserAgent,
            Sessions::Address,
        ] {
            let table = Table::alter()
                .table(Sessions::Table)
                .drop_column(column)
                .to_owned();
            manager.alter_table(table).await?;
        }
        Ok(())
    }
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
