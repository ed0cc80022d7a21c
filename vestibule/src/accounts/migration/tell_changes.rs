//! Creates triggers that invalidate changed users and their rights in the caches of all nodes.

use sea_orm_migration::prelude::{
    DbErr, MigrationName, MigrationTrait, SchemaManager, async_trait,
};

use crate::database::triggers::{About, Trigger, When, create_triggers, drop_triggers};

const TRIGGERS: [Trigger; 10] = [
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
    // On MySQL, deletions by a foreign key fire no trigger.
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
        create_triggers(manager, &TRIGGERS).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_triggers(manager, &TRIGGERS).await
    }
}

/// Replaces triggers from before users had 256 counters: by the last letter of a UUID, they used
/// 16.
pub(super) struct SpreadChanges;

impl MigrationName for SpreadChanges {
    fn name(&self) -> &str {
        "2026_11_28_000003_spread_changes"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for SpreadChanges {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_triggers(manager, &TRIGGERS).await
    }

    /// Nothing: an older version invalidates everything at each change that these report.
    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
