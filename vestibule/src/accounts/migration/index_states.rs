//! Lets admins list the users of one state, in the order of names, among very many.

use sea_orm::sea_query::{Index, IntoIden};
use sea_orm::{DbErr, DeriveIden};

use super::create_users::Users;
use crate::database::{Made, Schema, Step};

#[derive(DeriveIden)]
enum States {
    IsDisabled,
    MustChangePassword,
}

const INDEXES: [(&str, States); 2] = [
    ("users_by_is_disabled", States::IsDisabled),
    ("users_by_must_change_password", States::MustChangePassword),
];

pub(super) const INDEX_STATES: Step = Step {
    name: "2026_11_29_000002_index_states",
    makes: Made {
        indexes: &["users_by_is_disabled", "users_by_must_change_password"],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    for (name, column) in INDEXES {
        let index = Index::create()
            .name(name)
            .table(Users::Table)
            .col(column.into_iden())
            .col(Users::CanonicalUsername)
            .to_owned();
        schema.create_index("users", name, index).await?;
    }
    Ok(())
}
