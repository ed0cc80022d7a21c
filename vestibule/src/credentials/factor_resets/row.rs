//! A row of the table of planned resets.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "vestibule_factor_resets")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(super) realm: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(super) user_id: String,
    pub(super) due_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
