//! Creates triggers that invalidate changed and deleted sessions in the caches of all nodes.

use sea_orm_migration::prelude::{
    DbErr, Index, MigrationName, MigrationTrait, SchemaManager, async_trait,
};

use super::columns::Sessions;
use crate::database::triggers::{
    About, Trigger, When, create_index, create_triggers, drop_triggers,
};

/// All columns but `last_seen_at`, which changes constantly. That one counts only if it goes
/// back, which happens only by hand.
pub(super) const TRIGGERS: [Trigger; 2] = [
    ("sessions", When::Deleted, About::Session("id")),
    (
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
    ),
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
        create_triggers(manager, &TRIGGERS).await?;
        // The sweep finds idle sessions by this index.
        let name = "sessions_last_seen_at";
        let index = Index::create()
            .name(name)
            .table(Sessions::Table)
            .col(Sessions::LastSeenAt)
            .to_owned();
        create_index(manager, "sessions", name, index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_triggers(manager, &TRIGGERS).await?;
        let index = Index::drop()
            .name("sessions_last_seen_at")
            .table(Sessions::Table)
            .to_owned();
        manager.drop_index(index).await
    }
}
