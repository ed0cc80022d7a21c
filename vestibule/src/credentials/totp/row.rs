//! A row of the table of authenticator apps.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "vestibule_totp_apps")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(super) id: String,
    pub(super) realm: String,
    pub(super) user_id: String,
    pub(super) name: String,
    /// The secret, encrypted for this row and user.
    pub(super) secret: String,
    pub(super) created_at: i64,
    pub(super) last_used_at: Option<i64>,
    /// The last time step whose code was used. No code of this step or an earlier one works again.
    pub(super) last_step: i64,
}

/// Without the secret.
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
