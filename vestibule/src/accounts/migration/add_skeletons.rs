//! Adds the skeletons of usernames, which find look-alikes.
//! [`Accounts::fill_skeletons`](crate::accounts::Accounts::fill_skeletons) fills them in, because
//! SQL cannot compute them.

use sea_orm::sea_query::{ColumnDef, Index, Table};
use sea_orm::{DbErr, DeriveIden};

use super::create_users::Users;
use crate::database::{Made, Schema, Step, exact_collation};

#[derive(DeriveIden)]
enum NewInUsers {
    Skeleton,
}

pub(super) const ADD_SKELETONS: Step = Step {
    name: "2026_11_28_000002_add_skeletons",
    makes: Made {
        indexes: &["users_skeleton"],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    // Each step checks whether it was already done, because on MySQL an interrupted migration is
    // not rolled back.
    if !schema.has_column("users", "skeleton").await? {
        let exact = exact_collation(schema.backend());
        let skeleton = ColumnDef::new(NewInUsers::Skeleton)
            .string_len(255)
            .extra(exact)
            .to_owned();
        let users = Table::alter()
            .table(Users::Table)
            .add_column(skeleton)
            .to_owned();
        schema.execute(users).await?;
    }
    let unique = Index::create()
        .name("users_skeleton")
        .table(Users::Table)
        .col(NewInUsers::Skeleton)
        .unique()
        .to_owned();
    schema.create_index("users", "users_skeleton", unique).await
}
