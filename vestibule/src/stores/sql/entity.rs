//! The table `sessions`, as the ORM sees it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(super) id: Vec<u8>,
    pub(super) public_id: String,
    pub(super) user_id: String,
    pub(super) user_epoch: i64,
    pub(super) created_at: i64,
    pub(super) authenticated_at: i64,
    pub(super) last_seen_at: i64,
    pub(super) expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
