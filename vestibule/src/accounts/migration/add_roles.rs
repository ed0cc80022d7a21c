//! Creates the tables of roles, permissions, the users' roles, and the security log.

use sea_orm_migration::prelude::{
    ColumnDef, DbErr, DeriveIden, Expr, ForeignKey, ForeignKeyAction, Index, IntoIden,
    MigrationName, MigrationTrait, OnConflict, Query, SchemaManager, Table, async_trait,
};

use sea_orm::{ConnectionTrait, DbBackend};

use super::create_users::Users;
use crate::accounts::ADMIN;
use crate::database::exact_collation;
use crate::database::triggers::create_index;
use crate::login::UserId;

#[derive(DeriveIden)]
enum NewInUsers {
    MustChangePassword,
    Email,
}

#[derive(DeriveIden)]
enum Roles {
    Table,
    Name,
    CreatedAt,
}

#[derive(DeriveIden)]
enum RolePermissions {
    Table,
    RoleName,
    Permission,
}

#[derive(DeriveIden)]
enum UserRoles {
    Table,
    UserId,
    RoleName,
    GrantedAt,
}

#[derive(DeriveIden)]
pub(super) enum SecurityLog {
    Table,
    Id,
    At,
    Action,
    ActorId,
    ActorName,
    Address,
    UserId,
    Username,
    Detail,
}

pub(super) struct AddRoles;

impl MigrationName for AddRoles {
    fn name(&self) -> &str {
        "2026_11_24_000001_add_roles"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for AddRoles {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let exact = exact_collation(manager.get_database_backend());
        // Each step checks whether it was done already: on MySQL an interrupted migration is not
        // rolled back.
        if !manager.has_column("users", "must_change_password").await? {
            let must_change_password = ColumnDef::new(NewInUsers::MustChangePassword)
                .boolean()
                .not_null()
                .default(false)
                .to_owned();
            let users = Table::alter()
                .table(Users::Table)
                .add_column(must_change_password)
                .to_owned();
            manager.alter_table(users).await?;
        }
        // The admin's list finds users by their full email address.
        let by_email = Index::create()
            .name("users_email")
            .table(Users::Table)
            .col(NewInUsers::Email)
            .to_owned();
        create_index(manager, "users", "users_email", by_email).await?;
        // PostgreSQL sorts by the database's language, and cannot use that index for prefixes.
        if manager.get_database_backend() == DbBackend::Postgres {
            let by_beginning = "CREATE INDEX IF NOT EXISTS users_canonical_username_beginning ON \
                                users (canonical_username text_pattern_ops)";
            let connection = manager.get_connection();
            connection.execute_unprepared(by_beginning).await?;
        }
        create_roles(manager, exact).await?;
        create_user_roles(manager, exact).await?;
        create_security_log(manager, exact).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            SecurityLog::Table.into_iden(),
            UserRoles::Table.into_iden(),
            RolePermissions::Table.into_iden(),
            Roles::Table.into_iden(),
        ] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        let mut indexes = vec!["users_email"];
        if manager.get_database_backend() == DbBackend::Postgres {
            indexes.push("users_canonical_username_beginning");
        }
        for name in indexes {
            let index = Index::drop().name(name).table(Users::Table).to_owned();
            manager.drop_index(index).await?;
        }
        let users = Table::alter()
            .table(Users::Table)
            .drop_column(NewInUsers::MustChangePassword)
            .to_owned();
        manager.alter_table(users).await
    }
}

fn name(column: impl IntoIden, exact: &'static str) -> ColumnDef {
    ColumnDef::new(column)
        .string_len(64)
        .extra(exact)
        .not_null()
        .to_owned()
}

fn user_id(column: impl IntoIden, exact: &'static str) -> ColumnDef {
    let id_chars = u32::try_from(UserId::MAX_CHARS).unwrap_or(u32::MAX);
    ColumnDef::new(column)
        .string_len(id_chars)
        .extra(exact)
        .to_owned()
}

