//! The table of sessions.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::SqlStore;
use crate::clock::Timestamp;
use crate::database::changed;
use crate::error::{Error, Result};
use crate::session::rows::{self, session};
use crate::session::{Invalidation, RememberedId, Session, SessionId, UserId};

impl SqlStore {
    pub(super) async fn load_session(&self, id: SessionId) -> Result<Option<Session>> {
        let found = session::Entity::find_by_id(id_bytes(id))
            .one(self.database.connection())
            .await
            .map_err(Error::from_db)?;
        found.map(rows::to_session).transpose()
    }

    pub(super) async fn list_sessions(
        &self,
        realm: &str,
        user_id: &UserId,
    ) -> Result<Vec<Session>> {
        let found = session::Entity::find()
            .filter(session::Column::Realm.eq(realm))
            .filter(session::Column::UserId.eq(user_id.as_str()))
            .order_by_desc(session::Column::LastSeenAt)
            .all(self.database.connection())
            .await
            .map_err(Error::from_db)?;
        found.into_iter().map(rows::to_session).collect()
    }

    pub(super) async fn try_touch(
        &self,
        ids: &[SessionId],
        last_seen_at: Timestamp,
    ) -> Result<u64> {
        let updated = session::Entity::update_many()
            .col_expr(
                session::Column::LastSeenAt,
                Expr::value(last_seen_at.as_millis()),
            )
            .filter(session::Column::Id.is_in(ids.iter().map(|id| id_bytes(*id))))
            .exec(self.database.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(updated.rows_affected)
    }

    pub(super) async fn mark_session_stale(&self, id: SessionId) -> Result<bool> {
        let feed = self.database.feed();
        let _invalidated = feed.invalidate_on_drop(Invalidation::Session(id));
        let update = session::Entity::update_many()
            .col_expr(session::Column::IsFresh, Expr::value(false))
            .filter(session::Column::Id.eq(id_bytes(id)));
        changed(update, self.database.connection()).await
    }

    pub(super) async fn try_renew(&self, session: Session, old: SessionId) -> Result<bool> {
        let feed = self.database.feed();
        let _invalidated = feed.invalidate_on_drop(Invalidation::Session(old));
        let update = session::Entity::update_many()
            .set(rows::of_session(session))
            .filter(session::Column::Id.eq(id_bytes(old)));
        changed(update, self.database.connection()).await
    }

    /// The remembered login that a session came from. It never changes while the session exists, so
    /// it may be read outside a transaction.
    pub(super) async fn remembered_of(&self, id: SessionId) -> Result<Option<RememberedId>> {
        let found: Option<Option<Vec<u8>>> = session::Entity::find()
            .filter(has_or_had_id(id))
            .select_only()
            .column(session::Column::RememberedId)
            .into_tuple()
            .one(self.database.connection())
            .await
            .map_err(Error::from_db)?;
        found
            .flatten()
            .map(|id| Ok(RememberedId::from_bytes(rows::digest(id)?)))
            .transpose()
    }
}

pub(super) async fn insert_session(
    session: Session,
    connection: &impl ConnectionTrait,
) -> Result<()> {
    session::Entity::insert(rows::of_session(session))
        .exec_without_returning(connection)
        .await
        .map_err(Error::from_db)?;
    Ok(())
}

/// Deletes a session. Returns whether it was there.
pub(super) async fn delete_session(
    id: SessionId,
    connection: &impl ConnectionTrait,
) -> Result<bool> {
    let deleted = session::Entity::delete_many()
        .filter(has_or_had_id(id))
        .exec(connection)
        .await
        .map_err(Error::from_db)?;
    Ok(deleted.rows_affected > 0)
}

/// Matches the session with this id, or the one that was renewed from it.
pub(super) fn has_or_had_id(id: SessionId) -> Condition {
    Condition::any()
        .add(session::Column::Id.eq(id_bytes(id)))
        .add(session::Column::RenewedFrom.eq(id_bytes(id)))
}

pub(super) fn id_bytes(id: SessionId) -> Vec<u8> {
    id.as_bytes().to_vec()
}
