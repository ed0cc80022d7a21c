//! Creates triggers that invalidate changed and deleted sessions in the caches of all nodes.

use sea_orm::DbErr;
use sea_orm::sea_query::Index;

use super::columns::Sessions;
use crate::database::triggers::{About, Trigger, When, create_triggers};
use crate::database::{Made, Schema, Step};

/// All columns but `last_seen_at`, which changes constantly. A change of that one is reported only
/// if the time goes back, which happens only by hand.
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

pub(super) const TELL_CHANGES: Step = Step {
    name: "2026_11_24_000002_tell_changes",
    makes: Made {
        indexes: &["sessions_last_seen_at"],
        triggers: &TRIGGERS,
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    create_triggers(schema, &TRIGGERS).await?;
    // The sweep finds idle sessions by this index.
    let name = "sessions_last_seen_at";
    let index = Index::create()
        .name(name)
        .table(Sessions::Table)
        .col(Sessions::LastSeenAt)
        .to_owned();
    schema.create_index("sessions", name, index).await
}