async fn create_roles(manager: &SchemaManager<'_>, exact: &'static str) -> Result<(), DbErr> {
    let roles = Table::create()
        .table(Roles::Table)
        .if_not_exists()
        .col(name(Roles::Name, exact).primary_key())
        .col(ColumnDef::new(Roles::CreatedAt).big_integer().not_null())
        .to_owned();
    manager.create_table(roles).await?;
    // The role `admin` always exists.
    let admin = Query::insert()
        .into_table(Roles::Table)
        .columns([Roles::Name, Roles::CreatedAt])
        .values([Expr::value(ADMIN), Expr::value(0_i64)])
        .map_err(|error| DbErr::Migration(error.to_string()))?
        .on_conflict(OnConflict::new().do_nothing_on([Roles::Name]).to_owned())
        .to_owned();
    manager.exec_stmt(admin).await?;
    let permissions = Table::create()
        .table(RolePermissions::Table)
        .if_not_exists()
        .col(name(RolePermissions::RoleName, exact))
        .col(name(RolePermissions::Permission, exact))
        .primary_key(
            Index::create()
                .col(RolePermissions::RoleName)
                .col(RolePermissions::Permission),
        )
        .foreign_key(
            ForeignKey::create()
                .name("role_permissions_role_name")
                .from(RolePermissions::Table, RolePermissions::RoleName)
                .to(Roles::Table, Roles::Name)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned();
    manager.create_table(permissions).await
}

async fn create_user_roles(manager: &SchemaManager<'_>, exact: &'static str) -> Result<(), DbErr> {
    let user_roles = Table::create()
        .table(UserRoles::Table)
        .if_not_exists()
        .col(user_id(UserRoles::UserId, exact).not_null())
        .col(name(UserRoles::RoleName, exact))
        .col(
            ColumnDef::new(UserRoles::GrantedAt)
                .big_integer()
                .not_null(),
        )
        .primary_key(
            Index::create()
                .col(UserRoles::UserId)
                .col(UserRoles::RoleName),
        )
        .foreign_key(
            ForeignKey::create()
                .name("user_roles_user_id")
                .from(UserRoles::Table, UserRoles::UserId)
                .to(Users::Table, Users::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .name("user_roles_role_name")
                .from(UserRoles::Table, UserRoles::RoleName)
                .to(Roles::Table, Roles::Name)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned();
    manager.create_table(user_roles).await?;
    let by_role = Index::create()
        .name("user_roles_by_role")
        .table(UserRoles::Table)
        .col(UserRoles::RoleName)
        .col(UserRoles::UserId)
        .to_owned();
    create_index(manager, "user_roles", "user_roles_by_role", by_role).await
}

/// Without foreign keys, because the log must outlive deleted users and roles.
async fn create_security_log(
    manager: &SchemaManager<'_>,
    exact: &'static str,
) -> Result<(), DbErr> {
    let optional = |column| {
        ColumnDef::new(column)
            .string_len(255)
            .extra(exact)
            .to_owned()
    };
    let log = Table::create()
        .table(SecurityLog::Table)
        .if_not_exists()
        .col(user_id(SecurityLog::Id, exact).not_null().primary_key())
        .col(ColumnDef::new(SecurityLog::At).big_integer().not_null())
        .col(name(SecurityLog::Action, exact))
        .col(user_id(SecurityLog::ActorId, exact))
        .col(name(SecurityLog::ActorName, exact))
        .col(ColumnDef::new(SecurityLog::Address).string_len(45))
        .col(user_id(SecurityLog::UserId, exact))
        .col(optional(SecurityLog::Username))
        .col(optional(SecurityLog::Detail))
        .to_owned();
    manager.create_table(log).await?;
    let by_user = Index::create()
        .name("security_log_by_user")
        .table(SecurityLog::Table)
        .col(SecurityLog::UserId)
        .col(SecurityLog::Id)
        .to_owned();
    create_index(manager, "security_log", "security_log_by_user", by_user).await
}
