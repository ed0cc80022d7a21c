//! The mails that users have turned off: a row for each user and kind.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue, QuerySelect};

use super::Outbox;
use crate::error::{Error, Result};
use crate::session::UserId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "vestibule_mails_off")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(super) user_id: String,
    /// In the realm, because two realms may have users of the same id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(super) kind: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Outbox {
    /// Whether this user has turned off mails of this kind.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn is_turned_off(
        &self,
        user: &UserId,
        kind: &str,
        connection: &impl ConnectionTrait,
    ) -> Result<bool> {
        let found: Option<String> = Entity::find()
            .filter(Column::UserId.eq(user.as_str()))
            .filter(Column::Kind.eq(self.in_realm(kind)))
            .select_only()
            .column(Column::UserId)
            .into_tuple()
            .one(connection)
            .await
            .map_err(Error::from_db)?;
        Ok(found.is_some())
    }

    /// Which of these kinds a user has turned off.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn turned_off(
        &self,
        user: &UserId,
        kinds: &[&'static str],
    ) -> Result<Vec<&'static str>> {
        let mut off = Vec::new();
        for kind in kinds {
            let connection = self.0.database.connection();
            if self.is_turned_off(user, kind, connection).await? {
                off.push(*kind);
            }
        }
        Ok(off)
    }

    /// Turns mails of this kind off for a user, or on again.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn turn(&self, user: &UserId, kind: &str, is_on: bool) -> Result<()> {
        let connection = self.0.database.connection();
        let (user_id, kind) = (user.to_string(), self.in_realm(kind));
        if is_on {
            let turned = Entity::delete_by_id((user_id, kind)).exec(connection).await;
            return turned.map(drop).map_err(Error::from_db);
        }
        let row = ActiveModel {
            user_id: ActiveValue::Set(user_id),
            kind: ActiveValue::Set(kind),
        };
        // It may be off already.
        let ignore = OnConflict::columns([Column::UserId, Column::Kind])
            .do_nothing_on([Column::UserId])
            .to_owned();
        let turned = Entity::insert(row)
            .on_conflict(ignore)
            .exec_without_returning(connection)
            .await;
        turned.map(drop).map_err(Error::from_db)
    }

    /// Removes what a deleted user has turned off.
    ///
    /// # Errors
    /// When the database failed.
    pub(crate) async fn forget_turned_off(&self, user: &UserId) -> Result<()> {
        let removed = Entity::delete_many()
            .filter(Column::UserId.eq(user.as_str()))
            .filter(Column::Kind.starts_with(self.in_realm("")))
            .exec(self.0.database.connection())
            .await;
        removed.map(drop).map_err(Error::from_db)
    }

    fn in_realm(&self, kind: &str) -> String {
        let realm = self.0.site.get().map_or("", |site| &*site.realm);
        format!("{realm}/{kind}")
    }
}
