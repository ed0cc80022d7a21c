//! A row of the outbox.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "vestibule_mails")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(super) id: String,
    pub(super) kind: String,
    /// The address to send to.
    pub(super) recipient: String,
    pub(super) language: String,
    /// What the text needs, encrypted. `None` once the mail is sent.
    pub(super) sealed: Option<String>,
    /// At most one mail has this text. `None` for mails of which there may be any number.
    #[sea_orm(unique)]
    pub(super) once: Option<String>,
    pub(super) created_at: i64,
    pub(super) state: String,
    /// When it is tried next; while a node sends it, when the node's lease ends. For a mail that
    /// is sent or given up, when that was.
    pub(super) due_at: i64,
    pub(super) tries: i64,
    /// After this time it is not sent.
    pub(super) expires_at: i64,
    pub(super) last_error: Option<String>,
}

/// Without what is encrypted.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
