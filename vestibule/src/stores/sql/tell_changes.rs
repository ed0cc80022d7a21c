//! Triggers that tell of changed and ended sessions.

use sea_orm_migration::prelude::{
    DbErr, Index, MigrationName, MigrationTrait, SchemaManager, async_trait,
};

use super::migration::Sessions;
use crate::database::changes::{
    About, When, create_counters, create_index, create_trigger, drop_trigger,
};

/// All columns but the time it was last seen, which changes all the time: only where that goes
/// back, nobody but a hand has set it.
const TRIGGERS: [When; 2] = [
    When::Deleted,
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
        for when in TRIGGERS {
            create_trigger(manager, "sessions", when, About::Session("id")).await?;
        }
        // What has idled out is swept by it.
        let name = "sessions_last_seen_at";
        let index = Index::create()
            .name(name)
            .table(Sessions::Table)
            .col(Sessions::LastSeenAt)
            .to_owned();
        create_index(manager, "sessions", name, index).await
    }

    /// Leaves the table of counters, which others may use.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for when in TRIGGERS {
            drop_trigger(manager, "sessions", when).await?;
        }
        let index = Index::drop()
            .name("sessions_last_seen_at")
            .table(Sessions::Table)
            .to_owned();
        manager.drop_index(index).await
    }
}
