//! A row of the table of tokens.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "vestibule_tokens")]
pub(super) struct Model {
    /// The SHA-256 of the token, with its purpose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(super) digest: String,
    pub(super) purpose: String,
    pub(super) user_id: String,
    /// The address that the token was sent to.
    pub(super) address: String,
    /// The epoch of the user at that time.
    pub(super) epoch: i64,
    /// The keyed digest of the short code, if there is one.
    pub(super) code: Option<String>,
    /// How many times the code was tried, if it is one of a log-in.
    pub(super) tries: i32,
    pub(super) created_at: i64,
    pub(super) expires_at: i64,
}

/// Without the digests.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model")
            .field("purpose", &self.purpose)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
