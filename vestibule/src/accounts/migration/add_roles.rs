//! Creates the tables of roles, permissions, the users' roles, and the security log.

use sea_orm::sea_query::{
    ColumnDef, Expr, ForeignKey, ForeignKeyAction, Index, IntoIden, OnConflict, Query, Table,
};
use sea_orm::{DbErr, DeriveIden};

use sea_orm::DbBackend;

use super::create_users::Users;
use crate::accounts::ADMIN;
use crate::database::{Made, Schema, Step, exact_collation};
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

pub(super) const ADD_ROLES: Step = Step {
    name: "2026_11_24_000001_add_roles",
    makes: Made {
        tables: &["roles", "role_permissions", "user_roles", "security_log"],
        indexes: &[
            "users_email",
            "users_canonical_username_beginning",
            "user_roles_by_role",
            "security_log_by_user",
        ],
        foreign_keys: &[
            "role_permissions_role_name",
            "user_roles_user_id",
            "user_roles_role_name",
        ],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    let exact = exact_collation(schema.backend());
    // Each step checks whether it was already done, because on MySQL an interrupted migration is
    // not rolled back.
    if !schema.has_column("users", "must_change_password").await? {
        let must_change_password = ColumnDef::new(NewInUsers::MustChangePassword)
            .boolean()
            .not_null()
            .default(false)
            .to_owned();
        let users = Table::alter()
            .table(Users::Table)
            .add_column(must_change_password)
            .to_owned();
        schema.execute(users).await?;
    }
    // The admin's list finds users by their full email address.
    let by_email = Index::create()
        .name("users_email")
        .table(Users::Table)
        .col(NewInUsers::Email)
        .to_owned();
    schema
        .create_index("users", "users_email", by_email)
        .await?;
    // PostgreSQL sorts by the database's language, and cannot use that index for prefixes.
    if schema.backend() == DbBackend::Postgres {
        let by_beginning = format!(
            "CREATE INDEX IF NOT EXISTS {} ON {} (canonical_username text_pattern_ops)",
            schema.quoted("users_canonical_username_beginning"),
            schema.quoted("users"),
        );
        schema.execute_sql(&by_beginning).await?;
    }
    create_roles(schema, exact).await?;
    create_user_roles(schema, exact).await?;
    create_security_log(schema, exact).await
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

async fn create_roles(schema: &Schema<'_>, exact: &'static str) -> Result<(), DbErr> {
    let roles = Table::create()
        .table(Roles::Table)
        .if_not_exists()
        .col(name(Roles::Name, exact).primary_key())
        .col(ColumnDef::new(Roles::CreatedAt).big_integer().not_null())
        .to_owned();
    schema.execute(roles).await?;
    // The role `admin` always exists.
    let admin = Query::insert()
        .into_table(Roles::Table)
        .columns([Roles::Name, Roles::CreatedAt])
        .values([Expr::value(ADMIN), Expr::value(0_i64)])
        .map_err(|error| DbErr::Migration(error.to_string()))?
        .on_conflict(OnConflict::new().do_nothing_on([Roles::Name]).to_owned())
        .to_owned();
    schema.execute(admin).await?;
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
    schema.execute(permissions).await
}

async fn create_user_roles(schema: &Schema<'_>, exact: &'static str) -> Result<(), DbErr> {
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
    schema.execute(user_roles).await?;
    let by_role = Index::create()
        .name("user_roles_by_role")
        .table(UserRoles::Table)
        .col(UserRoles::RoleName)
        .col(UserRoles::UserId)
        .to_owned();
    schema
        .create_index("user_roles", "user_roles_by_role", by_role)
        .await
}

/// Without foreign keys, because the log must outlive deleted users and roles.
async fn create_security_log(schema: &Schema<'_>, exact: &'static str) -> Result<(), DbErr> {
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
    schema.execute(log).await?;
    let by_user = Index::create()
        .name("security_log_by_user")
        .table(SecurityLog::Table)
        .col(SecurityLog::UserId)
        .col(SecurityLog::Id)
        .to_owned();
    schema
        .create_index("security_log", "security_log_by_user", by_user)
        .await
}
