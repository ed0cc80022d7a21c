//! Creates the table of former usernames, which are reserved for a while.

use sea_orm::DbErr;
use sea_orm::sea_query::{ColumnDef, Index, Table};

use crate::accounts::entity::former_username::{Column, Entity};
use crate::database::{Made, Schema, Step, exact_collation};
use crate::login::UserId;

/// The length of a canonical name, and of a skeleton, as in the table of users.
const NAME_CHARS: u32 = 191;
const SKELETON_CHARS: u32 = 255;

const INDEXES: [(&str, Column); 3] = [
    ("former_usernames_skeleton", Column::Skeleton),
    ("former_usernames_user_id", Column::UserId),
    ("former_usernames_until", Column::ReservedUntil),
];

pub(super) const RESERVE_NAMES: Step = Step {
    name: "2026_11_29_000005_reserve_names",
    makes: Made {
        tables: &["former_usernames"],
        indexes: &[
            "former_usernames_skeleton",
            "former_usernames_user_id",
            "former_usernames_until",
        ],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    let exact = exact_collation(schema.backend());
    let text = |column: Column, chars: u32| {
        let mut definition = ColumnDef::new(column);
        definition.string_len(chars).extra(exact).not_null();
        definition
    };
    let id_chars = u32::try_from(UserId::MAX_CHARS).unwrap_or(u32::MAX);
    let table = Table::create()
        .table(Entity)
        .if_not_exists()
        .col(text(Column::CanonicalUsername, NAME_CHARS).primary_key())
        .col(text(Column::Skeleton, SKELETON_CHARS))
        .col(text(Column::UserId, id_chars))
        .col(
            ColumnDef::new(Column::ReservedUntil)
                .big_integer()
                .not_null(),
        )
        .to_owned();
    schema.execute(table).await?;
    for (name, column) in INDEXES {
        let index = Index::create()
            .name(name)
            .table(Entity)
            .col(column)
            .to_owned();
        schema.create_index("former_usernames", name, index).await?;
    }
    Ok(())
}
