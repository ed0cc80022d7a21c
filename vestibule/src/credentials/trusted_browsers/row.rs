//! A row of the table of trusted browsers.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "vestibule_trusted_browsers")]
pub(super) struct Model {
    /// The SHA-256 of the token, with its user.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(super) digest: String,
    /// The id that its user sees.
    pub(super) id: String,
    pub(super) realm: String,
    pub(super) user_id: String,
    /// The epoch of the user when the browser was trusted.
    pub(super) epoch: i64,
    /// Such as `Firefox on Linux`, if known.
    pub(super) browser: Option<String>,
    pub(super) created_at: i64,
    pub(super) last_used_at: Option<i64>,
    pub(super) expires_at: i64,
}

/// Without the digest.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model")
            .field("id", &self.id)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
