//! The table of remembered logins.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::SqlStore;
use super::data::insert_session_with_data;
use super::sessions::delete_session;
use crate::clock::Timestamp;
use crate::database::changed;
use crate::error::{Error, Result};
use crate::session::rows::{self, remembered, session};
use crate::session::{
    DataValues, Invalidation, RememberDigest, RememberedId, RememberedLogin, Session, SessionId,
};

impl SqlStore {
    pub(super) async fn load_remembered_login(
        &self,
        id: RememberedId,
    ) -> Result<Option<RememberedLogin>> {
        let found = remembered::Entity::find_by_id(remembered_id_bytes(id))
            .one(self.database.connection())
            .await
            .map_err(Error::from_db)?;
        found.map(rows::to_remembered).transpose()
    }

    pub(super) async fn extend_remembered_login(
        &self,
        id: RememberedId,
        expires_at: Timestamp,
    ) -> Result<bool> {
        let expires_at = Expr::value(expires_at.as_millis());
        let update = remembered::Entity::update_many()
            .col_expr(remembered::Column::ExpiresAt, expires_at)
            .filter(remembered::Column::Id.eq(remembered_id_bytes(id)));
        changed(update, self.database.connection()).await
    }

    pub(super) async fn try_resume(
        &self,
        session: Session,
        data: DataValues,
        remembered: RememberedLogin,
        seen: RememberDigest,
    ) -> Result<bool> {
        let transaction = self.begin().await?;
        let update = remembered::Entity::update_many()
            .set(rows::of_remembered(&remembered))
            .filter(remembered::Column::Id.eq(remembered_id_bytes(remembered.id)))
            .filter(remembered::Column::Token.eq(seen.as_bytes().to_vec()));
        if !changed(update, &transaction).await? {
            return Ok(false);
        }
        let ended = like(&session, remembered.id, &transaction).await?;
        let feed = self.database.feed();
        let _invalidated: Vec<_> = ended
            .iter()
            .map(|id| feed.invalidate_on_drop(Invalidation::Session(*id)))
            .collect();
        for id in &ended {
            delete_session(*id, &transaction).await?;
        }
        insert_session_with_data(data, session, &transaction).await?;
        transaction.commit().await.map_err(Error::from_db)?;
        Ok(true)
    }
}

/// The sessions of the same remembered login that a token of the same kind began.
async fn like(
    session: &Session,
    login: RememberedId,
    connection: &impl ConnectionTrait,
) -> Result<Vec<SessionId>> {
    let is_from_replaced = session.is_from_replaced_token;
    let ids: Vec<Vec<u8>> = session::Entity::find()
        .select_only()
        .column(session::Column::Id)
        .filter(session::Column::RememberedId.eq(remembered_id_bytes(login)))
        .filter(session::Column::IsFromReplacedToken.eq(is_from_replaced))
        .into_tuple()
        .all(connection)
        .await
        .map_err(Error::from_db)?;
    let ids = ids.into_iter();
    ids.map(|id| Ok(SessionId::from_bytes(rows::digest(id)?)))
        .collect()
}

pub(super) async fn insert_remembered(
    login: &RememberedLogin,
    connection: &impl ConnectionTrait,
) -> Result<()> {
    remembered::Entity::insert(rows::of_remembered(login))
        .exec_without_returning(connection)
        .await
        .map_err(Error::from_db)?;
    Ok(())
}

/// Deletes a remembered login and the sessions that came from it. Returns whether it was there.
pub(super) async fn delete_remembered(
    id: RememberedId,
    connection: &impl ConnectionTrait,
) -> Result<bool> {
    let login = remembered::Entity::delete_by_id(remembered_id_bytes(id))
        .exec(connection)
        .await
        .map_err(Error::from_db)?;
    session::Entity::delete_many()
        .filter(session::Column::RememberedId.eq(remembered_id_bytes(id)))
        .exec(connection)
        .await
        .map_err(Error::from_db)?;
    Ok(login.rows_affected > 0)
}

pub(super) fn remembered_id_bytes(id: RememberedId) -> Vec<u8> {
    id.as_bytes().to_vec()
}
