//! Creates triggers that invalidate changed users and their rights in the caches of all nodes.

use sea_orm::DbErr;

use crate::database::triggers::{About, Trigger, When, create_triggers};
use crate::database::{Made, Schema, Step};

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
    // On MySQL, a deletion by a foreign key fires no trigger.
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

pub(super) const TELL_CHANGES: Step = Step {
    name: "2026_11_24_000002_tell_changes",
    makes: Made {
        triggers: &TRIGGERS,
        ..Made::NOTHING
    },
    up: |schema| Box::pin(tell_changes(schema)),
};

async fn tell_changes(schema: &Schema<'_>) -> Result<(), DbErr> {
    create_triggers(schema, &TRIGGERS).await
}

/// Replaces triggers from before users had 256 counters. Those used the last character of the id,
/// which gave 16 counters for UUIDs.
pub(super) const SPREAD_CHANGES: Step = Step {
    name: "2026_11_28_000003_spread_changes",
    makes: Made::NOTHING,
    up: |schema| Box::pin(spread_changes(schema)),
};

async fn spread_changes(schema: &Schema<'_>) -> Result<(), DbErr> {
    create_triggers(schema, &TRIGGERS).await
}
