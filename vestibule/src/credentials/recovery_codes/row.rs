//! A row of the table of recovery codes.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "vestibule_recovery_codes")]
pub(super) struct Model {
    /// The SHA-256 of the code, with its user.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(super) digest: String,
    pub(super) realm: String,
    pub(super) user_id: String,
    pub(super) created_at: i64,
}

/// Without the digest.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model")
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
