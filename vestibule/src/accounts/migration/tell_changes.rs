//! Triggers that tell of changed users and of what they may do.

use sea_orm_migration::prelude::{
    DbErr, MigrationName, MigrationTrait, SchemaManager, async_trait,
};

use crate::database::changes::{About, When, create_counters, create_trigger, drop_trigger};

const TRIGGERS: [(&str, When, About); 10] = [
    ("users", When::Deleted, About::User("id")),
    (
        "users",
        When::Updated(&USER_COLUMNS, None),
        About::User("id"),
    ),
    ("user_roles", When::Inserted, About::User("user_id")),
    ("user_roles", When::Deleted, About::User("user_id")),
    (
        "user_roles",
        When::Updated(&["user_id", "role_name"], None),
        About::Users,
    ),
    ("role_permissions", When::Inserted, About::Users),
    ("role_permissions", When::Deleted, About::Users),
    (
        "role_permissions",
        When::Updated(&["role_name", "permission"], None),
        About::Users,
    ),
    // On MySQL what a foreign key deletes sets off no trigger.
    ("roles", When::Deleted, About::Users),
    ("roles", When::Updated(&["name"], None), About::Users),
];

const USER_COLUMNS: [&str; 9] = [
    "id",
    "username",
    "canonical_username",
    "email",
    "is_disabled",
    "must_change_password",
    "session_epoch",
    "created_at",
    "updated_at",
];

pub(super) struct TellChanges;

impl MigrationName for TellChanges {
    fn name(&self) -> &str {
        "2026_11_24_000002_tell_changes"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for TellChanges {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_counters(manager).await?;
        for (table, when, about) in TRIGGERS {
            create_trigger(manager, table, when, about).await?;
        }
        Ok(())
    }

    /// Leaves the table of counters, which others may use.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, when, _) in TRIGGERS {
            drop_trigger(manager, table, when).await?;
        }
        Ok(())
    }
}
